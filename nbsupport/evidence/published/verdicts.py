"""What published models say on the book's claims, in words of their own.

They "lean for", "lean against" or "say nothing". Never more: recipes differ, and nobody drew these
models at random. The rules stand at `word_for`; a difference counts as none where it is smaller
than what recipes of one architecture differ by.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.analysis import claims as of_paper
from nbsupport.analysis.published import SHIFTS, Estimate, Heights, fine_tuned
from nbsupport.errors import UserError, unknown
from nbsupport.evidence.published.models import published_models
from nbsupport.reading import parsed_toml, read_text, shown

if TYPE_CHECKING:
    import pandas as pd

TABLE = Path(__file__).with_name("claims.toml")
FOR, AGAINST, NOTHING = "lean for", "lean against", "say nothing"
EXPECTS = ("higher", "same", "some")


@dataclass(frozen=True)
class PublishedContrast:
    """Which models are compared: see claims.toml."""

    id: str
    text: str
    about: str
    measure: str
    sources: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    recipes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PublishedClaim:
    """A claim of the book that published models can say something on."""

    id: str
    expects: str
    contrasts: tuple[str, ...]
    caveats: tuple[str, ...]
    shifts: tuple[str, ...] = tuple(SHIFTS)


@dataclass(frozen=True)
class Found:
    """One contrast on one shift. `margin`: below it a difference counts as none."""

    contrast: PublishedContrast
    shift: str
    estimate: Estimate
    margin: float

    def higher(self) -> str:
        """The word where the claim expects a positive difference."""
        if self.estimate.low > 0:
            return FOR
        return AGAINST if self.estimate.high < 0 else NOTHING

    def same(self) -> str:
        """The word where the claim expects none."""
        if -self.margin < self.estimate.low and self.estimate.high < self.margin:
            return FOR
        apart = self.estimate.low > self.margin or self.estimate.high < -self.margin
        return AGAINST if apart else NOTHING


@dataclass(frozen=True)
class PublishedVerdict:
    """What published models say on a claim: the words, what they rest on, and what limits them."""

    claim: PublishedClaim
    word: str
    found: tuple[Found, ...]

    @property
    def words(self) -> str:
        """The sentence, without its full stop."""
        return f"published models {self.word}"

    @property
    def caveats(self) -> tuple[str, ...]:
        """What speaks against taking the word for more."""
        return self.claim.caveats


# judging ------------------------------------------------------------------------------------------
def published_verdicts(
    models: "pd.DataFrame | None" = None, axis: str = "logit"
) -> dict[str, PublishedVerdict]:
    """What published models say on each claim that they can say something on, by its id.

    models: as `published_models` gives them. UserError for axes that there are not.
    """
    table = published_models() if models is None else models
    measured = {name: fine_tuned(table, shift, axis) for name, shift in SHIFTS.items()}
    return {claim.id: _verdict(claim, measured) for claim in published_claims().values()}


def _verdict(claim: PublishedClaim, measured: dict[str, Heights]) -> PublishedVerdict:
    own = {name: measured[name] for name in claim.shifts}
    found = tuple(find([published_contrasts()[name] for name in claim.contrasts], own))
    return PublishedVerdict(claim, word_for(claim.expects, found), found)


def find(contrasts: Iterable[PublishedContrast], measured: dict[str, Heights]) -> Iterable[Found]:
    """Each contrast on each shift."""
    margins = {name: own.recipe_spread().median for name, own in measured.items()}
    for contrast in contrasts:
        for name, own in measured.items():
            yield Found(contrast, name, _estimate(contrast, own), margins[name])


def _estimate(contrast: PublishedContrast, own: Heights) -> Estimate:
    if contrast.measure == "pair":
        return own.paired(contrast.recipes)
    first = own.models["source"].isin(contrast.sources)
    if contrast.measure == "line":
        return own.mean(first)
    return own.between(first, own.models["source"].isin(contrast.against))


def word_for(expects: str, found: Sequence[Found]) -> str:
    """The word on a claim from its contrasts on their shifts.

    higher, same: against where any is; else for where any is; else nothing. some: for where one is
    higher and another the same; against where all are one of the two; else nothing.
    """
    if expects == "some":
        return _some(found)
    each = {one.same() if expects == "same" else one.higher() for one in found}
    return next((word for word in (AGAINST, FOR) if word in each), NOTHING)


def _some(found: Sequence[Found]) -> str:
    same = [one.same() == FOR for one in found]
    higher = [one.higher() == FOR and not alike for one, alike in zip(found, same, strict=True)]
    if any(same) and any(higher):
        return FOR
    return AGAINST if all(same) or all(higher) else NOTHING


# the table ----------------------------------------------------------------------------------------
@cache
def published_contrasts() -> dict[str, PublishedContrast]:
    """Every contrast by its id. UserError where the table is damaged."""
    return {entry["id"]: PublishedContrast(**_frozen(entry)) for entry in _table()["contrast"]}


@cache
def published_claims() -> dict[str, PublishedClaim]:
    """Every claim by its id. UserError for an id, a contrast or a shift that there is not."""
    found = {entry["id"]: PublishedClaim(**_frozen(entry)) for entry in _table()["claim"]}
    for claim in found.values():
        _among("claim", [claim.id], of_paper.load())
        _among("contrast", claim.contrasts, published_contrasts())
        _among("shift", claim.shifts, SHIFTS)
        _among("expects", [claim.expects], EXPECTS)
    return found


def _among(kind: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    for name in given:
        if name not in set(allowed):
            raise UserError(f"{shown(TABLE)}: {unknown(kind, name, allowed)}")


def _frozen(entry: dict[str, Any]) -> dict[str, Any]:
    """Lists become tuples, inner ones as well."""
    return {name: _tuple(value) for name, value in entry.items()}


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


@cache
def _table() -> dict[str, Any]:
    return parsed_toml(read_text(TABLE), shown(TABLE))

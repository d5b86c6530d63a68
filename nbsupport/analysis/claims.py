"""The paper's claims as data (`claims.toml`), and what a table of records says about each."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport import errors
from nbsupport.analysis.cells import Cells
from nbsupport.analysis.contrasts import GAP, MARGIN, STATISTICS, Contrast
from nbsupport.analysis.effects import FACTORS
from nbsupport.analysis.trends import AXES
from nbsupport.analysis.verdicts import (
    KINDS,
    WORDS,
    Verdict,
    combine,
    contrast,
    effects,
    judge,
    left_out,
    some_of_each,
)
from nbsupport.errors import UserError
from nbsupport.reading import parsed_toml, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

MARGINS = (0.15, 0.25, 0.33)
RULES = ("all", "some-of-each")
FINDINGS = (*FACTORS, "none")
WORDED = ("paper", "finding", "title", "opposite", "matter")  # every claim but a control has them
REQUIREMENTS = ("supported", "not contradicted")
CHOICES = {"kind": KINDS, "statistic": STATISTICS, "rule": RULES, "finding": FINDINGS}
FEWEST_PAIRS = 6
FILE = Path(__file__).with_name("claims.toml")
_HEADING = re.compile(r"\s*\[\[\s*claim\s*\]\]")


@dataclass(frozen=True)
class Part:
    """One comparison: a role against a role, or for effects a pair of roles against a pair."""

    kind: str
    a: str | tuple[str, str]
    b: str | tuple[str, str]
    require: str = "supported"
    reference: str = "scratch"

    @property
    def compared(self) -> tuple[str, ...]:
        """The roles of a and b."""
        sides = [(s,) if isinstance(s, str) else s for s in (self.a, self.b)]
        return (*sides[0], *sides[1])


@dataclass(frozen=True)
class Claim:
    """A statement of the paper, or a control of the machinery; `claims.toml` explains it all."""

    id: str
    section: str
    page: str
    kind: str
    text: str
    parts: tuple[Part, ...]
    figure: str = ""
    paper: str = ""  # what the paper reports, in our words
    finding: str = ""  # the factor of the paper's finding that it is a part of, or "none"
    title: str = ""  # of a figure, where the claim is supported; controls have none of these four
    opposite: str = ""
    matter: str = ""
    statistic: str = "er"
    reference: str = "scratch"
    gap: tuple[str, str] = GAP
    rule: str = "all"
    calibrated: bool = False
    control: bool = False
    expect: tuple[str, ...] = ()

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role the claim needs, those compared first."""
        compared = [role for part in self.parts for role in part.compared]
        lines = [part.reference for part in self.parts] if self.statistic != "epoch-trend" else []
        return tuple(dict.fromkeys([*compared, *lines, *self.gap]))


def _keys(
    where: str, given: Mapping[str, Any], allowed: Iterable[str], needed: Iterable[str]
) -> None:
    for key in given:
        if key not in allowed:
            raise errors.unknown(f"key in {where}", key, allowed)
    lacking = [key for key in needed if key not in given]
    if lacking:
        raise UserError(f"{where} lacks {', '.join(lacking)}: add it to the claims file")
    if blank := [key for key in needed if isinstance(given[key], str) and not given[key].strip()]:
        raise UserError(f"{where} has nothing under {', '.join(blank)}: fill it in")


def _one_of(where: str, what: str, given: object, allowed: Iterable[str]) -> None:
    if given not in tuple(allowed):
        raise errors.unknown(f"{what} in {where}", given, allowed)


def _typed(where: str, key: str, value: object, default: object) -> Any:
    """The value, lists as tuples of text; UserError where its type is not the default's."""
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        value = tuple(value)
    if type(value) is not type(default):
        kind = "a list of texts" if isinstance(default, tuple) else type(default).__name__
        raise UserError(f"{key} in {where} is {value!r}: give {kind}")
    return value


def _part(where: str, raw: Mapping[str, Any], claim: Mapping[str, Any]) -> Part:
    _keys(where, raw, [f.name for f in fields(Part)], ["a", "b"])
    pairs = claim.get("statistic") == "effects"
    sides = {s: _typed(where, s, raw[s], ("", "") if pairs else "") for s in ("a", "b")}
    if pairs and any(len(side) != 2 for side in sides.values()):
        raise UserError(f"a and b in {where} must be pairs of roles")
    kind = raw.get("kind", claim["kind"])
    _one_of(where, "kind", kind, [k for k in KINDS if k != "composite"])
    require = raw.get("require", "supported")
    _one_of(where, "requirement", require, REQUIREMENTS)
    reference = _typed(
        where, "reference", raw.get("reference", claim.get("reference", "scratch")), ""
    )
    return Part(kind, sides["a"], sides["b"], require, reference)


def _claim(raw: Mapping[str, Any]) -> Claim:
    where = f"claim {raw.get('id', '(without id)')!r}"
    names = {f.name: f.default for f in fields(Claim) if f.name != "parts"}
    needed = ["id", "section", "page", "kind", "text", *([] if raw.get("control") else WORDED)]
    _keys(where, raw, [*names, "a", "b", "part"], needed)
    if ("part" in raw) == ("a" in raw or "b" in raw):
        raise UserError(f"{where} needs either a and b, or parts")
    values = {
        k: _typed(where, k, raw[k], "" if k in needed else names[k]) for k in names if k in raw
    }
    for key, allowed in CHOICES.items():
        if key in values:
            _one_of(where, key, values[key], allowed)
    for word in values.get("expect", ()):
        _one_of(where, "expected verdict", word, WORDS)
    if len(values.get("gap", GAP)) != 2:
        raise UserError(f"gap in {where} must be a pair of roles")
    given = _tables(f"part in {where}", raw.get("part", [{s: raw[s] for s in "ab" if s in raw}]))
    parts = tuple(_part(f"part {i + 1} of {where}", part, raw) for i, part in enumerate(given))
    if values.get("rule") == "some-of-each" and len(parts) < FEWEST_PAIRS:
        raise UserError(f"{where} has {len(parts)} pairs: give at least {FEWEST_PAIRS}")
    return Claim(parts=parts, **values)


def _tables(where: str, given: object) -> list[dict[str, Any]]:
    """The value, where it is a list of at least one table."""
    if isinstance(given, list) and given and all(isinstance(entry, dict) for entry in given):
        return given
    raise UserError(f"{where} is {given!r:.60}: give a list of at least one table")


def parse(text: str, name: str = "the claims file") -> dict[str, Claim]:
    """Claims by id, from TOML text. Raises UserError for anything unknown, missing or twice.

    name: what errors call the file.
    """
    raw = parsed_toml(text, name)
    _keys(name, raw, ["claim"], ["claim"])
    entries = _tables(f"claim in {name}", raw["claim"])
    places = _places(text, name, len(entries))
    claims: dict[str, Claim] = {}
    for entry, where in zip(entries, places, strict=True):
        try:
            claim = _claim(entry)
        except UserError as error:
            raise UserError(f"{where}: {error}") from None
        if claim.id in claims:
            raise UserError(f"{where}: claim {claim.id!r} stands twice: give each an id of its own")
        claims[claim.id] = claim
    return claims


def _places(text: str, name: str, count: int) -> list[str]:
    """The file and line of each claim's heading; the file alone where these are not told apart."""
    lines = [i for i, line in enumerate(text.splitlines(), 1) if _HEADING.match(line)]
    if len(lines) != count:
        return [name] * count
    return [f"{name}, line {line}" for line in lines]


def place(claim_id: str) -> str:
    """File and line of a claim that ships with the project."""
    text = read_text(FILE)
    ids = list(_shipped())
    return _places(text, FILE.name, len(ids))[ids.index(claim_id)]


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Claim]:
    return parse(read_text(FILE), FILE.name)


def load() -> dict[str, Claim]:
    """All claims and controls of the book by id, in the paper's order."""
    return dict(_shipped())


def of_page(page: str) -> tuple[str, ...]:
    """The ids of the claims that a page settles, in the paper's order; controls are left out."""
    return tuple(c.id for c in load().values() if c.page == page and not c.control)


def of_finding(factor: str) -> tuple[str, ...]:
    """The ids of the claims that are a part of the paper's finding on a factor."""
    return tuple(c.id for c in load().values() if c.finding == factor)


def _compare(claim: Claim, part: Part, cells: Cells, axis: str, margin: float) -> Contrast:
    if isinstance(part.a, tuple) and isinstance(part.b, tuple):
        return effects(
            cells,
            part.a,
            part.b,
            reference=part.reference,
            gap=claim.gap,
            axis=axis,
            margin=margin,
        )
    return contrast(
        cells,
        str(part.a),
        str(part.b),
        reference=part.reference,
        gap=claim.gap,
        axis=axis,
        margin=margin,
        statistic=claim.statistic,
    )


def _absent(claim: Claim, cells: Cells) -> list[str]:
    return [role for role in claim.roles if not cells.has(role)]


def verdict(
    claim: Claim | str,
    points: pd.DataFrame | Cells,
    *,
    axis: str = "linear",
    margin: float = MARGIN,
    simulated: bool = True,
) -> Verdict:
    """What the points say about a claim (or its id); "not run" where a role has no points.

    simulated: the points come from the simulated world, on which a calibrated claim is no evidence.
    """
    if isinstance(claim, str):
        if claim not in _shipped():
            raise errors.unknown("claim", claim, _shipped())
        claim = _shipped()[claim]
    if axis not in AXES:
        raise errors.unknown("axis", axis, AXES)
    cells = Cells.of(points)
    absent = _absent(claim, cells)
    if absent:
        return Verdict("not run", f"no runs of {', '.join(absent)}")
    found = [_compare(claim, part, cells, axis, margin) for part in claim.parts]
    if claim.rule == "some-of-each":
        result = some_of_each(found)
    else:
        pairs = list(zip(claim.parts, found, strict=True))
        judged = [judge(p.kind, c, gap_needed=(p.a, p.b) != claim.gap) for p, c in pairs]
        result = combine(judged, [part.require for part in claim.parts])
    if claim.calibrated and simulated:
        result = _calibrated(result)
    return _with_expectation(claim, result)


def _calibrated(result: Verdict) -> Verdict:
    """The same numbers, as no evidence; the remark tells how they would have read."""
    notes = [
        f"by its numbers {result.text}",
        *(left_out(result.contrast) if result.contrast else []),
    ]
    return Verdict("calibrated", "; ".join(notes), contrast=result.contrast)


def _with_expectation(claim: Claim, result: Verdict) -> Verdict:
    """A control's verdict, with a remark where it is not among those that would be in order."""
    if not claim.expect or result.word in (*claim.expect, "leans", "not run"):
        return result
    return replace(result, remark="; ".join(filter(None, ["not as expected", result.remark])))


def sensitivity(claim: Claim | str, points: pd.DataFrame | Cells, **options: Any) -> pd.DataFrame:
    """The verdict on the three axes, then on linear axes at the other margins; a row for each.

    Columns axis, margin, verdict, statistic, low, high. A table to look at, not a second chance.
    """
    import pandas as pd

    cells = Cells.of(points)
    settings = [(axis, MARGIN) for axis in AXES]
    settings += [("linear", margin) for margin in MARGINS if margin != MARGIN]
    rows = []
    for axis, margin in settings:
        result = verdict(claim, cells, axis=axis, margin=margin, **options)
        rows.append((axis, margin, result.text, *_numbers(result)[:3]))
    return pd.DataFrame(rows, columns=["axis", "margin", "verdict", "statistic", "low", "high"])


def _numbers(result: Verdict) -> tuple[float, float, float, int]:
    c = result.contrast
    if c is None:
        return float("nan"), float("nan"), float("nan"), 0
    return c.estimate.value, c.low, c.high, c.cells

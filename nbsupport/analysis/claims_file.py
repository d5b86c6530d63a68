"""The claims file: what a claim is, and how `claims.toml` is read and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nbsupport import errors
from nbsupport.analysis.contrasts import GAP, STATISTICS
from nbsupport.analysis.effects import FACTORS
from nbsupport.analysis.verdicts import JUDGED, KINDS, WORDS
from nbsupport.errors import UserError
from nbsupport.reading import parsed_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RULES = ("all", "some-of-each")
VERSIONS = (1, 2)  # of the rules
FINDINGS = (*FACTORS, "captions", "shifts", "none")
SAID = ("holds", "fails", "open")  # what was found, by the verdict
# Every claim but a control has these.
WORDED = ("paper", "finding", "title", "opposite", "matter", *SAID)
CHOICES: dict[str, tuple[object, ...]] = {
    "kind": KINDS,
    "statistic": STATISTICS,
    "rule": RULES,
    "finding": FINDINGS,
    "since": VERSIONS,
}
SUPPORTED, NOT_REVERSED = "supported", "not reversed"
FEWEST_PAIRS, FEWEST_RUNGS = 6, 3
_HEADING = re.compile(r"\s*\[\[\s*claim\s*\]\]")


@dataclass(frozen=True)
class Why:
    """A reason why a claim may come out otherwise here than in the paper.

    check: the id of a claim or control whose recorded verdict speaks to it; none: nothing does.
    The other two are what is said where that one is supported, and where it is not.
    """

    text: str
    check: str = ""
    if_supported: str = ""
    if_contradicted: str = ""


@dataclass(frozen=True)
class Part:
    """One comparison: a role against a role, or for effects a pair of roles against a pair."""

    kind: str
    a: str | tuple[str, str]
    b: str | tuple[str, str]
    reference: str = "scratch"
    since: int = 1  # the version of the rules that first asked for it
    require: str = SUPPORTED  # of a step of a ladder: not reversed
    holds: str = ""  # what was found, as a clause, by the part's verdict; all parts have it or none
    fails: str = ""
    open: str = ""

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
    holds: str = ""  # what was found, as a sentence, by the verdict
    fails: str = ""
    open: str = ""
    beside: tuple[str, ...] = ()  # of a claim that groups lie on a line: the groups, the line
    why: tuple[Why, ...] = ()
    statistic: str = "er"
    reference: str = "scratch"
    gap: tuple[str, str] = GAP
    rule: str = "all"
    ladder: tuple[str, ...] = ()  # groups in order; the parts are its two ends, then its steps
    since: int = 1  # the version of the rules that first judged it
    calibrated: bool = False
    control: bool = False
    expect: tuple[str, ...] = ()

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role the claim needs, those compared first."""
        compared = [role for part in self.parts for role in part.compared]
        lines = [part.reference for part in self.parts] if self.statistic != "epoch-trend" else []
        return tuple(dict.fromkeys([*compared, *lines, *self.gap]))

    @property
    def unfolds(self) -> bool:
        """Whether there are words for each of its parts."""
        return len(self.parts) > 1 and bool(self.parts[0].holds)


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


def _one_of(where: str, what: str, given: object, allowed: Iterable[object]) -> None:
    known = tuple(allowed)
    if given not in known:
        raise errors.unknown(f"{what} in {where}", given, [str(value) for value in known])


def _typed(where: str, key: str, value: object, default: object) -> Any:
    """The value, lists as tuples of text; UserError where its type is not the default's."""
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        value = tuple(value)
    if type(value) is not type(default):
        kind = "a list of texts" if isinstance(default, tuple) else type(default).__name__
        raise UserError(f"{key} in {where} is {value!r}: give {kind}")
    return value


def _part(where: str, raw: Mapping[str, Any], claim: Mapping[str, Any]) -> Part:
    _keys(where, raw, [f.name for f in fields(Part) if f.name != "require"], ["a", "b"])
    pairs = claim.get("statistic") == "effects"
    sides = {s: _typed(where, s, raw[s], ("", "") if pairs else "") for s in ("a", "b")}
    if pairs and any(len(side) != 2 for side in sides.values()):
        raise UserError(f"a and b in {where} must be pairs of roles")
    kind = raw.get("kind", claim["kind"])
    _one_of(where, "kind", kind, JUDGED)
    since = raw.get("since", claim.get("since", 1))
    _one_of(where, "version of the rules", since, VERSIONS)
    reference = _typed(
        where, "reference", raw.get("reference", claim.get("reference", "scratch")), ""
    )
    said = _all_or_none(where, raw, SAID)
    return Part(kind, sides["a"], sides["b"], reference, since, **said)


def _all_or_none(where: str, raw: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """The texts of these names, where any is given; UserError where only some are."""
    if not any(name in raw for name in names):
        return {}
    _keys(where, raw, raw, names)
    return {name: _typed(where, name, raw[name], "") for name in names}


def _why(where: str, raw: Mapping[str, Any]) -> Why:
    outcomes = ("check", "if_supported", "if_contradicted")
    _keys(where, raw, ["text", *outcomes], ["text"])
    text = _typed(where, "text", raw["text"], "")
    return Why(text, **_all_or_none(where, raw, outcomes))


def _rungs(where: str, roles: tuple[str, ...], claim: Mapping[str, Any]) -> tuple[Part, ...]:
    """The parts of a ladder: its first group over its last, then each over the next."""
    if len(set(roles)) != len(roles) or len(roles) < FEWEST_RUNGS:
        raise UserError(f"ladder in {where} needs {FEWEST_RUNGS} roles or more, each once")
    reference, since = claim.get("reference", "scratch"), claim.get("since", 1)
    ends = Part("higher", roles[0], roles[-1], reference, since)
    steps = (Part("higher", a, b, reference, since, NOT_REVERSED) for a, b in pairwise(roles))
    return (ends, *steps)


def _parts(where: str, raw: Mapping[str, Any]) -> tuple[Part, ...]:
    given = raw.get("part", [{s: raw[s] for s in "ab" if s in raw}])
    listed = enumerate(_tables(f"part in {where}", given), start=1)
    parts = tuple(_part(f"part {number} of {where}", part, raw) for number, part in listed)
    if len({bool(part.holds) for part in parts}) > 1:
        raise UserError(f"some parts of {where} say what was found: let all or none do it")
    return parts


def _claim(raw: Mapping[str, Any]) -> Claim:
    where = f"claim {raw.get('id', '(without id)')!r}"
    names = {f.name: f.default for f in fields(Claim) if f.name not in ("parts", "why")}
    needed = ["id", "section", "page", "kind", "text", *([] if raw.get("control") else WORDED)]
    _keys(where, raw, [*names, "a", "b", "part", "why"], needed)
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
    if len(values.get("beside", ("", ""))) not in (0, 2):
        raise UserError(f"beside in {where} must be two texts: the groups, and the line")
    _check_shape(where, raw)
    if "why" in raw:
        values["why"] = tuple(
            _why(f"why of {where}", w) for w in _tables(f"why in {where}", raw["why"])
        )
    if raw["kind"] == "ladder":
        return Claim(parts=_rungs(where, values["ladder"], raw), **values)
    parts = _parts(where, raw)
    if values.get("rule") == "some-of-each" and len(parts) < FEWEST_PAIRS:
        raise UserError(f"{where} has {len(parts)} pairs: give at least {FEWEST_PAIRS}")
    return Claim(parts=parts, **values)


def _check_shape(where: str, raw: Mapping[str, Any]) -> None:
    """A claim says what it compares in one way, and a ladder in its own."""
    given = [
        name for name in ("a", "part", "ladder") if name in raw or (name == "a" and "b" in raw)
    ]
    if len(given) != 1:
        raise UserError(f"{where} needs either a and b, or parts, or a ladder")
    if (raw["kind"] == "ladder") != ("ladder" in raw):
        raise UserError(f"{where}: the kind ladder and the list ladder belong together: give both")


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
    found = places(text, name, len(entries))
    claims: dict[str, Claim] = {}
    for entry, where in zip(entries, found, strict=True):
        try:
            claim = _claim(entry)
        except UserError as error:
            raise UserError(f"{where}: {error}") from None
        if claim.id in claims:
            raise UserError(f"{where}: claim {claim.id!r} stands twice: give each an id of its own")
        claims[claim.id] = claim
    for claim, where in zip(claims.values(), found, strict=True):
        for check in (why.check for why in claim.why):
            if check and check not in claims:
                raise UserError(f"{where}: {errors.unknown('check', check, claims)}")
    return claims


def places(text: str, name: str, count: int) -> list[str]:
    """The file and line of each claim's heading; the file alone where these are not told apart."""
    lines = [i for i, line in enumerate(text.splitlines(), 1) if _HEADING.match(line)]
    if len(lines) != count:
        return [name] * count
    return [f"{name}, line {line}" for line in lines]

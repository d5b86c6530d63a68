"""On which side of its statement a verdict stands, part by part: what may be said of it."""

from collections.abc import Sequence

from nbsupport.analysis.claims import Claim, Part
from nbsupport.analysis.verdicts import Verdict

HOLDS, FAILS, OPEN, NONE = "holds", "fails", "open", "not run"


def side(verdict: Verdict | None) -> str:
    """Whether a verdict says that a statement holds, that it fails, or neither.

    Negligible is a failure of "higher": the difference is too small to count.
    """
    if verdict is None or verdict.word == "not run":
        return NONE
    if verdict.word in ("supported", "calibrated", "measured"):
        return HOLDS if verdict.word == "supported" else _direction(verdict)
    if verdict.word in ("contradicted", "negligible"):
        return FAILS
    return {"towards": HOLDS, "against": FAILS}.get(verdict.direction, OPEN)


def _direction(verdict: Verdict) -> str:
    """Of a verdict that judges nothing: where its interval lies, if it has one."""
    c = verdict.contrast
    if c is None:
        return OPEN
    low, high = (c.low, c.high) if c.low == c.low else (c.estimate.value, c.estimate.value)
    return HOLDS if low > 0 else FAILS if high < 0 else OPEN


def parts_of(claim: Claim, verdict: Verdict) -> list[tuple[Part, str]]:
    """Each part of a claim that unfolds with its side; empty where its parts were not judged.

    A part that is contradicted alone, and not among all parts, is open.
    """
    if not claim.unfolds or len(verdict.parts) != len(claim.parts):
        return []
    sides = [side(part) for part in verdict.parts]
    if side(verdict) != FAILS:
        sides = [OPEN if each == FAILS else each for each in sides]
    return list(zip(claim.parts, sides, strict=True))


def clauses(parts: Sequence[tuple[Part, str]], wanted: str) -> list[str]:
    """The clauses of the parts on one side."""
    return [str(getattr(part, wanted)) for part, each in parts if each == wanted]


def listed(texts: Sequence[str], last: str = "and") -> str:
    """ "a, b and c"."""
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"

"""What recorded runs say on a claim, in a few words: for the prose to quote, and for a guess."""

from math import isfinite
from typing import TYPE_CHECKING

from nbsupport.analysis import claims
from nbsupport.display.html import signed
from nbsupport.evidence import recorded
from nbsupport.evidence.of_runs import NOT_RUN

if TYPE_CHECKING:
    from nbsupport.analysis.verdicts import Verdict
    from nbsupport.study.profiles import Profile

NOT_YET = "not recorded yet"
SUPPORTED, HIGHER, LOWER, OPEN = "supported", "higher", "lower", "open"


def headline(profile: "Profile", claim_id: str, axis: str = "linear") -> "tuple[Verdict, str]":
    """The verdict that stands first for a claim, and where it is of: worlds, or the first that has
    runs of it."""
    runs = recorded.own(profile)
    if runs.records.empty:
        return NOT_RUN, ""
    summary, over = runs.over_worlds([claim_id], axis).get(claim_id, (None, None))
    if summary is not None and over is not None and recorded.is_headline(summary):
        return over, f"over {summary.worlds} worlds"
    each = ((s, runs.verdicts([claim_id], n, axis)[claim_id]) for n, s in runs.settings.items())
    where, verdict = next(each)
    if verdict.word == "not run":
        run = (pair for pair in each if pair[1].word != "not run")
        where, verdict = next(run, (where, verdict))
    return verdict, f"on {where.name}"


def says(profile: "Profile", claim_id: str, axis: str = "linear") -> str:
    """The first verdict on a claim with where it is of and its number: "supported on world 1, ...".

    Raises UserError for an unknown claim.
    """
    claims.named(claim_id)
    verdict, where = headline(profile, claim_id, axis)
    if verdict.word == "not run":
        return NOT_YET
    return f"{verdict.text} {where}{_number(verdict)}"


def _number(verdict: "Verdict") -> str:
    found = verdict.contrast
    if found is None or not isfinite(found.estimate.value):
        return ""
    if not (isfinite(found.low) and isfinite(found.high)):
        return f" ({signed(found.estimate.value)})"
    span = f"{signed(found.low)} to {signed(found.high)}"
    return f" ({signed(found.estimate.value)}, interval {span})"


def outcome(verdict: "Verdict", *, named: bool = False) -> str:
    """Which of four ways a verdict goes: the claim's, a clear one above or below it, or none.

    named: with the two groups whose difference decided.
    """
    if verdict.word == "supported":
        return SUPPORTED
    if verdict.word == "calibrated":
        return SUPPORTED if _above(verdict) else OPEN
    if verdict.word not in ("contradicted", "measured") or verdict.contrast is None:
        return OPEN
    low, high = verdict.contrast.low, verdict.contrast.high
    if not (low > 0 or high < 0):
        return OPEN
    way = HIGHER if low > 0 else LOWER
    return f"{way} {' '.join(verdict.contrast.name.split(' - '))}" if named else way


def _above(verdict: "Verdict") -> bool:
    return verdict.contrast is not None and verdict.contrast.estimate.value > 0

"""A figure's title is its finding, in the words that the verdict allows: computed, never typed."""

from typing import TYPE_CHECKING

import numpy as np

from nbsupport.analysis import claims
from nbsupport.display.sides import FAILS, HOLDS, clauses, parts_of, side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbsupport.analysis.claims import Part
    from nbsupport.analysis.verdicts import Verdict

SMOKE = "A smoke test: it shows that everything runs, and is no evidence"
NOTHING = "No runs yet"


def title(claim_id: str, verdict: "Verdict | None") -> str:
    """A title for a figure about a claim: the finding, its opposite, or what is left open."""
    if verdict is None:
        return NOTHING
    claim = claims.load()[claim_id]
    found, opposite, matter = claim.title, claim.opposite, claim.matter
    if verdict.word == "not run":
        return "Other groups than the claim names, so no verdict"
    if verdict.word == "calibrated":
        shown = verdict.contrast is not None and verdict.contrast.estimate.value > 0
        return found if shown else opposite
    if verdict.word == "measured":
        return _measured(verdict, found, opposite, matter)
    if verdict.word == "supported":
        return found
    if parts := parts_of(claim, verdict):
        opposite = _deciding(verdict, parts) or opposite
    if verdict.word == "inconclusive" and parts:
        return _open_part(verdict, parts) or f"Not settled by these runs: {matter}"
    if verdict.word == "contradicted":
        return opposite
    if verdict.word == "negligible" and opposite != claim.opposite:
        return opposite
    if verdict.word == "negligible":
        return f"Hardly any difference: {opposite[0].lower()}{opposite[1:]}"
    if verdict.word == "at the floor":
        return f"Too near chance to compare: {matter}"
    if verdict.word == "leans":
        side = found if verdict.direction == "towards" else opposite
        return f"A few runs lean this way: {side[0].lower()}{side[1:]}"
    if verdict.word == "not testable":
        return f"Not testable with these runs: {matter}"
    return f"Not settled by these runs: {matter}"


def _held(parts: "Sequence[tuple[Part, str]]") -> str:
    held = len(clauses(parts, HOLDS))
    return f"{held} of {len(parts)} parts {'holds' if held == 1 else 'hold'}"


def _decided(verdict: "Verdict", parts: "Sequence[tuple[Part, str]]") -> "Part | None":
    """The part whose contrast the verdict shows."""
    pairs = zip(parts, verdict.parts, strict=True)
    return next((part for (part, _), v in pairs if v.contrast is verdict.contrast), None)


def _deciding(verdict: "Verdict", parts: "Sequence[tuple[Part, str]]") -> str:
    """Where some parts hold and one decides against the whole: how many, and which one."""
    part = _decided(verdict, parts)
    if part is None or side(verdict) != FAILS or not clauses(parts, HOLDS):
        return ""
    return f"{_held(parts)}, but {part.fails}"


def _open_part(verdict: "Verdict", parts: "Sequence[tuple[Part, str]]") -> str:
    """Where some parts hold and one keeps the whole open: how many, and which one."""
    part = _decided(verdict, parts)
    if part is None or not clauses(parts, HOLDS):
        return ""
    return f"{_held(parts)}; not settled: {part.open}"


def _measured(verdict: "Verdict", found: str, opposite: str, matter: str) -> str:
    """Of a claim that the paper's text has no result for: the direction, where it is clear."""
    contrast = verdict.contrast
    if contrast is not None and contrast.low > 0:
        return found
    if contrast is not None and contrast.high < 0:
        return opposite
    return f"Measured, and not clear from these runs: {matter}"


def class_sizes(first: np.ndarray, second: np.ndarray | None = None) -> str:
    """A title for one or two sources' images per class [K]: balanced, long-tailed, both alike."""
    flat = bool(np.ptp(first) == 0)
    if second is None:
        return "Every class has as many images" if flat else "The source has a long tail"
    even = bool(np.ptp(second) == 0)
    if flat and not even:
        return "One source gives every class the same number of images, the other has a long tail"
    if flat == even:
        return "Both sources are balanced" if flat else "Both sources have a long tail"
    return "The first source has a long tail, the second is balanced"

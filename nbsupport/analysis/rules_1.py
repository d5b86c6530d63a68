"""Version 1 of the rules, kept because what it said stays printed beside version 2.

It judged by the same contrasts. What differs: `higher` is contradicted by an interval inside the
margin; each step of a ladder may contradict it so; a claim without a gap is not testable whatever
its kind; effects are divided by the gap; the drift over epochs counts the epochs inside the line's
range, times the last of them. Nothing was said of lines at the floor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.analysis.cells import Cells, Replicates
from nbsupport.analysis.claims_file import NOT_REVERSED, Claim, Part
from nbsupport.analysis.intervals import Contrast, signed
from nbsupport.analysis.multiplicity import holm
from nbsupport.analysis.statistics import mean_of, over_cells, slopes
from nbsupport.analysis.verdicts import ONE_SIDED, no_estimate, no_gap

if TYPE_CHECKING:
    import pandas as pd

ORDER = ("contradicted", "not testable", "leans", "inconclusive", "measured", "supported")
Said = tuple[str, str]  # a word, and where it leans to


def word(
    claim: Claim,
    points: pd.DataFrame | Cells,
    found: Sequence[Contrast],
    simulated: bool = True,
) -> str:
    """What version 1 says of a claim by its contrasts; nothing of one that it did not know."""
    if claim.calibrated and simulated:
        return "calibrated"
    pairs = [(p, c) for p, c in zip(claim.parts, found, strict=True) if p.since == 1]
    if claim.since > 1 or not pairs:
        return ""
    parts = [part for part, _ in pairs]
    contrasts = [_as_measured_then(claim, part, points, c) for part, c in pairs]
    gaps = [(part.a, part.b) != claim.gap for part in parts]
    if claim.rule == "some-of-each":
        return " ".join(_some_of_each(contrasts)).strip()
    said = [judge(p.kind, c, need) for p, c, need in zip(parts, contrasts, gaps, strict=True)]
    return " ".join(_combine(said, [part.require == NOT_REVERSED for part in parts])).strip()


def _as_measured_then(
    claim: Claim, part: Part, points: pd.DataFrame | Cells, found: Contrast
) -> Contrast:
    if claim.statistic == "effects":
        m, own = found.margin / found.gap.value, found.ratio
        ends = (replace(own, value=own.value + d) for d in (-m, m))
        minus, plus = ends
        return replace(found, estimate=own, minus=minus, plus=plus, margin=m)
    if claim.statistic == "epoch-trend":
        return _drift(Cells.of(points), str(part.a), claim.gap, found)
    return found


def _drift(cells: Cells, role: str, gap: tuple[str, str], found: Contrast) -> Contrast:
    """Slope over the epochs inside the range of the other families' line, times the last."""
    reps = Replicates(cells, (role, *gap), found.axis)
    families, drift = reps.cells.families, np.full(reps.keep.shape, np.nan)
    for family in np.unique(families):
        own = families == family
        residual, inside = reps.residuals(role, reps.lines(role, without=own))
        slope, _, last = slopes(residual, inside, reps.cells.epochs)
        with np.errstate(invalid="ignore"):
            drift[:, own] = (slope * last)[:, own]
    told = mean_of(reps, drift)
    own, margins = families[told.used], reps.gap(*gap) * (found.margin / found.gap.value)
    stacks = (told.stack, told.stack - margins, told.stack + margins)
    estimate, minus, plus = (over_cells(reps, stack, own) for stack in stacks)
    cells_used = int(told.used.sum())
    return replace(found, estimate=estimate, minus=minus, plus=plus, cells=cells_used)


def judge(kind: str, c: Contrast, gap_needed: bool = True) -> Said:
    """The word on one contrast, and where it leans to."""
    gap_needed = gap_needed and kind != "measured"
    if no_estimate(c) or (gap_needed and no_gap(c)):
        return "not testable", ""
    if kind == "measured":
        return kind, ""
    if not (c.settled and c.gap_settled) or math.isnan(c.estimate.half):
        d = c.estimate.value
        towards = d > 0 if kind == "higher" else abs(d) < c.margin
        return "leans", "towards" if towards else "against"
    inside = c.minus.high < 0 and c.plus.low > 0
    if kind == "higher":
        against = c.high < 0 or inside
        return "supported" if c.low > 0 else "contradicted" if against else "inconclusive", ""
    outside = c.minus.low > 0 or c.plus.high < 0
    return "supported" if inside else "contradicted" if outside else "inconclusive", ""


def _combine(said: Sequence[Said], lenient: Sequence[bool]) -> Said:
    """lenient: parts that only have not to be contradicted."""
    seen = [
        "supported" if mild and word == "inconclusive" else word
        for (word, _), mild in zip(said, lenient, strict=True)
    ]
    found = min(seen, key=ORDER.index)
    if found != "leans":
        return found, ""
    hard = {towards for (_, towards), mild in zip(said, lenient, strict=True) if not mild}
    return found, "against" if "against" in hard else "towards"


def _some_of_each(contrasts: Sequence[Contrast]) -> Said:
    higher, same = ([judge(kind, c)[0] for c in contrasts] for kind in ("higher", "same"))
    p_same = [max(c.plus.p_below(), c.minus.p_above()) for c in contrasts]
    found_same = holm(p_same) < ONE_SIDED
    found_higher = (holm([c.estimate.p_below() for c in contrasts]) < ONE_SIDED) & ~found_same
    pairs = zip(higher, same, strict=True)
    if all(h == "contradicted" or s == "supported" for h, s in pairs) or set(same) == {
        "contradicted"
    }:
        return "contradicted", ""
    for lacking in ("not testable", "leans"):
        if lacking in higher:
            return lacking, _leaning(contrasts) if lacking == "leans" else ""
    both = found_higher.any() and found_same.any()
    return "supported" if both else "inconclusive", ""


def _leaning(contrasts: Sequence[Contrast]) -> str:
    above = [c.estimate.value >= c.margin for c in contrasts]
    inside = [abs(c.estimate.value) < c.margin for c in contrasts]
    return "towards" if any(above) and any(inside) else "against"


# why a word changed -------------------------------------------------------------------------------
def why(claim: Claim, before: str, now: str, found: Sequence[Contrast]) -> str:
    """Which rule of version 2 made the difference, in a sentence; nothing where no word changed."""
    if not before or before == now:
        return ""
    if now == "not run":
        return "Floor: domain pairs whose runs serve several settings are judged once."
    if now == "at the floor" or any(c.floor for c in found):
        return "Floor: lines near chance, or lower than the margin needs, are no longer compared."
    if any(part.since > 1 for part in claim.parts):
        return "The statement: version 2 compares a group that version 1 left out."
    if before == "not testable":
        return "Testable: this kind of claim needs no gap."
    if claim.statistic == "effects":
        return "Effects: the undivided difference is tested, and no longer its ratio to the gap."
    if claim.statistic == "epoch-trend":
        return "Epoch trend: all evaluated epochs count, and no longer those in the line's range."
    if claim.kind == "ladder":
        return "Ladder: " + _step(claim, found)
    if now == "negligible":
        return "Higher: an effect inside the margin is negligible, which is no contradiction."
    if claim.kind == "composite" or len(found) > 1:
        return "Composite: a part contradicts only after Holm's correction over the parts."
    return "Leans: only groups that are compared have to have enough cells."


def _step(claim: Claim, found: Sequence[Contrast]) -> str:
    """The step that contradicted a ladder in version 1, with its estimate."""
    pairs = zip(claim.parts[1:], found[1:], strict=True)
    steps = [c for part, c in pairs if judge(part.kind, c)[0] == "contradicted"]
    if not steps:
        return "a step that is not proven to be reversed does not contradict."
    c = steps[0]
    told = f"{c.name}, {signed(c.estimate.value)}"
    if c.estimate.value > 0:
        return f"a step that points the right way ({told}) does not contradict."
    return f"a step that is not proven to be reversed ({told}) does not contradict."

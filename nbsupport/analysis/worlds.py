"""Settings of one kind set side by side: random effects over worlds, and what differs between two.

Worlds of a simulated profile are draws of the same rules. A mean over them is about the rules, not
about the worlds at hand, so its interval has to hold the spread between worlds (tau).

Tau is Paule and Mandel's: the value at which the weighted squares of the worlds' distances from
their mean come to what is expected of them. It supposes no distribution, always exists, and is less
biased than DerSimonian and Laird's for few settings (Veroniki et al. 2016). REML does about as
well, by an iteration that may fail to converge. The interval is Hartung and Knapp's (Student's t
with k - 1 degrees for k worlds); the prediction interval, where a new world's true value lies, is
that of Higgins et al. (2009), with k - 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.analysis.intervals import LEVEL, NO_INTERVAL, Contrast, Interval, t_quantile
from nbsupport.analysis.multiplicity import holm

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

ENOUGH_WORLDS = 5  # for the verdict over worlds to be a claim's headline
NONE = (float("nan"), float("nan"))


def few(count: int) -> str:
    """What a reader should know of an interval over so many worlds, where they are fewer than a
    headline takes; else nothing."""
    if count >= ENOUGH_WORLDS or count < 2:
        return ""
    longer = t_quantile(count - 1) / t_quantile(10**6)
    return (
        f"Only {count} worlds: an interval over so few is {longer:.1f} times as wide as over many "
        f"worlds that differ as much, and by luck it may still be too narrow; it counts from "
        f"{ENOUGH_WORLDS} worlds on."
    )


@dataclass(frozen=True)
class Summary:
    """A mean over settings, the spread between them, and where a new one's true value lies."""

    mean: Interval
    tau: float
    prediction: tuple[float, float]


def random_effects(estimates: ArrayLike, standard_errors: ArrayLike) -> Summary:
    """Random effects over settings, from estimates [k] and their standard errors [k].

    A setting whose estimate or error is missing is left out. One setting: its estimate, no interval
    and no tau. An error of 0 counts as very small. Two settings: no prediction interval.
    """
    y, se = np.asarray(estimates, dtype=float), np.asarray(standard_errors, dtype=float)
    known = np.isfinite(y) & np.isfinite(se)
    y, v = y[known], se[known] ** 2
    k = len(y)
    if k < 2:
        value = float(y[0]) if k else float("nan")
        return Summary(replace(NO_INTERVAL, value=value), float("nan"), NONE)
    v = np.maximum(v, _smallest(y, v))
    tau2 = _paule_mandel(y, v)
    weights = 1 / (v + tau2)
    mean = float(weights @ y / weights.sum())
    squares = float(weights @ (y - mean) ** 2)
    interval = Interval(mean, math.sqrt(squares / (k - 1) / weights.sum()), k - 1)
    reach = t_quantile(k - 2) * math.sqrt(tau2 + interval.se**2)
    return Summary(interval, math.sqrt(tau2), (mean - reach, mean + reach))


def _smallest(y: np.ndarray, v: np.ndarray) -> float:
    """The least variance that weights can be made of, where some are 0."""
    scale = max(float(v.max()), float(np.ptp(y)) ** 2, 1e-24)
    return 1e-9 * scale


def _paule_mandel(y: np.ndarray, v: np.ndarray) -> float:
    """The variance between settings; 0 where the settings differ no more than their errors say."""
    k = len(y)

    def excess(tau2: float) -> float:
        weights = 1 / (v + tau2)
        mean = weights @ y / weights.sum()
        return float(weights @ (y - mean) ** 2) - (k - 1)

    if excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, float(np.ptp(y)) ** 2  # at the upper end every weighted square is below 1
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


# contrasts ----------------------------------------------------------------------------------------
def counts(contrast: Contrast) -> bool:
    """Whether a setting's contrast takes part: at least two families with two seeds each."""
    return contrast.replicated and math.isfinite(contrast.estimate.se)


def over_worlds(contrasts: Sequence[Contrast]) -> Contrast:
    """One part of a claim summarised over worlds: d, d - m and d + m each on its own.

    Worlds in which the part does not count, or is at the floor, are left out; where fewer than two
    are left there is nothing to judge, and the first of them lends its reason.
    """
    able = [c for c in contrasts if counts(c) and not c.floor]
    if len(able) < 2:
        floored = [c for c in contrasts if c.floor]
        if floored:
            return floored[0]
        return replace(contrasts[0], cells=0, reason="fewer than two worlds can be compared")
    sizes = [c.cells for c in able]
    own = summarised([c.estimate for c in able], sizes)
    return replace(
        able[0],
        estimate=own.mean,
        minus=summarised([c.minus for c in able], sizes).mean,
        plus=summarised([c.plus for c in able], sizes).mean,
        gap=summarised([c.gap for c in able], sizes).mean,
        ratio=summarised([c.ratio for c in able], sizes).mean,
        margin=float(np.mean([c.margin for c in able])),
        cells=sum(c.cells for c in able),
        families=max(c.families for c in able),
        settled=True,
        gap_settled=True,
        off_line=sum(c.off_line for c in able),
        dropped=sum(c.dropped for c in able),
        unpaired=sum(c.unpaired for c in able),
        by_family=None,
        family_means={},
        worlds=len(able),
        tau=own.tau,
        prediction=own.prediction,
    )


def summarised(intervals: Sequence[Interval], cells: Sequence[int]) -> Summary:
    """Random effects over one interval a world, each from so many cells.

    A standard error from six cells is itself uncertain by a third, and weights made of such errors
    would make the summary's interval too short (91 to 93 % of a nominal 95, simulated). So the
    variance of one cell is pooled over worlds, by degrees of freedom, and each world's error is
    made of it and of its number of cells.
    """
    values, se = (np.array([getattr(i, name) for i in intervals]) for name in ("value", "se"))
    dof, n = (np.array(counted, dtype=float) for counted in ([i.dof for i in intervals], cells))
    known = np.isfinite(values) & np.isfinite(se) & (dof > 0)
    if not known.any():
        return random_effects(values, se)
    of_a_cell = (se**2 * n * dof)[known].sum() / dof[known].sum()
    return random_effects(values, np.where(known, np.sqrt(of_a_cell / n), np.nan))


# two settings -------------------------------------------------------------------------------------
def replication(one: Sequence[Contrast], other: Sequence[Contrast]) -> str:
    """Whether two settings differ on a claim's parts: "alike", "differs in size" or "reversed".

    Reversed where a part has opposite signs, each interval beside 0; differs in size where the
    interval of the difference lies beside 0, Holm-corrected over the parts. Nothing where a part
    has no interval in one of them.
    """
    pairs = list(zip(one, other, strict=True))
    if any(math.isnan(c.estimate.half) or c.floor for pair in pairs for c in pair):
        return ""
    if any(_beside(a.estimate) * _beside(b.estimate) < 0 for a, b in pairs):
        return "reversed"
    p = [_p_of_difference(a.estimate, b.estimate) for a, b in pairs]
    return "differs in size" if holm(p).min() < 1 - LEVEL else "alike"


def _beside(interval: Interval) -> int:
    """On which side of 0 an interval lies; 0 where it holds 0."""
    return int(interval.low > 0) - int(interval.high < 0)


def _p_of_difference(a: Interval, b: Interval) -> float:
    """Two-sided p value of a difference, degrees of freedom after Welch and Satterthwaite."""
    squares = np.array([a.se**2, b.se**2])
    total = squares.sum()
    dof = total**2 / (squares**2 / [a.dof, b.dof]).sum() if total > 0 else 1.0
    difference = Interval(a.value - b.value, math.sqrt(total), max(1, int(dof)))
    return 2 * min(difference.p_below(), difference.p_above())

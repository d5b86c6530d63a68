"""Contrasts between groups, paired within cells, with delete-one-cell jackknife intervals.

Everything a contrast rests on (reference line, ID ranges, gap, margin) is refitted in each
replicate. Degrees of freedom: cells used minus families used, which is F (S - 1) for F families
of S seeds each; a family with one seed adds none. At 0 degrees there is no interval (NaN).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport import arguments
from nbsupport.analysis.cells import Cells, Replicates
from nbsupport.analysis.roles import FULL, SCRATCH
from nbsupport.errors import UserError, said

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.95
GAP = (FULL, SCRATCH)
MARGIN = 0.25
ENOUGH = 3  # families, and seeds in each of them; below that a verdict only leans
OF_A_PAIR = ("er", "epoch-trend", "id-position")
STATISTICS = (*OF_A_PAIR, "effects")


@lru_cache(maxsize=256)
def t_quantile(dof: int, level: float = LEVEL) -> float:
    """The two-sided t quantile; NaN at 0 degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(dof, (1 + level) / 2)) if dof > 0 else float("nan")


@dataclass(frozen=True)
class Interval:
    """An estimate with its jackknife standard error and degrees of freedom."""

    value: float
    se: float
    dof: int

    @property
    def half(self) -> float:
        """Half the width of the 95 % interval; NaN where there is none."""
        return t_quantile(self.dof) * self.se

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.value - self.half

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.value + self.half

    def p_below(self) -> float:
        """One-sided p value against "the true value is at most 0"; NaN without an interval."""
        from scipy.special import stdtr

        if self.dof < 1 or not np.isfinite(self.se) or np.isnan(self.value):
            return float("nan")
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(stdtr(self.dof, -np.divide(self.value, self.se)))

    @classmethod
    def jackknife(cls, stack: np.ndarray, dof: int) -> Interval:
        """From a stack [K + 1]: the full-sample value, then each delete-one-cell value."""
        replicates = stack[1:]
        count = len(replicates)
        if dof < 1 or count < 2:
            return cls(float(stack[0]), float("nan"), max(dof, 0))
        spread = ((replicates - replicates.mean()) ** 2).sum()
        return cls(float(stack[0]), float(np.sqrt((count - 1) / count * spread)), dof)


@dataclass(frozen=True)
class Contrast:
    """One comparison: the estimate, and all that a verdict needs. Scores, or gaps for effects."""

    name: str
    estimate: Interval
    minus: Interval  # estimate - margin, jackknifed as one statistic: the margin is estimated too
    plus: Interval  # estimate + margin
    margin: float
    gap: Interval
    cells: int  # cells in the estimate
    families: int
    settled: bool  # at least 3 families with 3 seeds each, in the contrast and in the gap
    off_line: int  # runs of the groups compared that lie off the reference line
    dropped: int  # points missing, or infinite on the axis
    axis: str
    unpaired: int = 0  # cells in which some of the groups compared have a run and some have none
    reason: str = ""  # why there is no estimate, where it is not that ID ranges do not overlap
    gap_reason: str = ""  # the same of the gap

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval of the estimate."""
        return self.estimate.low

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval of the estimate."""
        return self.estimate.high


@dataclass(frozen=True)
class Statistic:
    """A stack [K + 1], the cells [C] it uses, and how many runs it had to leave out."""

    stack: np.ndarray
    used: np.ndarray
    off_line: int = 0


def degrees(families: np.ndarray) -> int:
    """Degrees of freedom of cells with these families [C]: cells minus families."""
    return len(families) - len(np.unique(families))


def enough(families: np.ndarray) -> bool:
    """Whether cells with these families [C] hold at least 3 families with 3 seeds each."""
    return int((np.unique(families, return_counts=True)[1] >= ENOUGH).sum()) >= ENOUGH


def _er_difference(
    reps: Replicates, terms: Sequence[tuple[float, str]], reference: str
) -> Statistic:
    """Sum of weight x ER over terms, in cells where every run lies on the line."""
    lines = reps.lines(reference)
    total, off_line = np.zeros(reps.keep.shape), 0
    ers = {role: reps.er(role, lines) for _, role in terms}
    for weight, role in terms:
        total = total + weight * ers[role]
    for role, er in ers.items():
        off_line += int((reps.present(role) & ~np.isfinite(er[0])).sum())
    return Statistic(*reps.mean(total), off_line)


def _id_position(reps: Replicates, a: str, b: str) -> Statistic:
    """Mean over the epochs that both runs of a cell evaluated of a's ID score minus b's."""
    x = np.where(reps.ok, reps.cells.x, np.nan)
    difference = x[reps.at(a)] - x[reps.at(b)]
    both = np.isfinite(difference)
    count = both.sum(axis=1)
    total = np.where(both, difference, 0.0).sum(axis=1)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return Statistic(*reps.mean(np.broadcast_to(mean, reps.keep.shape)))


def _drift(residual: np.ndarray, inside: np.ndarray, epochs: np.ndarray) -> np.ndarray:
    """Slope of residuals over epochs, times the run's last epoch: [K + 1, C, E] to [K + 1, C]."""
    n = inside.sum(axis=2)
    weight = inside.astype(float)
    centred = np.where(inside, epochs - (weight @ epochs / np.maximum(n, 1))[..., None], 0.0)
    spread = (centred**2).sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (centred * np.where(inside, residual, 0.0)).sum(axis=2) / spread
    last = np.where(inside, epochs, 0.0).max(axis=2, initial=0.0)
    return np.where((n >= 2) & (spread > 0), slope * last, np.nan)


def _epoch_trend(reps: Replicates, role: str) -> Statistic:
    """Drift of each run's residuals, against the line of the other families' runs."""
    families = reps.cells.families
    drift = np.full(reps.keep.shape, np.nan)
    for family in np.unique(families):
        own = families == family
        residual, inside = reps.residuals(role, reps.lines(role, without=own))
        drift[:, own] = _drift(residual, inside, reps.cells.epochs)[:, own]
    off_line = int((reps.present(role) & ~np.isfinite(drift[0])).sum())
    return Statistic(*reps.mean(drift), off_line)


def _unpaired(reps: Replicates, roles: Sequence[str]) -> tuple[int, str]:
    """Cells that only some of these roles have a run in; and a reason, where none has all."""
    present = np.stack([reps.present(role) for role in roles])
    some, every = present.any(axis=0), present.all(axis=0)
    reason = "" if every.any() else f"no cell (family, seed) has runs of {' and '.join(roles)}"
    return int((some & ~every).sum()), reason


def _flat(reps: Replicates, roles: Sequence[str]) -> str:
    """Which of these roles have no line because their points all have the same ID score."""
    flat = [role for role in dict.fromkeys(roles) if reps.flat(role)]
    return f"all points of {' and of '.join(flat)} have the same ID score" if flat else ""


def _contrast(
    name: str,
    reps: Replicates,
    found: Statistic,
    gap: tuple[str, str],
    margin: float,
    compared: Sequence[str],
    reference: str = "",
    unit: str = "scores",
) -> Contrast:
    """Put a statistic beside its gap and margin; unit "gaps" divides it by the gap."""
    gaps = reps.gap(*gap)
    unpaired, reason = _unpaired(reps, list(dict.fromkeys(compared)))
    families = reps.cells.families
    paired = reps.present(gap[0]) & reps.present(gap[1])
    dof, gap_dof = degrees(families[found.used]), degrees(families[paired])
    stack, margins = found.stack, margin * gaps
    if unit == "gaps":
        with np.errstate(divide="ignore", invalid="ignore"):
            stack, margins = stack / gaps, np.full_like(gaps, margin)
        dof = min(dof, gap_dof)
    both = min(dof, gap_dof)
    return Contrast(
        name=name,
        estimate=Interval.jackknife(stack, dof),
        minus=Interval.jackknife(stack - margins, both),
        plus=Interval.jackknife(stack + margins, both),
        margin=float(margins[0]),
        gap=Interval.jackknife(gaps, gap_dof),
        cells=int(found.used.sum()),
        families=len(np.unique(families[found.used])),
        settled=enough(families[found.used]) and enough(families[paired]),
        off_line=found.off_line,
        dropped=reps.dropped,
        axis=reps.axis,
        unpaired=unpaired,
        reason=reason or (_flat(reps, [reference]) if reference else ""),
        gap_reason=_flat(reps, gap),
    )


def _checked_margin(margin: Any) -> float:
    share = arguments.plain(margin)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
        raise UserError(f"a margin of {said(margin)} is not a share of the gap: give one in (0, 1)")
    return float(share)


def pair(name: str, roles: Any) -> tuple[str, str]:
    """Two roles; UserError for anything else."""
    given = arguments.listed(name, roles, "two roles")
    if len(given) != 2:
        raise UserError(f"{name}={said(roles)}: give two roles")
    first, second = (arguments.text(name, role, "two roles") for role in given)
    return first, second


def contrast(
    points: pd.DataFrame | Cells,
    a: str,
    b: str,
    *,
    reference: str = "scratch",
    gap: tuple[str, str] = GAP,
    axis: str = "linear",
    margin: float = MARGIN,
    statistic: str = "er",
) -> Contrast:
    """Role a minus role b, paired within cells.

    statistic "er": mean difference in effective robustness against the line of `reference`;
    "id-position": mean difference in ID score at equal epochs; "epoch-trend": no difference but
    the drift of a's residuals over fine-tuning (slope x last epoch), each family against the line
    of a's other families, b being a. All in scores. Raises UserError for an unknown role.
    """
    margin, gap = _checked_margin(margin), pair("gap", gap)
    arguments.chosen("statistic", statistic, OF_A_PAIR)
    named = (("a", a), ("b", b), ("reference", reference))
    a, b, reference = (arguments.text(name, role, "a role") for name, role in named)
    roles = (a, b, reference, *gap) if statistic == "er" else (a, b, *gap)
    reps = Replicates(Cells.of(points), roles, axis)
    if statistic == "er":
        found = _er_difference(reps, [(1.0, a), (-1.0, b)], reference)
    else:
        found = _epoch_trend(reps, a) if statistic == "epoch-trend" else _id_position(reps, a, b)
    name = f"drift of {a} over epochs" if statistic == "epoch-trend" else f"{a} - {b}"
    line = {"er": reference, "epoch-trend": a}.get(statistic, "")
    return _contrast(name, reps, found, gap, margin, (a, b), line)


def effects(
    points: pd.DataFrame | Cells,
    a: tuple[str, str],
    b: tuple[str, str],
    *,
    reference: str = "scratch",
    gap: tuple[str, str] = GAP,
    axis: str = "linear",
    margin: float = MARGIN,
) -> Contrast:
    """Effect a minus effect b in units of the gap; an effect is the pair's difference in ER.

    In the cells where all runs lie on the line. Raises UserError for an unknown role.
    """
    margin, gap = _checked_margin(margin), pair("gap", gap)
    reference = arguments.text("reference", reference, "a role")
    a, b = pair("a", a), pair("b", b)
    reps = Replicates(Cells.of(points), (*a, *b, reference, *gap), axis)
    terms = [(1.0, a[0]), (-1.0, a[1]), (-1.0, b[0]), (1.0, b[1])]
    name = f"({a[0]} - {a[1]}) - ({b[0]} - {b[1]}), in gaps"
    found = _er_difference(reps, terms, reference)
    return _contrast(name, reps, found, gap, margin, (*a, *b), reference, unit="gaps")

"""Contrasts between groups, paired within cells, with jackknife intervals.

Everything a contrast rests on (reference line, ID ranges, gap, margin) is refitted in each
replicate: without each cell for these families in this setting, without each family for
architectures like these (see `intervals`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport import arguments
from nbsupport.analysis.cells import Cells, Replicates
from nbsupport.analysis.intervals import (
    LEVEL,
    NO_INTERVAL,
    Contrast,
    Interval,
    Spread,
    t_quantile,
)
from nbsupport.analysis.roles import FULL, SCRATCH, role_of
from nbsupport.analysis.statistics import (
    ENOUGH,
    Statistic,
    degrees,
    enough,
    epoch_trend,
    er_sum,
    family_means,
    id_position,
    over_cells,
    over_families,
    pseudo_values,
    shares_of_variance,
)
from nbsupport.errors import UserError, said

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ENOUGH",
    "LEVEL",
    "Contrast",
    "Interval",
    "contrast",
    "degrees",
    "effects",
    "enough",
    "gain",
    "t_quantile",
]
GAP = (FULL, SCRATCH)
MARGIN = 0.25
FEWEST = 2  # of both, for a setting to count in a summary over worlds
OF_A_PAIR = ("er", "epoch-trend", "id-position")
STATISTICS = (*OF_A_PAIR, "effects")
MOST_OF_SCORE = 1 / 3  # of the reference's mean OOD score; a wider margin calls anything the same
ROUNDING = 1e-6  # of accuracies, recorded to six digits: 2,400 right of 120,000 are 2 %, no less
Chances = Mapping[str, float]  # accuracy by chance, by the source whose task it is; "" the main one


def _unpaired(reps: Replicates, roles: Sequence[str]) -> tuple[int, str]:
    """Cells that only some of these roles have a run in; and a reason, where none has all."""
    present = np.stack([reps.present(role) for role in roles])
    some, every = present.any(axis=0), present.all(axis=0)
    reason = "" if every.any() else f"no cell (family, seed) has runs of {' and '.join(roles)}"
    return int((some & ~every).sum()), reason


def same_runs(cells: Cells, a: str, b: str) -> bool:
    """Whether two roles are the same runs under two names, so that no difference can be found."""
    i, j = cells.roles.index(a), cells.roles.index(b)
    alike = (np.array_equal(v[i], v[j], equal_nan=True) for v in (cells.x, cells.y))
    return i != j and all(alike)


def _flat(reps: Replicates, roles: Sequence[str]) -> str:
    """Which of these roles have no line because their points all have the same ID score."""
    flat = [role for role in dict.fromkeys(roles) if reps.flat(role)]
    return f"all points of {' and of '.join(flat)} have the same ID score" if flat else ""


# the floor ----------------------------------------------------------------------------------------
def _floor(
    cells: Cells, compared: Sequence[str], reference: str, margin: float, chances: Chances | None
) -> str:
    """Why two lines are not to be compared: the lower group at chance, or too wide a margin."""
    for role in dict.fromkeys(compared):
        source = role_of(role).source
        chance = (chances or {}).get(source.name if source.own_task else "", float("nan"))
        accuracy = cells.told("accuracy", role)
        if accuracy < 2 * chance - ROUNDING:
            return f"OOD accuracy of {role} is {accuracy:.3f}, by chance {chance:.3f}"
    scores = cells.y[cells.roles.index(reference)]
    scores = scores[np.isfinite(scores)]
    score = float(scores.mean()) if scores.size else float("nan")
    if margin > MOST_OF_SCORE * score:
        return (
            f"the margin {margin:.3f} is over a third of the OOD score of {reference}, {score:.3f}"
        )
    return ""


# contrasts ----------------------------------------------------------------------------------------
def _contrast(
    name: str,
    every: Cells,
    reps: Replicates,
    found: Statistic,
    gap: tuple[str, str],
    margin: float,
    compared: Sequence[str],
    reference: str = "",
    chances: Chances | None = None,
) -> Contrast:
    """Put a statistic beside its gap and margin. every: all cells, `reps` those that take part."""
    gaps = reps.gap(*gap)
    whole = Replicates(every, every.roles, reps.axis)
    unpaired, reason = _unpaired(whole, compared)
    families, seeds = reps.cells.families, reps.cells.seeds
    in_gap = families[reps.present(gap[0]) & reps.present(gap[1])]
    own, margins = families[found.used], margin * gaps
    both = own if degrees(own) <= degrees(in_gap) else in_gap
    fewer = own if len(np.unique(own)) <= len(np.unique(in_gap)) else in_gap
    minus, plus = found.stack - margins, found.stack + margins
    by_family = Spread(
        over_families(reps, found.stack, own),
        over_families(reps, minus, fewer),
        over_families(reps, plus, fewer),
        over_families(reps, gaps, in_gap),
    )
    two_lines = bool(reference) and len(set(compared)) > 1
    return Contrast(
        name=name,
        estimate=over_cells(reps, found.stack, own),
        minus=over_cells(reps, minus, both),
        plus=over_cells(reps, plus, both),
        margin=float(margins[0]),
        gap=over_cells(reps, gaps, in_gap),
        cells=len(own),
        families=len(np.unique(own)),
        settled=enough(own),
        off_line=found.off_line,
        dropped=whole.dropped,
        axis=reps.axis,
        unpaired=unpaired,
        reason=reason or (_flat(reps, [reference]) if reference else ""),
        gap_reason=_flat(reps, gap),
        gap_settled=enough(in_gap),
        replicated=enough(own, FEWEST),
        floor=_floor(every, compared, reference, float(margins[0]), chances) if two_lines else "",
        by_family=by_family,
        family_means=family_means(found.values[found.used], own),
        shares=shares_of_variance(
            pseudo_values(reps, found.stack)[found.used], own, seeds[found.used]
        ),
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
    chances: Chances | None = None,
) -> Contrast:
    """Role a minus role b, paired within cells.

    statistic "er": mean difference in effective robustness against the line of `reference`;
    "id-position": mean difference in ID score at equal epochs; "epoch-trend": no difference but
    the drift of a's residuals over fine-tuning (slope x (last - first epoch)), each family against
    the line of a's other families, b being a. All in scores. chances: accuracy by chance on the
    task, below twice of which two lines are not compared. Raises UserError for an unknown role.
    """
    margin, gap = _checked_margin(margin), pair("gap", gap)
    arguments.chosen("statistic", statistic, OF_A_PAIR)
    named = (("a", a), ("b", b), ("reference", reference))
    a, b, reference = (arguments.text(name, role, "a role") for name, role in named)
    line = {"er": reference, "epoch-trend": a}.get(statistic, "")
    lines = tuple(role for role in (line, *gap) if role)
    every = Cells.of(points).select((a, b, *lines))
    reps = Replicates(every, (a, b, *lines), axis, paired=(a, b), lines=lines)
    if statistic == "er":
        found = er_sum(reps, [(1.0, a), (-1.0, b)], reference)
    else:
        found = epoch_trend(reps, a) if statistic == "epoch-trend" else id_position(reps, a, b)
    name = f"drift of {a} over epochs" if statistic == "epoch-trend" else f"{a} - {b}"
    told = _contrast(name, every, reps, found, gap, margin, (a, b), line, chances)
    if same_runs(every, a, b):
        return replace(told, cells=0, reason=f"{a} and {b} are the same runs")
    return told


def gain(
    points: pd.DataFrame | Cells,
    groups: Sequence[str],
    *,
    scratch: str = SCRATCH,
    gap: tuple[str, str] = GAP,
    axis: str = "linear",
    margin: float = MARGIN,
) -> Contrast:
    """The mean of groups over scratch, measured from its line, in the cells that have all of them.

    Raises UserError for an unknown role.
    """
    margin, gap = _checked_margin(margin), pair("gap", gap)
    own = tuple(dict.fromkeys(arguments.listed("groups", groups, "roles")))
    every = Cells.of(points).select((*own, scratch, *gap))
    reps = Replicates(
        every, (*own, scratch, *gap), axis, paired=(*own, scratch), lines=(scratch, *gap)
    )
    found = er_sum(reps, [*((1 / len(own), role) for role in own), (-1.0, scratch)], scratch)
    name = f"{' and '.join(own)} - {scratch}"
    return _contrast(name, every, reps, found, gap, margin, (*own, scratch))


def effects(
    points: pd.DataFrame | Cells,
    a: tuple[str, str],
    b: tuple[str, str],
    *,
    reference: str = "scratch",
    gap: tuple[str, str] = GAP,
    axis: str = "linear",
    margin: float = MARGIN,
    chances: Chances | None = None,
) -> Contrast:
    """Effect a minus effect b; an effect is the pair's difference in ER. `ratio`: in gaps.

    In the cells where all runs lie on the line. Raises UserError for an unknown role.
    """
    margin, gap = _checked_margin(margin), pair("gap", gap)
    reference = arguments.text("reference", reference, "a role")
    a, b = pair("a", a), pair("b", b)
    roles, lines = (*a, *b), (reference, *gap)
    every = Cells.of(points).select((*roles, *lines))
    reps = Replicates(every, (*roles, *lines), axis, paired=roles, lines=lines)
    terms = [(1.0, a[0]), (-1.0, a[1]), (-1.0, b[0]), (1.0, b[1])]
    name = f"({a[0]} - {a[1]}) - ({b[0]} - {b[1]})"
    found = er_sum(reps, terms, reference)
    told = _contrast(name, every, reps, found, gap, margin, roles, reference, chances)
    with np.errstate(divide="ignore", invalid="ignore"):
        stack = found.stack / reps.gap(*gap)
    dof = min(told.estimate.dof, told.gap.dof)
    ratio = Interval.jackknife(stack[: 1 + len(reps.cells.seeds)], dof)
    return replace(told, ratio=ratio if told.gap.value > 0 else NO_INTERVAL)

"""Statistics of runs as stacks, each value refitted without each cell and without each family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.analysis.cells import Cells, Replicates
from nbsupport.analysis.intervals import Interval

if TYPE_CHECKING:
    import pandas as pd

ENOUGH = 3  # families and seeds of each; a verdict of cells that say less than these only leans


@dataclass(frozen=True)
class Statistic:
    """A stack [1 + K + F], its value in each cell [C], and how many runs it had to leave out."""

    stack: np.ndarray
    values: np.ndarray
    off_line: int = 0

    @property
    def used(self) -> np.ndarray:
        """The cells [C] that count."""
        return np.isfinite(self.values)


def degrees(families: np.ndarray) -> int:
    """Degrees of freedom of cells with these families [C]: cells minus families."""
    return len(families) - len(np.unique(families))


def enough(families: np.ndarray, least: int = ENOUGH) -> bool:
    """Whether cells with these families [C] say as much as `least` families of as many seeds each.

    For 3, that is 3 families with two seeds or more, and 6 degrees of freedom in all; families may
    have different numbers of seeds.
    """
    several = np.unique(families, return_counts=True)[1] >= 2
    return int(several.sum()) >= least and degrees(families) >= least * (least - 1)


def mean_of(reps: Replicates, values: np.ndarray, off_line: int = 0) -> Statistic:
    """The mean over cells of values [1 + K + F, C]."""
    stack, _ = reps.mean(values)
    return Statistic(stack, values[0], off_line)


def er_sum(reps: Replicates, terms: Sequence[tuple[float, str]], reference: str) -> Statistic:
    """Sum of weight x ER over terms, in cells where every run lies on the line."""
    lines = reps.lines(reference)
    total, off_line = np.zeros(reps.keep.shape), 0
    ers = {role: reps.er(role, lines) for _, role in terms}
    for weight, role in terms:
        total = total + weight * ers[role]
    for role, er in ers.items():
        off_line += int((reps.present(role) & ~np.isfinite(er[0])).sum())
    return mean_of(reps, total, off_line)


def id_position(reps: Replicates, a: str, b: str) -> Statistic:
    """Mean over the epochs that both runs of a cell evaluated of a's ID score minus b's."""
    x = np.where(reps.ok, reps.cells.x, np.nan)
    difference = x[reps.at(a)] - x[reps.at(b)]
    both = np.isfinite(difference)
    count = both.sum(axis=1)
    total = np.where(both, difference, 0.0).sum(axis=1)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean_of(reps, np.broadcast_to(mean, reps.keep.shape))


def drift(residual: np.ndarray, counted: np.ndarray, epochs: np.ndarray) -> np.ndarray:
    """Slope of residuals over epochs times (last - first): [1 + K + F, C, E] to [1 + K + F, C]."""
    slope, first, last = slopes(residual, counted, epochs)
    return slope * (last - first)


def slopes(
    residual: np.ndarray, counted: np.ndarray, epochs: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each run's slope (NaN below two epochs), first and last epoch counted, [1 + K + F, C]."""
    n = counted.sum(axis=2)
    mean = counted.astype(float) @ epochs / np.maximum(n, 1)
    centred = np.where(counted, epochs - mean[..., None], 0.0)
    spread = (centred**2).sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (centred * np.where(counted, residual, 0.0)).sum(axis=2) / spread
    first = np.where(counted, epochs, np.inf).min(axis=2, initial=np.inf)
    last = np.where(counted, epochs, -np.inf).max(axis=2, initial=-np.inf)
    return np.where((n >= 2) & (spread > 0), slope, np.nan), first, last


def epoch_trend(reps: Replicates, role: str) -> Statistic:
    """Drift of each run's residuals over all its epochs, against the other families' line."""
    families = reps.cells.families
    found = np.full(reps.keep.shape, np.nan)
    for family in np.unique(families):
        own = families == family
        residual, _ = reps.residuals(role, reps.lines(role, without=own))
        counted = reps.ok[reps.at(role)] & np.isfinite(residual)
        with np.errstate(invalid="ignore"):
            found[:, own] = drift(residual, counted, reps.cells.epochs)[:, own]
    off_line = int((reps.present(role) & ~np.isfinite(found[0])).sum())
    return mean_of(reps, found, off_line)


# intervals of a stack -----------------------------------------------------------------------------
def over_cells(reps: Replicates, stack: np.ndarray, families: np.ndarray) -> Interval:
    """About these families in this setting; families [N]: of the cells that count."""
    return Interval.jackknife(stack[: 1 + len(reps.cells.seeds)], degrees(families))


def over_families(reps: Replicates, stack: np.ndarray, families: np.ndarray) -> Interval:
    """About architectures like these."""
    own = np.append(True, np.isin(np.unique(reps.cells.families), families))
    without = np.concatenate([stack[:1], stack[1 + len(reps.cells.seeds) :]])
    return Interval.jackknife(without[own], len(np.unique(families)) - 1)


def shares_of_variance(
    values: np.ndarray, families: np.ndarray, seeds: np.ndarray
) -> tuple[float, float, float]:
    """Shares of family, seed and the rest in the variance of a mean over cells [N].

    From mean squared differences between two cells of one family, of one seed, and of neither
    (where seeds and families are crossed evenly, what an analysis of variance gives). What comes
    out below 0 counts as none. All is the rest where the cells tell no more.
    """
    i, j = np.triu_indices(len(values), 1)
    half = (values[i] - values[j]) ** 2 / 2
    family, seed = families[i] == families[j], seeds[i] == seeds[j]
    kinds = (family & ~seed, seed & ~family, ~family & ~seed)
    if not all(kind.any() for kind in kinds):
        return 0.0, 0.0, 1.0
    one_family, one_seed, neither = (half[kind].mean() for kind in kinds)
    parts = np.array([neither - one_family, neither - one_seed, one_family + one_seed - neither])
    counts = np.array([len(np.unique(families)), len(np.unique(seeds)), len(values)])
    parts = np.maximum(parts, 0.0) / counts
    total = parts.sum()
    if total <= 0:
        return 0.0, 0.0, 1.0
    of_family, of_seed, rest = (float(part / total) for part in parts)
    return of_family, of_seed, rest


def pseudo_values(reps: Replicates, stack: np.ndarray) -> np.ndarray:
    """What each cell [C] adds to a statistic, the line's part included."""
    count = len(reps.cells.seeds)
    values: np.ndarray = count * stack[0] - (count - 1) * stack[1 : 1 + count]
    return values


def family_means(values: np.ndarray, families: np.ndarray) -> dict[str, float]:
    """The mean of values [N] over the cells of each family."""
    return {str(f): float(values[families == f].mean()) for f in np.unique(families)}


# beside contrasts ---------------------------------------------------------------------------------
def per_halving(
    points: pd.DataFrame | Cells, roles: Sequence[str], reference: str, axis: str = "linear"
) -> Interval | None:
    """How ER changes as the pre-training images are halved: the slope of each cell's runs over the
    logarithm of their images, averaged over cells. None where the points do not tell the images.
    """
    cells = Cells.of(points)
    images = np.array([cells.told("images", role) for role in roles])
    if not (images > 0).all() or np.ptp(images) == 0:
        return None
    steps = np.log2(images) - np.log2(images).mean()
    reps = Replicates(cells, (*roles, reference), axis, paired=roles, lines=(reference,))
    terms = list(zip(-steps / (steps @ steps), roles, strict=True))
    found = er_sum(reps, terms, reference)
    return over_cells(reps, found.stack, reps.cells.families[found.used])


def above_line(
    points: pd.DataFrame | Cells, role: str, line: str, axis: str = "linear"
) -> tuple[list[str], Interval]:
    """ER over a group's line of the runs of a role in cells that the group has none in.

    With the families of these cells. Cells with and without such runs are deleted in turn, each
    kind a stratum of its own.
    """
    reps = Replicates(Cells.of(points), (role, line), axis)
    alone = reps.present(role) & ~reps.present(line)
    families = reps.cells.families[alone]
    er = np.where(alone, reps.er(role, reps.lines(line)), np.nan)
    found = mean_of(reps, er)
    parts = (alone, reps.present(line))
    stacks = [np.append(found.stack[:1], found.stack[1:][: len(p)][p]) for p in parts]
    squares = [Interval.jackknife(stack, 1).se ** 2 for stack in stacks]
    interval = Interval(float(found.stack[0]), float(np.sqrt(sum(squares))), degrees(families))
    return sorted(set(map(str, families))), interval

"""Points as arrays over cells, and every delete-one-cell version of a statistic at once.

A cell is a (family, seed): the paired unit of all comparisons. Each statistic here is a stack
[1 + K + F]: its value on all K cells first, then with each cell deleted, then with each of the F
families deleted, everything refitted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nbsupport import arguments
from nbsupport.analysis.points import ID, OOD, OOD_ACCURACY, check_points
from nbsupport.analysis.trends import ALIKE, MIN_EPOCHS, inverse, transform

if TYPE_CHECKING:
    import pandas as pd

GRID = (np.arange(32) + 0.5) / 32  # where two lines are compared, as fractions of their range


@dataclass(frozen=True)
class Cells:
    """ID and OOD scores [roles R, cells C, epochs E], NaN where a point is missing."""

    roles: tuple[str, ...]
    families: np.ndarray  # [C] name of the family
    seeds: np.ndarray  # [C]
    epochs: np.ndarray  # [E] fine-tuning epochs, ascending
    x: np.ndarray  # [R, C, E] ID score
    y: np.ndarray  # [R, C, E] OOD score
    rows: np.ndarray  # [R] points given, those with missing scores included
    images: np.ndarray | None = None  # [R] pre-training images, NaN where not told
    accuracy: np.ndarray | None = None  # [R] mean OOD accuracy, NaN where not told

    @classmethod
    def of(cls, points: pd.DataFrame | Cells) -> Cells:
        """Arrays of a table of records; UserError where it is none (see `check_points`)."""
        if isinstance(points, Cells):
            return points
        check_points(points)
        roles, role = np.unique(points["role"].to_numpy(dtype=str), return_inverse=True)
        pairs = points[["family", "seed"]]
        cell = pairs.groupby(["family", "seed"], sort=True).ngroup().to_numpy()
        keys = pairs.drop_duplicates().sort_values(["family", "seed"])
        epochs, epoch = np.unique(points["epoch"].to_numpy(), return_inverse=True)
        x = np.full((len(roles), len(keys), len(epochs)), np.nan)
        y = x.copy()
        x[role, cell, epoch] = points[ID].to_numpy(float)
        y[role, cell, epoch] = points[OOD].to_numpy(float)
        return cls(
            roles=tuple(str(r) for r in roles),
            families=keys["family"].to_numpy(dtype=str),
            seeds=keys["seed"].to_numpy(),
            epochs=epochs.astype(float),
            x=x,
            y=y,
            rows=np.bincount(role, minlength=len(roles)),
            images=_means(points, "images", role),
            accuracy=_means(points, OOD_ACCURACY, role),
        )

    def has(self, role: str) -> bool:
        """Whether the role has a point with both scores."""
        if role not in self.roles:
            return False
        row = self.roles.index(role)
        return bool((np.isfinite(self.x[row]) & np.isfinite(self.y[row])).any())

    def select(self, roles: Iterable[str]) -> Cells:
        """These roles only, in the cells where any of them has a point."""
        wanted = tuple(dict.fromkeys(roles))
        for role in wanted:
            arguments.chosen("role", role, self.roles)
        rows = [self.roles.index(role) for role in wanted]
        x, y = self.x[rows], self.y[rows]
        used = (np.isfinite(x) & np.isfinite(y)).any(axis=(0, 2))
        return Cells(
            roles=wanted,
            families=self.families[used],
            seeds=self.seeds[used],
            epochs=self.epochs,
            x=x[:, used],
            y=y[:, used],
            rows=self.rows[rows],
            images=None if self.images is None else self.images[rows],
            accuracy=None if self.accuracy is None else self.accuracy[rows],
        )

    def where(self, kept: np.ndarray) -> Cells:
        """These cells [C] only."""
        return replace(
            self,
            families=self.families[kept],
            seeds=self.seeds[kept],
            x=self.x[:, kept],
            y=self.y[:, kept],
        )

    def told(self, what: str, role: str) -> float:
        """The `images` or the OOD `accuracy` of a role; NaN where the points do not tell."""
        values = getattr(self, what)
        return float("nan") if values is None else float(values[self.roles.index(role)])


def _means(points: pd.DataFrame, column: str, role: np.ndarray) -> np.ndarray | None:
    """The mean of a column over the points of each role [R]."""
    if column not in points.columns:
        return None
    values = points[column].to_numpy(float)
    ok = np.isfinite(values)
    total = np.bincount(role, weights=np.where(ok, values, 0.0))
    count = np.bincount(role, weights=ok.astype(float))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@dataclass(frozen=True)
class Lines:
    """A stack of lines: slope, intercept and ID range in axis units, each [1 + K + F]."""

    slope: np.ndarray
    intercept: np.ndarray
    low: np.ndarray
    high: np.ndarray
    axis: str

    def predict(self, tx: np.ndarray) -> np.ndarray:
        """Scores [1 + K + F, ...] at axis units tx [1 + K + F or 1, ...]."""
        ones = (1,) * (tx.ndim - 1)
        slope, intercept = (v.reshape(-1, *ones) for v in (self.slope, self.intercept))
        return inverse(intercept + slope * tx, self.axis)


class Replicates:
    """Some roles of `cells` on one axis, and the stacks of their statistics.

    paired: a cell in which some of these lack a run takes part only where one of `lines` has a run
    there: what is in no pair and on no line says nothing, so it is no replicate either.
    """

    def __init__(
        self,
        cells: Cells,
        roles: Iterable[str],
        axis: str = "linear",
        *,
        paired: Sequence[str] = (),
        lines: Sequence[str] = (),
    ) -> None:
        every = cells.select(roles)
        self.cells = every.where(_taking_part(every, paired, lines)) if paired else every
        self.axis = axis
        tx, ty = transform(self.cells.x, axis), transform(self.cells.y, axis)
        self.ok = np.isfinite(tx) & np.isfinite(ty)  # [R, C, E]
        self.tx, self.ty = np.where(self.ok, tx, 0.0), np.where(self.ok, ty, 0.0)
        self.y = np.where(self.ok, self.cells.y, 0.0)
        count, families = len(self.cells.seeds), self.cells.families
        ones = np.ones((1, count), bool)
        others = families != np.unique(families)[:, None]
        self.keep = np.vstack([ones, ~np.eye(count, dtype=bool), others])

    @property
    def dropped(self) -> int:
        """Points of these roles that are missing, or infinite on this axis."""
        return int(self.cells.rows.sum() - self.ok.sum())

    def at(self, role: str) -> int:
        """The row of a role in the arrays."""
        return self.cells.roles.index(role)

    def present(self, role: str) -> np.ndarray:
        """Cells [C] where the role has a point."""
        return self.ok[self.at(role)].any(axis=1)

    def flat(self, role: str) -> bool:
        """Whether the role's points all have the same ID score, so that no line goes through."""
        row = self.at(role)
        tx = self.tx[row][self.ok[row]]
        return bool(tx.size and np.ptp(tx) <= ALIKE)

    def lines(self, role: str, without: np.ndarray | None = None) -> Lines:
        """The stack of the role's lines, fitted without the cells `without` [C] where given."""
        ok, tx, ty = (v[self.at(role)] for v in (self.ok, self.tx, self.ty))
        keep = self.keep if without is None else self.keep & ~without
        centre = tx.sum() / max(ok.sum(), 1)
        dx = np.where(ok, tx - centre, 0.0)
        sums = np.stack([v.sum(axis=1) for v in (ok, dx, ty, dx * dx, dx * ty)], axis=1)
        n, sx, sy, sxx, sxy = (keep.astype(float) @ sums).T
        inside = keep[:, :, None] & ok
        low = np.where(inside, tx, np.inf).min(axis=(1, 2), initial=np.inf)
        high = np.where(inside, tx, -np.inf).max(axis=(1, 2), initial=-np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(high - low > ALIKE, (sxy - sx * sy / n) / (sxx - sx * sx / n), np.nan)
            intercept = (sy - slope * sx) / n - slope * centre
        return Lines(slope, intercept, low, high, self.axis)

    def residuals(self, role: str, lines: Lines) -> tuple[np.ndarray, np.ndarray]:
        """Residuals in scores, and whether the ID score is inside the range: [1 + K + F, C, E]."""
        row = self.at(role)
        tx = self.tx[row]
        low, high = lines.low[:, None, None], lines.high[:, None, None]
        inside = self.ok[row] & (tx >= low) & (tx <= high)
        return self.y[row] - lines.predict(tx[None]), inside

    def er(self, role: str, lines: Lines) -> np.ndarray:
        """ER of the role's run in each cell [1 + K + F, C]; NaN where off the line or not there."""
        residual, inside = self.residuals(role, lines)
        used = inside.sum(axis=2)
        total = np.where(inside, residual, 0.0).sum(axis=2)
        return np.where(used >= MIN_EPOCHS, total / np.maximum(used, 1), np.nan)

    def gap(self, full: str, scratch: str) -> np.ndarray:
        """Mean distance, in scores, of full's line above scratch's over their common ID range.

        A stack [1 + K + F]; NaN where the ranges do not overlap.
        """
        upper, lower = self.lines(full), self.lines(scratch)
        low = inverse(np.maximum(upper.low, lower.low), self.axis)
        high = inverse(np.minimum(upper.high, lower.high), self.axis)
        with np.errstate(invalid="ignore"):
            meet = np.isfinite(low) & np.isfinite(high) & (high > low)
        low, width = np.where(meet, low, 0.25), np.where(meet, high - low, 0.5)
        tx = transform(low[:, None] + width[:, None] * GRID, self.axis)
        distance = (upper.predict(tx) - lower.predict(tx)).mean(axis=1)
        return np.where(meet, distance, np.nan)

    def mean(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The mean over cells of values [1 + K + F, C], each replicate without its deleted cell.

        Returns the stack [1 + K + F] and which cells [C] count on the full sample.
        """
        ok = self.keep & np.isfinite(values)
        n = ok.sum(axis=1)
        total = np.where(ok, values, 0.0).sum(axis=1)
        return np.where(n > 0, total / np.maximum(n, 1), np.nan), ok[0]


def _taking_part(cells: Cells, paired: Sequence[str], lines: Sequence[str]) -> np.ndarray:
    """Cells [C] with a run of each of `paired`, or of any of `lines`."""
    there = (np.isfinite(cells.x) & np.isfinite(cells.y)).any(axis=2)
    every, any_ = (there[[cells.roles.index(r) for r in named]] for named in (paired, lines))
    taking: np.ndarray = every.all(axis=0) | any_.any(axis=0)
    return taking

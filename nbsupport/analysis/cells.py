"""Points as arrays over cells, and every delete-one-cell version of a statistic at once.

A cell is a (family, seed): the paired unit of all comparisons. Each statistic here is a stack
[K + 1]: its value on all K cells first, then with each cell deleted, everything refitted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nbsupport import arguments
from nbsupport.analysis.points import ID, OOD, check_points
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
        )


@dataclass(frozen=True)
class Lines:
    """A stack of lines: slope and intercept in axis units, ID range in axis units, each [K + 1]."""

    slope: np.ndarray
    intercept: np.ndarray
    low: np.ndarray
    high: np.ndarray
    axis: str

    def predict(self, tx: np.ndarray) -> np.ndarray:
        """Scores [K + 1, ...] at axis units tx [K + 1 or 1, ...]."""
        ones = (1,) * (tx.ndim - 1)
        slope, intercept = (v.reshape(-1, *ones) for v in (self.slope, self.intercept))
        return inverse(intercept + slope * tx, self.axis)


class Replicates:
    """Some roles of `cells` on one axis, with all delete-one-cell stacks of their statistics."""

    def __init__(self, cells: Cells, roles: Iterable[str], axis: str = "linear") -> None:
        self.cells = cells.select(roles)
        self.axis = axis
        tx, ty = transform(self.cells.x, axis), transform(self.cells.y, axis)
        self.ok = np.isfinite(tx) & np.isfinite(ty)  # [R, C, E]
        self.tx, self.ty = np.where(self.ok, tx, 0.0), np.where(self.ok, ty, 0.0)
        self.y = np.where(self.ok, self.cells.y, 0.0)
        count = len(self.cells.seeds)
        self.keep = np.vstack([np.ones((1, count), bool), ~np.eye(count, dtype=bool)])

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
        """Residuals in scores and whether they count (ID inside the range), [K + 1, C, E] each."""
        row = self.at(role)
        tx = self.tx[row]
        low, high = lines.low[:, None, None], lines.high[:, None, None]
        inside = self.ok[row] & (tx >= low) & (tx <= high)
        return self.y[row] - lines.predict(tx[None]), inside

    def er(self, role: str, lines: Lines) -> np.ndarray:
        """ER of the role's run in each cell [K + 1, C]; NaN where off the line or not there."""
        residual, inside = self.residuals(role, lines)
        used = inside.sum(axis=2)
        total = np.where(inside, residual, 0.0).sum(axis=2)
        return np.where(used >= MIN_EPOCHS, total / np.maximum(used, 1), np.nan)

    def gap(self, full: str, scratch: str) -> np.ndarray:
        """Mean distance, in scores, of full's line above scratch's over their common ID range.

        A stack [K + 1]; NaN where the ranges do not overlap.
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
        """The mean over cells of values [K + 1, C], each replicate without its deleted cell.

        Returns the stack [K + 1] and which cells [C] count on the full sample.
        """
        ok = self.keep & np.isfinite(values)
        n = ok.sum(axis=1)
        total = np.where(ok, values, 0.0).sum(axis=1)
        return np.where(n > 0, total / np.maximum(n, 1), np.nan), ok[0]

"""Lines through (ID, OOD) scores, and how far a run lies above one: its effective robustness (ER).

Scores are fractions in [0, 1]. A line is fitted on an axis (linear, logit or probit scores) and
predicts in scores: on every axis a residual is the OOD score minus the prediction mapped back to
scores, as in Taori et al. (2020). Points that an axis cannot show (missing, or 0 and 1 on logit
and probit) are dropped and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nbsupport import errors
from nbsupport.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

AXES = ("linear", "logit", "probit")
ID, OOD = "id_macro_f1", "ood_macro_f1"
MIN_EPOCHS = 2  # evaluated epochs inside the reference line's ID range, fewer: off the line


def transform(v: ArrayLike, axis: str = "linear") -> np.ndarray:
    """Scores to axis units, same shape; 0, 1 and what lies outside come out infinite or NaN."""
    values = np.asarray(v, dtype=float)
    if axis == "linear":
        return values
    if axis == "logit":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(values) - np.log1p(-values)
    if axis == "probit":
        from scipy.special import ndtri  # here, because it costs 0.2 s and few readers need it

        return ndtri(values)
    raise errors.unknown("axis", axis, AXES)


def inverse(v: ArrayLike, axis: str = "linear") -> np.ndarray:
    """Axis units back to scores, same shape."""
    values = np.asarray(v, dtype=float)
    if axis == "linear":
        return values
    if axis == "logit":
        return 0.5 * (1 + np.tanh(values / 2))  # the logistic function, without overflow
    if axis == "probit":
        from scipy.special import ndtr

        return ndtr(values)
    raise errors.unknown("axis", axis, AXES)


@dataclass(frozen=True)
class Line:
    """A least-squares line: slope and intercept in axis units, the ID range in scores."""

    slope: float
    intercept: float
    axis: str
    n: int  # points fitted
    dropped: int  # points missing, or infinite on this axis
    low: float  # lowest ID score fitted
    high: float  # highest ID score fitted

    def predict(self, x: ArrayLike) -> np.ndarray:
        """The OOD scores expected at ID scores x, same shape."""
        return inverse(self.intercept + self.slope * transform(x, self.axis), self.axis)

    @property
    def exists(self) -> bool:
        """Whether there is a line at all (see `no_line`)."""
        return bool(np.isfinite(self.slope))


def no_line(axis: str = "linear") -> Line:
    """What stands for the line of points that make none: it predicts NaN, and no run lies on it."""
    nan = float("nan")
    return Line(nan, nan, axis, n=0, dropped=0, low=nan, high=nan)


def _scaled(x: ArrayLike, y: ArrayLike, axis: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    tx, ty = transform(x, axis), transform(y, axis)
    return tx, ty, np.isfinite(tx) & np.isfinite(ty)


def fit_line(x: ArrayLike, y: ArrayLike, axis: str = "linear") -> Line:
    """Least squares of OOD scores y on ID scores x, both [N].

    Raises UserError where fewer than two different ID scores are left to fit.
    """
    scores = np.asarray(x, dtype=float)
    tx, ty, ok = _scaled(x, y, axis)
    tx, ty = tx[ok], ty[ok]
    if tx.size < 2 or np.ptp(tx) == 0:
        raise UserError(
            f"a line needs points at two different ID scores, but {tx.size} of {ok.size} can be"
            f" shown on the {axis} axis: give more epochs or runs, or use the linear axis"
        )
    centre = tx.mean()
    slope = np.sum((tx - centre) * (ty - ty.mean())) / np.sum((tx - centre) ** 2)
    return Line(
        slope=float(slope),
        intercept=float(ty.mean() - slope * centre),
        axis=axis,
        n=int(tx.size),
        dropped=int(ok.size - tx.size),
        low=float(scores[ok].min()),
        high=float(scores[ok].max()),
    )


def of_role(points: pd.DataFrame, role: str) -> pd.DataFrame:
    """The rows of one role; UserError where there are none."""
    rows = points[points["role"] == role]
    if rows.empty:
        raise errors.unknown("role", role, points["role"].unique())
    return rows


def role_line(points: pd.DataFrame, role: str, axis: str = "linear") -> Line:
    """The line through all points of a role."""
    rows = of_role(points, role)
    return fit_line(rows[ID].to_numpy(float), rows[OOD].to_numpy(float), axis)


def _run_sums(rows: pd.DataFrame, axis: str) -> tuple[np.ndarray, float]:
    """Sums of 1, x, y, xx, xy per run [R, 5], x centred for precision; and the centre."""
    tx, ty, ok = _scaled(rows[ID].to_numpy(float), rows[OOD].to_numpy(float), axis)
    run = rows.groupby(["family", "seed"], sort=True).ngroup().to_numpy()[ok]
    tx, ty = tx[ok], ty[ok]
    centre = float(tx.mean())
    tx = tx - centre
    terms = np.stack([np.ones_like(tx), tx, ty, tx * tx, tx * ty])
    sums = np.stack([np.bincount(run, weights=t, minlength=run.max() + 1) for t in terms], axis=1)
    return sums[sums[:, 0] > 0], centre


def _lines_of_sums(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and intercepts [B] from sums of 1, x, y, xx, xy [B, 5]; NaN where undefined."""
    n, sx, sy, sxx, sxy = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = sxx - sx * sx / n
        slope = np.where(spread > 1e-12 * n, (sxy - sx * sy / n) / spread, np.nan)
        return slope, (sy - slope * sx) / n


def bootstrap_band(
    points: pd.DataFrame,
    role: str,
    grid: ArrayLike | None = None,
    axis: str = "linear",
    replicates: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """The line of a role and its 95 % percentile band, for drawing: x, y, low, high in scores.

    Runs (family, seed) are resampled with all their epochs, as epochs of a run are not independent.
    Too narrow to judge by when runs are few; verdicts use the jackknife. One run: no band (NaN).
    """
    import pandas as pd

    rows = of_role(points, role)
    line = role_line(points, role, axis)
    x = np.linspace(line.low, line.high, 50) if grid is None else np.asarray(grid, dtype=float)
    frame = pd.DataFrame({"x": x, "y": line.predict(x), "low": np.nan, "high": np.nan})
    sums, centre = _run_sums(rows, axis)
    if len(sums) < 2:
        return frame
    draws = np.random.default_rng(seed).multinomial(
        len(sums), np.full(len(sums), 1 / len(sums)), size=replicates
    )
    slope, intercept = _lines_of_sums(draws @ sums)
    fitted = np.isfinite(slope)
    steps = transform(x, axis) - centre
    lines = inverse(intercept[fitted, None] + slope[fitted, None] * steps, axis)
    frame["low"], frame["high"] = np.percentile(lines, [2.5, 97.5], axis=0)
    return frame


def effective_robustness(points: pd.DataFrame, reference: Line) -> pd.DataFrame:
    """ER of every run: its mean vertical residual, in scores, from the reference line.

    Over its evaluated epochs whose ID score lies inside the line's own ID range; fewer than two:
    off the line, ER missing. A row per run: role, family, seed, er, epochs (used), off_line.
    """
    rows = points[["role", "family", "seed"]].copy()
    x, y = points[ID].to_numpy(float), points[OOD].to_numpy(float)
    ok = _scaled(x, y, reference.axis)[2] & (x >= reference.low) & (x <= reference.high)
    residual = np.zeros_like(x)
    residual[ok] = y[ok] - reference.predict(x[ok])
    rows["residual"], rows["epochs"] = residual, ok.astype(int)
    runs = rows.groupby(["role", "family", "seed"], as_index=False).sum()
    runs["off_line"] = runs["epochs"] < MIN_EPOCHS
    runs["er"] = np.where(runs["off_line"], np.nan, runs["residual"] / runs["epochs"].clip(lower=1))
    return runs[["role", "family", "seed", "er", "epochs", "off_line"]]

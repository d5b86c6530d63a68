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

from nbsupport import arguments
from nbsupport.analysis.points import ID, OOD, check_points, check_scores, table
from nbsupport.errors import UserError, said

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

AXES = ("linear", "logit", "probit")
ALIKE = 1e-9  # ID scores no further apart than this, in axis units, make no line
MIN_EPOCHS = 2  # evaluated epochs inside the reference line's ID range, fewer: off the line


def transform(v: ArrayLike, axis: str = "linear") -> np.ndarray:
    """Scores to axis units, same shape; 0, 1 and what lies outside come out infinite or NaN."""
    values = _numbers(v)
    if arguments.chosen("axis", axis, AXES) == "linear":
        return values
    if axis == "logit":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(values) - np.log1p(-values)
    from scipy.special import ndtri  # here, because it costs 0.2 s and few readers need it

    return ndtri(values)


def inverse(v: ArrayLike, axis: str = "linear") -> np.ndarray:
    """Axis units back to scores, same shape."""
    values = _numbers(v)
    if arguments.chosen("axis", axis, AXES) == "linear":
        return values
    if axis == "logit":
        return 0.5 * (1 + np.tanh(values / 2))  # the logistic function, without overflow
    from scipy.special import ndtr

    return ndtr(values)


def _numbers(values: ArrayLike) -> np.ndarray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise UserError(f"{said(values)} are no scores: give numbers, one or an array") from error


class NoLineError(UserError):
    """Points that are in order and make no line."""


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
        """The OOD scores expected at ID scores x, same shape. UserError for one outside [0, 1]."""
        check_scores(_numbers(x), "x")
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


def _scores(given: ArrayLike, name: str) -> np.ndarray:
    """Scores [N] as they were given; UserError where they are no list of fractions."""
    scores = _numbers(given)
    if scores.ndim != 1:
        raise UserError(f"{name} has {scores.ndim} dimensions: give a list of scores")
    check_scores(scores, name)
    return scores


def _why_none(tx: np.ndarray, ok: np.ndarray, axis: str) -> str:
    """Why there is no line through ID scores tx, those of the points that are `ok`."""
    if tx.size >= 2:
        return f"all {tx.size} have the same one: give more epochs or other runs"
    few = f"{tx.size} of {ok.size} can be shown on the {axis} axis"
    return f"{few}: give more epochs or runs{'' if axis == 'linear' else ', or the linear axis'}"


def fit_line(x: ArrayLike, y: ArrayLike, axis: str = "linear") -> Line:
    """Least squares of OOD scores y on ID scores x, both [N].

    Raises UserError where the two are no scores of the same points, and NoLineError where fewer
    than two different ID scores are left to fit.
    """
    scores, others = _scores(x, "x"), _scores(y, "y")
    if scores.size != others.size:
        raise UserError(
            f"x has {scores.size} scores and y has {others.size}: give both scores of each point"
        )
    tx, ty, ok = _scaled(scores, others, axis)
    tx, ty = tx[ok], ty[ok]
    if tx.size < 2 or np.ptp(tx) <= ALIKE:
        raise NoLineError(
            f"a line needs points at two different ID scores, but {_why_none(tx, ok, axis)}"
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
    """The rows of one role; UserError where there are none, or they are no records of one setting.

    See `check_points`.
    """
    roles = table(points, "role", ID, OOD)["role"]
    if points.empty:
        check_points(points)
    rows = points[roles == arguments.chosen("role", role, roles.unique())]
    check_points(rows)
    return rows


def role_line(points: pd.DataFrame, role: str, axis: str = "linear") -> Line:
    """The line through all points of a role. UserError as in `of_role` and `fit_line`."""
    rows = of_role(points, role)
    return fit_line(rows[ID], rows[OOD], axis)


def _run_sums(rows: pd.DataFrame, axis: str) -> tuple[np.ndarray, float]:
    """Sums of 1, x, y, xx, xy per run [R, 5], x centred for precision; and the centre."""
    tx, ty, ok = _scaled(rows[ID], rows[OOD], axis)
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
    Raises UserError where the points are no records of one setting (see `check_points`).
    """
    import pandas as pd

    rows = table(of_role(points, role), "family", "seed")
    count = arguments.whole("replicates", replicates)
    rng = np.random.default_rng(arguments.whole("seed", seed, least=0))
    line = role_line(points, role, axis)
    x = np.linspace(line.low, line.high, 50) if grid is None else _numbers(grid)
    if x.ndim != 1:
        raise UserError(f"grid={said(grid)}: give a list of ID scores")
    frame = pd.DataFrame({"x": x, "y": line.predict(x), "low": np.nan, "high": np.nan})
    sums, centre = _run_sums(rows, axis)
    if len(sums) < 2:
        return frame
    draws = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=count)
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
    Raises UserError where the points are no records of one setting (see `check_points`).
    """
    if not isinstance(reference, Line):
        raise UserError(f"{said(reference)} is no line: give what role_line() returned")
    check_points(points)
    rows = points[["role", "family", "seed"]].copy()
    x, y = _numbers(points[ID]), _numbers(points[OOD])
    ok = _scaled(x, y, reference.axis)[2] & (x >= reference.low) & (x <= reference.high)
    residual = np.zeros_like(x)
    residual[ok] = y[ok] - reference.predict(x[ok])
    rows["residual"], rows["epochs"] = residual, ok.astype(int)
    runs = rows.groupby(["role", "family", "seed"], as_index=False).sum()
    runs["off_line"] = runs["epochs"] < MIN_EPOCHS
    runs["er"] = np.where(runs["off_line"], np.nan, runs["residual"] / runs["epochs"].clip(lower=1))
    return runs[["role", "family", "seed", "er", "epochs", "off_line"]]

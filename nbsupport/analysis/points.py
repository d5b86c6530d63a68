"""What a table of records must be before anything is fitted to it."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.errors import UserError, said, short

if TYPE_CHECKING:
    import pandas as pd

ID, OOD = "id_macro_f1", "ood_macro_f1"
OOD_ACCURACY = "ood_accuracy"
KEYS = ["role", "family", "seed", "epoch"]
RUNS = ["role", "family"]


def table(points: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The points, if they are a table with these columns; UserError else."""
    import pandas as pd

    if not isinstance(points, pd.DataFrame):
        raise UserError(f"{said(points)} is no table of records: give what study.run() returned")
    if missing := [name for name in columns if name not in points.columns]:
        raise UserError(
            f"the points lack the columns {', '.join(missing)}: pass a table of records"
        )
    return points


def check_points(points: pd.DataFrame) -> None:
    """UserError where points are no records of one setting: columns or values missing, a point
    twice, several worlds or profiles, a score that is no fraction, a name with blanks around it.

    A score may be missing.
    """
    table(points, *KEYS, ID, OOD)
    if points.empty:
        raise UserError("the points are an empty table: give records of at least one run")
    unnamed = points[KEYS].isna().any(axis=1)
    if unnamed.any():
        raise UserError(
            f"{int(unnamed.sum())} points lack a value in {', '.join(KEYS)}, the first in "
            f"{_row(points, unnamed)}: fill it in or drop them"
        )
    for name in ("role", "family"):
        _check_each(points, name, _trim, f"{name} {{}} has blanks around it: take them away")
    # text beside numbers would make two cells of one
    _check_each(points, "seed", _whole, "seed {} is no whole number: give every seed as a number")
    for name in ("epoch", ID, OOD):
        if points[name].dtype.kind not in "iuf":
            _check_each(points, name, _number, f"{{}} as {name}: give a number, or none at all")
    for name in (ID, OOD):
        _check_fractions(points, name)
    for name in ("world", "profile"):
        if name in points.columns and points[name].nunique() > 1:
            values = ", ".join(str(v) for v in points[name].unique())
            raise UserError(f"the points mix several {name}s ({values}): choose the rows of one")
    _check_settings(points)
    twice = points.duplicated(KEYS)
    if twice.any():
        raise UserError(
            f"{int(twice.sum())} points stand twice (same {', '.join(KEYS)}), the first in "
            f"{_row(points, twice)}: keep one of each"
        )


def _row(points: pd.DataFrame, wrong: pd.Series | np.ndarray) -> str:
    """The first of the rows that are wrong [N]: its label in the table, and what it is."""
    place = int(np.argmax(np.asarray(wrong, dtype=bool)))
    point = points.iloc[place]
    told = ", ".join(f"{name} {point[name]}" for name in KEYS if not _missing(point[name]))
    return f"row {points.index[place]} ({short(told, 120)})"


def _missing(value: object) -> bool:
    """Whether a value is none: None, or a number that is NaN."""
    return value is None or value != value


def _check_settings(points: pd.DataFrame) -> None:
    """UserError where runs of a role were made in several settings, though in one world."""
    for name, same in (("images", ["role"]), ("classes", ["role"]), ("architecture", RUNS)):
        if name not in points.columns or not points[name].duplicated().any():
            continue
        kinds = points[[*same, name]].drop_duplicates()
        if (other := kinds.duplicated(same)).any():
            role = kinds[other]["role"].iloc[0]
            values = ", ".join(str(v) for v in kinds[kinds["role"] == role][name].unique())
            raise UserError(
                f"the runs of {role} mix several {name} ({values}): choose those of one"
            )


def check_scores(scores: np.ndarray, name: str = "the scores") -> None:
    """UserError for a score outside [0, 1]; missing and infinite ones are for others to drop."""
    wrong = scores[np.isfinite(scores) & ((scores < 0) | (scores > 1))]
    if wrong.size:
        raise UserError(f"{name} has the score {wrong[0]:g}: give fractions from 0 to 1")


def _check_fractions(points: pd.DataFrame, name: str) -> None:
    """UserError for the first score of a column outside [0, 1], with its row."""
    scores = points[name].to_numpy(float)
    with np.errstate(invalid="ignore"):
        wrong = np.isfinite(scores) & ((scores < 0) | (scores > 1))
    if wrong.any():
        check_scores(scores[wrong], f"{_row(points, wrong)}: {name}")


def _check_each(points: pd.DataFrame, name: str, fits: Callable[[object], bool], told: str) -> None:
    """UserError for the first value of a column that does not fit; `told` has a place for it."""
    if all(map(fits, points[name].unique())):
        return
    wrong = np.array([not fits(value) for value in points[name]])
    value = points[name].iloc[int(np.argmax(wrong))]
    raise UserError(f"{_row(points, wrong)}: {told.format(short(repr(value)))}")


def _trim(value: object) -> bool:
    return not isinstance(value, str) or value == value.strip()


def _whole(value: object) -> bool:
    return isinstance(value, Integral) or (isinstance(value, Real) and float(value) % 1 == 0)


def _number(value: object) -> bool:
    """Whether a value is a number; one that is missing may be None."""
    return value is None or isinstance(value, Real)

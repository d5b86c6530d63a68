"""What a table of records must be before anything is fitted to it."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.errors import UserError, said

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
    unnamed = int(points[KEYS].isna().any(axis=1).sum())
    if unnamed:
        raise UserError(
            f"{unnamed} points lack a value in {', '.join(KEYS)}: fill it in or drop them"
        )
    for name in ("role", "family"):
        _check_names(points[name])
    _check_seeds(points["seed"])
    for name in ("epoch", ID, OOD):
        _check_numbers(points[name])
    for name in (ID, OOD):
        check_scores(points[name].to_numpy(float), name)
    for name in ("world", "profile"):
        if name in points.columns and points[name].nunique() > 1:
            values = ", ".join(str(v) for v in points[name].unique())
            raise UserError(f"the points mix several {name}s ({values}): choose the rows of one")
    _check_settings(points)
    twice = int(points.duplicated(KEYS).sum())
    if twice:
        raise UserError(f"{twice} points stand twice (same {', '.join(KEYS)}): keep one of each")


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


def _check_names(column: pd.Series) -> None:
    for value in column.unique():
        if isinstance(value, str) and value != value.strip():
            raise UserError(f"{column.name} {value!r} has blanks around it: take them away")


def _check_seeds(column: pd.Series) -> None:
    """Text beside numbers would make two cells of one."""
    for value in column.unique():
        if not isinstance(value, Integral) and not (isinstance(value, Real) and value % 1 == 0):
            raise UserError(f"seed {value!r} is no whole number: give every seed as a number")


def _check_numbers(column: pd.Series) -> None:
    """UserError for text among numbers; a number that is missing may be None."""
    if column.dtype.kind in "iuf":
        return
    for label, value in column.items():
        if value is not None and not isinstance(value, Real):
            raise UserError(
                f"row {label} has {value!r} as {column.name}: give a number, or none at all"
            )

"""From a table of records to what a figure draws: points, lines, bands, effects, in axis units."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from nbsupport.analysis import trends
from nbsupport.analysis.charts import look
from nbsupport.analysis.charts.figure import Words
from nbsupport.errors import UserError

CSV_COLUMNS = (
    *("profile", "world", "role", "pre-training", "source", "images", "classes", "family"),
    *("architecture", "seed", "epoch", "id_macro_f1", "ood_macro_f1", "id_accuracy"),
    *("ood_accuracy", "n_id", "n_ood", "key"),
)
BY_DEFINITION = "zero by definition"
Commands = Callable[[Mapping[Any, Any]], str] | Sequence[str] | None


def select(points: pd.DataFrame, roles: Sequence[str]) -> pd.DataFrame:
    """The rows of those roles.

    Raises UserError where one of them has no records.
    """
    missing = [r for r in roles if not (points["role"] == r).any()]
    if missing:
        raise UserError(
            f"no records to draw for {', '.join(missing)}: "
            f"the table holds {', '.join(sorted(points['role'].unique())) or 'none'}"
        )
    return points[points["role"].isin(list(roles))].reset_index(drop=True)


def drawn_roles(roles: Sequence[str], reference: str, full: str | None) -> list[str]:
    """The roles from top to bottom: the full source first and the reference last unless placed."""
    order = list(dict.fromkeys(roles))
    if full is not None and full not in order:
        order.insert(0, full)
    return order if reference in order else [*order, reference]


def label_of(role: str, labels: Mapping[str, str] | None) -> str:
    """A group's name in a figure: the caller's, else the role's."""
    given = (labels or {}).get(role)
    return given or {"scratch": "from scratch"}.get(role, role.replace("/", ", "))


def rerun_commands(points: pd.DataFrame, commands: Commands) -> list[str]:
    """For each row the command that runs it again ('' where none is given)."""
    if commands is None:
        return [""] * len(points)
    if callable(commands):
        return [str(commands(row)) for row in points.to_dict("records")]
    if len(commands) != len(points):
        raise UserError(f"{len(commands)} commands for {len(points)} points: give one for each row")
    return list(commands)


def point_rows(
    points: pd.DataFrame, labels: Mapping[str, str], axis: str, commands: Sequence[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the points, and the commands they refer to by number (each command once)."""
    numbers = {c: i for i, c in enumerate(dict.fromkeys(commands))}
    drawn = pd.DataFrame(
        {
            "group": points["role"].map(labels),
            "family": points["family"].map(look.family_name),
            "seed": points["seed"].astype(int),
            "epoch": points["epoch"].astype(float),
            "id": points["id_macro_f1"].round(4),
            "ood": points["ood_macro_f1"].round(4),
            "x": np.round(trends.transform(points["id_macro_f1"].to_numpy(float), axis), 4),
            "y": np.round(trends.transform(points["ood_macro_f1"].to_numpy(float), axis), 4),
            "command": [numbers[c] for c in commands],
        }
    )
    shown = np.isfinite(drawn["x"]) & np.isfinite(drawn["y"])
    rerun = [{"key": i, "rerun": c} for c, i in numbers.items()]
    return plain(drawn[shown]), rerun


def fitted(points: pd.DataFrame, role: str, axis: str) -> trends.Line | None:
    """The line of a role, or None where its points do not make one (a smoke run, say)."""
    try:
        return trends.role_line(points, role, axis)
    except trends.NoLineError:
        return None


def why_no_line(points: pd.DataFrame, role: str, axis: str) -> str:
    """Why the points of a role make no line, as the end of a sentence; nothing where they do."""
    if fitted(points, role, axis):
        return ""
    own = points[points["role"] == role]
    columns = (own[c].to_numpy(float) for c in (trends.ID, trends.OOD))
    shown = np.logical_and.reduce([np.isfinite(trends.transform(c, axis)) for c in columns])
    count = int(shown.sum())
    if not count:
        return f"none of its {len(own)} points can be shown on {axis} axes"
    if count == 1:
        return "it has a single point"
    return f"its {count} points all have the same ID score"


def remarks(
    rows: pd.DataFrame,
    names: Mapping[str, str],
    axis: str,
    effects: pd.DataFrame | None = None,
    reference: str = "scratch",
) -> str:
    """What a figure cannot show and why, as sentences for its caption; nothing where it shows all.

    effects: as `group_effects` gives them; groups without one are named.
    """
    reasons = {name: why_no_line(rows, role, axis) for role, name in names.items()}
    said = [f"No line through “{name}”: {why}." for name, why in reasons.items() if why]
    if effects is not None and not reasons.get(names.get(reference, "")):
        off = [names[r] for r in effects.loc[effects["er"].isna(), "role"] if r in names]
        if off:
            said.append(f"No height above the scratch line for {quoted(off)}: {OFF_LINE}.")
    return " ".join(said)


OFF_LINE = f"no run has {trends.MIN_EPOCHS} evaluated epochs within that line's range of ID scores"


def quoted(names: Sequence[str]) -> str:
    """Names in quotation marks, as a sentence lists them."""
    return ", ".join(f"“{name}”" for name in names)


def remarked(words: Words, remark: str) -> Words:
    """The words around a figure, its caption followed by a remark."""
    return replace(words, caption=f"{words.caption} {remark}".strip()) if remark else words


def line_rows(
    points: pd.DataFrame, roles: Sequence[str], labels: Mapping[str, str], axis: str
) -> list[dict[str, Any]]:
    """Fitted lines with their 95 % bootstrap bands over each group's own ID range."""
    parts = [_line(points, role, labels[role], axis) for role in roles]
    return plain(pd.concat(parts).round(4))


def _line(points: pd.DataFrame, role: str, label: str, axis: str) -> pd.DataFrame:
    line = fitted(points, role, axis)
    columns = ["group", "x", "y", "low", "high"]
    if line is None:
        return pd.DataFrame(columns=columns)
    ends = trends.transform([line.low, line.high], axis)
    grid = np.linspace(float(ends[0]), float(ends[1]), 25)
    band = trends.bootstrap_band(points, role, trends.inverse(grid, axis), axis)
    drawn = {c: trends.transform(band[c].to_numpy(float), axis) for c in ("y", "low", "high")}
    return pd.DataFrame({"group": label, "x": grid, **drawn})[columns]


def group_effects(
    points: pd.DataFrame, roles: Sequence[str], reference: str, full: str, axis: str
) -> pd.DataFrame:
    """Each group's effective robustness over the reference, with its paired 95 % interval.

    Columns role, er, low, high, cells; NaN bounds where runs are too few for an interval, and for
    the reference, which is at zero by definition.
    """
    from nbsupport.analysis.contrasts import contrast

    rows = []
    for role in roles:
        if role == reference:
            rows.append((role, 0.0, np.nan, np.nan, len(cells_of(points, role))))
            continue
        found = contrast(
            points, role, reference, reference=reference, gap=(full, reference), axis=axis
        )
        rows.append((role, found.estimate.value, found.low, found.high, found.cells))
    return pd.DataFrame(rows, columns=["role", "er", "low", "high", "cells"])


def cells_of(points: pd.DataFrame, role: str) -> pd.DataFrame:
    """The (family, seed) cells of a group."""
    return points.loc[points["role"] == role, ["family", "seed"]].drop_duplicates()


def effect_rows(
    effects: pd.DataFrame, labels: Mapping[str, str], reference: str
) -> list[dict[str, Any]]:
    """Rows of the forest panel."""
    rows = effects.assign(
        group=effects["role"].map(labels),
        # The reference is at zero by definition: its row needs no number.
        text=["" if r == reference else signed(v) for r, v in effects[["role", "er"]].to_numpy()],
        interval=intervals(effects, reference),
    )
    return plain(rows.drop(columns="role"))


def intervals(effects: pd.DataFrame, reference: str) -> list[str]:
    """The interval of each group's effect in words, or why there is none."""
    columns = (effects[c] for c in ("role", "er", "low", "high"))
    return [
        BY_DEFINITION if role == reference else span(low, high, value=er)
        for role, er, low, high in zip(*columns, strict=True)
    ]


def signed(value: float, digits: int = 3) -> str:
    """+0.031, −0.004, 0.000, with a real minus sign."""
    if not np.isfinite(value):
        return "–"
    text = f"{value:+.{digits}f}".replace("-", "−")
    return text[1:] if float(f"{value:.{digits}f}") == 0 else text


def span(low: float, high: float, digits: int = 3, *, value: float = 0.0) -> str:
    """An interval in words, or why there is none; value: the estimate that it belongs to."""
    if not np.isfinite(value):
        return "none: no run on the line"
    if not (np.isfinite(low) and np.isfinite(high)):
        return "none: too few runs"
    return f"{signed(low, digits)} to {signed(high, digits)}"


def reach(scores: pd.Series) -> str:
    """The range of scores in words."""
    known = scores.dropna()
    return f"{known.min():.2f} to {known.max():.2f}" if len(known) else "none"


def plain(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """JSON-able records; what is not finite becomes null, which Vega leaves out."""
    records = rows.to_dict("records")
    return [{str(k): _plain(v) for k, v in row.items()} for row in records]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if not np.isfinite(value):
            return None
        return int(value) if value.is_integer() else value
    return value


def csv_table(points: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """What a reader downloads: every drawn point at full precision."""
    whole = points.assign(**{"pre-training": points["role"].map(labels)})
    return whole[[c for c in CSV_COLUMNS if c in whole.columns]]

"""Small multiples of what groups amount to: a panel for each shift, all with the same rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from nbsupport.analysis.charts import chart_data, look
from nbsupport.analysis.charts.figure import Figure, Words
from nbsupport.analysis.charts.forest import forest, label_room
from nbsupport.analysis.charts.trend import finish

TOTAL, NARROW, GUTTER, LIMIT = 690, 320, 16, 150
ROW, NARROW_ROW, LEAST = 30, 38, 110
TITLE = "effective robustness"


def shifts_figure(
    shifts: Mapping[str, pd.DataFrame],
    roles: Sequence[str],
    words: Words,
    *,
    labels: Mapping[str, str],
    lines: tuple[str, str],
    axis: str = "linear",
) -> Figure:
    """Each group's effective robustness over scratch in every shift, with its 95 % interval.

    shifts: by name the records of a shift, which hold all `roles`. lines: the two reference lines,
    the upper one first.
    """
    full, scratch = lines
    names = {role: labels.get(role, role) for role in roles}
    found = {
        name: chart_data.group_effects(points, roles, scratch, full, axis)
        for name, points in shifts.items()
    }
    rows = [chart_data.effect_rows(effects, names, scratch) for effects in found.values()]
    panels = [(f"effects_{i}", name) for i, name in enumerate(found)]
    drawn, order = [pd.DataFrame(part) for part in rows], list(names.values())
    colours = look.group_colours(list(roles), scratch, full, None)
    table = _table(found, names, scratch)
    return Figure(
        **vars(words),
        description=_describe(table),
        wide=_wide(panels, drawn, order),
        narrow=_narrow(panels, drawn, order),
        datasets={data: part for (data, _), part in zip(panels, rows, strict=True)},
        palettes=look.palettes([colours[role] for role in roles]),
        data=pd.concat([e.assign(shift=name) for name, e in found.items()], ignore_index=True),
        table=table,
    )


Panels = Sequence[tuple[str, str]]


def _wide(panels: Panels, drawn: Sequence[pd.DataFrame], order: list[str]) -> dict[str, Any]:
    """Side by side; the first has the names of the rows."""
    room = TOTAL - label_room(order, LIMIT) - GUTTER * len(panels)
    height = max(LEAST, ROW * len(order))
    parts = [
        forest(
            effects,
            order,
            room // len(panels),
            height,
            data=data,
            title=[TITLE, name],
            limit=0 if place else LIMIT,
        )
        for place, ((data, name), effects) in enumerate(zip(panels, drawn, strict=True))
    ]
    return finish(alt.hconcat(*parts, spacing=GUTTER))


def _narrow(panels: Panels, drawn: Sequence[pd.DataFrame], order: list[str]) -> dict[str, Any]:
    """One under another, the rows headed by their names."""
    height = max(LEAST, NARROW_ROW * len(order))
    parts = [
        forest(effects, order, NARROW, height, data=data, title=[TITLE, name], headed=True)
        for (data, name), effects in zip(panels, drawn, strict=True)
    ]
    return finish(alt.vconcat(*parts, spacing=GUTTER))


def _table(
    found: Mapping[str, pd.DataFrame], names: Mapping[str, str], scratch: str
) -> pd.DataFrame:
    """The figure in numbers: a row for each shift and group."""
    lines = [
        {
            "shift": shift,
            "pre-training": names[role],
            "effective robustness": chart_data.signed(value),
            "95 % interval": said,
        }
        for shift, effects in found.items()
        for role, value, said in zip(
            effects["role"], effects["er"], chart_data.intervals(effects, scratch), strict=True
        )
    ]
    return pd.DataFrame(lines)


def _describe(table: pd.DataFrame) -> str:
    """The figure in words, for someone who cannot see it."""
    told = [" ".join(map(str, row)) for row in table.itertuples(index=False)]
    return (
        "Dots with intervals, a panel for each shift, a row for each pre-training group: its "
        "effective robustness over scratch. " + "; ".join(told) + "."
    )

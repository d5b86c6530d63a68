"""Section 6 in two figures: effects side by side, and the two rankings of the groups."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from nbsupport.analysis.charts import chart_data, look
from nbsupport.analysis.charts.figure import Figure, Words
from nbsupport.analysis.charts.forest import forest, label_room
from nbsupport.analysis.charts.trend import finish
from nbsupport.analysis.contrasts import MARGIN
from nbsupport.analysis.effects import FACTORS
from nbsupport.analysis.roles import role_of

TOTAL, NARROW, GUTTER, OVERHANG = 700, 330, 24, 14  # pixels
WIDE_ROW, NARROW_ROW, LEAST, LIMIT, NAMES = 28, 38, 90, 270, 190
FACTOR_COLOURS = dict(zip(FACTORS, look.NOMINAL, strict=False))
EFFECT_TITLE = ["effect, in gaps", "(1: full source over scratch)"]
ER_TITLE = ["effective robustness", "(OOD F1 above the scratch line)"]
POSITION_TITLE = ["place along the line", "(ID F1 above the full source's)"]


def effects_figure(
    table: pd.DataFrame,
    words: Words,
) -> Figure:
    """Effects in units of the gap (`effect_table`), a row each, in the colour of their factor.

    The shaded zone is the margin: what counts as no difference.
    """
    labels = [f"{f}: {text}" for f, text in zip(table["factor"], table["effect"], strict=True)]
    rows = table.assign(group=labels, er=table["value"])
    data = _with_texts(rows[["group", "er", "low", "high", "cells"]], digits=2)
    drawn = pd.DataFrame(data)
    room = TOTAL - label_room(labels, LIMIT) - OVERHANG
    heights = (max(LEAST, WIDE_ROW * len(labels)), max(LEAST, NARROW_ROW * len(labels)))
    common: dict[str, Any] = {"margin": MARGIN, "title": EFFECT_TITLE, "limit": LIMIT}
    wide = forest(drawn, labels, room, heights[0], **common)
    narrow = forest(drawn, labels, NARROW, heights[1], headed=True, **common)
    return Figure(
        **vars(words),
        description=_say_effects(rows),
        wide=finish(wide),
        narrow=finish(narrow),
        datasets={"effects": data},
        palettes=look.palettes([FACTOR_COLOURS[factor] for factor in table["factor"]]),
        data=table.drop(columns="leads"),
        table=_effect_rows(table),
    )


def _with_texts(rows: pd.DataFrame, digits: int = 3) -> list[dict[str, Any]]:
    """Rows of a forest panel with their numbers as text."""
    texts = [chart_data.signed(v, digits) for v in rows["er"]]
    ends = zip(rows["low"], rows["high"], strict=True)
    spans = [chart_data.span(low, high, digits) for low, high in ends]
    return chart_data.plain(rows.assign(text=texts, interval=spans))


def _effect_rows(table: pd.DataFrame) -> pd.DataFrame:
    ends = zip(table["low"], table["high"], strict=True)
    return pd.DataFrame(
        {
            "factor": table["factor"],
            "effect": table["effect"],
            "in gaps": [chart_data.signed(v, 2) for v in table["value"]],
            "95 % interval": [chart_data.span(low, high, 2) for low, high in ends],
            "cells": table["cells"],
        }
    )


def _say_effects(rows: pd.DataFrame) -> str:
    parts = [
        f"{g} {chart_data.signed(v, 2)} (interval {chart_data.span(low, high, 2)})"
        for g, v, low, high in zip(
            rows["group"], rows["er"], rows["low"], rows["high"], strict=True
        )
    ]
    return (
        "Dots with intervals, one row for each effect, in units of the gap between full-source "
        "pre-training and none; a shaded zone marks the margin. " + "; ".join(parts) + "."
    )


def positions_figure(
    table: pd.DataFrame,
    labels: Mapping[str, str],
    words: Words,
) -> Figure:
    """Two panels with the same rows (`positions`): height above the line, and place along it."""
    names = [labels.get(text, text) for text in table["role"]]
    heights = table.assign(group=names)[["group", "er", "low", "high", "cells"]]
    places = pd.DataFrame(
        {
            "group": names,
            "er": table["position"],
            "low": table["position_low"],
            "high": table["position_high"],
            "cells": table["cells"],
        }
    )
    datasets = {"effects": _with_texts(heights), "places": _with_texts(places)}
    return Figure(
        **vars(words),
        description=_say_positions(names, table),
        wide=_pair(datasets, names, wide=True),
        narrow=_pair(datasets, names, wide=False),
        datasets=datasets,
        palettes=look.palettes([role_of(text).source.colour for text in table["role"]]),
        data=table.assign(**{"pre-training": names}),
        table=_position_rows(names, table),
    )


def _pair(datasets: dict[str, list[dict[str, Any]]], names: Sequence[str], *, wide: bool) -> Any:
    """The two panels side by side on a page, one under the other on a phone."""
    labels = list(names)
    room = (TOTAL - label_room(labels, NAMES) - GUTTER - OVERHANG) // 2
    width = room if wide else NARROW
    height = max(LEAST, (WIDE_ROW if wide else NARROW_ROW) * len(labels))
    size = (labels, width, height)
    first = forest(
        pd.DataFrame(datasets["effects"]), *size, headed=not wide, title=ER_TITLE, limit=NAMES
    )
    second = forest(
        pd.DataFrame(datasets["places"]),
        *size,
        headed=not wide,
        data="places",
        title=POSITION_TITLE,
        limit=0,
    )
    if wide:
        return finish(alt.hconcat(first, second, spacing=GUTTER))
    return finish(alt.vconcat(first, second, spacing=GUTTER))


def _position_rows(names: Sequence[str], table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "pre-training": names,
            "effective robustness": [chart_data.signed(v) for v in table["er"]],
            "95 % interval": _spans(table, "low", "high"),
            "ID F1 over the full source": [chart_data.signed(v) for v in table["position"]],
            "its interval": _spans(table, "position_low", "position_high"),
        }
    )


def _spans(table: pd.DataFrame, low: str, high: str) -> list[str]:
    return [chart_data.span(a, b) for a, b in zip(table[low], table[high], strict=True)]


def _say_positions(names: Sequence[str], table: pd.DataFrame) -> str:
    parts = [
        f"{name}: {chart_data.signed(er)} and {chart_data.signed(place)}"
        for name, er, place in zip(names, table["er"], table["position"], strict=True)
    ]
    return (
        "Two panels of dots with intervals, one row for each group, the most robust on top. Left: "
        "effective robustness over scratch. Right: ID macro F1 minus that of the full source at "
        "equal epochs. " + "; ".join(parts) + "."
    )

"""A claim world by world: a row a world, their mean, and the range for a new one."""

from typing import Any

import pandas as pd

from nbsupport.analysis.charts import chart_data, look
from nbsupport.analysis.charts.figure import Figure, Words
from nbsupport.analysis.charts.forest import forest, label_room
from nbsupport.analysis.charts.trend import finish
from nbsupport.analysis.roles import NOMINAL, SCRATCH_COLOUR, SOURCES

TOTAL, NARROW, OVERHANG = 700, 330, 14  # pixels
WIDE_ROW, NARROW_ROW, LEAST, LIMIT = 26, 38, 90, 200
SUMMARIES = 2  # the last rows: the mean over worlds, and a new world


def worlds_figure(
    rows: pd.DataFrame, words: Words, *, unit: str, margin: float | None = None
) -> Figure:
    """Rows group, er, low, high, cells: worlds first, then their mean and a new world.

    The last row's ends are where the true value of a new world is expected to lie; those of all
    others are 95 % intervals. The shaded zone is the margin. unit: what the numbers count.
    """
    labels = list(rows["group"])
    data = _with_texts(rows)
    drawn = pd.DataFrame(data)
    room = TOTAL - label_room(labels, LIMIT) - OVERHANG
    heights = (max(LEAST, WIDE_ROW * len(labels)), max(LEAST, NARROW_ROW * len(labels)))
    common: dict[str, Any] = {"margin": margin, "title": ["difference", f"({unit})"]}
    wide = forest(drawn, labels, room, heights[0], limit=LIMIT, **common)
    narrow = forest(drawn, labels, NARROW, heights[1], headed=True, limit=LIMIT, **common)
    world = SOURCES["imagenet"].colour
    colours = [world] * (len(labels) - SUMMARIES) + [SCRATCH_COLOUR, NOMINAL[0]]
    return Figure(
        **vars(words),
        description=_say(rows),
        wide=finish(wide),
        narrow=finish(narrow),
        datasets={"effects": data},
        palettes=look.palettes(colours),
        data=rows,
        table=_table(rows),
    )


def _spans(rows: pd.DataFrame) -> list[str]:
    return [chart_data.span(a, b) for a, b in zip(rows["low"], rows["high"], strict=True)]


def _with_texts(rows: pd.DataFrame) -> list[dict[str, Any]]:
    texts = [chart_data.signed(value) for value in rows["er"]]
    return chart_data.plain(rows.assign(text=texts, interval=_spans(rows)))


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "world": rows["group"],
            "difference": [chart_data.signed(value) for value in rows["er"]],
            "interval": _spans(rows),
            "cells": rows["cells"],
        }
    )


def _say(rows: pd.DataFrame) -> str:
    told = zip(rows["group"], rows["er"], _spans(rows), strict=True)
    parts = [f"{name} {chart_data.signed(value)} ({span})" for name, value, span in told]
    return (
        "Dots with intervals, one row for each world, then their mean, then the range in which a "
        "new world is expected; a shaded zone marks the margin. " + "; ".join(parts) + "."
    )

"""The figure of a class: a row for each cell with its students, and their mean with an interval."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from nbsupport.analysis.by_cell import by_cell
from nbsupport.analysis.charts import chart_data, look
from nbsupport.analysis.charts.figure import Figure, Words
from nbsupport.analysis.charts.forest import forest
from nbsupport.analysis.charts.trend import finish
from nbsupport.analysis.roles import SCRATCH_COLOUR, SOURCES
from nbsupport.classroom.plan import ClassCell
from nbsupport.errors import short

if TYPE_CHECKING:
    from nbsupport.analysis.claims import Claim
    from nbsupport.analysis.intervals import Contrast

WIDE, NARROW = 700, 330  # pixels
ROW, LEAST = 36, 90
NAMES = 30  # characters of the students' names in a row
NONE = float("nan")


def class_rows(
    claim: "Claim", contrast: "Contrast", points: pd.DataFrame, cells: list[ClassCell]
) -> pd.DataFrame:
    """Rows group, er, low, high, cells: a cell each, then the mean of all with its interval.

    contrast: the part of the claim that is shown, as judged by these points of one world.
    """
    names = list(_named(claim))
    part = claim.parts[names.index(contrast.name)]
    found = by_cell(claim, part, points).set_index(["family", "seed"])["er"]
    rows = [
        (_label(cell), found[cell.family, cell.seed], NONE, NONE, 1)
        for cell in sorted(cells, key=lambda cell: (cell.family, cell.seed))
        if (cell.family, cell.seed) in found.index
    ]
    value, count = contrast.estimate.value, contrast.cells
    rows.append((f"mean of {count} cell{'s' * (count != 1)}", value, *_ends(contrast), count))
    return pd.DataFrame(rows, columns=["group", "er", "low", "high", "cells"])


def _named(claim: "Claim") -> Iterator[str]:
    """The names that the contrasts of a claim's parts have."""
    for part in claim.parts:
        if isinstance(part.a, tuple) and isinstance(part.b, tuple):
            yield f"({part.a[0]} - {part.a[1]}) - ({part.b[0]} - {part.b[1]})"
        elif claim.statistic == "epoch-trend":
            yield f"drift of {part.a} over epochs"
        else:
            yield f"{part.a} - {part.b}"


def _ends(contrast: "Contrast") -> tuple[float, float]:
    return contrast.low, contrast.high


def _label(cell: ClassCell) -> str:
    family = look.family_name(cell.family)
    return f"{family}, seed {cell.seed}: {short(', '.join(cell.students), NAMES)}"


def class_figure(rows: pd.DataFrame, words: Words, *, margin: float | None, unit: str) -> Figure:
    """`class_rows` drawn for a screen and for a phone; the shaded zone is the margin."""
    labels = list(rows["group"])
    data = _with_texts(rows)
    drawn = pd.DataFrame(data)
    height = max(LEAST, ROW * len(labels))
    common: dict[str, Any] = {"margin": margin, "title": ["difference", f"({unit})"]}
    wide = forest(drawn, labels, WIDE, height, headed=True, **common)
    narrow = forest(drawn, labels, NARROW, height, headed=True, **common)
    colours = [SOURCES["imagenet"].colour] * (len(labels) - 1) + [SCRATCH_COLOUR]
    spans = [row["interval"] for row in data]
    table = pd.DataFrame(
        {"cell": labels, "difference": [row["text"] for row in data], "interval": spans}
    )
    return Figure(
        **vars(words),
        description=_say(table),
        wide=finish(wide),
        narrow=finish(narrow),
        datasets={"effects": data},
        palettes=look.palettes(colours),
        data=rows,
        table=table,
    )


def _with_texts(rows: pd.DataFrame) -> list[dict[str, Any]]:
    texts = [chart_data.signed(value) for value in rows["er"]]
    last = len(rows) - 1
    spans = [
        chart_data.span(low, high) if place == last else ""
        for place, (low, high) in enumerate(zip(rows["low"], rows["high"], strict=True))
    ]
    return chart_data.plain(rows.assign(text=texts, interval=spans))


def _say(table: pd.DataFrame) -> str:
    *cells, whole = table.to_numpy().tolist()
    told = "; ".join(f"{name} {value}" for name, value, _ in cells)
    return (
        f"{told}. {whole[0]}: {whole[1]}, 95 % interval {whole[2]}. The shaded zone is the margin."
    )

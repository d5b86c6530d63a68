"""How many images each class has: the shape of a source at a glance."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from nbsupport.analysis.charts import chart_data, look, scatter
from nbsupport.analysis.charts.figure import Figure, Words
from nbsupport.analysis.charts.trend import finish

WIDE_WIDTH, WIDE_HEIGHT = 620, 170
NARROW_WIDTH, NARROW_HEIGHT = 290, 130
COLOURS = [look.FULL, look.INATURALIST, *look.NOMINAL]


def class_histogram(
    counts: Mapping[str, Mapping[str, int] | Sequence[int]],
    words: Words,
) -> Figure:
    """Images in each class, classes sorted by size, a panel for each source.

    counts: for each source's name the images of its classes, named or not.
    """
    data = _table(counts)
    labels = list(counts)
    most = int(data["images"].max())
    table = _summary(data)
    return Figure(
        **vars(words),
        description=_describe(table),
        wide=_panels(data, labels, most, wide=True),
        narrow=_panels(data, labels, most, wide=False),
        datasets={"classes": chart_data.plain(data)},
        palettes=look.palettes([COLOURS[i % len(COLOURS)] for i in range(len(labels))]),
        data=data,
        table=table,
    )


def _table(counts: Mapping[str, Mapping[str, int] | Sequence[int]]) -> pd.DataFrame:
    """A row for each class: source, rank from 1, class, images."""
    parts = []
    for source, given in counts.items():
        named = given if isinstance(given, Mapping) else dict(enumerate(given))
        part = pd.DataFrame({"class": [str(c) for c in named], "images": list(named.values())})
        part = part.sort_values("images", ascending=False, kind="stable")
        parts.append(part.assign(source=source, rank=np.arange(1, len(part) + 1)))
    return pd.concat(parts, ignore_index=True)[["source", "rank", "class", "images"]]


def _summary(data: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for source, part in data.groupby("source", sort=False):
        images = part["images"]
        rows.append(
            {
                "source": source,
                "classes": len(part),
                "images": f"{images.sum():,}",
                "largest class": f"{images.max():,}",
                "median class": f"{images.median():,.0f}",
                "smallest class": f"{images.min():,}",
            }
        )
    return pd.DataFrame(rows)


def _describe(table: pd.DataFrame) -> str:
    parts = [
        f"{r['source']}: {r['classes']} classes, {r['images']} images, from {r['largest class']} "
        f"in the largest class to {r['smallest class']} in the smallest"
        for _, r in table.iterrows()
    ]
    return "Bars of images in each class, largest first. " + "; ".join(parts) + "."


def _panels(data: pd.DataFrame, labels: list[str], most: int, *, wide: bool) -> dict[str, Any]:
    """Sources side by side on a page, one under another on a phone; one vertical scale."""
    width = (WIDE_WIDTH - 16 * (len(labels) - 1)) // len(labels) if wide else NARROW_WIDTH
    height = WIDE_HEIGHT if wide else NARROW_HEIGHT
    panels = [
        _panel(data, label, i, (width, height), most, first=not wide or i == 0)
        for i, label in enumerate(labels)
    ]
    return finish(alt.concat(*panels, columns=len(labels) if wide else 1, spacing=16))


def _panel(
    data: pd.DataFrame, label: str, i: int, size: tuple[int, int], most: int, *, first: bool
) -> alt.Chart:
    """One source; bars touch where classes are many."""
    count = int((data["source"] == label).sum())
    ticks = [1, *[t for t in look.nice_ticks(2, count, max(2, size[0] // 60)) if t < count * 0.9]]
    x_axis = alt.Axis(
        values=[*ticks, count], format="d", grid=False, title="class, by number of images"
    )
    y_axis = alt.Axis(
        values=look.nice_ticks(0, most * 1.05, 4),
        format=",d",
        labels=first,
        ticks=first,
        title="images" if first else None,
    )
    bar = max(1.0, size[0] / count - (1 if count < size[0] / 4 else 0))
    head = alt.Title(label, fontSize=12, fontWeight="normal", anchor="middle", offset=6)
    return (
        alt.Chart(scatter.named("classes"))
        .transform_filter(alt.FieldEqualPredicate(field="source", equal=label))
        .mark_bar(color=f"@group{i}", size=bar, opacity=0.9)
        .encode(
            x=alt.X("rank:Q", scale=alt.Scale(domain=[0.5, count + 0.5], nice=False), axis=x_axis),
            y=alt.Y("images:Q", scale=alt.Scale(domain=[0, most * 1.05], nice=False), axis=y_axis),
            tooltip=["class:N", alt.Tooltip("images:Q", format=",d")],
        )
        .properties(width=size[0], height=size[1], title=head)
    )

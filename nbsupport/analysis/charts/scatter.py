"""The layers of a trend scatter: y = x, bands, points, lines, and the key to the families."""

from typing import Any

import altair as alt
import pandas as pd

from nbsupport.analysis.charts import look
from nbsupport.analysis.charts.frame import Frame, faded

# The longest that fits along the visible part of the line is written.
DIAGONAL_TEXTS = ("y = x: nothing lost out of distribution", "y = x, nothing lost", "y = x")
KEY_ROW = 17
BELOW_AXIS = 46  # pixels that the horizontal axis takes with its title
# Up to so many points: the size and the opacity of one. Of 1,700 recorded ones the lines must show.
POINT_LOOKS = ((300, 44, 0.88), (1000, 26, 0.7), (10**9, 15, 0.5))
CHARACTER = 6.4  # mean width of a character at 11 px, for the room that a label needs


def colour(labels: list[str]) -> alt.Color:
    """The colour channel of the groups; the forest panel's rows are its legend."""
    tokens = [f"@group{i}" for i in range(len(labels))]
    return alt.Color("group:N", scale=alt.Scale(domain=labels, range=tokens), legend=None)


def named(name: str) -> alt.NamedData:
    """Data given once beside the specification and shared by its layouts."""
    return alt.NamedData(name=name)


def inline(rows: list[dict[str, Any]]) -> alt.InlineData:
    """A few rows that belong to a layer alone."""
    return alt.InlineData(values=rows)


def diagonal(frame: Frame) -> list[alt.Chart]:
    """The line y = x with its label beside it, clear of the line."""
    ends = frame.diagonal()
    if ends is None:
        return []
    x, y = frame.encode_x("v"), frame.encode_y("v")
    line = alt.Chart(inline([{"v": ends[0]}, {"v": ends[1]}])).mark_line(
        strokeDash=[2, 3], color="@muted", strokeWidth=1.3, clip=True
    )
    across, down = frame.pixels([ends[0], ends[1]], [ends[0], ends[1]])  # type: ignore[arg-type]
    length = float(((across[1] - across[0]) ** 2 + (down[1] - down[0]) ** 2) ** 0.5)
    fitting = [t for t in DIAGONAL_TEXTS if length > len(t) * CHARACTER * 0.95 + 16]
    shown = fitting[0] if fitting else ""
    label = alt.Chart(inline([{"v": (ends[0] + ends[1]) / 2, "text": shown}])).mark_text(
        angle=frame.diagonal_angle(), dy=-8, fontSize=11, color="@muted", baseline="bottom"
    )
    return [line.encode(x=x, y=y), label.encode(x=x, y=y, text=alt.Text("text:N"))]


def bands(frame: Frame, labels: list[str]) -> alt.Chart:
    """95 % bootstrap bands."""
    return (
        alt.Chart(named("lines"))
        .mark_area(clip=True, interpolate="monotone")
        .encode(
            x=frame.encode_x(),
            y=frame.encode_y("low"),
            y2=alt.Y2("high:Q"),
            color=colour(labels),
            opacity=faded(0.16, 0.03),
        )
    )


def lines(frame: Frame, labels: list[str], strong: list[str]) -> list[alt.Chart]:
    """The fitted lines over a halo in the page's colour; the reference lines are stronger."""
    base = alt.Chart(named("lines")).encode(
        x=frame.encode_x(), y=frame.encode_y(), detail=alt.Detail("group:N")
    )
    bold = {"test": {"field": "group", "oneOf": strong}, "value": 2.8}
    halo = base.mark_line(clip=True, color="@paper", strokeWidth=3.6).encode(
        opacity=faded(0.6, 0.08)
    )
    line = base.mark_line(clip=True).encode(
        color=colour(labels),
        strokeWidth=alt.StrokeWidthValue(1.8, condition=bold),
        opacity=faded(1, 0.12),
        # With a tooltip the line answers to the pointer as the points do.
        tooltip=alt.Tooltip("group:N", title="line of"),
    )
    return [halo, line]


def points(frame: Frame, labels: list[str], shapes: dict[str, str], count: int) -> alt.Chart:
    """The runs' points; smaller and fainter where there are many."""
    size, shown = next((size, seen) for most, size, seen in POINT_LOOKS if count <= most)
    return (
        alt.Chart(named("points"))
        .mark_point(filled=True, size=size, stroke="@paper", strokeWidth=0.5, clip=True)
        .encode(
            x=frame.encode_x(),
            y=frame.encode_y(),
            color=colour(labels),
            shape=shape(shapes),
            opacity=faded(shown, 0.06),
            tooltip=tooltips(),
        )
        .transform_lookup(
            lookup="command", from_=alt.LookupData(named("commands"), key="key", fields=["rerun"])
        )
        .properties(name="points")
    )


def shape(shapes: dict[str, str]) -> alt.Shape:
    """The shape channel of the families."""
    domain = [look.family_name(f) for f in shapes]
    return alt.Shape(
        "family:N", scale=alt.Scale(domain=domain, range=list(shapes.values())), legend=None
    )


def tooltips() -> list[alt.Tooltip]:
    """What a point says of itself; last, how to make it again."""
    return [
        alt.Tooltip("group:N", title="pre-training"),
        alt.Tooltip("family:N", title="family"),
        alt.Tooltip("seed:Q", title="seed"),
        alt.Tooltip("epoch:Q", title="fine-tuning epoch"),
        alt.Tooltip("id:Q", title="ID macro F1", format=".3f"),
        alt.Tooltip("ood:Q", title="OOD macro F1", format=".3f"),
        alt.Tooltip("rerun:N", title="run this point again"),
    ]


def family_key(
    frame: Frame,
    shapes: dict[str, str],
    data: pd.DataFrame,
    extra: dict[str, dict[str, Any]] | None = None,
) -> list[alt.Chart]:
    """The key to the shapes, inside the frame where a corner is free, else below it.

    data: x and y of what is already there. extra: further entries, text to mark properties.
    """
    entries: dict[str, dict[str, Any]] = {
        look.family_name(f): {"shape": s, "filled": True, "size": 52, "color": "@muted"}
        for f, s in shapes.items()
    }
    entries |= extra or {}
    width = 20 + max(map(len, entries)) * CHARACTER * 0.92
    corner = frame.roomiest_corner(
        data["x"].to_numpy(), data["y"].to_numpy(), width, KEY_ROW * len(entries)
    )
    columns = 1 if corner else max(1, int(frame.width // width))
    left, top = corner or (0.0, frame.height + BELOW_AXIS)
    marks = []
    for i, (name, properties) in enumerate(entries.items()):
        across = left + (i % columns) * frame.width / columns
        down = alt.YValue(top + KEY_ROW * (i // columns + 0.5))
        base = alt.Chart(inline([{"entry": name}]))
        mark = base.mark_point(opacity=1, **properties)
        text = base.mark_text(align="left", baseline="middle", fontSize=11, color="@ink")
        marks += [
            mark.encode(x=alt.XValue(across + 6), y=down),
            text.encode(x=alt.XValue(across + 17), y=down, text=alt.Text("entry:N")),
        ]
    return marks

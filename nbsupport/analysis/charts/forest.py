"""The panel beside the scatter: each group's effective robustness, its rows the legend."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from nbsupport.analysis.charts import look
from nbsupport.analysis.charts.frame import faded
from nbsupport.analysis.charts.scatter import colour, inline, named

ROW_TITLE = ["effective robustness", "(OOD F1 above the scratch line)"]
LABEL_LIMIT, LABEL_PADDING, CHARACTER = 150, 8, 6.6  # pixels


def line_of(reference: str) -> str:
    """The reference line in words, from its group's text."""
    return "the scratch line" if "scratch" in reference else f"the line of {reference}"


def label_room(labels: list[str], limit: int = LABEL_LIMIT) -> int:
    """The pixels that the names of the groups take beside the panel."""
    return round(min(limit, max(map(len, labels)) * CHARACTER)) + LABEL_PADDING


def forest_domain(effects: pd.DataFrame, margin: float | None) -> tuple[float, float]:
    """A range that holds every interval and zero."""
    ends = effects[["er", "low", "high"]].to_numpy(dtype=float).ravel()
    ends = ends[np.isfinite(ends)]
    low, high = min(0.0, *ends, -(margin or 0.0)), max(0.01, *ends, margin or 0.0)
    room = (high - low) * 0.12
    return (low - room, high + room)


def forest(
    effects: pd.DataFrame,
    labels: list[str],
    width: int,
    height: int,
    *,
    margin: float | None = None,
    headed: bool = False,
    data: str = "effects",
    title: list[str] | None = None,
    limit: int = LABEL_LIMIT,
    shapes: list[str] | None = None,
    counted: str = "runs (family x seed)",
) -> Any:
    """A dot and an interval for each group (`effects`: role, er, low, high), in the given order.

    headed: names and numbers stand above their rows, where there is no room beside the panel.
    data: the dataset that holds the rows. title: what the axis counts. limit: pixels for the names;
    with none the names are left to a panel beside this one. shapes: of the dots, a row each, where
    the rows are the legend of other marks. counted: what `cells` are.
    """
    span = forest_domain(effects, margin)
    ticks = look.nice_ticks(*span, max(4, width // 46))
    if _digits(ticks) > 2:  # their labels are wider
        ticks = look.nice_ticks(*span, max(3, width // 64))
    x_axis = alt.Axis(
        values=ticks,
        title=title or ROW_TITLE,
        labelExpr=f"datum.value == 0 ? '0' : format(datum.value, '+.{_digits(ticks)}f')",
        grid=True,
    )
    x = alt.X("er:Q", scale=alt.Scale(domain=list(span), nice=False), axis=x_axis)
    y = alt.Y(
        "group:N",
        sort=labels,
        scale=alt.Scale(domain=labels),
        title=None,
        axis=_row_axis(headed, limit),
    )
    base = alt.Chart(named(data)).encode(y=y, color=colour(labels))
    zero = alt.Chart(inline([{"er": 0}])).mark_rule(color="@muted", strokeDash=[2, 3])
    interval = base.mark_rule(strokeWidth=3, strokeCap="round")
    dot = base.mark_point(filled=True, size=84, stroke="@paper", strokeWidth=1.4, opacity=1)
    if shapes:
        scale = alt.Scale(domain=labels, range=shapes)
        dot = dot.encode(shape=alt.Shape("group:N", scale=scale, legend=None))
    # the pointer is answered over a row's name as well, which stands left of the panel
    start = 0 if headed else -label_room(labels, limit)
    area = base.mark_rect().encode(
        x=alt.XValue(start), x2=alt.X2Value(width), opacity=alt.OpacityValue(0.001)
    )
    layers = [
        *_margin(margin, x, height if headed else 0),
        zero.encode(x=x),
        interval.encode(x=alt.X("low:Q"), x2=alt.X2("high:Q"), opacity=faded(0.75, 0.2)),
        dot.encode(x=x, opacity=faded(1, 0.2)),
        *_texts(base, x, width, headed),
        area.encode(tooltip=_row_tooltip(title, counted)).properties(name=_rows(data)),
    ]
    return alt.layer(*layers).properties(width=width, height=height)


def _texts(base: alt.Chart, x: alt.X, width: int, headed: bool) -> list[alt.Chart]:
    """Each row's number at its dot, or with the row's name above it."""
    quiet = {"color": alt.ColorValue("@ink"), "opacity": faded(1, 0.3)}
    # a halo in the page's colour, so that the line at zero does not run through a text
    halo: dict[str, Any] = {"stroke": "@paper", "strokeWidth": 3}
    paper = alt.ColorValue("@paper")
    if not headed:
        place: dict[str, Any] = {"dy": -11, "fontSize": 10.5}
        return [
            base.mark_text(**place, **halo).encode(x=x, text=alt.Text("text:N"), color=paper),
            base.mark_text(**place).encode(x=x, text=alt.Text("text:N"), **quiet),
        ]
    place = {"align": "left", "dy": -13, "fontSize": 12}
    left = base.encode(x=alt.XValue(0), text=alt.Text("group:N"))
    return [
        left.mark_text(**place, **halo).encode(color=paper),
        left.mark_text(**place).encode(**quiet),
        base.mark_text(align="right", dy=-13, fontSize=11).encode(
            x=alt.XValue(width), text=alt.Text("text:N"), **quiet
        ),
    ]


def _digits(ticks: list[float]) -> int:
    """Decimals that tell the ticks apart; at least two."""
    return max(2, int(look.tick_format(ticks, "linear")["format"][1:-1]))


def _rows(data: str) -> str:
    """The view's name, by which the script finds the rows that answer to the pointer."""
    return "rows" if data == "effects" else f"rows_{data}"


def _row_axis(headed: bool, limit: int) -> alt.Axis:
    return alt.Axis(
        labels=not headed and limit > 0,
        labelFontSize=12,
        labelLimit=limit,
        labelPadding=LABEL_PADDING,
        domain=False,
        ticks=False,
        grid=False,
    )


def _row_tooltip(title: list[str] | None, counted: str) -> list[alt.Tooltip]:
    measure = title[0] if title else "effective robustness"
    return [
        alt.Tooltip("group:N", title="pre-training"),
        alt.Tooltip("er:Q", title=measure, format="+.3f"),
        alt.Tooltip("interval:N", title="95 % interval"),
        alt.Tooltip("cells:Q", title=counted),
    ]


def _margin(margin: float | None, x: alt.X, foot: int) -> list[alt.Chart]:
    """The zone in which a difference counts as none, with its name at its head or its foot.

    foot: the panel's height where rows have headings, which its head has no room beside; else 0.
    """
    if not margin:
        return []
    zone = alt.Chart(inline([{"er": -margin, "end": margin}]))
    name = alt.Chart(inline([{"er": 0, "zone": "margin"}])).mark_text(color="@muted", fontSize=9)
    place = alt.YValue(foot - 5 if foot else 6)
    return [
        zone.mark_rect(color="@muted", opacity=0.12).encode(x=x, x2=alt.X2("end:Q")),
        name.encode(x=x, y=place, text=alt.Text("zone:N")),
    ]

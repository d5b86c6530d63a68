"""Published models: one or two scatters beside each other, and what their groups amount to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from nbsupport.analysis import trends
from nbsupport.analysis.charts import chart_data, look, scatter
from nbsupport.analysis.charts.figure import Figure, Words
from nbsupport.analysis.charts.forest import forest
from nbsupport.analysis.charts.frame import Frame, domain, faded
from nbsupport.analysis.charts.trend import finish
from nbsupport.analysis.roles import Colour

TOTAL, GUTTER, Y_AXIS, OVERHANG = 712, 26, 52, 14  # pixels
SCATTER_HEIGHT, ROW = 290, 26
NARROW, NARROW_HEIGHT, NARROW_ROW = 290, 260, 36
FOREST, KEY, CHARACTER = 150, 18, 6.1  # of the panel beside one scatter; room for a name's mark
DIAGONAL = 90  # pixels of y = x without which it is not drawn
FEW = 300  # up to so many points lie above the line, more below it
ER_TITLE = "mean height above the line"
CROPPED = 0.02  # of the models that the line goes through: so many may lie left of the frame
DIGITS = 3


@dataclass(frozen=True)
class Look:
    """How a group is drawn, in a light theme and a dark one."""

    colour: Colour
    shape: str
    size: int = 46


@dataclass(frozen=True)
class Panel:
    """One scatter: models, the line through some of them, and what the groups amount to.

    points: group, model, architecture, data, id, ood, er. effects: group, er, low, high, cells, a
    row for each group. over: what the line goes through, in words.
    """

    title: str
    x_title: str
    y_title: str
    points: pd.DataFrame
    line: trends.Line
    effects: pd.DataFrame
    over: str = "ImageNet-1K alone"


def published_figure(
    panels: Sequence[Panel],
    groups: Mapping[str, Look],
    words: Words,
    *,
    axis: str = "logit",
    beneath: str = "",
    margins: Sequence[float | None] = (None, None),
    counted: str = "models",
) -> Figure:
    """OOD against ID scores of published models, a panel for each shift; the rows are the legend.

    groups: label -> look, from top to bottom. beneath: the one that lies under the others; the
    frame may leave out the weakest of it. margins: for each panel what counts as no difference.
    counted: what `cells` of the effects are.
    """
    datasets: dict[str, list[dict[str, Any]]] = {}
    for i, panel in enumerate(panels):
        datasets |= _datasets(i, panel, axis, beneath)
    layout = _Layout(panels, groups, axis, beneath, margins, counted)
    return Figure(
        **vars(_remarked(words, layout)),
        description=_describe(panels, axis),
        wide=layout.wide(),
        narrow=layout.narrow(),
        datasets=datasets,
        palettes=look.palettes([own.colour for own in groups.values()]),
        data=pd.concat([p.points.assign(shift=p.title) for p in panels], ignore_index=True),
        table=_table(panels),
        size=(740, 560 if len(panels) > 1 else 420),
    )


def _datasets(i: int, panel: Panel, axis: str, beneath: str) -> dict[str, list[dict[str, Any]]]:
    """Points, line and rows of a panel, in axis units."""
    points = panel.points.assign(
        x=np.round(trends.transform(panel.points["id"].to_numpy(float), axis), 4),
        y=np.round(trends.transform(panel.points["ood"].to_numpy(float), axis), 4),
    )
    points = points[np.isfinite(points["x"]) & np.isfinite(points["y"])]
    points = points.sort_values("group", key=lambda group: group != beneath, kind="stable")
    rows = panel.effects.assign(
        text=[chart_data.signed(v, DIGITS) for v in panel.effects["er"]],
        interval=_intervals(panel.effects),
    )
    return {
        f"points{i}": chart_data.plain(points.round(4)),
        f"line{i}": _line_rows(panel, axis),
        f"effects{i}": chart_data.plain(rows),
    }


def _line_rows(panel: Panel, axis: str) -> list[dict[str, Any]]:
    """The line over its own range, and its continuation to the outermost points."""
    own, known = panel.line, panel.points["id"]
    parts = {
        "own": (own.low, own.high),
        "below": (min(own.low, known.min()), own.low),
        "above": (own.high, max(own.high, known.max())),
    }
    return chart_data.plain(
        pd.DataFrame(
            {"part": name, "x": x, "y": y}
            for name, ends in parts.items()
            for x, y in zip(
                trends.transform(np.array(ends), axis),
                trends.transform(own.predict(np.array(ends)), axis),
                strict=True,
            )
        )
    )


def _intervals(effects: pd.DataFrame) -> list[str]:
    ends = zip(effects["low"], effects["high"], effects["er"], strict=True)
    return [chart_data.span(low, high, DIGITS, value=er) for low, high, er in ends]


class _Layout:
    """The same layers arranged for a page and for a phone."""

    def __init__(
        self,
        panels: Sequence[Panel],
        groups: Mapping[str, Look],
        axis: str,
        beneath: str,
        margins: Sequence[float | None],
        counted: str,
    ) -> None:
        self.panels, self.axis, self.margins, self.counted = panels, axis, margins, counted
        self.beneath = beneath
        self.labels = list(groups)
        self.shapes = [own.shape for own in groups.values()]
        self.sizes = [own.size for own in groups.values()]

    def wide(self) -> dict[str, Any]:
        """Two scatters above two panels of rows; or one scatter beside one. Names come first."""
        if len(self.panels) == 1:
            room = self.room + FOREST + 2 * GUTTER + Y_AXIS + OVERHANG
            rows = [self.names(SCATTER_HEIGHT), self.forest(0, (FOREST, SCATTER_HEIGHT))]
            size = (TOTAL - room, SCATTER_HEIGHT)
            return finish(alt.hconcat(self.scatter(0, size), *rows, spacing=GUTTER // 2))
        width = (TOTAL - 2 * Y_AXIS - GUTTER - OVERHANG) // 2
        above = [self.scatter(i, (width, SCATTER_HEIGHT)) for i in range(2)]
        height = ROW * len(self.labels)
        width = (TOTAL - Y_AXIS - self.room - 2 * GUTTER - OVERHANG) // 2
        below = [self.names(height), *(self.forest(i, (width, height)) for i in range(2))]
        parts = [alt.hconcat(*row, spacing=GUTTER) for row in (above, below)]
        return finish(alt.vconcat(*parts, spacing=18))

    @property
    def room(self) -> int:
        """The pixels that the names take."""
        return KEY + round(max(map(len, self.labels)) * CHARACTER)

    def narrow(self) -> dict[str, Any]:
        """Everything one under another, rows headed by their names."""
        height = NARROW_ROW * len(self.labels)
        parts = []
        for i, _ in enumerate(self.panels):
            parts.append(self.scatter(i, (NARROW, NARROW_HEIGHT)))
            parts.append(self.forest(i, (NARROW, height), headed=True))
        return finish(alt.vconcat(*parts, spacing=GUTTER))

    def names(self, height: int) -> Any:
        """The legend: each group's mark and name, in the rows of the panels beside it."""
        y = alt.Y("group:N", sort=self.labels, scale=alt.Scale(domain=self.labels), axis=None)
        base = alt.Chart(scatter.inline([{"group": label} for label in self.labels])).encode(y=y)
        mark = base.mark_point(filled=True, size=70, opacity=1).encode(
            x=alt.XValue(6),
            color=scatter.colour(self.labels),
            shape=alt.Shape(
                "group:N", scale=alt.Scale(domain=self.labels, range=self.shapes), legend=None
            ),
        )
        text = base.mark_text(align="left", fontSize=12, color="@ink").encode(
            x=alt.XValue(KEY), text=alt.Text("group:N")
        )
        return alt.layer(mark, text).properties(width=self.room, height=height)

    def frame(self, i: int, size: tuple[int, int]) -> Frame:
        """A frame around most points: the weakest of the line's models may lie left of it."""
        panel = self.panels[i]
        shown = panel.points[panel.points["id"] >= self.least(i)]
        x, y = (trends.transform(shown[c].to_numpy(float), self.axis) for c in ("id", "ood"))
        spans = domain(x, self.axis, 0.03), domain(y, self.axis, 0.03)
        return Frame(*size, *spans, self.axis, panel.x_title, panel.y_title)

    def least(self, i: int) -> float:
        """The lowest ID score that is shown: never above one of another group."""
        points = self.panels[i].points
        many = points["group"] == self.beneath
        ends = [points.loc[many, "id"].quantile(CROPPED), points.loc[~many, "id"].min()]
        return float(np.nanmin(ends))

    def left_out(self) -> int:
        """How many models lie left of the frame, in the panel that leaves out most."""
        counts = [int((p.points["id"] < self.least(i)).sum()) for i, p in enumerate(self.panels)]
        return max(counts)

    def scatter(self, i: int, size: tuple[int, int]) -> Any:
        """Points, the line over a halo, and y = x."""
        frame, panel = self.frame(i, size), self.panels[i]
        marks, lines = [self.points(i, frame)], _lines(i, frame)
        few = len(panel.points) < FEW
        layers = [*_diagonal(frame), *(lines + marks if few else marks + lines)]
        head = alt.Title(
            panel.title, fontSize=13, fontWeight="normal", anchor="start", offset=6, color="@ink"
        )
        return alt.layer(*layers).properties(width=size[0], height=size[1], title=head)

    def points(self, i: int, frame: Frame) -> alt.Chart:
        """Each group in its colour and shape; the first, which the line goes through, fainter."""
        scale = alt.Scale(domain=self.labels, range=self.shapes)
        sizes = alt.Scale(type="ordinal", domain=self.labels, range=self.sizes)
        return (
            alt.Chart(scatter.named(f"points{i}"))
            .mark_point(filled=True, stroke="@paper", strokeWidth=0.5, clip=True)
            .encode(
                x=frame.encode_x(),
                y=frame.encode_y(),
                color=scatter.colour(self.labels),
                shape=alt.Shape("group:N", scale=scale, legend=None),
                size=alt.Size("group:N", scale=sizes, legend=None),
                opacity=faded(0.85, 0.05),
                tooltip=_tooltips(self.panels[i]),
            )
            .properties(name=f"points{i}")
        )

    def forest(self, i: int, size: tuple[int, int], *, headed: bool = False) -> Any:
        """The rows of a panel; their names stand before them or above them."""
        return forest(
            self.panels[i].effects,
            self.labels,
            *size,
            margin=self.margins[i],
            headed=headed,
            data=f"effects{i}",
            title=[ER_TITLE, f"({self.panels[i].title.partition(':')[0]})"],
            limit=0,
            shapes=self.shapes,
            counted=self.counted,
        )


def _diagonal(frame: Frame) -> list[alt.Chart]:
    """The line y = x where enough of it is in the frame to be read."""
    ends = np.array(frame.diagonal() or (0.0, 0.0))
    across, down = frame.pixels(ends, ends)
    seen = float(np.hypot(np.ptp(across), np.ptp(down)))
    return scatter.diagonal(frame) if seen >= DIAGONAL else []


def _lines(i: int, frame: Frame) -> list[alt.Chart]:
    """The line over a halo, dashed where it is continued."""
    base = alt.Chart(scatter.named(f"line{i}")).encode(
        x=frame.encode_x(), y=frame.encode_y(), detail=alt.Detail("part:N")
    )
    own = alt.FieldEqualPredicate(field="part", equal="own")
    dash = alt.StrokeDashValue([4, 4], condition={"test": own, "value": [1, 0]})
    halo = base.mark_line(clip=True, color="@paper", strokeWidth=4, opacity=0.6)
    line = base.mark_line(clip=True, color="@ink", strokeWidth=1.8).encode(strokeDash=dash)
    return [halo, line]


def _tooltips(panel: Panel) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("model:N", title="model"),
        alt.Tooltip("group:N", title="pre-training"),
        alt.Tooltip("data:N", title="data"),
        alt.Tooltip("id:Q", title=panel.x_title, format=".3f"),
        alt.Tooltip("ood:Q", title=panel.y_title, format=".3f"),
        alt.Tooltip("er:Q", title="height above the line", format="+.3f"),
    ]


def _remarked(words: Words, layout: _Layout) -> Words:
    """What the frame leaves out is said in the caption."""
    count = layout.left_out()
    remark = f"Up to {count} of the weakest models lie left of a frame." if count else ""
    return replace(words, caption=f"{words.caption} {remark}".strip())


def _table(panels: Sequence[Panel]) -> pd.DataFrame:
    """The figure in numbers: a row for each group and panel."""
    parts = [
        pd.DataFrame(
            {
                "pre-training": panel.effects["group"],
                "shift": panel.title.partition(":")[0],
                "models": panel.effects["cells"],
                "height above the line": [
                    chart_data.signed(v, DIGITS) for v in panel.effects["er"]
                ],
                "95 % interval": _intervals(panel.effects),
            }
        )
        for panel in panels
    ]
    return pd.concat(parts, ignore_index=True)


def _describe(panels: Sequence[Panel], axis: str) -> str:
    """The figure in words, for someone who cannot see it."""
    return " ".join(_describe_panel(panel, axis) for panel in panels)


def _describe_panel(panel: Panel, axis: str) -> str:
    rows = panel.effects[panel.effects["er"].notna()]
    parts = [
        f"{group} {chart_data.signed(er, DIGITS)}"
        for group, er in zip(rows["group"], rows["er"], strict=True)
    ]
    return (
        f"{panel.title}. Scatter plot on {axis} axes of {panel.y_title} against {panel.x_title} "
        f"for {len(panel.points):,} published models, with the line through {panel.over}. Mean "
        f"height above it: {'; '.join(parts)}."
    )

"""Figure 2: the two reference lines, and what effective robustness is, shown on one point."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from nbsupport.analysis import trends
from nbsupport.analysis.charts import chart_data, look, scatter
from nbsupport.analysis.charts.figure import Figure, Words
from nbsupport.analysis.charts.frame import Frame, scatter_frame
from nbsupport.analysis.charts.trend import TITLES, describe, finish, summary

# ID and OOD macro F1 of ResNet-50 on the real iWildCam, as the WILDS benchmark publishes them.
PUBLISHED_WILDS = ((0.505, 0.338), (0.479, 0.310), (0.453, 0.314))
PUBLISHED_LABEL = "real iWildCam, ResNet-50 (published by WILDS)"
WIDE, NARROW = (600, 380), (288, 300)
END_LABEL = 96
HOLLOW: dict[str, Any] = {"size": 80, "color": "@ink", "strokeWidth": 1.8, "filled": False}


@dataclass(frozen=True)
class Arrow:
    """One point's way from the reference line up to its score, in axis units and in scores."""

    x: float
    foot: float
    tip: float
    er: float


def reference_figure(
    points: pd.DataFrame,
    words: Words,
    *,
    labels: Mapping[str, str] | None = None,
    reference: str = "scratch",
    full: str = "imagenet/full",
    axis: str = "linear",
    commands: chart_data.Commands = None,
    published: bool = False,
    axis_titles: tuple[str, str] = TITLES,
) -> Figure:
    """Both reference lines with the effective robustness of one point drawn as an arrow (Figure 2).

    published: add the three ResNet-50 results that WILDS publishes for the real iWildCam.
    Raises UserError where one of the two roles has no records.
    """
    drawn = [full, reference]
    given = chart_data.rerun_commands(points, commands)
    kept = [c for c, r in zip(given, points["role"], strict=True) if r in drawn]
    rows = chart_data.select(points, drawn)
    names = {r: chart_data.label_of(r, labels) for r in drawn}
    marks, rerun = chart_data.point_rows(rows, names, axis, kept)
    datasets = {
        "points": marks,
        "commands": rerun,
        "lines": chart_data.line_rows(rows, drawn, names, axis),
        "published": _published(axis) if published else [],
    }
    effects = chart_data.group_effects(rows, drawn, reference, full, axis)
    table = summary(rows, effects, names, axis, reference)
    words = chart_data.remarked(words, chart_data.remarks(rows, names, axis, effects, reference))
    build = _Reference(datasets, names, rows, axis, arrow(rows, full, reference, axis), axis_titles)
    colours = look.group_colours(drawn, reference, full)
    return Figure(
        **vars(words),
        description=describe(table, rows, axis, panel=False) + _overlay_text(published),
        wide=build.layout(WIDE),
        narrow=build.layout(NARROW),
        datasets=datasets,
        palettes=look.palettes([colours[r] for r in drawn]),
        data=chart_data.csv_table(rows, names),
        table=table,
    )


def arrow(points: pd.DataFrame, full: str, reference: str, axis: str) -> Arrow | None:
    """The point of `full` that shows effective robustness best: typical height, in the middle.

    Among its points inside the reference line's ID range, the one nearest the middle of that range
    and nearest the mean residual. None where no point lies there.
    """
    line = chart_data.fitted(points, reference, axis)
    own = points[points["role"] == full]
    if line is None:
        return None
    shown = np.isfinite(trends.transform(own[[trends.ID, trends.OOD]].to_numpy(float), axis))
    own = own[shown.all(axis=1) & own["id_macro_f1"].between(line.low, line.high)]
    if own.empty:
        return None
    x, y = own["id_macro_f1"].to_numpy(float), own["ood_macro_f1"].to_numpy(float)
    above = y - line.predict(x)
    spread = max(float(above.std()), 1e-9)
    off_middle = np.abs(x - x.mean()) / max(float(np.ptp(x)), 1e-9)
    best = int(np.argmin(np.abs(above - above.mean()) / spread + 2 * off_middle))
    at, foot, tip = (
        float(trends.transform(v, axis)) for v in (x[best], line.predict(x[best]), y[best])
    )
    return Arrow(at, foot, tip, float(above[best]))


def _published(axis: str) -> list[dict[str, Any]]:
    """The published pairs in axis units."""
    pairs = np.array(PUBLISHED_WILDS)
    at = trends.transform(pairs, axis).round(4)
    return [
        {"x": float(x), "y": float(y), "id": i, "ood": o, "what": PUBLISHED_LABEL}
        for (x, y), (i, o) in zip(at, PUBLISHED_WILDS, strict=True)
    ]


def _overlay_text(published: bool) -> str:
    if not published:
        return ""
    pairs = ", ".join(f"{i:.3f} and {o:.3f}" for i, o in PUBLISHED_WILDS)
    return f" Beside them, {PUBLISHED_LABEL}: ID and OOD {pairs}."


class _Reference:
    """The layers of Figure 2 for a given size."""

    def __init__(
        self,
        datasets: dict[str, list[dict[str, Any]]],
        names: dict[str, str],
        rows: pd.DataFrame,
        axis: str,
        shown: Arrow | None,
        titles: tuple[str, str],
    ) -> None:
        self.labels, self.axis, self.arrow = list(names.values()), axis, shown
        self.titles = titles
        self.points = pd.DataFrame(datasets["points"], columns=["x", "y"])
        self.lines = pd.DataFrame(datasets["lines"], columns=["group", "x", "y"])
        self.published = pd.DataFrame(datasets["published"])
        self.shapes = look.family_shapes(dict.fromkeys(rows["family"]))

    def layout(self, size: tuple[int, int]) -> dict[str, Any]:
        """The scatter with its annotations."""
        frame = self.frame(size)
        layers = [
            *scatter.diagonal(frame),
            scatter.bands(frame, self.labels),
            scatter.points(frame, self.labels, self.shapes, len(self.points)),
            *scatter.lines(frame, self.labels, self.labels),
            *self.ends(frame),
            *self.overlay(frame),
            *self.explained(frame),
            *scatter.family_key(frame, self.shapes, self.taken(frame), self.key_extra()),
        ]
        return finish(alt.layer(*layers).properties(width=size[0], height=size[1]))

    def taken(self, frame: Frame) -> pd.DataFrame:
        """Where marks and words stand, so that the key finds room elsewhere."""
        parts = [self.points[["x", "y"]], self.published.reindex(columns=["x", "y"])]
        if self.arrow is not None:
            across = (frame.x[1] - frame.x[0]) / frame.width
            down = (frame.y[1] - frame.y[0]) / frame.height
            box = np.meshgrid(np.arange(10, 150, 10), np.arange(12, 46, 8))
            x = self.arrow.x + box[0].ravel() * across
            parts.append(pd.DataFrame({"x": x, "y": self.arrow.foot - box[1].ravel() * down}))
        return pd.concat(parts).dropna()

    def frame(self, size: tuple[int, int]) -> Frame:
        """A frame around everything, with room on the right for the lines' names."""
        parts = [self.points, self.lines, self.published]
        x, y = (np.concatenate([p[c] for p in parts if c in p]) for c in ("x", "y"))
        frame = scatter_frame(x.astype(float), y.astype(float), self.axis, size, self.titles)
        low, high = frame.x
        room = (high - low) * END_LABEL / (size[0] - END_LABEL)
        return scatter_frame(np.append(x, high + room * 0.8), y, self.axis, size, self.titles)

    def ends(self, frame: Frame) -> list[alt.Chart]:
        """Each line's name at its right end."""
        if self.lines.empty:
            return []
        last = self.lines.sort_values("x").groupby("group").tail(1)
        data = scatter.inline(chart_data.plain(last[["group", "x", "y"]]))
        text = alt.Chart(data).mark_text(align="left", dx=7, fontSize=12, fontWeight=600)
        return [
            text.encode(
                x=frame.encode_x(),
                y=frame.encode_y(),
                text=alt.Text("group:N"),
                color=scatter.colour(self.labels),
            )
        ]

    def overlay(self, frame: Frame) -> list[alt.Chart]:
        """The published results, hollow, and named as the real data set's."""
        if self.published.empty:
            return []
        x, y = frame.encode_x(), frame.encode_y()
        tips = [
            alt.Tooltip("what:N", title="source"),
            alt.Tooltip("id:Q", title="ID macro F1", format=".3f"),
            alt.Tooltip("ood:Q", title="OOD macro F1", format=".3f"),
        ]
        data = alt.Chart(scatter.named("published"))
        marks = data.mark_point(shape="circle", **HOLLOW)
        return [marks.encode(x=x, y=y, tooltip=tips)]

    def key_extra(self) -> dict[str, dict[str, Any]]:
        """The key's entry for the published results."""
        return {} if self.published.empty else {"real iWildCam (WILDS)": HOLLOW}

    def explained(self, frame: Frame) -> list[alt.Chart]:
        """The arrow and what it says."""
        if self.arrow is None:
            return []
        at = self.arrow
        row = {"x": at.x, "y": at.foot, "tip": at.tip, "mid": (at.foot + at.tip) / 2}
        base = alt.Chart(scatter.inline([row]))
        x, y = frame.encode_x(), frame.encode_y()
        words = ["effective robustness", f"of this point: {chart_data.signed(at.er)}"]
        shaft = base.mark_rule(color="@ink", strokeWidth=2).encode(x=x, y=y, y2=alt.Y2("tip:Q"))
        head = base.mark_point(
            shape="triangle-up", filled=True, color="@ink", opacity=1, yOffset=13, size=70
        ).encode(x=x, y=frame.encode_y("tip"))
        ring = base.mark_point(
            shape="circle", filled=False, size=150, strokeWidth=1.6, color="@ink", opacity=1
        ).encode(x=x, y=frame.encode_y("tip"))
        return [shaft, head, ring, *self._words(base, words, frame)]

    def _words(self, base: alt.Chart, words: Sequence[str], frame: Frame) -> list[alt.Chart]:
        """Text with a halo in the page's colour, below the foot of the arrow."""
        x, y = frame.encode_x(), frame.encode_y()
        style: dict[str, Any] = {
            "align": "left",
            "dx": 8,
            "dy": 22,
            "fontSize": 12,
            "lineHeight": 15,
        }
        halo = base.mark_text(
            text=list(words), stroke="@paper", strokeWidth=7, strokeJoin="round", **style
        )
        text = base.mark_text(text=list(words), color="@ink", **style)
        return [halo.encode(x=x, y=y), text.encode(x=x, y=y)]

"""The figure of the book: trend lines of OOD against ID scores, and what they amount to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from nbsupport.analysis.charts import chart_data, look, scatter
from nbsupport.analysis.charts.figure import Figure, Words
from nbsupport.analysis.charts.forest import forest, label_room, line_of
from nbsupport.analysis.charts.frame import Frame, params, scatter_frame

TITLES = ("ID macro F1 (same cameras, other days)", "OOD macro F1 (new cameras)")
WIDE_TOTAL, WIDE_HEIGHT, WIDE_FOREST = 700, 350, 150
NARROW_TOTAL, NARROW_HEIGHT, NARROW_ROW = 346, 270, 38
BAND_ROOM = 0.1  # of the points' range; a band of few runs may reach further, and is cut there
Y_AXIS, GUTTER, OVERHANG = 50, 22, 14  # pixels beside the panels' inner widths


def trend_figure(
    points: pd.DataFrame,
    roles: Sequence[str],
    words: Words,
    *,
    labels: Mapping[str, str] | None = None,
    reference: str = "scratch",
    full: str = "imagenet/full",
    axis: str = "linear",
    commands: chart_data.Commands = None,
    effects: pd.DataFrame | None = None,
    margin: float | None = None,
    ordered: bool | None = None,
    axis_titles: tuple[str, str] = TITLES,
) -> Figure:
    """OOD against ID macro F1 with a line and a 95 % band for each role (paper, Figures 2-12).

    points: records, a row for each evaluated epoch of a run. roles: groups from top to bottom;
    the two reference lines join them. commands: a function of a row, or a list, that gives the
    command which runs that point again. effects: role, er, low, high, cells; computed as paired
    contrasts with the reference where not given. margin: half-width of the zone of no difference.
    ordered: whether the other groups form a scale (found from their names where None).
    Raises UserError for a role without records.
    """
    drawn = chart_data.drawn_roles(roles, reference, full)
    rows = chart_data.select(points, drawn)
    names = {r: chart_data.label_of(r, labels) for r in drawn}
    if effects is None:
        effects = chart_data.group_effects(rows, drawn, reference, full, axis)
    effects = effects.set_index("role").reindex(drawn).reset_index()
    # Commands may be a list in the order of the caller's table, so they are taken before selecting.
    given = chart_data.rerun_commands(points, commands)
    kept = [c for c, r in zip(given, points["role"], strict=True) if r in names]
    marks, rerun = chart_data.point_rows(rows, names, axis, kept)
    datasets = {
        "points": marks,
        "commands": rerun,
        "lines": chart_data.line_rows(rows, drawn, names, axis),
        "effects": chart_data.effect_rows(effects, names, reference),
    }
    strong = [names[r] for r in (reference, full) if r in names]
    layout = _Layout(datasets, list(names.values()), strong, rows, axis, margin, axis_titles)
    colours = look.group_colours(drawn, reference, full, ordered)
    table = summary(rows, effects, names, axis, reference)
    words = chart_data.remarked(words, chart_data.remarks(rows, names, axis, effects, reference))
    return Figure(
        **vars(words),
        description=describe(table, rows, axis, line=line_of(names[reference])),
        wide=layout.wide(),
        narrow=layout.narrow(),
        datasets=datasets,
        palettes=look.palettes([colours[r] for r in drawn]),
        data=chart_data.csv_table(rows, names),
        table=table,
    )


class _Layout:
    """The same layers arranged for a page and for a phone."""

    def __init__(
        self,
        datasets: dict[str, list[dict[str, Any]]],
        labels: list[str],
        strong: list[str],
        rows: pd.DataFrame,
        axis: str,
        margin: float | None,
        titles: tuple[str, str],
    ) -> None:
        self.labels, self.strong, self.axis, self.margin = labels, strong, axis, margin
        self.titles = titles
        self.points = pd.DataFrame(datasets["points"], columns=["x", "y"])
        self.lines = pd.DataFrame(datasets["lines"], columns=["x", "y", "low", "high"])
        self.effects = pd.DataFrame(datasets["effects"])
        self.shapes = look.family_shapes(dict.fromkeys(rows["family"]))

    def wide(self) -> dict[str, Any]:
        """Scatter and forest panel side by side; long names of groups narrow the scatter."""
        room = WIDE_TOTAL - Y_AXIS - GUTTER - WIDE_FOREST - OVERHANG - label_room(self.labels)
        left = self.scatter((min(room, 400), WIDE_HEIGHT))
        right = self.forest(WIDE_FOREST, WIDE_HEIGHT)
        return finish(alt.hconcat(left, right, spacing=GUTTER))

    def narrow(self) -> dict[str, Any]:
        """Forest panel under the scatter, equally wide, its rows headed by their names."""
        width = NARROW_TOTAL - Y_AXIS - OVERHANG // 2
        top = self.scatter((width, NARROW_HEIGHT))
        bottom = self.forest(width, NARROW_ROW * len(self.labels), headed=True)
        return finish(alt.vconcat(top, bottom, spacing=GUTTER))

    def scatter(self, size: tuple[int, int]) -> Any:
        """The scatter with all its layers."""
        frame = self.frame(size)
        layers = [
            *scatter.diagonal(frame),
            scatter.bands(frame, self.labels),
            scatter.points(frame, self.labels, self.shapes, len(self.points)),
            *scatter.lines(frame, self.labels, self.strong),
            *scatter.family_key(frame, self.shapes, self.points),
        ]
        return alt.layer(*layers).properties(width=size[0], height=size[1])

    def frame(self, size: tuple[int, int]) -> Frame:
        """A frame around the points, the lines, and the bands where they are not far from them."""
        x = np.concatenate([self.points["x"], self.lines["x"]]).astype(float)
        y = np.concatenate([self.points["y"], self.lines["y"]]).astype(float)
        if np.isfinite(y).any():
            room = BAND_ROOM * np.ptp(y[np.isfinite(y)])
            edges = self.lines[["low", "high"]].to_numpy(dtype=float).ravel()
            y = np.concatenate([y, edges.clip(np.nanmin(y) - room, np.nanmax(y) + room)])
        return scatter_frame(x, y, self.axis, size, self.titles)

    def forest(self, width: int, height: int, *, headed: bool = False) -> Any:
        """The panel of effects."""
        title = ["effective robustness", f"(OOD F1 above {line_of(self.strong[0])})"]
        return forest(
            self.effects,
            self.labels,
            width,
            height,
            margin=self.margin,
            headed=headed,
            title=title,
        )


def finish(chart: Any) -> dict[str, Any]:
    """A validated specification in the house configuration, with hovering over its named views."""
    spec = chart.to_dict()
    spec["config"] = look.config()
    views = list(named_views(spec))
    if views:
        spec["params"] = params(*views)
    return spec


def named_views(node: Any) -> Iterator[str]:
    """The names of the single views in a specification (Altair adds a number to each)."""
    if isinstance(node, dict):
        if "mark" in node and "name" in node:
            yield node["name"]
        for value in node.values():
            yield from named_views(value)
    elif isinstance(node, list):
        for value in node:
            yield from named_views(value)


def summary(
    rows: pd.DataFrame,
    effects: pd.DataFrame,
    names: Mapping[str, str],
    axis: str,
    reference: str = "scratch",
) -> pd.DataFrame:
    """The figure in numbers: a row for each group."""
    lines = []
    spans = chart_data.intervals(effects, reference)
    for role, er, span in zip(effects["role"], effects["er"], spans, strict=True):
        own = rows[rows["role"] == role]
        line = chart_data.fitted(own, role, axis)
        lines.append(
            {
                "pre-training": names[role],
                "runs": len(own[["family", "seed"]].drop_duplicates()),
                "points": len(own),
                "ID range": chart_data.reach(own["id_macro_f1"]),
                "slope": "none" if line is None else f"{line.slope:.3f}",
                "effective robustness": chart_data.signed(er),
                "95 % interval": span,
            }
        )
    return pd.DataFrame(lines)


def describe(
    table: pd.DataFrame,
    rows: pd.DataFrame,
    axis: str,
    *,
    panel: bool = True,
    line: str = line_of("scratch"),
) -> str:
    """The figure in words, for someone who cannot see it."""
    families = ", ".join(look.family_name(f) for f in dict.fromkeys(rows["family"]))
    parts = [
        f"{r['pre-training']} {r['effective robustness']} (interval {r['95 % interval']})"
        for _, r in table.iterrows()
    ]
    return (
        f"Scatter plot on {axis} axes of out-of-distribution against in-distribution macro F1 for "
        f"{len(rows)} evaluated models of {table['runs'].sum()} fine-tuning runs ({families}), "
        "with a least-squares line and a 95 % band for each pre-training group that has one, and "
        "y = x. "
        + ("Beside it the effective" if panel else "Effective")
        + f" robustness of each group, its height above {line}: "
        + "; ".join(parts)
        + "."
    )

"""Small multiples: for each pair of domains a scatter with its own two lines."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from nbsupport.analysis.charts import chart_data, look, scatter
from nbsupport.analysis.charts.figure import Figure, Words
from nbsupport.analysis.charts.frame import Frame, scatter_frame
from nbsupport.analysis.charts.trend import Y_AXIS, finish, summary

GROUPS = ("pre-trained", "from scratch")
WIDE, NARROW = (3, 168, 150), (2, 110, 112)  # panels in a row, and the size of one inside its axes
TITLES = ("ID macro F1", "OOD macro F1")
KEY_ROOM, KEY_HEIGHT, SPACE = 34, 20, 14


@dataclass(frozen=True)
class Pair:
    """A panel: its title, and the roles of its two groups."""

    title: str
    full: str
    scratch: str


def pairs_figure(
    points: pd.DataFrame,
    pairs: Sequence[Pair],
    words: Words,
    *,
    axis: str = "linear",
    commands: chart_data.Commands = None,
) -> Figure:
    """OOD against ID macro F1 of each pair's two groups with lines, bands and y = x (Appendix G).

    Each panel has a frame of its own: scores of two pairs are not to be compared, heights above
    the own scratch line are. Raises UserError for a role without records.
    """
    roles = [role for pair in pairs for role in (pair.full, pair.scratch)]
    rows = chart_data.select(points, roles)
    given = chart_data.rerun_commands(points, commands)
    kept = [c for c, r in zip(given, points["role"], strict=True) if r in roles]
    effects = [_effect(rows, pair, axis) for pair in pairs]
    datasets = _datasets(rows, pairs, axis, kept)
    table = _table(rows, pairs, effects, axis)
    layout = _Panels(datasets, pairs, effects, rows, axis)
    words = chart_data.remarked(words, _remarks(rows, pairs, effects, axis))
    colours = look.group_colours(roles[:2], roles[1], roles[0])
    return Figure(
        **vars(words),
        description=_describe(table, rows, axis),
        wide=layout.arranged(*WIDE),
        narrow=layout.arranged(*NARROW),
        datasets=datasets,
        palettes=look.palettes([colours[r] for r in roles[:2]]),
        data=chart_data.csv_table(rows, _names(pairs)),
        table=table,
    )


def _names(pairs: Sequence[Pair]) -> dict[str, str]:
    """Each role's full name, for the CSV and the table."""
    names = {}
    for pair in pairs:
        for role, group in zip((pair.full, pair.scratch), GROUPS, strict=True):
            names[role] = f"{pair.title}, {group}"
    return names


def _effect(rows: pd.DataFrame, pair: Pair, axis: str) -> pd.DataFrame:
    """The two rows of a pair's effects, its own scratch line the reference."""
    return chart_data.group_effects(rows, [pair.full, pair.scratch], pair.scratch, pair.full, axis)


def _remarks(
    rows: pd.DataFrame, pairs: Sequence[Pair], effects: Sequence[pd.DataFrame], axis: str
) -> str:
    """What the panels cannot show, pair by pair."""
    names = _names(pairs)
    said = [
        chart_data.remarks(
            rows, {r: names[r] for r in (pair.full, pair.scratch)}, axis, effect, pair.scratch
        )
        for pair, effect in zip(pairs, effects, strict=True)
    ]
    return " ".join(filter(None, said))


def _datasets(
    rows: pd.DataFrame, pairs: Sequence[Pair], axis: str, commands: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Points and lines of all panels, each row with the number of its panel."""
    groups = {r: g for p in pairs for r, g in zip((p.full, p.scratch), GROUPS, strict=True)}
    numbers = {c: i for i, c in enumerate(dict.fromkeys(commands))}
    points, lines = [], []
    for panel, pair in enumerate(pairs):
        mine = rows["role"].isin((pair.full, pair.scratch)).to_numpy()
        said = [c for c, own in zip(commands, mine, strict=True) if own]
        marks, local = chart_data.point_rows(rows[mine], groups, axis, said)
        number = {row["key"]: numbers[row["rerun"]] for row in local}
        points += [m | {"command": number[m["command"]], "panel": panel} for m in marks]
        drawn = chart_data.line_rows(rows[mine], (pair.full, pair.scratch), groups, axis)
        lines += [row | {"panel": panel} for row in drawn]
    rerun = [{"key": i, "rerun": c} for c, i in numbers.items()]
    return {"points": points, "commands": rerun, "lines": lines}


class _Panels:
    """The panels, arranged in rows of some length."""

    def __init__(
        self,
        datasets: dict[str, list[dict[str, Any]]],
        pairs: Sequence[Pair],
        effects: Sequence[pd.DataFrame],
        rows: pd.DataFrame,
        axis: str,
    ) -> None:
        self.pairs, self.effects, self.axis = pairs, effects, axis
        self.points = pd.DataFrame(datasets["points"], columns=["panel", "x", "y"])
        self.lines = pd.DataFrame(datasets["lines"], columns=["panel", "x", "y", "low", "high"])
        self.shapes = look.family_shapes(dict.fromkeys(rows["family"]))

    def arranged(self, across: int, width: int, height: int) -> dict[str, Any]:
        """The key, and under it the panels, `across` to a row."""
        panels = [self.panel(i, (width, height)) for i in range(len(self.pairs))]
        key = self.key(across * width + (across - 1) * Y_AXIS)
        return finish(alt.vconcat(key, alt.concat(*panels, columns=across), spacing=SPACE))

    def panel(self, i: int, size: tuple[int, int]) -> Any:
        """One pair's scatter under its title and its effect."""
        frame = self.frame(i, size)
        labels = list(GROUPS)
        layers = [
            *scatter.diagonal(frame)[:1],  # its label stands in the key
            scatter.bands(frame, labels),
            scatter.points(frame, labels, self.shapes, len(self.points)),
            *scatter.lines(frame, labels, labels),
        ]
        own = [_of_panel(layer, i) for layer in layers]
        # Two views of one name would share their data and scales: Vega-Lite goes by names.
        own = [c.properties(name=f"pair{i}") if c.name is not alt.Undefined else c for c in own]
        title = alt.TitleParams(
            self.pairs[i].title,
            subtitle=_over_scratch(float(self.effects[i]["er"].iloc[0])),
            fontSize=13,
            subtitleFontSize=11,
            frame="group",
            offset=6,
        )
        return alt.layer(*own).properties(width=size[0], height=size[1], title=title)

    def frame(self, i: int, size: tuple[int, int]) -> Frame:
        """A frame around one panel's points and lines."""
        points, lines = (t[t["panel"] == i] for t in (self.points, self.lines))
        x, y = (np.concatenate([points[c], lines[c]]).astype(float) for c in ("x", "y"))
        return scatter_frame(x, y, self.axis, size, TITLES)

    def key(self, width: int) -> Any:
        """What colours and shapes stand for, in one strip."""
        marks, left, row = [], 0.0, 0
        for name, properties in _entries(self.shapes):
            wide = KEY_ROOM + len(name) * scatter.CHARACTER
            if left + wide > width:
                left, row = 0.0, row + 1
            down = alt.YValue(KEY_HEIGHT * (row + 0.5))
            base = alt.Chart(scatter.inline([{"entry": name}]))
            mark = base.mark_point(opacity=1, size=64, **properties)
            text = base.mark_text(align="left", baseline="middle", fontSize=12, color="@ink")
            marks += [
                mark.encode(x=alt.XValue(left + 6), y=down),
                text.encode(x=alt.XValue(left + 17), y=down, text=alt.Text("entry:N")),
            ]
            left += wide
        return alt.layer(*marks).properties(width=width, height=KEY_HEIGHT * (row + 1))


def _over_scratch(er: float) -> str:
    """What a panel amounts to, in a few words."""
    if not math.isfinite(er):
        return "off the scratch line"
    return f"{chart_data.signed(er)} over scratch"


def _entries(shapes: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The key's entries: groups by colour, families by shape, the diagonal."""
    for i, group in enumerate(GROUPS):
        yield group, {"shape": "square", "color": f"@group{i}", "filled": True}
    for family, shape in shapes.items():
        yield look.family_name(family), {"shape": shape, "color": "@muted", "filled": True}
    yield "y = x", {"shape": "stroke", "color": "@muted", "strokeDash": [2, 2], "strokeWidth": 1.3}


def _of_panel(layer: alt.Chart, i: int) -> alt.Chart:
    """A layer that reads shared data, kept to the rows of one panel."""
    shared = isinstance(layer.data, alt.NamedData)
    return layer.transform_filter(f"datum.panel === {i}") if shared else layer


def _table(
    rows: pd.DataFrame, pairs: Sequence[Pair], effects: Sequence[pd.DataFrame], axis: str
) -> pd.DataFrame:
    """The figure in numbers: two rows for each pair."""
    names = _names(pairs)
    parts = [
        summary(rows, effect, names, axis, pair.scratch)
        for effect, pair in zip(effects, pairs, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def _describe(table: pd.DataFrame, rows: pd.DataFrame, axis: str) -> str:
    """The figure in words, for someone who cannot see it."""
    families = ", ".join(look.family_name(f) for f in dict.fromkeys(rows["family"]))
    said = [
        f"{r['pre-training']} {r['effective robustness']} (interval {r['95 % interval']})"
        for _, r in table.iterrows()
        if not str(r["pre-training"]).endswith(GROUPS[1])
    ]
    return (
        f"{len(said)} scatter plots on {axis} axes of out-of-distribution against "
        f"in-distribution macro F1, one for each pair of styles, for {len(rows)} evaluated models "
        f"of {table['runs'].sum()} fine-tuning runs ({families}), each with a least-squares line "
        "and a 95 % band for pre-trained models and for models from scratch, and y = x. "
        "Effective robustness over the pair's own scratch line: " + "; ".join(said) + "."
    )

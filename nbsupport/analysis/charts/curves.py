"""Curves over steps, such as a learning rate or a loss: a panel for each stage, lines by series."""

from typing import Any

import altair as alt
import pandas as pd

from nbsupport.analysis.charts import chart_data, look, scatter
from nbsupport.analysis.charts.figure import Figure, Words
from nbsupport.analysis.charts.trend import finish

WIDE_TOTAL, WIDE_HEIGHT, GAP = 610, 190, 26
NARROW_WIDTH, NARROW_HEIGHT = 290, 150


def curves_figure(
    data: pd.DataFrame,
    words: Words,
    *,
    x_title: str,
    y_title: str,
) -> Figure:
    """Lines of `value` over `x`, a colour for each `series`, a panel with its own scales for each
    `panel` (columns of data, in the order in which they come)."""
    series = [look.family_name(s) for s in dict.fromkeys(data["series"])]
    drawn = data.assign(group=data["series"].map(look.family_name))
    table = _ends(drawn, x_title, y_title)
    return Figure(
        **vars(words),
        description=_describe(table, x_title, y_title),
        wide=_panels(drawn, series, x_title, y_title, wide=True),
        narrow=_panels(drawn, series, x_title, y_title, wide=False),
        datasets={"curves": chart_data.plain(drawn[["panel", "group", "x", "value"]].round(6))},
        palettes=look.palettes(_colours(len(series))),
        data=data,
        table=table,
    )


def _colours(count: int) -> list[tuple[str, str]]:
    choice = [look.FULL, *look.NOMINAL, look.INATURALIST]
    return [choice[i % len(choice)] for i in range(count)]


def _ends(drawn: pd.DataFrame, x_title: str, y_title: str) -> pd.DataFrame:
    rows = []
    for (panel, group), part in drawn.groupby(["panel", "group"], sort=False):
        rows.append(
            {
                "stage": panel,
                "series": group,
                f"last {x_title}": f"{part['x'].max():,}",
                f"first {y_title}": f"{part['value'].iloc[0]:.3g}",
                f"highest {y_title}": f"{part['value'].max():.3g}",
                f"last {y_title}": f"{part['value'].iloc[-1]:.3g}",
            }
        )
    return pd.DataFrame(rows)


def _describe(table: pd.DataFrame, x_title: str, y_title: str) -> str:
    parts = [
        f"{r['stage']}, {r['series']}: {r[f'first {y_title}']} at first, at most "
        f"{r[f'highest {y_title}']}, {r[f'last {y_title}']} after {x_title} {r[f'last {x_title}']}"
        for _, r in table.iterrows()
    ]
    return f"Lines of {y_title} over {x_title}, a panel for each stage. " + "; ".join(parts) + "."


def _panels(
    drawn: pd.DataFrame, series: list[str], x_title: str, y_title: str, *, wide: bool
) -> dict[str, Any]:
    """Stages side by side on a page, one under another on a phone; lines named below."""
    panels = list(dict.fromkeys(drawn["panel"]))
    width = (WIDE_TOTAL - GAP * len(panels)) // len(panels) if wide else NARROW_WIDTH
    size = (min(width, 420), WIDE_HEIGHT if wide else NARROW_HEIGHT)
    charts = [
        _panel(drawn, panel, series, size, x_title, y_title if not wide or i == 0 else None)
        for i, panel in enumerate(panels)
    ]
    return finish(alt.concat(*charts, columns=len(panels) if wide else 1, spacing=GAP))


def _panel(
    drawn: pd.DataFrame,
    panel: str,
    series: list[str],
    size: tuple[int, int],
    x_title: str,
    y_title: str | None,
) -> Any:
    """One stage."""
    own = drawn[drawn["panel"] == panel]
    last, high, low = float(own["x"].max()), float(own["value"].max()), float(own["value"].min())
    low = 0.0 if low < 0.3 * high else low - 0.1 * (high - low)
    ticks = [t for t in look.nice_ticks(0, last, max(2, size[0] // 48)) if t == int(t)]
    x_axis = alt.Axis(values=ticks, format=",d", title=x_title, grid=False)
    y_axis = alt.Axis(tickCount=4, title=y_title)
    base = alt.Chart(scatter.named("curves")).transform_filter(
        alt.FieldEqualPredicate(field="panel", equal=panel)
    )
    encoded = base.encode(
        x=alt.X("x:Q", scale=alt.Scale(domain=[0, last * 1.03], nice=False), axis=x_axis),
        y=alt.Y("value:Q", scale=alt.Scale(domain=[low, high * 1.05], nice=False), axis=y_axis),
        color=_colour(series),
        tooltip=[
            alt.Tooltip("group:N", title="series"),
            alt.Tooltip("x:Q", title=x_title, format=",d"),
            alt.Tooltip("value:Q", title="value", format=".3g"),
        ],
    )
    dots = encoded.mark_point(filled=True, size=30, opacity=1 if len(own) < 200 else 0)
    head = alt.Title(panel, fontSize=12, fontWeight="normal", anchor="middle", offset=6)
    layers = alt.layer(encoded.mark_line(strokeWidth=2.2), dots)
    return layers.properties(width=size[0], height=size[1], title=head)


def _colour(series: list[str]) -> alt.Color:
    """The colour channel; with a legend where a panel holds several lines of unknown names."""
    tokens = [f"@group{i}" for i in range(len(series))]
    legend = alt.Legend(title=None, orient="bottom", labelColor="@ink", symbolType="stroke")
    scale = alt.Scale(domain=series, range=tokens)
    return alt.Color("group:N", scale=scale, legend=legend)

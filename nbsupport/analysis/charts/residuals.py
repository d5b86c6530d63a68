"""Figure 3: whether a model moves off its line while it is fine-tuned."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from nbsupport.analysis import trends
from nbsupport.analysis.charts import chart_data, look, scatter
from nbsupport.analysis.charts.figure import Figure, Words
from nbsupport.analysis.charts.frame import domain
from nbsupport.analysis.charts.trend import finish
from nbsupport.errors import UserError

Y_TITLE = ["OOD F1 above the line"]
WIDE_WIDTH, WIDE_HEIGHT, WIDE_GAP = 600, 210, 14
NARROW_WIDTH, NARROW_HEIGHT = 128, 130


def residual_figure(
    points: pd.DataFrame,
    words: Words,
    *,
    role: str = "imagenet/full",
    axis: str = "linear",
    commands: chart_data.Commands = None,
    labels: Mapping[str, str] | None = None,
    margin: float | None = None,
) -> Figure:
    """Residuals from the role's line over fine-tuning epochs, a panel for each family (Figure 3).

    Each family is held against the line of the other families, so that it does not pull its own
    yardstick; one family alone is held against its own. margin: half-width of the shaded zone.
    Raises UserError where the role has no records.
    """
    given = chart_data.rerun_commands(points, commands)
    kept = [c for c, r in zip(given, points["role"], strict=True) if r == role]
    own = chart_data.select(points, [role])
    own = own.assign(residual=leave_family_out(own, axis))
    names = {role: chart_data.label_of(role, labels)}
    marks, rerun = chart_data.point_rows(own, names, "linear", kept)
    shown = np.isfinite(own[[trends.ID, trends.OOD]].to_numpy(float)).all(axis=1)
    for mark, value in zip(marks, own.loc[shown, "residual"], strict=True):
        mark["residual"] = round(float(value), 4) if np.isfinite(value) else None
    datasets = {"points": marks, "commands": rerun}
    shapes = look.family_shapes(dict.fromkeys(own["family"]))
    table = _slopes(own)
    drawn = pd.DataFrame(marks, columns=["epoch", "residual"])
    words = chart_data.remarked(words, _remark(own))
    return Figure(
        **vars(words),
        description=_describe(table, names[role]),
        wide=_panels(drawn, shapes, margin, wide=True),
        narrow=_panels(drawn, shapes, margin, wide=False),
        datasets=datasets,
        palettes=look.palettes([look.group_colours([role], "scratch", role)[role]]),
        data=chart_data.csv_table(own, names).assign(residual=own["residual"]),
        table=table,
    )


def leave_family_out(own: pd.DataFrame, axis: str = "linear") -> np.ndarray:
    """Residual of each point, in scores, from the line of the other families' points [N]."""
    found = np.full(len(own), np.nan)
    families = own["family"].to_numpy()
    x = own["id_macro_f1"].to_numpy(float)
    y = own["ood_macro_f1"].to_numpy(float)
    for family in dict.fromkeys(families):
        held = families == family
        others = ~held if (~held).any() else held
        try:
            line = trends.fit_line(x[others], y[others], axis)
        except UserError:  # too few different scores: those residuals stay missing
            continue
        found[held] = y[held] - line.predict(x[held])
    return found


def _remark(own: pd.DataFrame) -> str:
    """What the panels cannot show and why; nothing where they show all."""
    families = dict.fromkeys(own["family"])
    if len(families) == 1:
        alone = "There is one family, so it is held against its own line."
        return alone if own["residual"].notna().any() else "These points make no line."
    bare = [f for f in families if own.loc[own["family"] == f, "residual"].isna().all()]
    named = chart_data.quoted([look.family_name(str(f)) for f in bare])
    why = "the points of the other families make no line, or it has no score to show"
    return f"No residuals for {named}: {why}." if bare else ""


def _slopes(own: pd.DataFrame) -> pd.DataFrame:
    """A row for each family: its residuals in numbers."""
    rows = []
    for family, part in own.groupby("family", sort=False):
        known = part[np.isfinite(part["residual"])]
        epochs = known["epoch"].to_numpy(float)
        reach = float(np.ptp(epochs)) if len(epochs) else 0.0
        slope = np.polyfit(epochs, known["residual"], 1)[0] if reach else np.nan
        rows.append(
            {
                "family": look.family_name(str(family)),
                "runs": part["seed"].nunique(),
                "epochs": f"{part['epoch'].min():g} to {part['epoch'].max():g}",
                "mean residual": chart_data.signed(float(known["residual"].mean())),
                "drift over these epochs": chart_data.signed(float(slope * reach)),
            }
        )
    return pd.DataFrame(rows)


def _describe(table: pd.DataFrame, label: str) -> str:
    parts = [
        f"{r['family']}: mean {r['mean residual']}, drift {r['drift over these epochs']}"
        for _, r in table.iterrows()
    ]
    yardstick = "the other families" if len(table) > 1 else "their own family"
    return (
        f"Residuals of models pre-trained on {label} from the line of {yardstick}, over "
        "fine-tuning epochs, a panel for each family with a line through the mean of its runs and "
        "a rule at zero. " + "; ".join(parts) + "."
    )


def _panels(
    marks: pd.DataFrame, shapes: dict[str, str], margin: float | None, *, wide: bool
) -> dict[str, Any]:
    """All families in one row on a page, two to a row on a phone; one vertical scale."""
    count = len(shapes)
    width = (WIDE_WIDTH - WIDE_GAP * (count - 1)) // count if wide else NARROW_WIDTH
    size = (min(width, 320), WIDE_HEIGHT if wide else NARROW_HEIGHT)
    reach = [*marks["residual"].dropna(), -(margin or 0.005), margin or 0.005]
    y = domain(np.array(reach) + 1, "shifted")  # shifted: a residual may lie below 0
    span = (y[0] - 1, y[1] - 1)
    columns = count if wide else 2
    panels = [
        _panel(marks, family, shapes, size, span, margin, first=i % columns == 0)
        for i, family in enumerate(shapes)
    ]
    return finish(alt.concat(*panels, columns=columns, spacing=WIDE_GAP))


def _panel(
    marks: pd.DataFrame,
    family: str,
    shapes: dict[str, str],
    size: tuple[int, int],
    span: tuple[float, float],
    margin: float | None,
    *,
    first: bool,
) -> Any:
    """One family: points, the mean of its runs, zero, and the zone of no difference."""
    title = look.family_name(family)
    x, y = _axes(marks, size, span, first=first)
    zone, zero, still = [], _rule({"residual": 0}), f"datum.family === '{title}'"
    if margin:
        area = alt.Chart(scatter.inline([{"residual": -margin, "end": margin}]))
        zone = [area.mark_rect(color="@muted", opacity=0.12).encode(y=y, y2=alt.Y2("end:Q"))]
    base = alt.Chart(scatter.named("points")).transform_filter(still)
    mean = base.mark_line(color="@group0", strokeWidth=2.2, clip=True).encode(
        x=x, y=y.aggregate("mean")
    )
    dots = (
        base.mark_point(
            filled=True, size=38, color="@group0", opacity=0.65, stroke="@paper", strokeWidth=0.5
        )
        .encode(x=x, y=y, shape=scatter.shape(shapes), tooltip=_tooltips())
        .transform_lookup(
            lookup="command",
            from_=alt.LookupData(scatter.named("commands"), key="key", fields=["rerun"]),
        )
    )
    layers = [*zone, zero.encode(y=y), mean, dots]
    head = alt.Title(title, fontSize=12, fontWeight="normal", anchor="middle", offset=6)
    return alt.layer(*layers).properties(width=size[0], height=size[1], title=head)


def _rule(row: dict[str, Any]) -> alt.Chart:
    return alt.Chart(scatter.inline([row])).mark_rule(color="@muted", strokeDash=[2, 3])


def _axes(
    marks: pd.DataFrame, size: tuple[int, int], span: tuple[float, float], *, first: bool
) -> tuple[alt.X, alt.Y]:
    """Channels shared by the panels; only the first of a row writes its vertical ticks."""
    last = float(marks["epoch"].max()) if len(marks) else 1.0
    ticks = [t for t in look.nice_ticks(0, last, max(2, size[0] // 34)) if t == int(t)]
    x = alt.X(
        "epoch:Q",
        scale=alt.Scale(domain=[0, last * 1.06], nice=False),
        axis=alt.Axis(values=ticks, format="d", title="fine-tuning epoch", grid=False),
    )
    values = look.nice_ticks(*span, max(3, size[1] // 42))
    step = look.tick_format(values, "linear")["format"][1:]
    label = f"datum.value == 0 ? '0' : format(datum.value, '+.{step[:-1]}f')"
    axis = alt.Axis(
        values=values, labelExpr=label, labels=first, ticks=first, title=Y_TITLE if first else None
    )
    return x, alt.Y("residual:Q", scale=alt.Scale(domain=list(span), nice=False), axis=axis)


def _tooltips() -> list[alt.Tooltip]:
    residual = alt.Tooltip("residual:Q", title="above the line", format="+.3f")
    first, *rest = scatter.tooltips()
    return [first, *rest[:-1], residual, rest[-1]]

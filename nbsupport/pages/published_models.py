"""Published models: the paper's Figures 2 and 10 with models that others trained and measured."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from nbsupport.analysis import published as measured
from nbsupport.analysis.published import BASE, SHIFTS, Heights, Shift
from nbsupport.analysis.roles import NOMINAL, SCRATCH_COLOUR, SOURCES
from nbsupport.display.explore import explorer_link
from nbsupport.evidence.published.models import published_models
from nbsupport.evidence.published.sources import sources
from nbsupport.pages.page import Page
from nbsupport.pages.published_points import twelve_table as twelve_table
from nbsupport.pages.published_tables import axes_table as axes_table
from nbsupport.pages.published_tables import best_on_camera_traps as best_on_camera_traps
from nbsupport.pages.published_tables import camera_traps as camera_traps
from nbsupport.pages.published_tables import claims_table as claims_table
from nbsupport.pages.published_tables import contrasts_table as contrasts_table
from nbsupport.pages.published_tables import datacomp_table as datacomp_table
from nbsupport.pages.published_tables import heights_table as heights_table
from nbsupport.pages.published_tables import origins as origins
from nbsupport.pages.published_tables import sources_table as sources_table
from nbsupport.pages.published_tables import spreads_table as spreads_table
from nbsupport.pages.published_words import numbers as numbers

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Figure
    from nbsupport.analysis.charts.published import Look, Panel

GREY = ("#8c96a3", "#77818e")
MANY, COMMON = 16, 26  # sizes of marks, where there are hundreds of a group, or about one hundred
# Groups of a figure, by source: colour, shape, and size where it is not the usual. Labels are blue,
# pseudo-labels gold and violet, hashtags red, captions green and teal.
LOOKS = {
    "instagram-940m": (NOMINAL[4], "diamond"),
    "laion-2b": (SOURCES["inaturalist"].colour, "triangle-up"),
    "openai-400m": (SOURCES["imagenet"].colour, "square"),
    "jft-300m": (NOMINAL[3], "triangle-down"),
    "in21k": (SCRATCH_COLOUR, "cross", COMMON),
    "yfcc-90m": (NOMINAL[2], "square"),
    "instagram-1b": (NOMINAL[1], "diamond"),
    BASE: (GREY, "circle", MANY),
}
CLIP_LOOKS = {
    "webli-10b": (NOMINAL[3], "triangle-down"),
    "datacomp-1b": (NOMINAL[0], "cross"),
    "metaclip-2.5b": (NOMINAL[1], "diamond"),
    "laion-2b": (SOURCES["inaturalist"].colour, "triangle-up"),
    "laion-400m": (NOMINAL[2], "triangle-up"),
    "openai-400m": (SOURCES["imagenet"].colour, "square"),
    "commonpool-l": (NOMINAL[4], "cross"),
    "commonpool-m": (NOMINAL[5], "cross"),
    "yfcc-15m": (SCRATCH_COLOUR, "diamond"),
}
CHOICES = [  # what a reader guesses among
    "ImageNet-21K",
    "Instagram 1B, no labels",
    "Instagram 940M, hashtags",
    "JFT 300M, pseudo-labels",
    "LAION 2B, captions",
    "OpenAI 400M, captions",
    "YFCC 90M, pseudo-labels",
]
OTHERS = "other sets"
SLID = 5.0  # points off the line, beyond which nobody would say that a model slid along it


# figures ------------------------------------------------------------------------------------------
def shifts_figure(
    axis: str, *, number: str, caption: str, shifts: Sequence[str] = ("v2", "r")
) -> "Figure":
    """Two shifts beside each other: the line of ImageNet-1K alone, and models of other sources."""
    from nbsupport.analysis.charts.published import published_figure

    own = [_fine_tuned(SHIFTS[name], axis) for name in shifts]
    order = {label_of(source): source for source in LOOKS}
    panels = [_panel(one, order, base=label_of(BASE)) for one in own]
    return published_figure(
        panels,
        _looks(LOOKS),
        _words(_parted(panels), number, caption, explorer_link("published-r", axis=axis)),
        axis=axis,
        beneath=label_of(BASE),
        margins=[one.recipe_spread().median for one in own],
    )


def iwildcam_figure(axis: str, *, number: str, caption: str) -> "Figure":
    """Macro F1 on the paper's own task against ImageNet accuracy, of CLIPs not fine-tuned."""
    from nbsupport.analysis.charts.published import published_figure

    own = _zero_shot(axis)
    named = {short_label(source): source for source in CLIP_LOOKS}
    panel = _panel(own, named, over="all of them")
    title = (
        f"On iWildCam one line explains {100 * own.explained:.0f} % of the differences between "
        f"{len(own.base)} CLIPs; every set lies within {at_most(panel.effects['er'])} points of it"
    )
    looks = _looks({**CLIP_LOOKS, "": (GREY, "circle")}, short_label)
    words = _words(title, number, caption, explorer_link("published-iwildcam", axis=axis))
    return published_figure([panel], looks, words, axis=axis, beneath=OTHERS)


def parts_figure(axis: str, *, number: str, caption: str) -> "Figure":
    """One recipe on 1 to 1/32 of ImageNet-1K: less of the task's own data moves along the line."""
    from nbsupport.analysis.charts import look
    from nbsupport.analysis.charts.published import Look, published_figure

    own = [_on_a_part(SHIFTS[name], axis) for name in ("v2", "r")]
    shares = ["all", "1/2", "1/4", "1/8", "1/16", "1/32"]
    light, dark = (look.ramp(len(shares), r)[::-1] for r in (look.RAMP_LIGHT, look.RAMP_DARK))
    looks = {
        f"{share} of the images" if share != "all" else "all images": Look(pair, "diamond", 70)
        for share, pair in zip(shares, zip(light, dark, strict=True), strict=True)
    }
    standard = "standard trainings, all images"
    panels = [_parts_panel(one, dict(zip(shares, looks, strict=True)), standard) for one in own]
    least = [p.effects.loc[p.effects["group"] == list(looks)[-1], "er"] for p in panels]
    title = _slid(max(map(at_most, least)), axis)
    return published_figure(
        panels,
        {**looks, standard: Look(GREY, "circle")},
        _words(title, number, caption),
        axis=axis,
        beneath=standard,
    )


# the reader's guess -------------------------------------------------------------------------------
def answer(axis: str) -> str:
    """Which source of the first figure lies highest on ImageNet-R, and by how much."""
    first = _highest(axis)
    return f"{first['group']}: {100 * first['er']:.1f} points above the line on average."


def right_option(axis: str) -> str:
    """Which of the reader's options that is."""
    return str(_highest(axis)["group"])


def _highest(axis: str) -> "pd.Series":
    own = _fine_tuned(SHIFTS["r"], axis)
    found = own.groups({label_of(source): [source] for source in LOOKS if source != BASE})
    return found.sort_values("er", ascending=False).iloc[0]


# their parts --------------------------------------------------------------------------------------
def label_of(source: str) -> str:
    """How a figure writes a source."""
    return sources()[source].label if source else OTHERS


def short_label(source: str) -> str:
    """The same where all have captions."""
    return sources()[source].short if source else OTHERS


def _looks(
    given: Mapping[str, tuple[Any, ...]], written: Callable[[str], str] = label_of
) -> "dict[str, Look]":
    from nbsupport.analysis.charts.published import Look

    return {written(source): Look(*look) for source, look in given.items()}


def _panel(
    own: Heights, named: Mapping[str, str], *, base: str = "", over: str = "ImageNet-1K alone"
) -> "Panel":
    """A panel of the groups of these sources (label -> source); with a base only of these."""
    from nbsupport.analysis.charts.published import Panel

    labels = own.models["source"].map({source: label for label, source in named.items()})
    kept = own.models[labels.notna()] if base else own.models
    groups = {label: [source] for label, source in named.items() if label != base}
    effects = own.groups(groups).rename(columns={"models": "cells"})
    rows = {base or OTHERS: (0.0 if base else float("nan"))}
    return Panel(
        title=own.shift.label,
        x_title=own.shift.id_title,
        y_title=f"{own.shift.label} {own.shift.ood_title}",
        points=_points(own, kept, labels.fillna(OTHERS)),
        line=own.line,
        effects=_with_rows(effects, rows, labels.value_counts()),
        over=over,
    )


def _points(own: Heights, rows: "pd.DataFrame", labels: "pd.Series") -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            "group": labels.loc[rows.index],
            "model": rows["model"],
            "architecture": rows["architecture"],
            "data": rows["source"].map(label_of),
            "id": rows[own.shift.id],
            "ood": rows[own.shift.ood],
            "er": own.height.loc[rows.index],
        }
    ).reset_index(drop=True)


def _with_rows(
    effects: "pd.DataFrame", rows: Mapping[str, float], counts: "pd.Series"
) -> "pd.DataFrame":
    """The effects, and rows for groups that have none of their own: the line's, and the rest."""
    import pandas as pd

    nan = float("nan")
    more = [(name, er, nan, nan, int(counts.get(name, 0))) for name, er in rows.items()]
    columns = ["group", "er", "low", "high", "cells"]
    return pd.concat([effects[columns], pd.DataFrame(more, columns=columns)], ignore_index=True)


def _parts_panel(own: Heights, labels: Mapping[str, str], standard: str) -> "Panel":
    """A panel of single models: their heights have no interval, and may be extrapolated."""
    from nbsupport.analysis.charts.published import Panel

    nan = float("nan")
    shares = own.models["share"].map(labels)
    heights = {name: own.height[shares == name].mean() for name in labels.values()}
    none = own.height.iloc[:0].to_frame("er").assign(group="", low=nan, high=nan, cells=0)
    counts = shares.value_counts()
    return Panel(
        title=own.shift.label,
        x_title=own.shift.id_title,
        y_title=f"{own.shift.label} {own.shift.ood_title}",
        points=_points(own, own.models, shares.fillna(standard)),
        line=own.line,
        effects=_with_rows(none, heights | {standard: 0.0}, counts),
        over="standard trainings on all of it",
    )


def _parted(panels: "Sequence[Panel]") -> str:
    """A title: how far sources lie from the line of ImageNet-1K alone on either shift."""
    near, far = (at_most(panel.effects["er"]) for panel in panels)
    first, second = (panel.title for panel in panels)
    if far < 2 * near:
        return f"Sources lie within {near} points of one line on {first}, within {far} on {second}"
    return (
        f"On {first} every source lies within {near} points of one line; "
        f"on {second} up to {far:.0f} points off it"
    )


def _slid(off: float, axis: str) -> str:
    """A title: how far off the line the model of the fewest images lies, in points."""
    if off > SLID:
        return (
            f"On {axis} axes the line does not reach that far down: with 1/32 of the images a "
            f"model lies {off} points off it"
        )
    return (
        "Less of the task's own data moves a model down the line: with 1/32 of the images it is "
        f"still within {off} points of it"
    )


def at_most(heights: "pd.Series") -> float:
    """The largest of some heights in points, rounded up to a tenth."""
    return math.ceil(1000 * float(heights.abs().max())) / 10


def _words(title: str, number: str, caption: str, explore: str = "") -> Any:
    from nbsupport.analysis.charts import Words
    from nbsupport.display.figure_request import anchor

    subtitle = "Published models: trained and measured by others, read from their tables"
    return Words(title, subtitle, number, caption, anchor(number), explore)


@cache
def _fine_tuned(shift: Shift, axis: str) -> Heights:
    return measured.fine_tuned(published_models(), shift, axis)


@cache
def _zero_shot(axis: str) -> Heights:
    return measured.zero_shot(published_models(), axis=axis)


@cache
def _on_a_part(shift: Shift, axis: str) -> Heights:
    return measured.on_a_part(published_models(), shift, axis)


PAGE = Page("published_models", "What published models say")

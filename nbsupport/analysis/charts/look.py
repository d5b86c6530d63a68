"""The look of every figure: colours for both themes, shapes by family, ticks, configuration.

A specification names its colours by tokens such as "@ink"; a theme says what each token is. So one
specification serves the light and the dark page, and only the table of tokens differs.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import cycle, pairwise
from typing import Any

import numpy as np

from nbsupport import registry
from nbsupport.analysis.roles import NOMINAL, SCRATCH_COLOUR, SOURCES, role_of

FONT = 'Inter, system-ui, "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", sans-serif'
THEMES = ("light", "dark")

INKS = {
    "light": {"@ink": "#222832", "@muted": "#56616f", "@grid": "#dfe3e8", "@paper": "#ffffff"},
    "dark": {"@ink": "#ced6dd", "@muted": "#9ca4af", "@grid": "#333c49", "@paper": "#121212"},
}
# The paper's two reference lines keep their colours in every figure: (light, dark).
SCRATCH, FULL = SCRATCH_COLOUR, SOURCES["imagenet"].colour
INATURALIST = SOURCES["inaturalist"].colour
# Ordered groups, few to many: gold, orange, red, magenta, violet, equally spaced in lightness.
RAMP_LIGHT = ("#b38600", "#cf6a16", "#cb4150", "#a52a80", "#6d2c96")
RAMP_DARK = ("#ffe08a", "#ffb066", "#ff8585", "#ef82cb", "#bd9bf7")

SPARE_SHAPES = ("triangle-left", "triangle-right", "wedge")  # for families that ask for none


def family_name(family: str) -> str:
    """How a family is written in a figure; one that is not known here as it is."""
    found = registry.FAMILIES.find(family)
    return str(found.FAMILY.title) if found else family


def family_shapes(families: Iterable[str]) -> dict[str, str]:
    """A shape for each family; those that their files name stay the same in every figure."""
    spare = cycle(SPARE_SHAPES)
    found = {family: registry.FAMILIES.find(family) for family in families}
    return {f: (own and own.FAMILY.shape) or next(spare) for f, own in found.items()}


def ramp(count: int, stops: Sequence[str]) -> list[str]:
    """`count` colours along the stops, first to last, mixed in linear RGB."""
    if count == 1:
        return [stops[len(stops) // 2]]
    rgb = np.array([[int(s[i : i + 2], 16) for i in (1, 3, 5)] for s in stops], dtype=float) ** 2.2
    at = np.linspace(0, len(stops) - 1, count)
    mixed = np.column_stack([np.interp(at, range(len(stops)), rgb[:, k]) for k in range(3)])
    channels = np.rint(mixed ** (1 / 2.2)).astype(int)
    return ["#" + "".join(f"{c:02x}" for c in row) for row in channels]


def group_colours(
    roles: Sequence[str], reference: str, full: str, ordered: bool | None = None
) -> dict[str, tuple[str, str]]:
    """(light, dark) colour by role. `ordered` groups, given from many to few, get the ramp."""
    own = {r: colour for r in roles if (colour := role_of(r).colour)}
    fixed = {**own, reference: SCRATCH, full: FULL}
    rest = [r for r in roles if r not in fixed]
    if ordered is None:
        ordered = len(rest) > 1 and all(role_of(r).is_amount for r in rest)
    if ordered:
        light, dark = ramp(len(rest), RAMP_LIGHT)[::-1], ramp(len(rest), RAMP_DARK)[::-1]
        chosen = list(zip(light, dark, strict=True))
    else:
        chosen = [NOMINAL[i % len(NOMINAL)] for i in range(len(rest))]
    return {**{r: fixed[r] for r in roles if r in fixed}, **dict(zip(rest, chosen, strict=True))}


def palettes(colours: Sequence[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """What each token is in each theme; group i is "@group<i>"."""
    return {
        theme: {**INKS[theme], **{f"@group{i}": pair[k] for i, pair in enumerate(colours)}}
        for k, theme in enumerate(THEMES)
    }


def paint(node: Any, palette: dict[str, str]) -> Any:
    """A copy of a specification with its colour tokens replaced."""
    if isinstance(node, dict):
        return {k: v if k == "datasets" else paint(v, palette) for k, v in node.items()}
    if isinstance(node, list):
        return [paint(v, palette) for v in node]
    return palette.get(node, node) if isinstance(node, str) else node


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round values inside [low, high]."""
    for power in range(math.floor(math.log10(max(high - low, 1e-9))) - 2, 9):
        for unit in (1, 2, 5):
            step = unit * 10.0**power
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
            if last - first + 1 <= most:
                return [round(i * step, 10) for i in range(first, last + 1)]
    return [low, high]


def score_ticks(low: float, high: float, pixels: int, axis: str, apart: int) -> list[float]:
    """Tick positions on the (transformed) axis, at least `apart` pixels from one another."""
    if axis == "linear":
        return nice_ticks(low, high, max(2, pixels // apart))
    from nbsupport.analysis.trends import transform

    scores = np.array([0.01, 0.02, 0.05, *np.arange(1, 10) / 10, 0.95, 0.98, 0.99])
    at = np.asarray(transform(scores, axis), dtype=float)
    kept: list[float] = []
    for value in at[(at >= low) & (at <= high)]:
        if not kept or (value - kept[-1]) / (high - low) * pixels >= apart:
            kept.append(float(value))
    return kept


def tick_format(ticks: Sequence[float], axis: str) -> dict[str, Any]:
    """How an axis writes its ticks: always as scores, also where the axis is transformed."""
    if axis == "logit":
        return {"labelExpr": "format(1 / (1 + exp(-datum.value)), '.2~f')"}
    if axis == "probit":
        return {"labelExpr": "format(cumulativeNormal(datum.value), '.2~f')"}
    step = min((b - a for a, b in pairwise(ticks)), default=0.1)
    return {"format": f".{max(1, math.ceil(-math.log10(step) - 1e-9))}f"}


def config() -> dict[str, Any]:
    """The Vega-Lite configuration that every figure shares."""
    text = {"labelColor": "@ink", "titleColor": "@ink", "labelFontSize": 11}
    return {
        "font": FONT,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": {
            **text,
            "gridColor": "@grid",
            "gridWidth": 1,
            "domainColor": "@muted",
            "tickColor": "@muted",
            "tickSize": 4,
            "labelPadding": 4,
            "titleFontWeight": "normal",
            "titleFontSize": 12,
            "titlePadding": 8,
        },
        "title": {
            "color": "@ink",
            "subtitleColor": "@muted",
            "fontSize": 17,
            "subtitleFontSize": 12,
            "anchor": "start",
            "offset": 14,
            "subtitlePadding": 5,
        },
    }

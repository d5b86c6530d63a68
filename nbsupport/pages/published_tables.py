"""The tables of the page on published models."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from html import escape
from itertools import groupby
from math import isfinite
from typing import TYPE_CHECKING

from nbsupport.analysis import claims as of_paper
from nbsupport.analysis import published as measured
from nbsupport.analysis.claims import Claim
from nbsupport.analysis.published import ALL_CLASSES, SHIFTS, SKETCH, V2, Estimate, Heights
from nbsupport.analysis.trends import AXES
from nbsupport.display.html import Html, signed, table
from nbsupport.evidence.published.models import published_models
from nbsupport.evidence.published.sources import PublishedSource, sources
from nbsupport.evidence.published.tables import PUBLICATIONS, SHOTS
from nbsupport.evidence.published.verdicts import (
    Found,
    PublishedContrast,
    PublishedVerdict,
    find,
    published_contrasts,
    published_verdicts,
)

if TYPE_CHECKING:
    import pandas as pd

DATACOMP_SIZES = {"s": "S", "m": "M", "l": "L", "xl": "XL"}
FILTERS = {
    "": "none",
    "basic": "language, length, size",
    "text": "words of ImageNet's classes",
    "image": "images like ImageNet's",
    "laion": "as LAION",
    "clip": "pairs that agree",
    "datacomp": "images like ImageNet's, in pairs that agree",
}


# what there is ------------------------------------------------------------------------------------
def origins() -> Html:
    """Where the tables were published, and how many of their models the page uses."""
    counts = published_models()["publication"].value_counts()
    rows = []
    for name, given in groupby(PUBLICATIONS, key=lambda p: p.name):
        first = next(given)
        where = f"github.com/{first.repository}, commit {first.commit}"
        rows.append((first.title, where, first.licence, f"{counts[name]:,}"))
    return table(("publication", "where", "licence", "models"), rows, numeric=[3])


def sources_table() -> Html:
    """The vocabulary of pre-training data: every source that some model has."""
    counts = published_models()["source"].value_counts()
    used = [source for source in sources().values() if source.id in counts.index]
    rows = [_source_row(source, int(counts[source.id])) for source in used]
    header = ("pre-training data", "images", "supervision", "models", "reference", "in contrasts")
    return table(header, rows, numeric=[1, 3])


def _source_row(source: PublishedSource, models: int) -> tuple[str, ...]:
    images = f"{source.images:,}" if source.images else "–"
    counted = "" if source.counts == "images" else f" ({source.counts})"
    use = f"no: {source.apart}" if source.apart else "yes"
    what = (source.label, images + counted, source.supervision)
    return (*what, f"{models:,}", source.reference, use)


# heights over the line ----------------------------------------------------------------------------
def heights_table(axis: str) -> Html:
    """Mean ER of every source of timm's models, on each shift."""
    present = {*by_shift(axis)["v2"].models["source"]}
    shown = [s for s in sources().values() if s.id in present and not s.apart and s.id != "in1k"]
    rows = []
    for source in shown:
        found = [mean_of(source.id, shift, axis) for shift in SHIFTS]
        rows.append((source.label, *map(_estimate, found)))
    return table(("pre-training data", *(s.label for s in SHIFTS.values())), rows)


def _estimate(found: Estimate) -> Html:
    """An estimate in points, its interval, and what it rests on; a line each."""
    outside = f", {found.outside} outside" if found.outside else ""
    if not found.models:
        return _lines("none in range", outside.removeprefix(", "))
    return _lines(points(found.value, sign=True), interval(found), f"of {found.models}{outside}")


def interval(found: Estimate) -> str:
    """The 95 % interval in points, or why there is none."""
    if not isfinite(found.low):
        return "no interval"
    return f"{points(found.low, sign=True)} to {points(found.high, sign=True)}"


def points(value: float, *, sign: bool = False) -> str:
    """A score, or a difference of two, in points, of which one has a hundred."""
    return signed(100 * value, 1) if sign else f"{100 * value:.1f}"


def _lines(*lines: str) -> Html:
    """Lines that are not broken further."""
    whole = [line.replace(" ", "\N{NO-BREAK SPACE}") for line in lines if line]
    return Html("<br>".join(whole), "; ".join(lines))


@cache
def mean_of(source: str, shift: str, axis: str) -> Estimate:
    """Mean ER of a source on a shift, measured once."""
    own = by_shift(axis)[shift]
    return own.mean(own.models["source"] == source)


@cache
def by_shift(axis: str) -> dict[str, Heights]:
    """timm's models on each shift."""
    models = published_models()
    return {name: measured.fine_tuned(models, shift, axis) for name, shift in SHIFTS.items()}


def contrasts_table(axis: str) -> Html:
    """Every contrast within architectures, on each shift."""
    pairs = [one for one in published_contrasts().values() if one.measure == "pair"]
    found = list(find(pairs, by_shift(axis)))
    rows = [
        (contrast.text, contrast.about, *(_estimate(one.estimate) for one in own))
        for contrast, own in _by_contrast(found)
    ]
    return table(("contrast", "architectures", *(s.label for s in SHIFTS.values())), rows)


def _by_contrast(found: Iterable[Found]) -> Iterator[tuple[PublishedContrast, list[Found]]]:
    for contrast, own in groupby(found, key=lambda one: one.contrast):
        yield contrast, list(own)


@cache
def said(axis: str) -> dict[str, PublishedVerdict]:
    """What published models say on each claim, judged once."""
    return published_verdicts(axis=axis)


# claims -------------------------------------------------------------------------------------------
def claims_table(axis: str) -> Html:
    """What published models say on claims of the book, what they rest on, and what limits it."""
    rows = [
        (_claim(of_paper.load()[name]), verdict.word, _shown(verdict), _listed(verdict.caveats))
        for name, verdict in said(axis).items()
    ]
    header = ("the claim, as titles have it", "published models", "in points", "beside it")
    return table(header, rows)


def _claim(claim: Claim) -> str:
    return f"{claim.title} (Section {claim.section})"


def _shown(verdict: PublishedVerdict) -> Html:
    """Each contrast with its numbers on every shift."""
    lines = []
    for contrast, own in _by_contrast(verdict.found):
        numbers = (
            f"{SHIFTS[one.shift].label} {points(one.estimate.value, sign=True)} "
            f"({interval(one.estimate)})"
            for one in own
        )
        lines.append(f"{contrast.text}: {'; '.join(numbers)}")
    return _listed(lines)


def _listed(lines: Sequence[str]) -> Html:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    style = "margin:0;padding-left:1.1em"
    return Html(f'<ul style="{style}">{items}</ul>', "; ".join(lines))


def axes_table() -> Html:
    """The verdicts on linear, logit and probit axes."""
    found = {axis: said(axis) for axis in AXES}
    rows = [
        (_claim(of_paper.load()[name]), *(found[axis][name].word for axis in AXES))
        for name in found[AXES[0]]
    ]
    return table(("the claim", *AXES), rows)


# how much is recipe -------------------------------------------------------------------------------
def spreads_table(axis: str) -> Html:
    """How much ER differs by recipe alone, on each shift."""
    models = published_models()
    names = ("many recipes of one architecture", "many fine-tunings of one CLIP")
    recipes = [one.recipe_spread() for one in by_shift(axis).values()]
    soups = [measured.one_model(models, shift, axis) for shift in (V2, SKETCH, ALL_CLASSES)]
    rows = []
    for name, spreads in zip(names, (recipes, soups), strict=True):
        first = spreads[0]
        told = f"{first.recipes} trainings of {first.architectures} architecture"
        plural = "s" if first.architectures > 1 else ""
        rows.append((name, told + plural, *(points(spread.median) for spread in spreads)))
    header = ("standard deviation of", "rests on", *(s.label for s in SHIFTS.values()))
    return table(header, rows, numeric=[2, 3, 4])


# the paper's own kind of task ---------------------------------------------------------------------
def datacomp_table() -> Html:
    """DataComp's grid: ImageNet accuracy and iWildCam F1 by filter and size."""
    grid = datacomp()
    rows = []
    for name, text in FILTERS.items():
        own = grid[grid["filter"] == name].set_index("size")
        rows.append((text, *(_cell(own, size) for size in DATACOMP_SIZES)))
    return table(("filter", *DATACOMP_SIZES.values()), rows)


def _cell(own: "pd.DataFrame", size: str) -> Html | str:
    if size not in own.index:
        return "–"
    known, new = own.loc[[size], ["imagenet", "iwildcam"]].to_numpy(dtype=float)[0]
    return _lines(f"{points(known)} → {points(new)}")


def datacomp() -> "pd.DataFrame":
    """DataComp's models: size, filter, architecture, imagenet, iwildcam; read from their tags."""
    models = published_models()
    pattern = r"^(?P<pool>commonpool|datacomp)_(?P<size>xl|s|m|l)_(?:(?P<filter>[a-z]+)_)?s\d"
    parsed = models["tag"].str.extract(pattern).dropna(subset=["pool"])
    parsed["filter"] = parsed["filter"].fillna("").where(parsed["pool"] != "datacomp", "datacomp")
    found = models.join(parsed[["size", "filter"]], how="inner")
    # XL was trained twice under one filter: the grid has the larger network
    return found.sort_values("params_m").drop_duplicates(["size", "filter"], keep="last")


def camera_traps() -> Html:
    """Accuracy on camera traps after fine-tuning, by pre-training set: the best recipe of each."""
    best = best_on_camera_traps()
    names = {"shots_5": "5 of each class", "shots_20": "20 of each class", "shots_all": "all"}
    rows = []
    for name, found in zip(best.index, best[list(names)].to_numpy(), strict=True):
        source = sources()[str(name)]
        rows.append((source.short, f"{source.images / 1e6:g} million", *map(points, found)))
    header = ("pre-training data", "pairs", *names.values())
    return table(header, rows, numeric=range(1, 5))


def best_on_camera_traps() -> "pd.DataFrame":
    """The best accuracy of each source, a column for each number of shots; the best source first.

    The best of the recipes that were published, which was chosen on the test images.
    """
    models = published_models()
    own = models[models["publication"] == "entezari"]
    return own.groupby("source")[list(SHOTS)].max().sort_values("shots_all", ascending=False)

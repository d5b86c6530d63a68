"""The page on statistics: how a verdict is made, and how often the rules are wrong."""

from collections.abc import Iterable, Sequence
from functools import cache
from math import isfinite, sqrt
from typing import Any

import numpy as np

from nbsupport.analysis import claims
from nbsupport.analysis.contrasts import MARGIN
from nbsupport.analysis.error_rates import (
    METHODS,
    Coverage,
    Design,
    band_coverage,
    rates,
)
from nbsupport.analysis.intervals import Contrast
from nbsupport.analysis.points import ID, OOD
from nbsupport.analysis.roles import SCRATCH
from nbsupport.analysis.worlds import few
from nbsupport.display.html import Html, note, signed, span, table
from nbsupport.display.scripted import scripted
from nbsupport.display.tabs import together
from nbsupport.display.verdict_table import badge, common_reach, interval_bar
from nbsupport.evidence.recorded import Recorded
from nbsupport.pages.by_hand import by_hand as by_hand
from nbsupport.pages.by_hand import interval_table as interval_table
from nbsupport.pages.by_hand import left_out_table as left_out_table
from nbsupport.pages.by_hand import records_of_examples
from nbsupport.pages.by_hand import runs_table as runs_table
from nbsupport.pages.page import Page
from nbsupport.pages.two_worlds import CASE, WORLDS, case_numbers
from nbsupport.pages.two_worlds import case_table as case_table
from nbsupport.pages.two_worlds import ladders_table as ladders_table
from nbsupport.pages.worked_examples import plus_numbers

ABOUT = (CASE, "small-subset-helps", "granularity-order", "natural-sources", "fractals-between")
SIZES = (3, 5, 9, 25)  # runs of a study
TRUE = [round(float(v), 2) for v in np.linspace(-2, 3, 101)]  # in margins
MOSTLY = 0.8  # of the studies
SHOWN = (-1.0, 0.0, 0.5, 1.0, 2.0)  # of these, where no script runs
NAMES = {
    "epochs": "epochs as independent",
    "bootstrap": "bootstrap over runs",
    "jackknife": "jackknife over runs",
}


def _own() -> Recorded:
    """The records that every example is taken from, under whatever profile."""
    return records_of_examples()


# bands --------------------------------------------------------------------------------------------
def coverage_table() -> Html:
    """How often a 95 % band holds the line of all recorded runs, by method and number of runs."""
    header = ["runs in a study", *NAMES.values()]
    rows = [
        (f"{count}", *(f"{told[m].share:.0%} (width {told[m].width:.4f})" for m in METHODS))
        for count, told in coverages().items()
    ]
    return table(header, rows)


@cache
def coverages() -> dict[int, dict[str, Coverage]]:
    """By number of runs and by method."""
    points = _own().points(WORLDS[0])
    own = points[points["role"] == SCRATCH].groupby(["family", "seed"])
    runs = [run[[ID, OOD]].to_numpy(float) for _, run in own]
    return {count: band_coverage(runs, count) for count in SIZES}


# equivalence --------------------------------------------------------------------------------------
def contrasts_of() -> list[Contrast]:
    """Every difference in effective robustness that a claim of the paper rests on, in world 1."""
    own = [c for c in claims.load().values() if not c.control and c.statistic == "er"]
    found = _own().judged([c.id for c in own], WORLDS[0]).values()
    every = {c.name: c for compared, _ in found for c in compared.contrasts}
    return [c for c in every.values() if isfinite(c.estimate.half) and isfinite(c.gap.half)]


def _kinds() -> dict[tuple[bool, bool], list[Contrast]]:
    """By whether the interval holds 0, and whether it lies inside the margin."""
    found: dict[tuple[bool, bool], list[Contrast]] = {}
    for c in contrasts_of():
        holds, inside = c.low <= 0 <= c.high, c.minus.high < 0 and c.plus.low > 0
        found.setdefault((holds, inside), []).append(c)
    return found


_SAID = {
    (True, True): "no difference is seen, and none of a size that counts is possible: the same",
    (True, False): "no difference is seen, and one that counts is possible: nothing is shown",
    (False, True): "there is a difference, too small to count: the same",
    (False, False): "there is a difference, and it may count",
}


def equivalence_table() -> Html:
    """Differences by what a test of no difference says, and by what an equivalence test says."""
    found, words = _kinds(), ("no", "yes")
    rows = [
        (
            told,
            words[holds],
            words[inside],
            f"{len(found.get((holds, inside), []))}",
            _example(found.get((holds, inside), [])),
        )
        for (holds, inside), told in _SAID.items()
    ]
    header = ("what is said", "interval holds 0", "inside the margin", "differences", "such as")
    return roomy(table(header, rows, numeric=[3]))


def _example(found: Sequence[Contrast]) -> Any:
    if not found:
        return "none"
    c = found[0]
    text = f"{c.name}: {signed(c.estimate.value, 4)} ({span(c.low, c.high)})"
    return Html(f"{text} {interval_bar(c, common_reach([c]))}", text)


# what an interval is about ------------------------------------------------------------------------
def populations_table() -> Html:
    """The same differences with three intervals, and what their variance is made of."""
    runs, rows = _own(), []
    for key, (found, _) in runs.judged(ABOUT, WORLDS[0]).items():
        if found.contrasts and found.contrasts[0].by_family:
            rows.append(_about(found.contrasts[0], runs.over_worlds([key])))
    header = (
        *("difference", "estimate", "these families", "architectures like these"),
        *("worlds (how many)", "variance by family"),
    )
    counted = [found.worlds for found, _ in runs.over_worlds(ABOUT).values() if found.worlds]
    told = few(min(counted, default=0))
    return together(table(header, rows), note(told)) if told else table(header, rows)


def _about(c: Contrast, over: dict[str, Any]) -> tuple[str, ...]:
    assert c.by_family is not None
    summary = next((found for found, _ in over.values() if found.worlds), None)
    wider = "fewer than two worlds"
    if summary is not None:
        mean = summary.contrasts[0].estimate
        wider = f"{span(mean.low, mean.high)} ({summary.worlds})"
    share = f"{c.shares[0]:.0%}"
    other = c.by_family.estimate
    spans = (span(c.low, c.high), span(other.low, other.high), wider)
    return (c.name, signed(c.estimate.value, 4), *spans, share)


# axis and margin ----------------------------------------------------------------------------------
@cache
def _sensitivity() -> dict[str, list[str]]:
    """By claim, the verdict on each axis, then at the other margins."""
    runs = _own()
    cells = runs.cells(WORLDS[0])
    options = {"simulated": runs.profile.simulated, "chances": runs.profile.chances(WORLDS[0])}
    own = [c.id for c in claims.load().values() if not c.control]
    tables = {key: list(claims.sensitivity(key, cells, **options)["verdict"]) for key in own}
    return {key: words for key, words in tables.items() if words[0] != "not run"}


def sensitivity_table() -> Html:
    """The claims whose verdict in world 1 depends on the axis or the margin; a dash: it stays."""
    header = ("claim", "linear, 0.25", "logit", "probit", "margin 0.15", "margin 0.33")
    rows = [
        (claims.load()[key].text, _badge(first), *(_changed(first, word) for word in others))
        for key, (first, *others) in _sensitivity().items()
        if set(others) != {first}
    ]
    return roomy(table(header, rows))


def roomy(shown: Html) -> Html:
    """A table whose rows begin with a sentence."""
    return Html(f'<div class="nb-roomy">{shown.html}</div>', shown.text)


def _badge(text: str) -> Html:
    return Html(badge(text.split(" to")[0].split(" against")[0].strip(), text), text)


def _changed(first: str, word: str) -> Any:
    return "\N{EN DASH}" if word == first else _badge(word)


# error rates --------------------------------------------------------------------------------------
def spread_of_cells() -> float:
    """The spread of a cell's difference in gaps: the median over the paper's differences."""
    sizes = [
        c.estimate.se * sqrt(c.cells) / c.gap.value
        for c in contrasts_of()
        if c.gap.value > 0 and c.cells > 1
    ]
    return float(np.median(sizes))


def designs() -> dict[str, Design]:
    """The studies whose error rates are shown."""
    spread = spread_of_cells()
    return {
        "3 families x 3 seeds": Design(3, 3, spread),
        "5 families x 5 seeds": Design(5, 5, spread),
        "10 families x 10 seeds": Design(10, 10, spread),
        "5 x 5, families differ in the effect by half a margin": Design(5, 5, spread, MARGIN / 2),
    }


@cache
def _rates() -> dict[str, dict[str, dict[str, list[float]]]]:
    return {name: rates(TRUE, design) for name, design in designs().items()}


def error_rates() -> Html:
    """How often each word is said, by the true difference: with a slider where a script runs."""
    found = _rates()
    data = {
        "true": TRUE,
        "designs": [
            {
                "label": name,
                "kinds": {
                    kind: {word: [round(v, 4) for v in share] for word, share in shares.items()}
                    for kind, shares in kinds.items()
                },
            }
            for name, kinds in found.items()
        ],
    }
    return scripted("rates", data, ("rates.js",), _rates_table(found))


def _rates_table(found: dict[str, dict[str, dict[str, list[float]]]]) -> Html:
    """The same for a few true differences."""
    places = [TRUE.index(v) for v in SHOWN]
    rows = [
        (name, kind, word, *(f"{shares[place]:.1%}" for place in places))
        for name, kinds in found.items()
        for kind, words in kinds.items()
        for word, shares in words.items()
    ]
    header = ("study", "claim", "word", *(f"true: {v:g} margins" for v in SHOWN))
    return table(header, rows, numeric=range(3, 3 + len(SHOWN)))


# numbers in the prose -----------------------------------------------------------------------------
def numbers() -> dict[str, str]:
    """What the page's prose quotes, as text to glue."""
    return {
        **by_hand().numbers,
        **plus_numbers(),
        **power_numbers(),
        **_band_numbers(),
        **_equivalence_numbers(),
        **_sensitivity_numbers(),
        **_rate_numbers(),
        **case_numbers(),
    }


def _band_numbers() -> dict[str, str]:
    few, told = coverages()[SIZES[0]], coverages()
    points = _own().points(WORLDS[0])
    scratch = points[points["role"] == SCRATCH]
    return {
        "population": f"{len(scratch[['family', 'seed']].drop_duplicates())}",
        "few": f"{SIZES[0]}",
        "epochs-few": f"{few['epochs'].share:.0%}",
        "bootstrap-few": f"{few['bootstrap'].share:.0%}",
        "jackknife-few": f"{few['jackknife'].share:.0%}",
        "epochs-many": f"{told[SIZES[-1]]['epochs'].share:.0%}",
        "many": f"{SIZES[-1]}",
        "bootstrap-many": f"{told[SIZES[-1]]['bootstrap'].share:.0%}",
    }


def _equivalence_numbers() -> dict[str, str]:
    found = _kinds()
    count = {kind: len(own) for kind, own in found.items()}
    unseen = count.get((True, True), 0) + count.get((True, False), 0)
    return {
        "differences": f"{sum(count.values())}",
        "unseen": f"{unseen}",
        "shown-same": f"{count.get((True, True), 0)}",
        "open": f"{count.get((True, False), 0)}",
        "small-but-real": f"{count.get((False, True), 0)}",
    }


def _sensitivity_numbers() -> dict[str, str]:
    every = list(_sensitivity().values())

    def changed(places: Iterable[int]) -> str:
        own = list(places)
        return f"{sum(any(words[p] != words[0] for p in own) for words in every)}"

    return {
        "claims": f"{len(every)}",
        "axis-changes": changed((1, 2)),
        "margin-changes": changed((3, 4)),
        "any-changes": changed(range(1, 5)),
    }


def _rate_numbers() -> dict[str, str]:
    found, zero, one = _rates(), TRUE.index(0.0), TRUE.index(1.0)
    half = TRUE.index(0.5)
    first, second = list(found)[:2]
    return {
        "spread": f"{spread_of_cells():.2f}",
        "false-higher": f"{found[first]['higher']['supported'][zero]:.1%}",
        "false-same": f"{found[first]['same']['supported'][one]:.1%}",
        "half-higher-9": f"{found[first]['higher']['supported'][half]:.0%}",
        "half-higher-25": f"{found[second]['higher']['supported'][half]:.0%}",
        "families-higher": f"{list(found.values())[-1]['higher']['supported'][zero]:.1%}",
    }


def power_numbers() -> dict[str, str]:
    """By the number of cells, the smallest true difference that is mostly found, in margins.

    Mostly: "higher" is supported in four of five studies. `missed-9`: how often a study of 9 cells
    does not find a difference of one margin. As text to glue.
    """
    nine, more = list(_rates().values())[:2]
    one = nine["higher"]["supported"][TRUE.index(1.0)]
    return {
        "found-9": _mostly_found(nine["higher"]["supported"]),
        "found-25": _mostly_found(more["higher"]["supported"]),
        "missed-9": f"{1 - one:.0%}",
    }


def _mostly_found(shares: Sequence[float]) -> str:
    found = [true for true, share in zip(TRUE, shares, strict=True) if share >= MOSTLY]
    return f"{found[0]:g}" if found else f"more than {TRUE[-1]:g}"


PAGE = Page("statistics", "Statistics: how a verdict is made", whole_book=True)

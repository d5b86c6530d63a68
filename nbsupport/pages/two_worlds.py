"""Two worlds, two verdicts: how version 1 of the rules contradicted a true claim."""

from functools import cache
from itertools import combinations
from math import sqrt

import numpy as np

from nbsupport.analysis import rules_1, worlds
from nbsupport.analysis.claims import Compared
from nbsupport.analysis.error_rates import STUDIES, Design, ladder_words
from nbsupport.analysis.intervals import Contrast, Interval
from nbsupport.analysis.verdicts import judge
from nbsupport.display.html import Html, signed, span, table
from nbsupport.display.verdict_table import badge, common_reach, interval_bar
from nbsupport.pages.by_hand import records_of_examples

CASE = "quantity-imagenet"  # the claim that two worlds disagreed on
WORLDS = (1, 2)
SETTLES = ("contradicted", "supported")


@cache
def _case() -> dict[int, Compared]:
    """The claim's contrasts in each of the two worlds, where they were run."""
    found = {n: records_of_examples().judged([CASE], n)[CASE][0] for n in WORLDS}
    return {n: compared for n, compared in found.items() if compared.contrasts}


def case_table() -> Html:
    """Each part of the ladder in both worlds, with the word that each version gives it alone."""
    case = _case()
    reach = common_reach([c for compared in case.values() for c in compared.contrasts])
    rows = [
        (part[0].name, *(_step(c, reach) for c in part))
        for part in zip(*(compared.contrasts for compared in case.values()), strict=True)
    ]
    rows.append(("the whole claim", *(_whole(n) for n in case)))
    return table(("difference", *(f"world {n}" for n in case)), rows)


def _step(c: Contrast, reach: float) -> Html:
    first, second = rules_1.judge("higher", c)[0], judge("higher", c).word
    told = f"{signed(c.estimate.value, 4)} ({span(c.low, c.high)})"
    parts = (told, f"Version 1: {first}", f"Version 2: {second}")
    return Html(f"{interval_bar(c, reach)}{'<br>'.join(parts)}", ", ".join(parts))


def case_words(number: int) -> tuple[str, str]:
    """What both versions of the rules say on the claim in a world."""
    runs, found = records_of_examples(), _case()[number]
    before = rules_1.word(found.claim, runs.cells(number), found.contrasts)
    return before, runs.judged([CASE], number)[CASE][1].text


def _whole(number: int) -> Html:
    first, second = case_words(number)
    text = f"Version 1: {first}. Version 2: {second}"
    return Html(f"Version 1: {badge(first)}<br>Version 2: {badge(second)}", text)


def _ladders() -> dict[str, tuple[list[float], Design]]:
    """True ladders to simulate: steps and spreads as in each world's runs, and even steps."""
    found = {}
    for number, compared in _case().items():
        gap, steps = compared.contrasts[0].gap.value, compared.contrasts[1:]
        spread = np.mean([c.estimate.se * sqrt(c.cells) / gap for c in steps])
        cells, families = steps[0].cells, steps[0].families
        design = Design(families, cells // families, float(spread))
        true = [c.estimate.value / gap for c in steps]
        name = f"steps as measured on world {number}, {families} x {design.seeds} cells"
        found[name] = (true, design)
        even = f"even steps of the same sum, {families} x {design.seeds} cells"
        found[even] = ([float(np.mean(true))] * len(true), design)
    return found


@cache
def _ladder_words() -> dict[str, dict[int, np.ndarray]]:
    return {
        name: ladder_words(*ladder, seed=place)
        for place, (name, ladder) in enumerate(_ladders().items())
    }


def ladders_table() -> Html:
    """How often each version contradicts ladders that are true, and supports them."""
    rows = []
    for name, said in _ladder_words().items():
        shares = [(said[v] == word).mean() for word in SETTLES for v in (1, 2)]
        rows.append((name, *(f"{share:.1%}" for share in shares)))
    header = ["a true ladder", *(f"{w} by {v}" for w in SETTLES for v in (1, 2))]
    return table(header, rows, numeric=range(1, 5))


def disagreement(version: int) -> float:
    """How often two studies of the same true ladder, each in the cells of its world, come to
    opposite words. 0 where fewer than two worlds were run."""
    case = _case()
    true = [ladder for name, ladder in _ladders().items() if name.startswith("steps")]
    found = [
        ladder_words(true[0][0], design, seed=7 + place)[version]
        for place, (_, design) in enumerate(true)
    ]
    opposite = [
        ((a == "supported") & (b == "contradicted")) | ((a == "contradicted") & (b == "supported"))
        for a, b in combinations(found, 2)
    ]
    return float(np.mean(opposite)) if len(case) > 1 else 0.0


def case_numbers() -> dict[str, str]:
    """What the page's prose quotes of the case, as text to glue."""
    case, words = _case(), {n: case_words(n) for n in _case()}
    told = {f"case-{n}-by-{v}": words[n][v - 1] for n in case for v in (1, 2)}
    compared = [found.contrasts for found in case.values()]
    replication = worlds.replication(*compared[:2]) if len(compared) > 1 else ""
    smallest = min((c for c in compared[-1][1:]), key=lambda c: c.estimate.value)
    cells = {n: f"{f.contrasts[0].cells} cells" for n, f in case.items()}
    said = list(_ladder_words().values())
    rates_1 = [(words_[1] == "contradicted").mean() for words_ in said]
    rates_2 = [(words_[2] == "contradicted").mean() for words_ in said]
    return {
        **told,
        **{f"cells-{n}": text for n, text in cells.items()},
        "smallest": smallest.name,
        "smallest-value": _told(smallest.estimate),
        "smallest-by-1": rules_1.judge("higher", smallest)[0],
        "smallest-by-2": judge("higher", smallest).word,
        "replication": replication or "not tested",
        "ladder-by-1": f"{min(rates_1):.0%} to {max(rates_1):.0%}",
        "ladder-by-2": _share(max(rates_2)),
        "disagree-1": f"{disagreement(1):.0%}",
        "disagree-2": _share(disagreement(2)),
    }


def _share(share: float) -> str:
    """A share of the studies; of nothing with their number, for it is no proof of "never"."""
    return f"{share:.1%}" if share else f"none of {STUDIES:,}"


def _told(interval: Interval) -> str:
    return f"{signed(interval.value, 4)} ({span(interval.low, interval.high)})"

"""Facts that the solutions of the first pages state: how to read, explorer, claims, statistics."""

import re
from dataclasses import replace

import numpy as np
import pytest
from exercises import Exercise
from facts.common import SCRATCH, fact, judged, made, numbers

import nbsupport as nb
from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.intervals import Interval
from nbsupport.analysis.verdicts import judge
from nbsupport.analysis.worlds import ENOUGH_WORLDS
from nbsupport.pages import statistics
from nbsupport.pages.by_hand import by_hand
from nbsupport.pages.exercises import listed, listed_as, written
from nbsupport.pages.worked_examples import plus_numbers

FIVE = "imagenet/5K"


def signs(text: str) -> str:
    """A text with the minus that numbers are read with."""
    return text.replace("\N{MINUS SIGN}", "-")


# How to read the figures --------------------------------------------------------------------------
@fact("how_to_read", "which-interval")
def _(e: Exercise) -> None:
    text = written(listed()[listed_as("how_to_read")])
    for about in ("these families in this world", "architectures like these", "worlds of these"):
        assert about in text
        assert about in e.prose
    assert ENOUGH_WORLDS == 5
    e.says("once five worlds count")


@fact("how_to_read", "right-or-up")
def _(e: Exercise) -> None:
    """Read off the drawing itself: its two groups of circles, and the path of the lower line."""
    text = written(listed()[listed_as("how_to_read")])
    groups = re.findall(r'<g fill="var\(--nb-(calm|accent)[^>]*>(.*?)</g>', text, re.DOTALL)
    points = {
        name: [tuple(map(int, p)) for p in re.findall(r'cx="(\d+)" cy="(\d+)"', drawn)]
        for name, drawn in groups
    }
    x1, y1, x2, y2 = map(int, re.search(r'd="M(\d+) (\d+)L(\d+) (\d+)"[^>]*calm', text).groups())

    def above(point: tuple[int, int]) -> float:
        return y1 + (point[0] - x1) * (y2 - y1) / (x2 - x1) - point[1]

    scratch, trained = max(points["calm"]), min(points["accent"])
    assert scratch[1] < trained[1]  # drawn higher: y points down
    e.says("The point from scratch is the higher of the two", "The pre-trained point is lower")
    assert 0 < above(scratch) < 10 < 40 < above(trained)
    e.says("It lies close to the line from scratch", "It is the more robust one")


@fact("how_to_read", "four-intervals")
def _(e: Exercise) -> None:
    asked = re.findall(r"^\| \d \| (\S+) \| (\S+) \|$", signs(e.question), re.MULTILINE)
    told = re.findall(r"^\| \d \| (\w+) \| (\w+) \|$", e.solution, re.MULTILINE)
    assert "margin is 0.02" in e.question
    assert len(asked) == len(told) == 4
    for (low, high), words in zip(asked, told, strict=True):
        value, half = (float(low) + float(high)) / 2, (float(high) - float(low)) / 2
        found = with_margin(value, half, 0.02)
        assert (judge("higher", found).word, judge("same", found).word) == words
    e.says("a difference, and it is too small to count", "leaves open whether it counts")


def with_margin(value: float, half: float, margin: float):
    """A contrast with this estimate, half-width and certain margin."""
    c = made(value, half)
    ends = {
        name: Interval(value + sign * margin, c.estimate.se, c.estimate.dof)
        for name, sign in (("minus", -1), ("plus", 1))
    }
    return replace(c, margin=margin, gap=Interval(4 * margin, 1e-6, c.gap.dof), **ends)


# Explorer -----------------------------------------------------------------------------------------
def few(world: int = 1):
    """The recorded runs that the explorer's exercises look at."""
    records = nb.read_records("demo")
    own = records["role"].isin([FIVE, "imagenet/full", SCRATCH]) & (records["world"] == world)
    return records[own]


@fact("explorer", "without-a-family")
def _(e: Exercise) -> None:
    runs = few()
    told = re.findall(r"without (\w+): ([-+.\d]+), ([\w ]+)", e.printed)
    assert [family for family, *_ in told] == ["nobody", *sorted(runs["family"].unique())]
    for family, value, word in told:
        found = contrast(runs[runs["family"] != family], FIVE, SCRATCH)
        assert float(value) == pytest.approx(found.estimate.value, abs=6e-5)
        assert word == judge("higher", found).word
    everyone, *others = (float(value) for _, value, _ in told)
    e.says("The line from scratch and the margin are made again each time")
    assert everyone != pytest.approx(np.mean(others), abs=1e-12)


@fact("explorer", "other-worlds")
def _(e: Exercise) -> None:
    told = re.findall(r"world (\d+): ([-+.\d]+), ", e.printed)
    assert len(told) > 1
    for world, value in told:
        found = contrast(few(int(world)), FIVE, SCRATCH)
        assert float(value) == pytest.approx(found.estimate.value, abs=6e-5)
    e.says("a world with few cells can only lean")
    assert judged("higher", 0.05, 0.01, settled=False).word == "leans"


@fact("explorer", "how-many-ways")
def _(e: Exercise) -> None:
    families = few()["family"].nunique()
    assert families == 5
    assert 2**families - 1 == 31
    assert sum(e.value.values()) == 31 * 3 == 93
    e.says("31 choices", "93 ways", "They do not all give one word")
    assert len(e.value) > 1


# All claims ---------------------------------------------------------------------------------------
@fact("claims", "negligible")
def _(e: Exercise) -> None:
    e.says("The interval holds 0 and lies inside the margin")
    assert judged("higher", 0.002, 0.004).word == "negligible"
    e.says("*Contradicted* would be an interval below 0")
    assert judged("higher", -0.006, 0.004).word == "contradicted"
    e.says("*inconclusive*, which says that the runs cannot tell")
    assert judged("higher", 0.002, 0.04).word == "inconclusive"


@fact("claims", "headline")
def _(e: Exercise) -> None:
    new, old = (n for n in numbers(e.question) if n > 50)
    e.says(f"{new - old:g} points more", "At least five things")
    assert len(re.findall(r"\*\*[^*]+:\*\*", e.solution)) == 5
    e.says("one cell, which can lean and no more")
    assert judged("higher", 0.05, 0.01, settled=False).word == "leans"


# Statistics ---------------------------------------------------------------------------------------
@fact("statistics", "error-of-d-plus-m")
def _(e: Exercise) -> None:
    told = {name: float(signs(text)) for name, text in plus_numbers().items()}
    replicates = [told[f"plus-{i}"] for i in (1, 2, 3)]
    assert told["plus-mean"] == pytest.approx(np.mean(replicates), abs=6e-5)
    exact = by_hand().found.plus
    assert told["plus-se"] == pytest.approx(exact.se, abs=1e-4)
    assert told["plus-se"] == pytest.approx(np.sqrt(2 / 3 * told["plus-squares"]), abs=1e-4)
    assert [told["plus-low"], told["plus-high"]] == pytest.approx([exact.low, exact.high], abs=5e-4)
    e.says("Two thirds of that, and the square root", "not that of *d* and that of *m* added up")
    margins = by_hand().gaps / 4
    apart = Interval.jackknife(by_hand().differences, 2).se + Interval.jackknife(margins, 2).se
    assert abs(apart - exact.se) > 1e-3


@fact("statistics", "four-in-five")
def _(e: Exercise) -> None:
    told = statistics.power_numbers()
    rates = list(statistics._rates().values())
    for cells, found in (("9", rates[0]), ("25", rates[1])):
        shares = found["higher"]["supported"]
        first = statistics.TRUE.index(float(told[f"found-{cells}"]))
        assert shares[first] >= 0.8 > max(shares[:first])
    e.says("With 9 cells a true difference of one margin is missed", "called *inconclusive*")
    nine = rates[0]["higher"]
    at = statistics.TRUE.index(1.0)
    assert told["missed-9"] == f"{1 - nine['supported'][at]:.0%}"
    missed = {word: shares[at] for word, shares in nine.items() if word != "supported"}
    assert max(missed, key=missed.get) == "inconclusive"


@fact("statistics", "chosen-afterwards")
def _(e: Exercise) -> None:
    (share,) = numbers(e.printed)

    def word(margin: float) -> str:
        return judge("same", contrast(few(), FIVE, SCRATCH, margin=margin)).word

    assert word(share) == "supported"
    assert word(share - 0.01) != "supported"
    e.says("For every interval that is finite there is a margin that holds it")

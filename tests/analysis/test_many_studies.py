"""Verdicts on many simulated studies at once: the words that the rules say one study at a time."""

from itertools import pairwise

import numpy as np
import pytest

from nbsupport.analysis import rules_1
from nbsupport.analysis.contrasts import MARGIN
from nbsupport.analysis.error_rates import (
    HIGHER,
    METHODS,
    SAME,
    Design,
    band_coverage,
    ends,
    ladder_words,
    rates,
    words,
)
from nbsupport.analysis.intervals import Contrast, Interval
from nbsupport.analysis.verdicts import judge, ladder

DESIGN = Design(3, 3, 0.3)


def interval(values: np.ndarray, dof: int) -> Interval:
    """By deleting one cell after the other, as the package does."""
    without = [np.delete(values, i).mean() for i in range(len(values))]
    return Interval.jackknife(np.array([values.mean(), *without]), dof)


def contrast(d: np.ndarray, gaps: np.ndarray, design: Design = DESIGN) -> Contrast:
    values = (d, d - MARGIN * gaps, d + MARGIN * gaps, gaps)
    estimate, minus, plus, gap = (interval(v, design.dof) for v in values)
    sizes = (design.cells, design.families)
    return Contrast("a - b", estimate, minus, plus, MARGIN * gap.value, gap, *sizes, True, 0, 0, "")


def test_intervals_are_the_jackknifes():
    values = np.random.default_rng(0).normal(0, 1, (5, 9))
    many = ends(values, 6)
    for i, own in enumerate(values):
        one = interval(own, 6)
        assert (many.low[i], many.high[i]) == pytest.approx((one.low, one.high))


@pytest.mark.parametrize("true", [-0.5, 0.0, 0.1, 0.25, 0.6])
@pytest.mark.parametrize("gap", [1.0, 0.2])
def test_the_words_are_those_of_the_rules(true, gap):
    rng = np.random.default_rng(1)
    d, gaps = true + DESIGN.drawn(rng, 60), gap + DESIGN.drawn(rng, 60)
    many = words(d, gaps, DESIGN.dof)
    for i in range(60):
        c = contrast(d[i], gaps[i])
        assert many["higher"][i] == judge("higher", c).word
        assert many["same"][i] == judge("same", c).word


def one_ladder(compared: list[np.ndarray], gaps: np.ndarray, design: Design) -> tuple[str, str]:
    found = [contrast(d, gaps, design) for d in compared]
    before = [rules_1.judge("higher", c)[0] for c in found]
    first = "contradicted" if "contradicted" in before else before[0]
    parts = [judge("higher", c) for c in found]
    return first, ladder(parts[0], parts[1:]).word


@pytest.mark.parametrize("steps", [(0.28, 0.05, 0.47, 0.21), (0.02, -0.2, 0.1, 0.02)])
def test_a_ladder_is_judged_as_each_version_does(steps):
    many = ladder_words(steps, DESIGN, studies=80, seed=3)
    rng = np.random.default_rng(3)
    own = [rung + DESIGN.drawn(rng, 80) / np.sqrt(2) for rung in -np.cumsum([0.0, *steps])]
    gaps = 1 + DESIGN.drawn(rng, 80)
    for i in range(80):
        compared = [
            (own[0] - own[-1])[i],
            *((a - b)[i] for a, b in pairwise(own)),
        ]
        first, second = one_ladder(compared, gaps[i], DESIGN)
        assert many[1][i] == (first if first in ("supported", "contradicted") else "open")
        assert many[2][i] == (second if second in ("supported", "contradicted") else "open")


def test_rates_add_up_and_keep_the_level():
    found = rates([0.0, 1.0], Design(5, 5, 0.3), studies=4000)
    assert list(found["higher"]) == list(HIGHER)
    assert list(found["same"]) == list(SAME)
    for shares in found.values():
        assert np.sum(list(shares.values()), axis=0) == pytest.approx(1)
    assert found["higher"]["supported"][0] == pytest.approx(0.025, abs=0.01)
    assert found["same"]["supported"][1] == pytest.approx(0.025, abs=0.01)


def test_families_that_differ_make_false_alarms():
    level = rates([0.0], Design(5, 5, 0.3), 4000)["higher"]["supported"][0]
    differing = rates([0.0], Design(5, 5, 0.3, by_family=0.3), 4000)["higher"]["supported"][0]
    assert differing > 2 * level


def made_up_runs(shared: float) -> list[np.ndarray]:
    """30 runs of 8 epochs on a line, each shifted as a whole, and each epoch by itself."""
    rng = np.random.default_rng(4)
    x = rng.uniform(0.2, 0.6, (30, 8))
    y = 0.5 * x + rng.normal(0, shared, (30, 1)) + rng.normal(0, 0.01, (30, 8))
    return list(np.stack([x, y], axis=2))


def test_epochs_as_independent_are_right_where_they_are():
    found = band_coverage(made_up_runs(0.0), 10)
    assert all(found[method].share > 0.88 for method in METHODS)


def test_epochs_as_independent_are_too_sure_where_runs_are_shifted():
    found = band_coverage(made_up_runs(0.03), 10)
    assert found["epochs"].share < 0.7
    assert found["jackknife"].share > 0.9
    assert found["epochs"].width < found["bootstrap"].width < found["jackknife"].width

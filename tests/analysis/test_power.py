"""What a study is said to settle, against studies that are simulated."""

import math

import numpy as np
import pytest

from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.intervals import t_quantile
from nbsupport.analysis.power import CellSpread, power, spread_of
from nbsupport.analysis.verdicts import judge

GAP = 0.04
STUDIES = 300


def means(rng, spread: CellSpread, families: int, seeds: int, true: float) -> np.ndarray:
    """Cell values [STUDIES, families x seeds] of studies with the same families, other seeds."""
    own = rng.normal(0, math.sqrt(spread.family), families)
    own -= own.mean()  # the mean over these families is what is asked for
    of_seed = rng.normal(0, math.sqrt(spread.seed), (STUDIES, 1, seeds))
    rest = rng.normal(0, math.sqrt(spread.rest), (STUDIES, families, seeds))
    return (true + own[:, None] + of_seed + rest).reshape(STUDIES, -1)


@pytest.mark.parametrize("cells", [(3, 3), (3, 8), (5, 5)])
@pytest.mark.parametrize(
    "spread", [CellSpread(0, 0, 1e-4), CellSpread(0, 5e-5, 1e-4), CellSpread(1e-4, 0, 1e-4)]
)
def test_eight_of_ten_studies_find_the_difference_that_is_told(cells, spread) -> None:
    """And the interval is as wide as told, on the average."""
    told = power(spread, *cells, margin=0.01)
    rng, found, halves = np.random.default_rng(5), [], []
    for _ in range(20):  # other effects of the families each time
        values = means(rng, spread, *cells, told.found)
        se = values.std(axis=1, ddof=1) / math.sqrt(values.shape[1])
        half = t_quantile(values.shape[1] - cells[0]) * se
        found.append((values.mean(axis=1) > half).mean())
        halves.append(half.mean())
    assert np.mean(halves) == pytest.approx(told.half, rel=0.1)
    assert 0.74 <= np.mean(found) <= 0.88


def test_the_same_is_told_as_often() -> None:
    spread, cells = CellSpread(0, 0, 1e-4), (3, 8)
    told = power(spread, *cells, margin=0.01)
    values = means(np.random.default_rng(6), spread, *cells, told.same)
    half = t_quantile(21) * values.std(axis=1, ddof=1) / math.sqrt(24)
    inside = abs(values.mean(axis=1)) + half < 0.01
    assert 0 < told.same < 0.01
    assert 0.72 <= inside.mean() <= 0.88


def test_few_cells_never_call_anything_the_same() -> None:
    assert math.isnan(power(CellSpread(0, 0, 1e-4), 3, 3, margin=0.005).same)
    alone = power(CellSpread(0, 0, 1e-4), 3, 1, margin=0.005)
    assert math.isnan(alone.half)
    assert not alone.settles


def test_a_recorded_study_foretells_another_through_the_whole_way(simulate, table) -> None:
    """From points of runs to verdicts: spread of one large study, then 3 x 3 as it foretells."""
    heights = {"scratch": 0.0, "imagenet/full": GAP, "a": 0.01, "b": 0.01}
    large = simulate(heights, seed=1, families=3, seeds=40, spread=0.006)
    spread = spread_of(contrast(large, "a", "b"))
    assert spread is not None
    told = power(spread, 3, 3, margin=GAP / 4)
    heights["a"] = heights["b"] + told.found
    rng = np.random.default_rng(2)
    words, halves = [], []
    for _ in range(150):
        c = contrast(simulate(heights, rng, spread=0.006), "a", "b")
        words.append(judge("higher", c).word)
        halves.append(c.estimate.half)
    assert np.mean(halves) == pytest.approx(told.half, rel=0.12)
    assert 0.7 <= words.count("supported") / len(words) <= 0.9


def test_the_spread_is_the_interval_that_it_came_from(simulate) -> None:
    c = contrast(simulate({"scratch": 0.0, "imagenet/full": GAP, "a": 0.01}), "a", "scratch")
    spread = spread_of(c)
    assert spread is not None
    assert power(spread, 3, 3, c.margin).half == pytest.approx(c.estimate.half)
    alone = contrast(
        simulate({"scratch": 0.0, "imagenet/full": GAP, "a": 0.01}, seeds=1), "a", "scratch"
    )
    assert spread_of(alone) is None

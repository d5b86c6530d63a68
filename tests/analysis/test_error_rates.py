"""How often the verdict machine is wrong where the truth is known.

At most 5 % false "higher" between equal groups, and at most 5 % false "same" at a true difference
of one margin; both are decided one-sided at 2.5 %, so the rates should come out near 2.5 %.
"""

import numpy as np
import pytest

from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.verdicts import judge

FULL, GAP = "imagenet/full", 0.04
M = 0.25 * GAP
BASE = {"scratch": 0.0, FULL: GAP}
EQUAL = {
    "shares the gap": ({**BASE, "a": GAP}, "a", FULL),
    "apart from the gap": ({**BASE, "a": GAP / 2, "b": GAP / 2}, "a", "b"),
    "against scratch": ({**BASE, "a": 0.0}, "a", "scratch"),
}
ONE_MARGIN = {
    "above full": ({**BASE, "a": GAP + M}, "a", FULL),
    "below full": ({**BASE, "a": GAP - M}, "a", FULL),
    "apart from the gap": ({**BASE, "a": GAP / 2 + M, "b": GAP / 2}, "a", "b"),
    "against scratch": ({**BASE, "a": M}, "a", "scratch"),
}
DESIGNS = [(3, 3), (3, 5)]  # 9 and 15 cells: families, seeds


def rates(simulate, case, design, replicates, seed=0, missing=(), **world) -> dict[str, float]:
    """Shares of verdicts; "naive" is a "same" that takes the estimated margin as known.

    missing: cells in which the first group of the contrast has no run.
    """
    heights, a, b = case
    rng = np.random.default_rng(seed)
    counts = dict.fromkeys(("higher", "same", "not same", "not higher", "naive"), 0)
    for _ in range(replicates):
        cells = simulate(heights, rng, families=design[0], seeds=design[1], **world)
        cells.x[cells.roles.index(a), list(missing)] = np.nan
        c = contrast(cells, a, b)
        higher, same = judge("higher", c).word, judge("same", c).word
        counts["higher"] += higher == "supported"
        counts["not higher"] += higher == "contradicted"
        counts["same"] += same == "supported"
        counts["not same"] += same == "contradicted"
        counts["naive"] += -c.margin < c.low and c.high < c.margin
    return {name: count / replicates for name, count in counts.items()}


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("case", EQUAL)
def test_equal_groups_are_seldom_called_different(simulate, case, design):
    found = rates(simulate, EQUAL[case], design, 400)
    assert found["higher"] <= 0.05
    assert found["not same"] <= 0.05
    assert found["same"] >= 0.5  # and mostly called the same, where the gap is 8 seed spreads


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("case", ONE_MARGIN)
def test_a_difference_of_one_margin_is_seldom_called_the_same(simulate, case, design):
    found = rates(simulate, ONE_MARGIN[case], design, 400)
    assert found["same"] <= 0.05
    assert found["not same"] <= 0.05


@pytest.mark.parametrize("missing", [(0, 1), (0, 5, 10), (3, 4, 8, 9)])
def test_unbalanced_cells_keep_the_level(simulate, missing):
    """Cells minus families as degrees of freedom, of 3 x 5 cells with some not run."""
    for case in (EQUAL["shares the gap"], EQUAL["against scratch"]):
        assert rates(simulate, case, (3, 5), 400, missing=missing)["higher"] <= 0.05
    found = rates(simulate, ONE_MARGIN["above full"], (3, 5), 400, missing=missing)
    assert found["same"] <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.005, 0.01])
@pytest.mark.parametrize("design", [*DESIGNS, (5, 5)])
def test_error_rates_at_length(simulate, design, spread):
    """4,000 replicates: a rate of 2.5 % is seen within 0.5 % (two standard errors)."""
    for name, case in EQUAL.items():
        found = rates(simulate, case, design, 4000, seed=1, spread=spread)
        print(design, spread, "equal", name, found)
        assert found["higher"] <= 0.05
        assert found["not same"] <= 0.05
    for name, case in ONE_MARGIN.items():
        found = rates(simulate, case, design, 4000, seed=2, spread=spread)
        print(design, spread, "one margin", name, found)
        assert found["same"] <= 0.05
        assert found["not same"] <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_groups_at_another_place_on_the_line(simulate, design):
    """Equal groups whose ID scores differ by 0.08: the reference line's slope matters."""
    for family_spread in (0.0, 0.01):
        case = EQUAL["apart from the gap"]
        found = rates(
            simulate, case, design, 2000, seed=3, shift={"a": 0.08}, family_spread=family_spread
        )
        print(design, family_spread, found)
        assert found["higher"] <= 0.05

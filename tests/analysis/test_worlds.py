"""Summaries over worlds against plain computations, and tests of the difference between two."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from nbsupport.analysis import claims
from nbsupport.analysis.intervals import Contrast, Interval
from nbsupport.analysis.worlds import (
    over_worlds,
    random_effects,
    replication,
    summarised,
)


def test_equal_errors_make_a_plain_t_interval():
    """With one error for all, every weight is the same, and Hartung and Knapp's is Student's."""
    y = np.array([0.02, 0.05, 0.03, 0.08, 0.04])
    found = random_effects(y, np.full(5, 0.004))
    ends = stats.t.interval(0.95, 4, y.mean(), stats.sem(y))
    assert (found.mean.low, found.mean.high) == pytest.approx(ends)
    assert found.tau**2 == pytest.approx(y.var(ddof=1) - 0.004**2)
    reach = stats.t.ppf(0.975, 3) * math.sqrt(found.tau**2 + stats.sem(y) ** 2)
    assert found.prediction == pytest.approx((y.mean() - reach, y.mean() + reach))


def test_tau_solves_the_equation_of_paule_and_mandel():
    y, se = np.array([0.02, 0.05, 0.03, 0.08]), np.array([0.004, 0.01, 0.006, 0.02])

    def excess(tau2: float) -> float:
        w = 1 / (se**2 + tau2)
        return float((w * (y - (w * y).sum() / w.sum()) ** 2).sum() - 3)

    found = random_effects(y, se)
    assert found.tau == pytest.approx(math.sqrt(optimize.brentq(excess, 0, 1)))
    w = 1 / (se**2 + found.tau**2)
    assert found.mean.value == pytest.approx((w * y).sum() / w.sum())
    assert found.mean.se == pytest.approx(1 / math.sqrt(w.sum()))


def test_worlds_that_differ_no_more_than_their_errors_have_no_tau():
    found = random_effects([0.01, 0.011, 0.009], [0.02, 0.02, 0.02])
    assert found.tau == 0.0
    assert found.mean.low < 0.01 < found.mean.high


def test_few_worlds_and_missing_ones():
    none, one = random_effects([], []), random_effects([0.02], [0.01])
    assert math.isnan(none.mean.value)
    assert (one.mean.value, math.isnan(one.mean.half), math.isnan(one.tau)) == (0.02, True, True)
    two = random_effects([0.02, 0.04], [0.01, 0.01])
    assert two.mean.dof == 1
    assert math.isfinite(two.mean.half)
    assert np.isnan(two.prediction).all()
    gap = random_effects([0.02, math.nan, 0.04, 0.5], [0.01, 0.01, 0.01, math.nan])
    assert (gap.mean.value, gap.mean.se) == (two.mean.value, two.mean.se)


def test_errors_of_zero_are_no_division_by_zero():
    alike = random_effects([0.02, 0.02, 0.02], [0.0, 0.0, 0.0])
    assert (alike.mean.value, alike.mean.se, alike.tau) == pytest.approx((0.02, 0.0, 0.0))
    apart = random_effects([0.0, 0.02, 0.04], [0.0, 0.0, 0.0])
    assert apart.mean.se == pytest.approx(0.02 / math.sqrt(3))
    assert apart.tau == pytest.approx(0.02)
    mixed = random_effects([0.0, 0.02, 0.04], [0.0, 0.01, 0.01])
    assert math.isfinite(mixed.mean.half)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-0.1, 0.1), st.floats(0.001, 0.05)), min_size=3, max_size=12),
    st.floats(-1, 1),
    st.floats(0.1, 10),
)
def test_the_summary_follows_a_shift_and_a_scale(worlds, shift, scale):
    y, se = np.array(worlds).T
    found, moved = random_effects(y, se), random_effects(scale * y + shift, scale * se)
    assert moved.mean.value == pytest.approx(scale * found.mean.value + shift, abs=1e-7)
    assert moved.mean.se == pytest.approx(scale * found.mean.se, abs=1e-7)
    assert moved.tau == pytest.approx(scale * found.tau, abs=1e-5)
    assert y.min() - 1e-9 <= found.mean.value <= y.max() + 1e-9


def test_the_variance_of_a_cell_is_pooled_over_worlds():
    found = [Interval(0.01, 0.004, 4), Interval(0.03, 0.012, 4), Interval(0.02, 0.002, 20)]
    cells = [6, 6, 25]
    of_a_cell = (0.004**2 * 6 * 4 + 0.012**2 * 6 * 4 + 0.002**2 * 25 * 20) / 28
    plain = random_effects([0.01, 0.03, 0.02], np.sqrt(of_a_cell / np.array(cells)))
    assert summarised(found, cells).mean == plain.mean
    lacking = [*found, Interval(0.5, math.nan, 0)]
    assert summarised(lacking, [*cells, 3]).mean == plain.mean


# contrasts ----------------------------------------------------------------------------------------
def made(value: float, se: float = 0.004, margin: float = 0.01, **other: object) -> Contrast:
    """A contrast of six cells, three families with two seeds each."""
    ends = (Interval(value + d, se, 3) for d in (0.0, -margin, margin))
    gap, fields = Interval(4 * margin, 0.002, 3), {"replicated": True, **other}
    return Contrast("a - b", *ends, margin, gap, 6, 3, False, 0, 0, "linear", **fields)


def test_a_part_is_summarised_with_its_margin_each_on_its_own():
    values, margins = (0.02, 0.05, 0.03, 0.04, 0.03), (0.01, 0.02, 0.012, 0.01, 0.014)
    found = over_worlds([made(v, margin=m) for v, m in zip(values, margins, strict=True)])
    minus = random_effects(np.subtract(values, margins), [0.004] * 5).mean
    assert (found.minus.value, found.minus.se) == pytest.approx((minus.value, minus.se))
    assert found.estimate.value == pytest.approx(np.mean(values))
    assert (found.worlds, found.cells, found.settled) == (5, 30, True)
    assert found.tau > 0


def test_worlds_at_the_floor_or_with_one_seed_are_left_out():
    able = [made(0.02), made(0.03), made(0.04)]
    alone, floored = made(0.9, replicated=False), made(0.9, floor="by chance")
    assert over_worlds([*able, alone, floored]).estimate == over_worlds(able).estimate
    few = over_worlds([alone, made(0.02)])
    assert (few.cells, few.reason) == (0, "fewer than two worlds can be compared")
    assert over_worlds([floored, floored]).floor == "by chance"


def test_a_claim_over_worlds_is_judged_as_any_other(simulate):
    """Seven worlds of two seeds, none of which could settle a claim alone."""
    rng, heights = np.random.default_rng(3), {"scratch": 0.0, "imagenet/full": 0.06}
    small = {f"{source}/25K": 0.03 for source in ("imagenet", "inaturalist")}
    worlds = [simulate({**heights, **small}, rng, families=3, seeds=2) for _ in range(7)]
    each = [claims.compare("small-subset-helps", cells) for cells in worlds]
    assert {claims.conclude(c).text for c in each} == {"leans towards"}
    found = claims.over_worlds(each)
    assert (found.worlds, claims.conclude(found).word) == (7, "supported")
    lone = simulate({**heights, **small}, rng, families=3, seeds=1)
    with_it = claims.over_worlds([*each, claims.compare("small-subset-helps", lone)])
    assert with_it.worlds == 7
    assert claims.over_worlds(each[:1]).contrasts == ()


# two settings -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("one", "other", "word"),
    [
        ((0.03,), (0.035,), "alike"),
        ((0.03,), (0.09,), "differs in size"),
        ((0.03,), (-0.03,), "reversed"),
        ((0.03,), (-0.001,), "differs in size"),  # an opposite sign, not beside 0
        ((0.03, 0.03), (0.03, -0.03), "reversed"),
        ((0.001,), (-0.001,), "alike"),
    ],
)
def test_replication_is_a_test_of_the_difference(one, other, word):
    sides = ([made(value) for value in values] for values in (one, other))
    assert replication(*sides) == word


def test_the_difference_of_two_worlds_is_that_of_welch():
    """Two samples with their own spread: just on either side of 5 %."""
    a, b = Interval(0.03, 0.004, 6), Interval(0.0, 0.01, 3)
    dof = (0.004**2 + 0.01**2) ** 2 / (0.004**4 / 6 + 0.01**4 / 3)
    edge = stats.t.ppf(0.975, int(dof)) * math.hypot(0.004, 0.01)
    for shift, word in ((0.99, "alike"), (1.01, "differs in size")):
        moved = replace(a, value=edge * shift)
        pair = [[replace(made(0.0), estimate=i)] for i in (moved, b)]
        assert replication(*pair) == word


def test_a_part_without_an_interval_is_not_tested():
    assert replication([made(0.03)], [made(0.03, se=math.nan)]) == ""
    assert replication([made(0.03)], [made(0.03, floor="by chance")]) == ""

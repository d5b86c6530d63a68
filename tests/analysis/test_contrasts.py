"""Contrasts against plain loops that delete a cell, refit everything and compute it again."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nbsupport.analysis import trends
from nbsupport.analysis.cells import Cells, Replicates
from nbsupport.analysis.contrasts import Interval, contrast, degrees, effects, enough, t_quantile
from nbsupport.analysis.statistics import per_halving, shares_of_variance
from nbsupport.errors import UserError

FULL = "imagenet/full"
AXES = trends.AXES


def deletions(points: pd.DataFrame) -> list[pd.DataFrame]:
    """All points, then the points without each cell."""
    cells = sorted(set(zip(points["family"], points["seed"], strict=True)))
    return [points, *(points[(points["family"] != f) | (points["seed"] != s)] for f, s in cells)]


def plain_difference(points, a, b, reference="scratch", axis="linear") -> float:
    line = trends.role_line(points, reference, axis)
    er = trends.effective_robustness(points, line).pivot(
        index=["family", "seed"], columns="role", values="er"
    )
    return float((er[a] - er[b]).dropna().mean())


def plain_gap(points, full=FULL, scratch="scratch", axis="linear") -> float:
    upper, lower = (trends.role_line(points, role, axis) for role in (full, scratch))
    low, high = max(upper.low, lower.low), min(upper.high, lower.high)
    x = low + (high - low) * (np.arange(20000) + 0.5) / 20000
    return float((upper.predict(x) - lower.predict(x)).mean())


def plain_interval(values: list[float], dof: int) -> tuple[float, float]:
    n = len(values) - 1
    se = np.sqrt((n - 1) / n * sum((v - np.mean(values[1:])) ** 2 for v in values[1:]))
    half = stats.t.ppf(0.975, dof) * se
    return values[0] - half, values[0] + half


@pytest.mark.parametrize("axis", AXES)
def test_a_contrast_is_that_of_a_plain_loop(points, axis):
    found = contrast(points, "equal", "between", axis=axis)
    each = deletions(points)
    d = [plain_difference(p, "equal", "between", axis=axis) for p in each]
    m = [0.25 * plain_gap(p, axis=axis) for p in each]
    assert found.estimate.value == pytest.approx(d[0], abs=1e-12)
    assert (found.low, found.high) == pytest.approx(plain_interval(d, 6), abs=1e-10)
    tolerance = 1e-10 if axis == "linear" else 1e-5  # the gap's mean is taken on 32 points
    assert found.margin == pytest.approx(m[0], abs=tolerance)
    for interval, sign in ((found.minus, -1), (found.plus, 1)):
        expected = plain_interval([a + sign * b for a, b in zip(d, m, strict=True)], 6)
        assert (interval.low, interval.high) == pytest.approx(expected, abs=tolerance)
    gap = plain_interval([4 * v for v in m], 6)
    assert (found.gap.low, found.gap.high) == pytest.approx(gap, abs=4 * tolerance)


def test_another_reference_and_an_effect(points):
    found = contrast(points, "equal", FULL, reference=FULL)
    assert found.estimate.value == pytest.approx(plain_difference(points, "equal", FULL, FULL))
    both = effects(points, (FULL, "scratch"), ("equal", "between"))
    each = [
        (plain_difference(p, FULL, "scratch") - plain_difference(p, "equal", "between"))
        / plain_gap(p)
        for p in deletions(points)
    ]
    assert both.ratio.value == pytest.approx(each[0], abs=1e-9)
    ends = (both.ratio.low, both.ratio.high)
    assert ends == pytest.approx(plain_interval(each, 6), abs=1e-7)
    undivided = [e * plain_gap(p) for e, p in zip(each, deletions(points), strict=True)]
    assert both.estimate.value == pytest.approx(undivided[0], abs=1e-9)
    assert (both.low, both.high) == pytest.approx(plain_interval(undivided, 6), abs=1e-7)


def test_epoch_trend_is_that_of_a_plain_loop(points):
    def plain(p: pd.DataFrame) -> float:
        rows = p[p["role"] == FULL]
        drifts = []
        for family, own in rows.groupby("family"):
            others = rows[rows["family"] != family]
            line = trends.fit_line(others["id_macro_f1"], others["ood_macro_f1"])
            for _, run in own.groupby("seed"):
                residual = run["ood_macro_f1"] - line.predict(run["id_macro_f1"])
                slope = stats.linregress(run["epoch"], residual).slope
                drifts.append(slope * (run["epoch"].max() - run["epoch"].min()))
        return float(np.mean(drifts))

    found = contrast(points, FULL, FULL, statistic="epoch-trend")
    each = [plain(p) for p in deletions(points)]
    assert found.estimate.value == pytest.approx(each[0], abs=1e-12)
    assert (found.low, found.high) == pytest.approx(plain_interval(each, 6), abs=1e-10)
    assert found.cells == 9


def test_id_position_compares_equal_epochs_only(points):
    cut = points.drop(points[(points["role"] == "equal") & (points["epoch"] > 3)].index)
    found = contrast(cut, "equal", "between", statistic="id-position")
    wide = cut.pivot(index=["family", "seed", "epoch"], columns="role", values="id_macro_f1")
    each = (wide["equal"] - wide["between"]).dropna().groupby(["family", "seed"]).mean()
    assert found.estimate.value == pytest.approx(each.mean(), abs=1e-12)
    half = stats.t.ppf(0.975, 6) * each.std() / 3
    assert found.estimate.half == pytest.approx(half)


def test_one_family_has_no_epoch_trend(points):
    found = contrast(points[points["family"] == "family-0"], FULL, FULL, statistic="epoch-trend")
    assert found.cells == 0
    assert found.off_line == 3


@settings(max_examples=20, deadline=None)
@given(st.floats(0.0, 0.2), st.integers(0, 10**6))
def test_neither_order_nor_a_shift_of_all_ood_scores_matters(simulate, table, shift, seed):
    heights = {"scratch": 0.0, FULL: 0.04, "a": 0.03, "b": 0.01}
    points = table(simulate(heights, seed))
    moved = points.assign(ood_macro_f1=points["ood_macro_f1"] + shift)
    mixed = moved.sample(frac=1, random_state=seed)
    one, other = contrast(points, "a", "b"), contrast(mixed, "a", "b")
    for name in ("estimate", "minus", "plus", "gap"):
        p, q = getattr(one, name), getattr(other, name)
        assert (p.value, p.se) == pytest.approx((q.value, q.se), abs=1e-9)
    back = contrast(points, "b", "a")
    assert (back.low, back.high) == pytest.approx((-one.high, -one.low), abs=1e-12)


def test_degrees_of_freedom_are_cells_minus_families():
    assert degrees(np.array(["a"] * 3 + ["b"] * 3 + ["c"] * 3)) == 6
    assert degrees(np.array(["a"] * 5 + ["b"] * 2 + ["c"])) == 5
    assert degrees(np.array(["a", "b", "c"])) == 0
    assert degrees(np.array([])) == 0


def test_enough_is_three_families_of_three_seeds():
    assert enough(np.repeat(["a", "b", "c"], 3))
    assert enough(np.array(["d", *np.repeat(["a", "b", "c"], 3)]))
    assert enough(np.array(list("aaaabbbcc")))  # six degrees of freedom, as three by three have
    assert not enough(np.array(list("aaabbbcc")))
    assert not enough(np.array(list("aaaaaaabbbbbbcde")))  # two families with several seeds
    assert not enough(np.repeat(["a", "b"], 9))


def test_interval_against_scipy():
    values = np.array([0.3, 0.1, 0.4, 0.35, 0.2])
    stack = np.array([values.mean(), *[np.delete(values, i).mean() for i in range(5)]])
    found = Interval.jackknife(stack, 4)
    known = stats.ttest_1samp(values, 0, alternative="greater")
    assert found.p_below() == pytest.approx(known.pvalue)
    assert (found.low, found.high) == pytest.approx(
        stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    )
    assert np.isnan(t_quantile(0))
    assert np.isnan(Interval.jackknife(stack, 0).low)
    assert np.isnan(Interval.jackknife(stack, 0).p_below())
    assert np.isnan(Interval.jackknife(stack[:2], 3).se)


def test_missing_cells_are_left_out_of_the_pairs_and_of_the_degrees(points):
    gone = points["role"].eq("equal") & points["family"].eq("family-1") & points["seed"].gt(0)
    found = contrast(points[~gone], "equal", FULL)
    assert (found.cells, found.families, found.estimate.dof, found.gap.dof) == (7, 3, 4, 6)
    assert not found.settled
    assert found.off_line == 0
    kept = points[~(gone | (points["family"].eq("family-1") & points["seed"].gt(0)))]
    line = trends.role_line(points, "scratch")
    er = trends.effective_robustness(kept, line).pivot(
        index=["family", "seed"], columns="role", values="er"
    )
    assert found.estimate.value == pytest.approx((er["equal"] - er[FULL]).mean())


def test_one_seed_has_an_estimate_and_no_interval(points):
    found = contrast(points[points["seed"] == 0], "equal", "scratch")
    assert np.isfinite(found.estimate.value)
    assert np.isnan([found.low, found.high]).all()
    assert (found.estimate.dof, found.cells, found.settled) == (0, 3, False)


def test_one_cell_has_an_estimate_and_no_interval(points):
    alone = points[points["seed"].eq(0) & points["family"].eq("family-0")]
    found = contrast(alone, "equal", "between")
    assert np.isfinite(found.estimate.value)
    assert np.isnan(found.low)


def test_runs_off_the_line_are_counted(points):
    far = points["role"].eq("equal") & points["seed"].eq(1)
    moved = points.assign(id_macro_f1=points["id_macro_f1"] + 0.4 * far)
    found = contrast(moved, "equal", FULL)
    assert (found.off_line, found.cells, found.estimate.dof) == (3, 6, 3)


def test_dropped_points_are_counted_by_axis(points):
    broken = points.copy()
    rows = broken.index[broken["role"] == "equal"]
    broken.loc[rows[0], "ood_macro_f1"] = np.nan
    broken.loc[rows[1], "id_macro_f1"] = np.inf
    broken.loc[rows[2], "ood_macro_f1"] = 0.0
    assert contrast(broken, "equal", FULL).dropped == 2
    assert contrast(broken, "equal", FULL, axis="logit").dropped == 3
    assert contrast(broken, "between", FULL).dropped == 0


def test_ranges_that_do_not_overlap_have_no_gap(points):
    far = points["role"].eq(FULL)
    moved = points.assign(id_macro_f1=points["id_macro_f1"] + 0.4 * far)
    found = contrast(moved, "equal", "between")
    assert np.isnan([found.gap.value, found.margin, found.minus.low]).all()
    assert np.isfinite([found.low, found.high]).all()


def test_a_reference_without_a_line_leaves_no_cells(points):
    flat = points["role"].eq("scratch")
    points.loc[flat, "id_macro_f1"] = 0.3
    found = contrast(points, "equal", "between")
    assert found.cells == 0
    assert np.isnan(found.estimate.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.drop(columns="epoch"), "lack the columns epoch"),
        (lambda p: pd.concat([p, p.head(2)]), "2 points stand twice"),
        (lambda p: p.assign(world=np.arange(len(p)) % 2), "several worlds"),
        (lambda p: p.head(0), "empty table"),
        (lambda p: p.assign(seed=p["seed"].where(p["seed"] > 0)), "lack a value"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused(points, change, message):
    with pytest.raises(UserError, match=message):
        contrast(change(points), "equal", FULL)


def test_bad_arguments_are_named(points):
    with pytest.raises(UserError, match=r"unknown role 'eqal'.*did you mean 'equal'"):
        contrast(points, "eqal", FULL)
    with pytest.raises(UserError, match=r"margin of 1.5"):
        contrast(points, "equal", FULL, margin=1.5)
    with pytest.raises(UserError, match="unknown statistic"):
        contrast(points, "equal", FULL, statistic="id")


def test_cells_made_of_a_table_hold_its_points(simulate, table):
    cells = simulate({"scratch": 0.0, FULL: 0.04})
    again = Cells.of(table(cells)).select(cells.roles)
    np.testing.assert_array_equal(again.x, cells.x)
    np.testing.assert_array_equal(again.y, cells.y)
    assert again.families.tolist() == cells.families.tolist()
    # all cells, then without each of nine cells, then without each of three families
    assert Replicates(again, ["scratch"]).keep.shape == (1 + 9 + 3, 9)


def test_the_interval_for_other_families_is_that_of_a_plain_loop(points):
    """Delete-one-family jackknife, everything refitted, with one degree fewer than families."""
    found = contrast(points, "equal", "between").by_family
    each = [points, *(points[points["family"] != f] for f in points["family"].unique())]
    d = [plain_difference(p, "equal", "between") for p in each]
    m = [0.25 * plain_gap(p) for p in each]
    ends = (found.estimate.low, found.estimate.high)
    assert ends == pytest.approx(plain_interval(d, 2), abs=1e-10)
    plus = plain_interval([a + b for a, b in zip(d, m, strict=True)], 2)
    assert (found.plus.low, found.plus.high) == pytest.approx(plus, abs=1e-9)


def test_shares_of_variance_are_those_of_an_analysis_of_variance():
    """Five families x four seeds: mean squares of a crossed table without repetition."""
    rng = np.random.default_rng(0)
    table = rng.normal(0, 2, (5, 1)) + rng.normal(0, 1, (1, 4)) + rng.normal(0, 1, (5, 4))
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    rest = table - rows[:, None] - columns + table.mean()
    square = float((rest**2).sum() / 12)
    family = float(rows.var(ddof=1) - square / 4)
    seed = float(columns.var(ddof=1) - square / 5)
    assert min(family, seed) > 0
    of_mean = np.array([family / 5, seed / 4, square / 20])
    names = np.repeat(np.arange(5), 4), np.tile(np.arange(4), 5)
    found = shares_of_variance(table.ravel(), *names)
    assert found == pytest.approx(of_mean / of_mean.sum())


def test_one_seed_cannot_tell_families_from_the_rest():
    assert shares_of_variance(np.arange(3.0), np.arange(3), np.zeros(3)) == (0.0, 0.0, 1.0)


def test_two_names_of_the_same_runs_are_no_comparison(points):
    twin = points[points["role"] == "equal"].assign(role="twin")
    found = contrast(pd.concat([points, twin]), "equal", "twin")
    assert (found.cells, found.reason) == (0, "equal and twin are the same runs")


def test_lines_near_chance_or_below_the_margin_are_not_compared(points):
    clear = points.assign(ood_accuracy=0.3)
    chances = {"": 0.1}
    assert contrast(clear, "equal", "between", chances=chances).floor == ""
    low = clear["ood_accuracy"].where(clear["role"] != "between", 0.19)
    near = clear.assign(ood_accuracy=low)
    told = contrast(near, "between", "equal", chances=chances).floor
    assert told.startswith("OOD accuracy of between is 0.190")
    assert contrast(near, "between", "equal").floor == ""  # nothing said of chance
    twice = clear.assign(ood_accuracy=0.1999996)  # twice chance, in the digits of the records
    assert contrast(twice, "between", "equal", chances=chances).floor == ""
    assert contrast(near, "equal", FULL, chances=chances).floor == ""
    other = contrast(near, "between", "equal", chances=chances, statistic="id-position")
    assert other.floor == ""  # no OOD scores are compared
    flat = points["ood_macro_f1"] - 0.6 * points["id_macro_f1"]  # scratch about 0.02, a gap of 0.04
    sunk = points.assign(ood_macro_f1=flat.clip(lower=0))
    assert "is over a third of the OOD score of scratch" in contrast(sunk, "equal", FULL).floor


def test_er_per_halving_is_the_slope_over_the_logarithm_of_the_images(points):
    images = points["role"].map({"equal": 400, "between": 100, FULL: 800, "scratch": 0})
    told = points.assign(images=images)
    line = trends.role_line(points, "scratch")
    er = trends.effective_robustness(points, line)
    slopes = []
    for _, cell in er[er["role"] != "scratch"].groupby(["family", "seed"]):
        count = cell["role"].map({"equal": 400, "between": 100, FULL: 800})
        slopes.append(-stats.linregress(np.log2(count), cell["er"]).slope)
    roles = (FULL, "equal", "between")
    found = per_halving(told, roles, "scratch")
    assert found.value == pytest.approx(np.mean(slopes))
    assert per_halving(points, roles, "scratch") is None  # the points do not tell the images


def test_runs_without_a_partner_are_no_replicates(points):
    """Nor are they in the estimate: what is in no pair and on no line says nothing."""
    own = points["role"].eq("equal") & points["family"].eq("family-0")
    extra = points[own].assign(family="other")
    one, other = (contrast(p, "equal", "between") for p in (points, pd.concat([points, extra])))
    assert other.unpaired == 3
    assert (other.estimate, other.plus, other.gap) == (one.estimate, one.plus, one.gap)

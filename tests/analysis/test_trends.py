import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from nbsupport.analysis import trends
from nbsupport.errors import UserError

SCALES = {"linear": lambda v: v, "logit": special.logit, "probit": stats.norm.ppf}
scores = st.floats(0.01, 0.99)


def runs(x, y, per_run=3, role="scratch") -> pd.DataFrame:
    n = len(x)
    return pd.DataFrame(
        {
            "role": role,
            "family": "resnet",
            "seed": np.arange(n) // per_run,
            "epoch": np.arange(n) % per_run,
            "id_macro_f1": x,
            "ood_macro_f1": y,
        }
    )


@pytest.mark.parametrize("axis", trends.AXES)
def test_the_line_is_that_of_scipy(axis):
    rng = np.random.default_rng(1)
    x = rng.uniform(0.1, 0.9, 60)
    y = np.clip(0.6 * x + rng.normal(0, 0.03, 60), 0.01, 0.99)
    line = trends.fit_line(x, y, axis)
    known = stats.linregress(SCALES[axis](x), SCALES[axis](y))
    assert line.slope == pytest.approx(known.slope, rel=1e-10)
    assert line.intercept == pytest.approx(known.intercept, rel=1e-10)
    assert (line.n, line.dropped, line.low, line.high) == (60, 0, x.min(), x.max())
    mapped = known.intercept + known.slope * SCALES[axis](np.array([0.2, 0.7]))
    back = {"linear": mapped, "logit": special.expit(mapped), "probit": stats.norm.cdf(mapped)}
    np.testing.assert_allclose(line.predict([0.2, 0.7]), back[axis], rtol=1e-10)


@pytest.mark.parametrize(("axis", "dropped"), [("linear", 2), ("logit", 4), ("probit", 4)])
def test_points_an_axis_cannot_show_are_dropped_and_counted(axis, dropped):
    x = np.array([0.2, 0.4, 0.6, np.nan, 0.5, 0.0, 1.0])
    y = np.array([0.1, 0.2, 0.4, 0.3, np.inf, 0.1, 0.5])
    line = trends.fit_line(x, y, axis)
    assert (line.n, line.dropped) == (7 - dropped, dropped)
    assert np.isfinite([line.slope, line.intercept, line.low, line.high]).all()


@pytest.mark.parametrize(("x", "y"), [([], []), ([0.3], [0.2]), ([0.3, 0.3], [0.1, 0.2])])
def test_no_line_without_two_id_scores(x, y):
    with pytest.raises(UserError, match="two different ID scores"):
        trends.fit_line(x, y)


def test_an_unknown_axis_is_named():
    with pytest.raises(UserError, match="did you mean 'logit'"):
        trends.fit_line([0.1, 0.2], [0.1, 0.2], "loggit")
    with pytest.raises(UserError, match="unknown axis"):
        trends.inverse([0.1], "log")


@given(st.lists(scores, min_size=1), st.sampled_from(trends.AXES))
def test_inverse_undoes_transform(values, axis):
    back = trends.inverse(trends.transform(values, axis), axis)
    np.testing.assert_allclose(back, values, rtol=1e-9)


@given(st.lists(st.tuples(scores, scores), min_size=4, max_size=20), st.randoms())
def test_the_order_of_points_does_not_matter(pairs, random):
    x, y = np.array(pairs).T
    if np.ptp(x) < 0.01:
        return
    order = list(range(len(x)))
    random.shuffle(order)
    one, other = trends.fit_line(x, y), trends.fit_line(x[order], y[order])
    assert one.slope == pytest.approx(other.slope, abs=1e-8)
    assert one.intercept == pytest.approx(other.intercept, abs=1e-8)


@pytest.mark.parametrize("axis", trends.AXES)
def test_the_band_is_that_of_a_plain_bootstrap_over_runs(points, axis):
    rows = points[points["role"] == "scratch"]
    grid = np.array([0.25, 0.4, 0.55])
    band = trends.bootstrap_band(points, "scratch", grid, axis, replicates=40, seed=5)
    each = [run for _, run in rows.groupby(["family", "seed"])]
    draws = np.random.default_rng(5).multinomial(len(each), np.full(len(each), 1 / len(each)), 40)
    lines = []
    for counts in draws:
        drawn = pd.concat([run for run, k in zip(each, counts, strict=True) for _ in range(k)])
        line = trends.fit_line(drawn["id_macro_f1"], drawn["ood_macro_f1"], axis)
        lines.append(line.predict(grid))
    low, high = np.percentile(lines, [2.5, 97.5], axis=0)
    np.testing.assert_allclose(band["low"], low, atol=1e-10)
    np.testing.assert_allclose(band["high"], high, atol=1e-10)
    np.testing.assert_allclose(
        band["y"], trends.role_line(points, "scratch", axis).predict(grid), atol=1e-12
    )


def test_the_band_spans_the_data_and_one_run_has_none(points):
    band = trends.bootstrap_band(points, "scratch")
    x = points.loc[points["role"] == "scratch", "id_macro_f1"]
    assert (band["x"].min(), band["x"].max()) == (x.min(), x.max())
    assert ((band["low"] < band["y"]) & (band["y"] < band["high"])).all()
    alone = trends.bootstrap_band(runs([0.2, 0.3, 0.4], [0.1, 0.2, 0.2]), "scratch")
    assert alone["y"].notna().all()
    assert alone[["low", "high"]].isna().all(axis=None)


def test_a_run_without_a_finite_point_does_not_join_the_bootstrap():
    x, y = np.linspace(0.2, 0.5, 9), np.linspace(0.1, 0.3, 9) ** 2
    bad = pd.concat([runs(x, y), runs([np.nan] * 3, [0.1] * 3).assign(seed=9)])
    pd.testing.assert_frame_equal(
        trends.bootstrap_band(bad, "scratch", replicates=50),
        trends.bootstrap_band(runs(x, y), "scratch", replicates=50),
    )


def test_an_unknown_role_is_named(points):
    with pytest.raises(UserError, match=r"unknown role 'scratsh'.*did you mean 'scratch'"):
        trends.bootstrap_band(points, "scratsh")


@pytest.mark.parametrize("axis", trends.AXES)
def test_er_is_that_of_a_plain_loop(points, axis):
    reference = trends.role_line(points, "between", axis)
    found = trends.effective_robustness(points, reference).set_index(["role", "family", "seed"])
    assert len(found) == 36
    for key, run in points.groupby(["role", "family", "seed"]):
        residuals = [
            y - float(reference.predict(x))
            for x, y in zip(run["id_macro_f1"], run["ood_macro_f1"], strict=True)
            if reference.low <= x <= reference.high
        ]
        assert found.loc[key, "epochs"] == len(residuals)
        assert found.loc[key, "er"] == pytest.approx(np.mean(residuals), abs=1e-12)


def test_fewer_than_two_epochs_in_range_is_off_the_line():
    line = trends.Line(0.5, 0.0, "linear", 10, 0, low=0.2, high=0.4)
    points = runs([0.1, 0.3, 0.5, 0.2, 0.4, 0.9], [0.2, 0.3, 0.2, 0.2, 0.3, 0.9])
    points.loc[5, "ood_macro_f1"] = np.nan
    found = trends.effective_robustness(points, line)
    assert found["off_line"].tolist() == [True, False]
    assert found["epochs"].tolist() == [1, 2]
    assert np.isnan(found["er"][0])
    assert found["er"][1] == pytest.approx((0.1 + 0.1) / 2)


@settings(max_examples=25)
@given(st.floats(-0.1, 0.1), st.randoms(use_true_random=False))
def test_er_moves_with_the_scores_and_not_with_their_order(shift, random):
    rng = np.random.default_rng(random.randrange(10**6))
    x = rng.uniform(0.2, 0.6, 12)
    points = runs(x, 0.5 * x)
    line = trends.fit_line(x, 0.5 * x)
    moved = points.assign(ood_macro_f1=points["ood_macro_f1"] + shift)
    mixed = moved.sample(frac=1, random_state=random.randrange(10**6))
    np.testing.assert_allclose(trends.effective_robustness(mixed, line)["er"], shift, atol=1e-12)

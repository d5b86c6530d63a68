"""Published models above a line: what is planted is found, and intervals agree with plain ones."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nbsupport.analysis import published
from nbsupport.analysis.published import V2, Heights, Shift, fine_tuned, mean_of
from nbsupport.analysis.trends import AXES, fit_line, inverse, transform


def models(lift: float = 0.05, noise: float = 0.004, seed: int = 0) -> pd.DataFrame:
    """Models on a line in logit units, of 40 architectures; those of "more" are lifted."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(40):
        for tag, source in (("plain", "in1k"), ("plain2", "in1k"), ("rich", "more")):
            x = float(np.linspace(0.6, 0.88, 40)[i] + rng.normal(0, 0.003))
            y = float(inverse(0.9 * transform(x, "logit") - 0.5, "logit"))
            y += rng.normal(0, noise) + lift * (source == "more")
            rows.append((f"{tag}-{i}", f"arch-{i // 2}", tag, source, x, y))
    columns = ["model", "architecture", "tag", "source", "imagenet", "v2"]
    return pd.DataFrame(rows, columns=columns).assign(publication="timm")


def plain_interval(own: Heights, wanted: pd.Series) -> tuple[float, float]:
    """The same jackknife by fitting anew: mean, and half the width of its interval."""

    def mean_without(name: str) -> float:
        base = own.base[own.base["architecture"] != name]
        line = fit_line(base[own.shift.id], base[own.shift.ood], own.axis)
        rows = own.models.loc[own.er[wanted].dropna().index]
        rows = rows[rows["architecture"] != name]
        return float((rows[own.shift.ood] - line.predict(rows[own.shift.id])).mean())

    value = float(own.er[wanted].mean())
    inside = set(own.models.loc[own.er[wanted].dropna().index, "architecture"])
    spread = 0.0
    for name in set(own.models["architecture"]):
        factor = (len(inside) - 1) / len(inside) if name in inside else 1.0
        spread += factor * (mean_without(name) - value) ** 2
    return value, float(stats.t.ppf(0.975, len(inside) - 1) * np.sqrt(spread))


@pytest.mark.parametrize("axis", AXES)
def test_the_interval_is_that_of_a_jackknife_that_fits_anew(axis):
    table = models()
    table = table[(table["source"] == "in1k") | (table.index % 5 == 0)].reset_index(drop=True)
    own = fine_tuned(table, V2, axis)
    wanted = own.models["source"] == "more"
    value, half = plain_interval(own, wanted)
    found = own.mean(wanted)
    assert found.value == pytest.approx(value)
    assert found.high - found.value == pytest.approx(half)
    assert found.value - found.low == pytest.approx(half)


def test_a_planted_height_is_found_and_its_absence_too():
    lifted, level = fine_tuned(models(0.05), V2), fine_tuned(models(0.0), V2)
    found = lifted.mean(lifted.models["source"] == "more")
    assert found.low < 0.05 < found.high
    assert found.low > 0.04
    none = level.mean(level.models["source"] == "more")
    assert none.low < 0 < none.high


def test_a_difference_of_groups_is_that_of_their_means():
    table = models()
    table.loc[table.index[2::6], "source"] = "most"
    table.loc[table["source"] == "most", "v2"] += 0.03
    own = fine_tuned(table, V2)
    first, second = (own.models["source"] == name for name in ("most", "more"))
    found = own.between(first, second)
    assert found.value == pytest.approx(own.mean(first).value - own.mean(second).value)
    assert found.low < 0.03 < found.high
    assert found.models == own.mean(first).models + own.mean(second).models


def test_pairs_are_within_architectures_as_a_paired_t_test_has_them():
    table = models().drop_duplicates(["architecture", "tag"]).reset_index(drop=True)
    own = fine_tuned(table, V2)
    found = own.paired([("rich", "plain")])
    er = own.models.assign(er=own.er).pivot_table(index="architecture", columns="tag", values="er")
    er = er.dropna(subset=["rich", "plain"])
    plain = stats.ttest_rel(er["rich"], er["plain"]).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high))
    assert found.units == found.models == len(er)


def test_several_recipes_count_as_one_value_each():
    table = models().drop_duplicates(["architecture", "tag"]).reset_index(drop=True)
    other = table[table["tag"] != "plain2"].copy()
    other["tag"] += "-b"
    other.loc[other["tag"] == "rich-b", "v2"] += 0.02
    own = fine_tuned(pd.concat([table, other], ignore_index=True), V2)
    recipes = [("rich", "plain"), ("rich-b", "plain-b")]
    each = [own.paired([recipe]) for recipe in recipes]
    found = own.paired(recipes)
    assert found.value == pytest.approx(np.mean([one.value for one in each]))
    assert (found.units, found.models) == (2, sum(one.models for one in each))


def test_what_lies_outside_the_lines_range_is_left_out_and_counted():
    table = models()
    far = table["source"] == "more"
    table.loc[table[far].index[-3:], "imagenet"] = 0.95
    own = fine_tuned(table, V2)
    found = own.mean(own.models["source"] == "more")
    outside = (own.models["imagenet"] > own.line.high) | (own.models["imagenet"] < own.line.low)
    assert found.outside == int((outside & (own.models["source"] == "more")).sum()) >= 3
    assert found.models + found.outside == int(far.sum())
    assert own.height.notna().all()


def test_one_architecture_has_no_interval_and_no_model_no_mean():
    own = fine_tuned(models(), V2)
    one = own.mean(own.models["model"].isin(["rich-20", "rich-21"]))
    assert one.units == 1
    assert np.isfinite(one.value)
    assert np.isnan(one.low)
    none = own.mean(own.models["model"] == "of nobody")
    assert (none.models, none.units) == (0, 0)
    assert np.isnan(none.value)


def test_the_spread_of_recipes_is_within_architectures():
    table = models(noise=0.0)
    recipes = pd.concat([table.assign(tag=f"r{i}") for i in range(2)], ignore_index=True)
    rng = np.random.default_rng(1)
    recipes["v2"] += rng.normal(0, 0.01, len(recipes))
    found = fine_tuned(recipes, V2).recipe_spread()
    assert found.architectures == 20
    assert found.median == pytest.approx(0.01, rel=0.35)


def test_clips_at_the_floor_and_under_two_names_are_left_out():
    rows = [("a", 0.6, 0.2), ("a", 0.6, 0.2), ("b", 0.5, 0.1), ("c", 0.05, 0.01), ("d", 0.7, 0.3)]
    table = pd.DataFrame(rows, columns=["tag", "imagenet", "iwildcam"])
    table = table.assign(publication="open_clip", source="x", v2=0.5, sketch=0.5, r=0.5)
    table.loc[4, "source"] = "several"
    assert len(published.zero_shot(table).base) == 2


def test_a_mean_of_units_is_students():
    values = np.array([0.1, 0.2, 0.4])
    found = mean_of(values, 3)
    low, high = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert mean_of(np.array([]), 0, outside=2).outside == 2


def test_models_without_both_scores_are_left_out():
    table = models()
    table.loc[:4, "v2"] = np.nan
    own = Heights(table, table.index[table["source"] == "in1k"], Shift("imagenet", "v2", "V2"))
    assert len(own.models) == len(table) - 5

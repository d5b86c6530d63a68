"""Tables that are no records of one setting, and why a comparison cannot be made."""

import numpy as np
import pandas as pd
import pytest

from nbsupport.analysis import trends
from nbsupport.analysis.cells import Cells
from nbsupport.analysis.contrasts import contrast, effects
from nbsupport.analysis.verdicts import judge
from nbsupport.errors import UserError

FULL = "imagenet/full"


def changed(points: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    """One value of the scratch group changed."""
    row = points.index[points["role"] == "scratch"][3]
    other = points.astype({column: object})
    other.loc[row, column] = value
    return other


def twice(points: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([points, points], ignore_index=True)


FAULTS = {
    "percent": (lambda p: p.assign(ood_macro_f1=100 * p["ood_macro_f1"]), "fractions from 0 to 1"),
    "one score": (lambda p: changed(p, "ood_macro_f1", 35.0), "score 35: give fractions"),
    "below nought": (lambda p: changed(p, "id_macro_f1", -0.2), "score -0.2"),
    "text": (lambda p: changed(p, "ood_macro_f1", "n/a"), "'n/a' as ood_macro_f1"),
    "decimal comma": (lambda p: changed(p, "id_macro_f1", "0,35"), "'0,35' as id_macro_f1"),
    "blank": (lambda p: changed(p, "family", "family-0 "), "'family-0 ' has blanks around it"),
    "seed": (lambda p: changed(p, "seed", "0"), "seed '0' is no whole number"),
    "half a seed": (lambda p: changed(p, "seed", 0.5), "seed 0.5 is no whole number"),
    "epoch": (lambda p: changed(p, "epoch", "last"), "'last' as epoch"),
    "no family": (lambda p: changed(p, "family", None), "lack a value"),
    "worlds": (
        lambda p: pd.concat([p.assign(world=1), p.assign(world=2)], ignore_index=True),
        r"several worlds \(1, 2\)",
    ),
    "profiles": (
        lambda p: pd.concat([p.assign(profile="a"), p.assign(profile="b")], ignore_index=True),
        r"several profiles \(a, b\)",
    ),
    "settings": (
        lambda p: pd.concat(
            [p.assign(images=10), p.assign(images=20, seed=p["seed"] + 9)], ignore_index=True
        ),
        r"mix several images \(10, 20\)",
    ),
    "twice": (twice, "points stand twice"),
    "no column": (lambda p: p.drop(columns="seed"), "lack the columns seed"),
    "empty": (lambda p: p.iloc[:0], "empty table"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "use",
    [
        lambda points: trends.role_line(points, "scratch"),
        lambda points: trends.bootstrap_band(points, "scratch", replicates=5),
        lambda points: trends.effective_robustness(points, trends.fit_line([0.1, 0.9], [0.1, 0.6])),
        Cells.of,
    ],
    ids=["role_line", "bootstrap_band", "effective_robustness", "Cells"],
)
def test_what_is_no_table_of_one_setting_is_refused_everywhere(points, fault, use):
    spoil, told = FAULTS[fault]
    with pytest.raises(UserError, match=told) as caught:
        use(spoil(points))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("ood_macro_f1", 35.0, "ood_macro_f1 has the score 35: "),
        ("id_macro_f1", "n/a", "'n/a' as id_macro_f1: "),
        ("seed", 0.5, "seed 0.5 is no whole number: "),
        ("family", " family-0", "family ' family-0' has blanks around it: "),
    ],
)
def test_a_fault_is_named_with_its_row_and_column(points, column, value, told):
    spoilt = changed(points, column, value)
    row = points.index[points["role"] == "scratch"][3]
    with pytest.raises(UserError) as caught:
        Cells.of(spoilt)
    assert str(caught.value).startswith(f"row {row} (role scratch, family ")
    assert told in str(caught.value)


def test_the_first_of_rows_that_stand_twice_or_lack_a_value_is_named(points):
    with pytest.raises(UserError, match=rf"the first in row {len(points)} \(role "):
        Cells.of(twice(points))
    with pytest.raises(
        UserError, match=r"^1 points lack a value .*, the first in row \d+ \(role s"
    ):
        Cells.of(changed(points, "family", None))


def test_a_line_predicts_at_scores_alone(points):
    line = trends.role_line(points, "scratch")
    with pytest.raises(UserError, match="x has the score 35: give fractions"):
        line.predict(35)
    with pytest.raises(UserError, match="x has the score -1"):
        trends.bootstrap_band(points, "scratch", grid=[0.2, -1], replicates=5)


def test_missing_scores_are_no_fault(points):
    points.loc[points.index[2], "ood_macro_f1"] = np.nan
    assert trends.role_line(points, "scratch").dropped <= 1
    Cells.of(points.astype({"seed": float}))


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [
        ([0.1, 0.2, 0.3], [0.1, 0.2], "x has 3 scores and y has 2"),
        ([0.1, "n/a"], [0.1, 0.2], "are no scores: give numbers"),
        ([[0.1, 0.2]], [0.1, 0.2], "x has 2 dimensions"),
        ([0.1, 0.2], [0.1, 20.0], "y has the score 20"),
        ([0.3, 0.3], [0.1, 0.2], "all 2 have the same one"),
        ([0.3, np.nextafter(0.3, 1)], [0.1, 0.2], "all 2 have the same one"),
        ([0.3, np.nan], [0.1, 0.2], "1 of 2 can be shown on the linear axis"),
        ([], [], "0 of 0 can be shown"),
    ],
)
def test_scores_that_make_no_line_say_why(x, y, told):
    with pytest.raises(UserError, match=told):
        trends.fit_line(x, y)


# missing partners and other reasons ---------------------------------------------------------------
def test_cells_without_a_partner_are_counted_and_said(simulate, table):
    points = table(simulate({"scratch": 0.0, FULL: 0.04, "a": 0.04}, 3, families=5, seeds=5))
    whole = contrast(points, "a", FULL)
    assert whole.unpaired == 0
    assert "partner" not in str(judge("same", whole))
    lost = points[~((points["role"] == "a") & (points["family"] == "family-2"))]
    found = contrast(lost, "a", FULL)
    assert (found.cells, found.unpaired) == (20, 5)
    assert "5 cells without a partner" in judge("same", found).remark
    one = contrast(lost.drop(lost.index[lost["role"] == FULL][:5]), "a", FULL)
    assert one.unpaired == 6
    assert effects(lost, ("a", "scratch"), (FULL, "scratch")).unpaired == 5


def test_the_same_verdict_is_given_with_and_without_the_count(simulate, table):
    points = table(simulate({"scratch": 0.0, FULL: 0.04, "a": 0.04}, 3, families=5, seeds=5))
    lost = points[~((points["role"] == "a") & (points["seed"] == 4))]
    seeds = points[points["seed"] != 4]
    assert (
        judge("same", contrast(lost, "a", FULL)).word
        == judge("same", contrast(seeds, "a", FULL)).word
    )


def test_groups_with_other_seeds_are_told_from_ranges_that_do_not_overlap(points):
    other = points.assign(seed=points["seed"] + 100 * points["role"].eq("scratch"))
    found = judge("higher", contrast(other, "equal", "scratch"))
    assert found.word == "not testable"
    assert found.remark.startswith("no cell (family, seed) has runs of equal and scratch")


def test_a_constant_id_score_is_told_from_ranges_that_do_not_overlap(points):
    for width in (0.0, 1e-14):
        flat = points.copy()
        rows = flat["role"].eq("scratch")
        flat.loc[rows, "id_macro_f1"] = 0.3 + width * np.arange(rows.sum())
        found = judge("higher", contrast(flat, "equal", "between"))
        assert found.word == "not testable"
        assert found.remark.startswith("all points of scratch have the same ID score")
    found = judge("same", contrast(flat, "equal", "between", reference=FULL))
    assert found.word == "not testable"
    assert found.remark.startswith("all points of scratch have the same ID score")


def test_ranges_that_do_not_overlap_are_still_said_to_be_so(points):
    apart = points.assign(id_macro_f1=points["id_macro_f1"] + 0.4 * points["role"].ne("scratch"))
    assert "do not overlap" in judge("higher", contrast(apart, "equal", "between")).remark

"""Effects in units of the gap, the order of the factors, and the two coordinates of a group."""

import numpy as np
import pandas as pd
import pytest

from nbsupport.analysis import claims, effects
from nbsupport.analysis.charts import Words, curves_figure, effects_figure, positions_figure

HEIGHTS = {
    "scratch": 0.0,
    "imagenet/full": 0.06,
    "imagenet/25K": 0.03,
    "imagenet/animal": 0.06,
    "imagenet/object": 0.054,
    "no-gap/full": 0.5,
}


@pytest.fixture(scope="module")
def points(simulate, table):
    return table(simulate(HEIGHTS, seeds=4, spread=0.002, shift={"imagenet/25K": 0.05}))


def test_an_effect_is_its_difference_over_the_gap(points):
    found = effects.effect_table(points).set_index("effect")["value"]
    assert found["all images over 25K"] == pytest.approx(0.5, abs=0.06)
    assert found["animals over objects"] == pytest.approx(0.1, abs=0.06)
    assert len(found) == 2
    assert len(effects.missing(points)) == len(effects.EFFECTS) - 2


def test_factors_are_ranked_by_their_leading_effect(points):
    ranked = effects.ranking(effects.effect_table(points))
    assert [factor for factor, _ in ranked] == ["quantity", "semantics"]
    assert all(value >= 0 for _, value in ranked)


def test_every_factor_has_one_leading_effect_and_known_roles():
    leading = [e.factor for e in effects.EFFECTS if e.leads]
    assert leading == list(effects.FACTORS)
    roles = {role for claim in claims.load().values() for role in claim.roles}
    assert {role for e in effects.EFFECTS for role in (e.a, e.b)} <= roles


def test_without_the_gap_there_are_no_effects(points):
    assert effects.effect_table(points[points["role"] != "scratch"]).empty
    assert effects.positions(points[points["role"] != "imagenet/full"]).empty


def test_height_and_place_are_two_coordinates(points):
    found = effects.positions(points).set_index("role")
    assert found.index[-1] == "imagenet/25K"  # the least robust comes last
    assert found.loc["imagenet/25K", "position"] == pytest.approx(0.05, abs=0.015)
    assert found.loc["imagenet/full", "position"] == 0.0
    assert "no-gap/full" not in found.index  # another task, another line
    assert found.loc["imagenet/full", "er"] == pytest.approx(0.06, abs=0.005)


# figures ------------------------------------------------------------------------------------------
def test_the_effects_are_drawn_in_both_layouts_and_told(points):
    table = effects.effect_table(points)
    figure = effects_figure(table, Words("T"))
    assert len(figure.datasets["effects"]) == len(table) == len(figure.table)
    assert "animals over objects" in figure.description
    for layout in ("wide", "narrow"):
        assert figure.png("dark", layout, scale=0.5).startswith(b"\x89PNG")


def test_both_coordinates_are_drawn_in_the_same_order(points):
    table = effects.positions(points)
    figure = positions_figure(table, {}, Words("T"))
    order = [row["group"] for row in figure.datasets["effects"]]
    assert order == [row["group"] for row in figure.datasets["places"]] == table["role"].tolist()
    assert figure.png(layout="narrow", scale=0.5).startswith(b"\x89PNG")


def test_curves_have_a_panel_for_each_stage():
    steps = np.arange(1, 6)
    parts = [
        pd.DataFrame({"panel": panel, "series": "resnet", "x": steps, "value": top / steps})
        for panel, top in (("one", 1.0), ("two", 3.0))
    ]
    figure = curves_figure(pd.concat(parts), Words("T"), x_title="epoch", y_title="loss")
    assert len(figure.wide["concat"]) == len(figure.table) == 2
    assert "one, ResNet: 1 at first, at most 1, 0.2 after epoch 5" in figure.description


def test_a_group_that_is_the_runs_of_another_is_listed_once(points):
    keyed = points.assign(key=[f"{r}{f}{s}" for r, f, s in points[CELL].to_numpy()])
    again = keyed[keyed["role"] == "imagenet/animal"].assign(role="imagenet/animal-again")
    listed = effects.positions(pd.concat([keyed, again], ignore_index=True))
    assert listed["role"].tolist() == effects.positions(points)["role"].tolist()
    other = again.assign(key=again["key"] + "x")  # the same scores, of other runs
    assert len(effects.positions(pd.concat([keyed, other], ignore_index=True))) == len(listed) + 1


CELL = ["role", "family", "seed"]

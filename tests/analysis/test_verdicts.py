import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nbsupport.analysis.contrasts import Contrast, Interval
from nbsupport.analysis.multiplicity import benjamini_hochberg, holm
from nbsupport.analysis.verdicts import (
    WORDS,
    Verdict,
    adjusted_pairs,
    combine,
    judge,
    ladder,
    more_cells,
    some_of_each,
)
from nbsupport.errors import UserError

T6 = stats.t.ppf(0.975, 6)


def known(low: float, high: float, margin: float = 0.01, **other) -> Contrast:
    """A contrast with this interval, of 9 cells, whose margin is known exactly."""
    middle, se = (low + high) / 2, (high - low) / 2 / T6
    fields = {
        "name": "a - b",
        "estimate": Interval(middle, se, 6),
        "minus": Interval(middle - margin, se, 6),
        "plus": Interval(middle + margin, se, 6),
        "margin": margin,
        "gap": Interval(4 * margin, 0.001, 6),
        "cells": 9,
        "families": 3,
        "settled": True,
        "off_line": 0,
        "dropped": 0,
        "axis": "linear",
    }
    return Contrast(**{**fields, **other})


@pytest.mark.parametrize(
    ("low", "high", "higher", "same"),
    [
        (0.012, 0.020, "supported", "contradicted"),
        (0.005, 0.020, "supported", "inconclusive (differs, size unsettled"),
        (0.002, 0.008, "supported (below the margin)", "supported"),
        (-0.004, 0.008, "negligible", "supported"),
        (-0.004, 0.020, "inconclusive", "inconclusive"),
        (-0.008, -0.002, "contradicted", "supported"),
        (-0.020, -0.005, "contradicted", "inconclusive (differs, size unsettled"),
        (-0.020, -0.012, "contradicted", "contradicted"),
        (-0.020, 0.005, "inconclusive", "inconclusive"),
    ],
)
def test_every_place_of_the_interval(low, high, higher, same):
    for kind, expected in (("higher", higher), ("same", same)):
        found = judge(kind, known(low, high))
        assert str(found).startswith(expected)
        assert (found.more_cells is None) == (found.word != "inconclusive")
        assert found.word in WORDS


def test_an_uncertain_margin_decides_by_its_own_intervals():
    certain = known(-0.004, 0.009)
    assert judge("same", certain).word == "supported"
    unsure = replace(certain, minus=Interval(-0.0075, 0.004, 6))
    assert judge("same", unsure).word == "inconclusive"
    assert judge("higher", unsure).word == "inconclusive"


@pytest.mark.parametrize(
    ("change", "word", "remark"),
    [
        ({"gap": Interval(0.04, 0.02, 6)}, "not testable", "touches 0"),
        ({"gap": Interval(-0.04, 0.001, 6)}, "not testable", "does not lie above"),
        ({"gap": Interval(math.nan, math.nan, 6)}, "not testable", "do not overlap"),
        ({"gap": Interval(0.04, math.nan, 6)}, "not testable", "touches 0"),
        ({"cells": 0, "off_line": 9}, "not testable", "no cell has both.*9 runs off the line"),
        ({"off_line": 2, "dropped": 1}, "supported", "2 runs off the line; 1 point dropped"),
    ],
)
def test_what_cannot_be_tested_says_why(change, word, remark):
    found = judge("same", known(-0.002, 0.002, **change))
    assert found.word == word
    assert re.search(remark, found.remark)


@pytest.mark.parametrize("gap", [Interval(0.04, 0.02, 6), Interval(math.nan, math.nan, 6)])
def test_of_higher_only_the_word_negligible_needs_a_gap(gap):
    for ends in ((0.001, 0.005), (-0.005, -0.001)):
        clear = known(*ends)
        assert judge("higher", replace(clear, gap=gap)).word == judge("higher", clear).word
    small = known(-0.002, 0.002)
    assert judge("higher", small).word == "negligible"
    assert judge("higher", replace(small, gap=gap)).word == "inconclusive"
    assert judge("higher", known(0.001, 0.005)).remark == "below the margin"
    assert judge("higher", known(0.001, 0.005, gap=gap)).remark == ""


def test_at_the_floor_nothing_is_compared():
    for kind in ("higher", "same"):
        found = judge(kind, known(-0.002, 0.002, floor="OOD accuracy is by chance"))
        assert (found.word, found.remark) == ("at the floor", "OOD accuracy is by chance")
    assert judge("measured", known(-0.002, 0.002, floor="by chance")).word == "measured"


@pytest.mark.parametrize(
    ("kind", "low", "high", "direction"),
    [
        ("higher", 0.01, 0.02, "towards"),
        ("higher", -0.02, 0.01, "against"),
        ("same", 0.002, 0.004, "towards"),
        ("same", 0.02, 0.03, "against"),
    ],
)
def test_few_cells_only_lean(kind, low, high, direction):
    wide = Interval(0.04, 0.03, 2)  # touches 0, which few cells cannot tell
    found = judge(kind, known(low, high, settled=False, gap=wide, gap_settled=False))
    assert (found.word, found.direction) == ("leans", direction)
    assert found.text == f"leans {direction}"
    none = replace(known(low, high), estimate=Interval((low + high) / 2, math.nan, 0))
    assert judge(kind, none).text == f"leans {direction}"


def test_a_measured_claim_is_only_measured():
    assert judge("measured", known(-0.1, 0.1)).word == "measured"
    assert judge("measured", known(0.1, 0.2, gap=Interval(0.0, 0.1, 6))).word == "measured"
    assert judge("measured", known(0.1, 0.2, cells=0)).word == "not testable"


def test_an_unknown_kind_is_named():
    with pytest.raises(UserError, match="unknown kind 'lower'"):
        judge("lower", known(0, 1))


@pytest.mark.parametrize(
    ("kind", "low", "high", "more"),
    [
        ("same", -0.010, 0.018, 9 * (14 / 6) ** 2 - 9),  # 6 from the margin
        ("same", 0.008, 0.020, 9 * (6 / 4) ** 2 - 9),  # 4 beyond it
        ("higher", -0.002, 0.042, 9 * (22 / 20) ** 2 - 9),  # 20 from 0
        ("higher", -0.014, 0.018, 9 * (16 / 8) ** 2 - 9),  # 2 from 0, but 8 from the margin
        ("same", -0.1001, 0.12, 999),
        ("higher", -0.12, 0.1201, 999),
    ],
)
def test_how_many_more_cells(kind, low, high, more):
    found = judge(kind, known(low, high))
    assert found.word == "inconclusive"
    assert found.more_cells == min(999, math.ceil(round(more, 6)))
    said = (
        "no number of cells" if found.more_cells == 999 else f"about {found.more_cells} more cell"
    )
    assert said in found.remark


def test_an_estimate_on_its_boundary_needs_the_most_cells():
    assert more_cells(known(-0.001, 0.021), "same") == 999


S, G, U, N, F = (
    Verdict(w) for w in ("supported", "negligible", "inconclusive", "not testable", "at the floor")
)
C = Verdict("contradicted", p_against=0.001)
FOR, AGAINST = Verdict("leans", direction="towards"), Verdict("leans", direction="against")


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([S, S], "supported"),
        ([S, C, N], "contradicted"),
        ([S, U], "inconclusive"),
        ([S, U, N], "not testable"),
        ([FOR, FOR], "leans towards"),
        ([FOR, AGAINST, U], "leans against"),
        ([FOR, S, U], "leans towards"),
        ([FOR, C], "contradicted"),
        ([S, G, U, N], "negligible"),
        ([G, C], "contradicted"),
        ([S, F, U], "at the floor"),
    ],
)
def test_composites(parts, text):
    found = combine(parts)
    assert found.text == text
    assert found.parts == tuple(parts)


def test_a_part_contradicts_a_composite_only_after_holms_correction():
    part = Verdict("contradicted", p_against=0.01)
    assert combine([part, S]).word == "contradicted"
    found = combine([part, S, S])
    assert (found.word, found.p_against) == ("inconclusive", pytest.approx(0.03))
    assert "contradicted alone, and not among all parts" in found.remark
    assert combine([part]) is part


def test_a_ladder_is_judged_by_its_ends_and_by_steps_that_are_reversed():
    up, down = judge("higher", known(0.01, 0.02)), judge("higher", known(-0.02, -0.01))
    open_, small = (judge("higher", known(*ends)) for ends in ((-0.01, 0.02), (-0.002, 0.002)))
    assert (open_.word, small.word) == ("inconclusive", "negligible")
    for steps in ([up, up], [up, open_], [small, small]):
        assert ladder(up, steps).word == "supported"
    assert ladder(up, [up, down]).word == "contradicted"
    assert ladder(up, [up, down]).remark == "a - b is reversed"
    assert ladder(down, [up, up]).word == "contradicted"
    assert ladder(small, [up, up]).word == "negligible"
    assert ladder(open_, [up, up]).more_cells == open_.more_cells
    leaning = judge("higher", known(0.01, 0.02, settled=False))
    assert ladder(leaning, [leaning, leaning]).text == "leans towards"


def test_a_step_is_reversed_only_after_holms_correction():
    up = judge("higher", known(0.01, 0.02))
    step = judge("higher", known(-0.0161, -0.0001))
    assert (step.word, 0.02 < step.p_against < 0.025) == ("contradicted", True)
    assert ladder(up, [step]).word == "contradicted"
    assert ladder(up, [step, up]).word == "supported"


def test_a_composite_shows_the_part_that_decided():
    clear, unsure = (
        judge("higher", known(0.01, 0.02)),
        judge("higher", known(-0.01, 0.02, name="c - d")),
    )
    found = combine([clear, unsure])
    assert found.contrast is unsure.contrast
    assert found.remark.startswith("c - d: about")
    assert found.more_cells == unsure.more_cells
    assert combine([clear, clear]).contrast is clear.contrast
    assert combine([unsure]) is unsure


@given(st.lists(st.one_of(st.floats(0, 1), st.just(math.nan)), min_size=1, max_size=9))
def test_holm_against_a_plain_step_down(p):
    adjusted = holm(p)
    for level in (0.01, 0.025, 0.2):
        rejected, order = (
            set(),
            sorted(range(len(p)), key=lambda i: 2 if math.isnan(p[i]) else p[i]),
        )
        for rank, i in enumerate(order):
            if math.isnan(p[i]) or p[i] * (len(p) - rank) > level:
                break
            rejected.add(i)
        assert rejected == set(np.flatnonzero(adjusted <= level))


def test_benjamini_hochberg_against_scipy():
    p = [0.001, 0.2, math.nan, 0.03, 0.004, 0.9]
    found = benjamini_hochberg(p)
    assert np.isnan(found[2])
    tested = [0, 1, 3, 4, 5]
    assert found[tested] == pytest.approx(stats.false_discovery_control(np.array(p)[tested]))


def test_some_higher_and_some_the_same():
    up, level = known(0.04, 0.05), known(-0.002, 0.002)
    unsure, small = known(-0.01, 0.02), known(0.0005, 0.018)
    found = some_of_each([up, level, *[unsure] * 4])
    assert found.word == "supported"
    assert found.remark == "1 higher and 1 same of 6 pairs"
    assert [p.word for p in found.parts] == ["supported", "supported", *["inconclusive"] * 4]
    assert some_of_each([up] * 6).word == "contradicted"
    assert some_of_each([level] * 6).word == "contradicted"
    assert some_of_each([up] * 5 + [unsure]).word == "inconclusive"
    assert judge("higher", small).word == "supported"  # alone, but not among six pairs
    assert some_of_each([small, level, *[unsure] * 4]).word == "inconclusive"


def test_a_pair_is_higher_or_the_same_but_never_both():
    slight, up = known(0.002, 0.006), known(0.04, 0.05)
    assert judge("higher", slight).word == judge("same", slight).word == "supported"
    none_apart = some_of_each([slight] * 6)
    assert none_apart.word == "contradicted"
    assert none_apart.remark == "0 higher and 6 same of 6 pairs"
    found = some_of_each([*[slight] * 5, up])
    assert found.word == "supported"
    assert found.remark == "1 higher and 5 same of 6 pairs"


def test_the_pair_shown_is_the_most_clearly_higher_one():
    up, level = known(0.04, 0.05, name="clear"), known(-0.002, 0.002)
    assert some_of_each([level, level, up, level, level, level]).contrast is up


def test_p_values_are_adjusted_for_as_many_pairs_as_there_are():
    up, level = known(0.04, 0.05), known(-0.002, 0.002)
    found = adjusted_pairs([up, *[level] * 5])
    assert found["higher"][0] == pytest.approx(6 * up.estimate.p_below())
    assert found["same"][0] > 0.999
    assert (found["higher"][1:] == 1.0).all()


def test_some_of_each_leans_and_fails_as_its_pairs_do():
    up, level = (known(*v, settled=False) for v in ((0.04, 0.05), (-0.002, 0.002)))
    assert some_of_each([up, level] * 3).text == "leans towards"
    assert some_of_each([up] * 6).text == "leans against"
    far = known(0.04, 0.05, cells=0)
    assert some_of_each([far, *[known(0.04, 0.05)] * 5]).word == "not testable"


def test_a_pair_at_the_floor_is_neither_higher_nor_the_same():
    up, level = known(0.04, 0.05), known(-0.002, 0.002)
    low = replace(level, floor="by chance")
    found = some_of_each([up, *[low] * 5])
    assert found.word == "inconclusive"
    assert found.remark == "1 higher, 0 same and 5 at the floor of 6 pairs"
    assert some_of_each([up, level, *[low] * 4]).word == "supported"
    assert some_of_each([low] * 6).word == "at the floor"
    assert some_of_each([level] * 5 + [low]).word == "inconclusive"  # not all are found alike


def test_more_seeds_do_not_shrink_the_part_of_the_families():
    """A quarter of the way to 0: sixteen times the cells, if all of the variance shrinks."""
    c = known(-0.03, 0.05, margin=0.001)
    assert more_cells(c, "higher") == 9 * (16 - 1)
    half = replace(c, shares=(0.5, 0.0, 0.5))
    assert more_cells(half, "higher") == 9 * (16 - 1)  # families, whose part has to shrink as well
    little = replace(c, shares=(0.03, 0.0, 0.97))
    seeds, families = 0.97 / (1 / 16 - 0.03), 16
    assert more_cells(little, "higher") == math.ceil(9 * (min(seeds, families) - 1))
    stuck = replace(c, shares=(0.5, 0.5, 0.0))
    assert more_cells(stuck, "higher") == 999  # neither alone is enough
    worlds = replace(c, worlds=5, cells=30)
    assert more_cells(worlds, "higher") == 5 * (16 - 1)
    assert "more worlds would settle it" in judge("higher", worlds).remark

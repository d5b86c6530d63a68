"""Version 1 of the rules: what it said of every place of an interval, and why words change."""

from dataclasses import replace

import numpy as np
import pytest

from nbsupport.analysis import claims, rules_1
from nbsupport.analysis.contrasts import Contrast, Interval
from nbsupport.analysis.verdicts import judge

FULL = "imagenet/full"
T6 = Interval(0.0, 1.0, 6).half


def known(low: float, high: float, margin: float = 0.01, **other: object) -> Contrast:
    """A contrast with this interval, whose margin is known exactly."""
    middle, se = (low + high) / 2, (high - low) / 2 / T6
    ends = (Interval(middle + d, se, 6) for d in (0.0, -margin, margin))
    gap = Interval(4 * margin, 0.001, 6)
    return replace(Contrast("a - b", *ends, margin, gap, 9, 3, True, 0, 0, "linear"), **other)


@pytest.mark.parametrize(
    ("low", "high", "higher", "same"),
    [
        (0.012, 0.020, "supported", "contradicted"),
        (0.005, 0.020, "supported", "inconclusive"),
        (0.002, 0.008, "supported", "supported"),
        (-0.004, 0.008, "contradicted", "supported"),
        (-0.004, 0.020, "inconclusive", "inconclusive"),
        (-0.008, -0.002, "contradicted", "supported"),
        (-0.020, -0.012, "contradicted", "contradicted"),
    ],
)
def test_every_place_of_the_interval(low, high, higher, same):
    for kind, word in (("higher", higher), ("same", same)):
        assert rules_1.judge(kind, known(low, high)) == (word, "")


def test_every_kind_of_claim_needed_a_gap_but_its_own():
    none = known(0.012, 0.020, gap=Interval(0.04, 0.03, 6))
    assert rules_1.judge("higher", none) == ("not testable", "")
    assert rules_1.judge("higher", none, gap_needed=False) == ("supported", "")
    assert judge("higher", none).word == "supported"  # by version 2


def said(claim_id: str, cells) -> tuple[str, str, str]:
    """The words of both versions, and why."""
    found = claims.compare(claim_id, cells)
    before = rules_1.word(found.claim, cells, found.contrasts)
    now = claims.conclude(found).text
    return before, now, rules_1.why(found.claim, before, now, found.contrasts)


LADDER = {"full": 0.06, "150K": 0.058, "50K": 0.045, "25K": 0.03, "5K": 0.0}


def study(simulate, heights: dict[str, float], **options):
    return simulate({"scratch": 0.0, **heights}, 1, families=5, seeds=5, **options)


def test_a_small_step_contradicted_a_ladder(simulate):
    cells = study(simulate, {f"imagenet/{size}": h for size, h in LADDER.items()})
    before, now, why = said("quantity-imagenet", cells)
    assert (before, now) == ("contradicted", "supported")
    assert why.startswith("Ladder: a step that points the right way (imagenet/full - imagenet/150K")


def test_an_effect_inside_the_margin_contradicted(simulate):
    cells = study(simulate, {FULL: 0.06, "imagenet/repeated-25K": 0.033, "imagenet/25K": 0.03})
    before, now, why = said("repeated-images", cells)
    assert (before, now) == ("contradicted", "negligible")
    assert why.startswith("Higher:")


def test_drift_was_counted_inside_the_range_only(simulate):
    cells = study(simulate, {FULL: 0.04})
    cells.x[1] = np.linspace(0.05, 0.9, 5) + np.arange(25)[:, None] * 0.004
    cells.y[1] = 0.05 + 0.6 * cells.x[1] - 0.004 * cells.epochs
    found = claims.compare("no-epoch-trend", cells).contrasts[0]
    assert found.estimate.value == pytest.approx(0.0, abs=0.03)
    own = rules_1._drift(cells, FULL, ("imagenet/full", "scratch"), found)
    assert own.cells <= found.cells
    assert own.estimate != found.estimate


def test_the_same_words_need_no_reason(simulate):
    cells = study(simulate, {FULL: 0.06, "imagenet/repeated-25K": 0.0, "imagenet/25K": 0.03})
    assert said("repeated-images", cells) == ("supported", "supported", "")


def test_what_version_1_did_not_know_has_no_word(simulate):
    heights = {FULL: 0.06, "generated/150K": 0.05, "fractaldb/tenfold": 0.01}
    assert said("generated-over-fractals-tenfold", study(simulate, heights))[0] == ""
    heights = {FULL: 0.06, "generated/1M": 0.023, "inaturalist/full": 0.02}
    before, now, why = said("natural-over-generated", study(simulate, heights))
    assert (before, now) == ("supported", "negligible")
    assert why.startswith("The statement: version 2 compares a group")


def test_a_lean_is_told_with_its_direction(simulate):
    heights = {"scratch": 0.0, FULL: 0.06, "imagenet/25K": 0.03, "inaturalist/25K": 0.03}
    cells = simulate(heights, 2, families=2, seeds=3)
    assert said("small-subset-helps", cells) == ("leans towards", "leans towards", "")

"""What "the same" leaves room for, from made-up runs both ways; no word changes for it."""

from dataclasses import replace

import numpy as np
import pytest

from nbsupport.analysis import claims
from nbsupport.analysis.contrasts import contrast, gain
from nbsupport.analysis.room import LITTLE, NOTHING, SOMETHING, UNKNOWN, Room
from nbsupport.analysis.to_lose import with_room

GAP, FULL, SCRATCH = 0.04, "imagenet/full", "scratch"
MANY, FEW = "imagenet/classes-many-60K", "imagenet/images-many-60K"
PAIR = claims.load()["classes-or-images"]
WITHIN = [f"imagenet/within-{p}" for p in ("1.0", "0.67", "0.33")]


def judged(claim, cells):
    found = claims.compare(claim, cells)
    verdict = claims.conclude(found)
    return verdict, with_room(claim, verdict, [cells])


def pair_at(simulate, height: float, seed: int = 4):
    heights = {SCRATCH: 0.0, FULL: GAP, MANY: height, FEW: height}
    return simulate(heights, seed=seed, spread=0.002)


@pytest.mark.parametrize(
    ("height", "state", "said"),
    [
        (0.03, SOMETHING, "there was something to lose here"),
        (0.006, LITTLE, "clearly less than the margin"),
        (0.0, NOTHING, "nothing could have been lost here"),
    ],
)
def test_groups_alike_are_told_with_what_they_gain_over_scratch(simulate, height, state, said):
    before, after = judged(PAIR, pair_at(simulate, height))
    assert before.word == "supported"
    assert after.room.state == state
    assert said in after.room.sentence
    assert replace(after, room=None) == before  # word, remark and numbers stay


@pytest.mark.parametrize(("height", "state"), [(0.0, NOTHING), (0.01, LITTLE), (0.03, SOMETHING)])
def test_most_studies_of_one_truth_are_told_the_same(simulate, height, state):
    """A gain of just the margin is not clearly more than it: 2.5 % of studies may say otherwise."""
    told = [judged(PAIR, pair_at(simulate, height, seed))[1].room.state for seed in range(40)]
    assert told.count(state) >= 36


def test_a_gain_that_may_be_the_margin_is_little(simulate):
    before, after = judged(PAIR, pair_at(simulate, 0.25 * GAP))
    assert before.word == "supported"
    assert after.room.state == LITTLE
    assert "not clearly more than the margin" in after.room.sentence


def test_what_is_excluded_is_the_far_end_of_the_interval(simulate):
    _, after = judged(PAIR, pair_at(simulate, 0.03))
    far = max(abs(after.contrast.low), abs(after.contrast.high))
    assert after.room.excluded == far
    assert f"more than {far:.4f} is excluded" in after.room.sentence


def test_the_gain_is_the_mean_of_the_two_groups(simulate):
    cells = pair_at(simulate, 0.03)
    both = gain(cells, [MANY, FEW])
    each = [contrast(cells, role, SCRATCH).estimate.value for role in (MANY, FEW)]
    assert both.estimate.value == pytest.approx(np.mean(each), abs=1e-12)
    assert both.low < both.estimate.value < both.high


def test_only_a_supported_same_has_room(simulate):
    apart = {SCRATCH: 0.0, FULL: GAP, MANY: GAP, FEW: 0.0}
    before, after = judged(PAIR, simulate(apart, seed=5, spread=0.002))
    assert before.word == "contradicted"
    assert after is before
    higher = claims.load()["control-noise"]
    cells = simulate({SCRATCH: 0.0, FULL: GAP, "control/noise": 0.0}, spread=0.002)
    before, after = judged(higher, cells)
    assert before.word == "supported"
    assert after is before


def test_of_several_parts_the_weakest_is_told(simulate):
    """Three groups alike, and a claim whose parts are all "the same"."""
    claim = claims.load()["within-class-imagenet"]
    heights = {SCRATCH: 0.0, FULL: GAP, **dict.fromkeys(WITHIN, 0.0)}
    _, nothing = judged(claim, simulate(heights, seed=2, spread=0.002))
    _, something = judged(claim, simulate(heights | dict.fromkeys(WITHIN, 0.03), spread=0.002))
    assert (nothing.room.state, something.room.state) == (NOTHING, SOMETHING)
    assert "two groups that gain least" in something.room.sentence
    rooms = [part.room for part in something.parts]
    assert something.room.excluded == max(room.excluded for room in rooms)
    assert something.room.gain.low == min(room.gain.low for room in rooms)


def test_parts_that_are_the_same_have_room_where_the_whole_fails(simulate):
    claim = claims.load()["semantics-same"]
    groups = {"imagenet/animal": 0.0, "imagenet/object": 0.0}
    cells = simulate({SCRATCH: 0.0, FULL: GAP} | groups, seed=3, spread=0.002)
    _, after = judged(claim, cells)
    assert after.word != "supported"
    assert after.room is None
    assert after.parts[0].room.state == NOTHING
    assert [part.room for part in after.parts[1:]] == [None, None]


def test_beside_scratch_itself_the_full_source_is_what_was_seen(simulate):
    claim = claims.load()["five-per-class"]
    small = {"imagenet/5K": 0.0, "inaturalist/5K": 0.0}
    _, after = judged(claim, simulate({SCRATCH: 0.0, FULL: GAP} | small, spread=0.002))
    assert after.word == "supported"
    assert after.room.of_full
    assert "seen between other groups: the full source lies" in after.room.sentence


def test_a_drift_has_no_other_that_was_seen(simulate):
    claim = claims.load()["no-epoch-trend"]
    cells = simulate({SCRATCH: 0.0, FULL: 0.1}, spread=0.0005, family_spread=0.0)
    _, after = judged(claim, cells)
    assert after.word == "supported"
    assert after.room.state == UNKNOWN
    assert after.room.sentence.startswith("A drift of more than")
    assert "nothing in the same setting" in after.room.sentence


def test_over_worlds_the_gain_is_summarised_too(simulate):
    each = [pair_at(simulate, 0.03 + 0.001 * n) for n in range(5)]
    over = claims.over_worlds([claims.compare(PAIR, cells) for cells in each])
    verdict = with_room(PAIR, claims.conclude(over), each)
    assert verdict.word == "supported"
    assert verdict.room.gain.worlds == 5
    assert verdict.room.state == SOMETHING
    assert "over these worlds" in verdict.room.sentence


def test_short_words_are_told_apart():
    assert Room(0.01).short == "no difference to compare with"

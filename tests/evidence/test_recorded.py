"""Recorded runs on real images: what they say, what they lack, in what state they are."""

from dataclasses import replace

import pandas as pd
import pytest
from real_images import LATER, NAME, REAL_HEIGHTS, real_runs

from nbsupport.analysis import claims
from nbsupport.evidence import recorded
from nbsupport.evidence.of_runs import NOT_RUN
from nbsupport.evidence.recorded import Recorded
from nbsupport.study.profiles import PROFILES

BOTH = {1: REAL_HEIGHTS, 2: REAL_HEIGHTS}


def of(table):
    return Recorded(PROFILES[NAME], table)


@pytest.fixture
def whole(real_profile):
    return of(real_runs(BOTH))


def test_a_profile_names_what_is_shown_beside_it(set_beside):
    set_beside(real_runs(BOTH))
    assert [other.profile.name for other in recorded.beside(PROFILES["demo"])] == [NAME]
    assert recorded.beside(PROFILES["smoke"]) == []


def test_a_world_and_a_shift_are_both_a_setting(whole):
    assert [s.short for s in whole.settings.values()] == ["to sketch", "to photo"]
    demo = Recorded(PROFILES["demo"], whole.records)
    assert [s.name for s in demo.settings.values()] == ["simulated world 1", "simulated world 2"]
    none = Recorded(PROFILES["demo"], whole.records.iloc[:0])
    assert none.leading.short == "simulated world 1"


def test_a_profile_that_is_no_evidence_shows_the_runs_of_the_demo(set_recorded):
    set_recorded(real_runs(BOTH))
    assert recorded.own(PROFILES["smoke"]).profile is PROFILES["demo"]
    assert len(recorded.own(PROFILES["smoke"]).records)


def without_room(verdict):
    """A verdict without the remarks beside "the same"."""
    return replace(verdict, room=None, parts=tuple(map(without_room, verdict.parts)))


def test_verdicts_are_those_of_the_same_machinery(whole):
    found = whole.verdicts(["fractals-between", "semantics-same"], 1)
    points = whole.records[whole.records["world"] == 1]
    for claim_id, verdict in found.items():
        assert without_room(verdict) == claims.verdict(claim_id, points, simulated=False)
    assert found["fractals-between"].word == "supported"


def test_the_gap_is_evidence_on_real_images(whole):
    assert whole.verdicts(["reference-gap"], 1)["reference-gap"].word == "supported"


def test_a_claim_can_be_contradicted_on_one_shift_only(real_profile):
    against = REAL_HEIGHTS | {"imagenet/object": 0.01}
    other = of(real_runs({1: REAL_HEIGHTS, 2: against}))
    words = [other.verdicts(["semantics-same"], w)["semantics-same"].word for w in other.settings]
    assert words == ["supported", "contradicted"]


def test_what_was_not_run_is_named_by_its_source(whole):
    found = whole.verdicts(["natural-sources", "generated-same", "granularity-order"], 1)
    assert {v.word for v in found.values()} == {"not run"}
    assert found["natural-sources"].remark == "no runs of iNaturalist"
    assert found["generated-same"].remark == "no runs of generated images, iNaturalist"
    assert "imagenet/depth-7" in found["granularity-order"].remark  # could have been run


def test_of_a_claim_on_two_sources_the_half_that_was_run_is_told(whole):
    found = whole.verdicts(["small-subset-helps"], 1)["small-subset-helps"]
    assert found.word == "not run"
    assert found.remark == "no runs of iNaturalist; what there is of it: supported"


def test_states_of_the_records(whole, real_profile):
    assert whole.state() == ""
    nothing = of(whole.records.iloc[:0])
    assert "No runs" in nothing.state()
    assert nothing.state().endswith("make record PROFILE=pacs-32")
    assert nothing.verdicts(["fractals-between"], 1)["fractals-between"] == NOT_RUN
    one = (whole.records["world"] == 2) & (whole.records["family"] == "alexnet")
    lacking = one & (whole.records["role"] == "fractaldb/full")
    part = of(whole.records[~lacking])
    assert "15 of 18 cells" in part.state()
    assert part.state(["imagenet/25K", "scratch"]) == ""  # others than those asked for
    assert "9 of 18 cells" in of(whole.points(1)).state()


def test_runs_of_no_role_in_question_are_not_called_incomplete(whole):
    assert whole.state(["inaturalist/full"]) == ""


def test_a_group_that_later_settings_have_too_leaves_earlier_ones_complete(whole):
    later = whole.points(2)
    added = later[later["role"] == "scratch"].assign(role="imagenet/5K-steps")
    assert of(pd.concat([whole.records, added])).state() == ""
    some = added[added["seed"] == 0]
    part = of(pd.concat([whole.records, some]))
    assert "of 18 cells" in part.state()
    assert part.state(number=1) == ""
    assert "of 9 cells" in part.state(number=2)


def test_a_world_counts_from_two_families_of_two_seeds_with_a_line_of_their_own(whole):
    table = whole.records
    one = table[(table["family"] == "alexnet") & table["seed"].isin([0, 1])]
    alone = one.assign(world=3)
    captioned = alone.assign(family="vit", role="captions/clean")
    two = alone.assign(family="another")
    demo = PROFILES["demo"]
    assert 3 not in Recorded(demo, pd.concat([table, alone, captioned])).settings
    assert 3 in Recorded(demo, pd.concat([table, alone, two])).settings


def test_the_setting_is_counted(whole):
    assert whole.title == "Real images (Tiny-ImageNet to PACS)"
    assert whole.words(2) == (
        "pre-trained on Tiny-ImageNet (50,000 images in full), fine-tuned on PACS at 32 px "
        "(sketch to photo), 3 families x 3 seeds"
    )


def test_labels_are_of_the_images_that_were_used(whole):
    labels = whole.labels(list(REAL_HEIGHTS), 1, "imagenet")
    assert labels["scratch"] == "from scratch"
    assert labels["imagenet/full"] == "all 50,000 images"
    assert labels["imagenet/25K"] == "10,000 images (25K)"
    assert labels["imagenet/animal"] == "200 animal classes"
    assert labels["fractaldb/full"] == "all of fractals"
    named = whole.labels(["imagenet/full", "fractaldb/full"], 1)
    assert named == {"imagenet/full": "Tiny-ImageNet, full", "fractaldb/full": "fractals, full"}


def test_roles_are_ordered_by_their_images(whole):
    order = whole.by_size(["imagenet/5K", "inaturalist/25K", "imagenet/full", "scratch"])
    assert order == ["imagenet/full", "imagenet/5K", "scratch", "inaturalist/25K"]


def test_a_digest_moves_with_what_is_shown_and_nothing_else(whole):
    roles = ["scratch", "imagenet/full"]
    other = whole.records.copy()
    other.loc[other["role"] == "fractaldb/full", "ood_macro_f1"] += 0.1
    assert of(other).digest(roles) == whole.digest(roles)
    assert of(other).digest([*roles, "fractaldb/full"]) != whole.digest([*roles, "fractaldb/full"])
    assert of(whole.records.iloc[:0]).digest(roles) != whole.digest(roles)


def test_every_column_and_row_moves_the_digest(whole):
    roles, table = ["scratch"], whole.records
    own = table["role"] == "scratch"
    for name in table.columns.difference(["role"]):
        other = table.copy()
        other[name] = other[name].astype(object)
        other.loc[own.idxmax(), name] = "another" if isinstance(table[name][0], str) else 0.4321
        assert of(other).digest(roles) != whole.digest(roles), name
    assert of(table.drop(own.idxmax())).digest(roles) != whole.digest(roles)


# what is kept -------------------------------------------------------------------------------------
@pytest.fixture
def judged(monkeypatch):
    """The claims that are judged, as often as they are."""
    seen, original = [], claims.compare

    def compare(claim, *arguments, **options):
        seen.append(claim.id)
        return original(claim, *arguments, **options)

    monkeypatch.setattr(claims, "compare", compare)
    return seen


def test_a_claim_is_judged_once_in_a_setting_and_on_an_axis(set_beside, judged):
    set_beside(real_runs(BOTH))
    ids = ["reference-gap"]
    demo = PROFILES["demo"]
    first = recorded.beside(demo)[0].verdicts(ids, 1)
    assert recorded.beside(demo)[0].verdicts(ids, 1) == first
    assert judged == ids
    recorded.beside(demo)[0].verdicts(ids, 2)
    recorded.beside(demo)[0].verdicts(ids, 1, "logit")
    assert judged == 3 * ids


def test_new_records_and_a_new_claim_are_judged_anew(set_beside, judged, monkeypatch):
    set_beside(real_runs(BOTH))
    demo, key = PROFILES["demo"], "reference-gap"
    before = recorded.beside(demo)[0].verdicts([key], 1)[key]
    without_gap = dict.fromkeys(REAL_HEIGHTS, 0.0)
    set_beside(real_runs({1: without_gap, 2: without_gap}))
    after = recorded.beside(demo)[0].verdicts([key], 1)[key]
    assert after.word != before.word
    changed = replace(claims.load()[key], title="another title")
    monkeypatch.setattr(claims, "load", lambda: {key: changed})
    recorded.beside(demo)[0].verdicts([key], 1)
    assert judged == 3 * [key]


# cells that confirm -------------------------------------------------------------------------------
AGAINST = REAL_HEIGHTS | {"imagenet/object": 0.01}


def with_later(cells=LATER):
    """What the first cells of both shifts say, and of the second further ones against it."""
    return of(pd.concat([real_runs(BOTH), real_runs({2: AGAINST}, cells)], ignore_index=True))


def test_cells_that_confirm_are_judged_by_themselves_and_with_the_first(confirming_profile):
    found = with_later()
    assert list(found.waves) == [2]
    first, confirming = found.waves[2]
    said = {runs: runs.verdicts(["semantics-same"], 2)["semantics-same"] for runs in found.waves[2]}
    assert (said[first].word, said[confirming].word) == ("supported", "contradicted")
    pd.testing.assert_frame_equal(first.points(2), of(real_runs(BOTH)).points(2))
    assert len(confirming.points(2)) == len(real_runs({2: AGAINST}, LATER))
    assert len(confirming.points(1)) == len(first.points(1)) == len(found.points(1))
    whole = found.verdicts(["semantics-same"], 2)["semantics-same"]
    assert whole.contrast.cells == 18
    assert said[first].contrast.cells == said[confirming].contrast.cells == 9


def test_until_a_cell_confirms_there_is_nothing_to_tell_apart(confirming_profile, whole):
    assert of(whole.records).waves == {}


def test_a_few_cells_confirm_nothing_yet(confirming_profile):
    found = with_later(LATER[:2])
    assert "20 of 27 cells" in found.state()
    verdict = found.waves[2].confirming.verdicts(["semantics-same"], 2)["semantics-same"]
    assert verdict.text == "leans against"


def test_pairs_of_domains_are_judged_where_most_of_their_runs_are(confirming_profile):
    sides = {"scratch": 0.0, "full": 0.06}
    pairs = {f"pair-{n}/{side}": sides[side] for n in range(1, 7) for side in sides}
    pairs = {"scratch": 0.0, "imagenet/full": 0.06} | pairs
    base = real_runs({1: pairs})
    again = [base.assign(world=shift) for shift in (1, 2)]  # the same keys: the same runs
    same = of(pd.concat(again, ignore_index=True))
    words = {n: same.verdicts(["some-shifts-only"], n)["some-shifts-only"] for n in (1, 2)}
    assert words[1].word != "not run"
    assert words[2].remark == "the same runs as on photo to sketch, judged there"
    more = of(pd.concat([*again, real_runs({2: pairs}, LATER)], ignore_index=True))
    words = {n: more.verdicts(["some-shifts-only"], n)["some-shifts-only"] for n in (1, 2)}
    assert words[1].remark == "the same runs as on sketch to photo, judged there"
    assert words[2].word != "not run"

"""What the explorer's page holds."""

import json

import pytest

from nbsupport.evidence import recorded
from nbsupport.pages import explorer
from nbsupport.study.profiles import profile_named


@pytest.fixture(scope="module")
def data():
    return explorer.data("demo")


def test_every_recorded_run_of_a_setting_is_there(data):
    own = recorded.own(profile_named("demo"))
    for runs in (own, *recorded.beside(own.profile)):
        table = next(r for r in data["records"] if r["profile"] == runs.profile.name)
        shown = runs.records[runs.records["world"].isin(runs.settings)]
        assert table["points"] == len(shown)
        assert table["runs"] == len(shown[["world", "role", "family", "seed"]].drop_duplicates())


def test_settings_have_names_of_their_own_and_hold_the_gap(data):
    ids = [s["id"] for s in data["settings"]] + [s["id"] for s in data["published"]["sets"]]
    assert len(ids) == len(set(ids))
    for setting in data["settings"]:
        assert set(setting["gap"]) <= set(setting["roles"])
        assert 0 < setting["chance"] < 0.5


def test_runs_that_several_shifts_share_stand_once(data):
    pairs = [s["id"] for s in data["settings"] if "pair-1" in s["id"]]
    assert len(pairs) == len(set(pairs))
    assert [name for name in pairs if name.startswith("pacs")] == ["pacs-32-1-pair-1"]
    assert {"demo-1-pair-1", "demo-2-pair-1"} <= set(pairs)  # each world has runs of its own


def test_all_published_models_with_both_scores_are_there(data):
    from nbsupport.analysis.published import SHIFTS, fine_tuned
    from nbsupport.evidence.published.models import published_models

    for one in data["published"]["sets"]:
        scores = data["published"]["tables"][one["table"]]["scores"]
        pairs = zip(scores[one["x"]], scores[one["y"]], strict=True)
        shown = sum(None not in pair for pair in pairs)
        shift = SHIFTS.get(one["y"])
        if shift:
            assert shown == len(fine_tuned(published_models(), shift).models)


def test_the_page_works_without_records(monkeypatch):
    empty = recorded.Recorded(
        profile_named("smoke"), recorded.own(profile_named("demo")).records[:0]
    )
    monkeypatch.setattr(recorded, "own", lambda _: empty)
    data = explorer.data("demo")
    assert data["records"] == data["settings"] == []
    assert json.dumps(data["published"])

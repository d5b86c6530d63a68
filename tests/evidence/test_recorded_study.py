"""A study of committed records: it looks up what another would train."""

import pytest

from nbsupport.analysis.roles import FULL, SCRATCH
from nbsupport.errors import UserError
from nbsupport.evidence.recorded_study import RecordedStudy
from nbsupport.evidence.records import read_records
from nbsupport.jobs import runner
from nbsupport.pages import page_named, pages
from nbsupport.pages.open_page import open_page
from nbsupport.pages.request import PageRequest

RECORDED = {"results": "recorded"}


@pytest.fixture(autouse=True)
def nothing_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run", lambda *_, **__: pytest.fail("something is trained"))


def test_a_run_is_what_is_recorded_of_the_groups():
    study = RecordedStudy("demo")
    found = study.run([study.scratch, study.full])
    table = read_records("demo")
    own = table[(table["world"] == 1) & table["role"].isin([FULL, SCRATCH])]
    assert len(found) == len(own) > 100
    assert set(found["family"]) == set(own["family"])


def test_families_and_seeds_choose_among_them():
    study = RecordedStudy("demo", families=["resnet"], seeds=[0, 1])
    found = study.run([study.scratch])
    assert set(found["family"]) == {"resnet"}
    assert set(found["seed"]) == {0, 1}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"profile": "smoke"}, "nothing is recorded"),
        ({"world": 4711}, "no runs of world 4711; recorded are 1, 2"),
        ({"seeds": [99]}, "no runs of seed 99"),
        ({"budget": "steps"}, "budget 'steps' is not recorded"),
    ],
)
def test_what_is_not_recorded_is_one_line(given, told):
    with pytest.raises(UserError, match=told):
        RecordedStudy(**given)


def test_it_trains_nothing():
    study = RecordedStudy("demo")
    with pytest.raises(UserError, match="train nothing"):
        study.train(study.runs([study.scratch]))


def test_every_page_takes_the_parameter_and_plans_nothing():
    for page in pages().values():
        request = PageRequest(page, RECORDED)
        assert request.runs == [], page.id
        assert request.values["results"] == "recorded"
    with pytest.raises(UserError, match="results"):
        assert PageRequest(page_named("scale"), {"results": "both"}).values


def test_a_page_of_records_has_no_live_tab_and_says_how_to_get_one():
    page = open_page("02_background", RECORDED)
    runs = page.study.run(page.groups)
    assert page.live(runs) is None
    shown = page.verdicts(runs)
    assert "Live" not in shown.panels
    told = page.live_check(runs).text
    assert "python -m nbsupport run 02_background" in told
    assert "results" not in told
    assert "results" not in page.rerun(seeds=[0]).text


def test_a_page_that_trains_shows_its_runs():
    page = open_page("02_background", {"profile": "demo"})
    runs = RecordedStudy("demo").run(page.groups)
    assert page.live(runs) is runs
    assert "Live" in page.verdicts(runs).panels

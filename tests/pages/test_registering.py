"""What a page registers, and what it says of it afterwards."""

from pathlib import Path

import pytest

from nbsupport.building.page_key import page_key
from nbsupport.cli import main
from nbsupport.display.html import Html
from nbsupport.errors import UserError
from nbsupport.jobs.store import Store
from nbsupport.pages import page_named
from nbsupport.pages.open_page import OpenPage
from nbsupport.pages.registering import (
    NOT,
    RECORDED,
    note_of,
    registration_of,
    rule,
    said_of,
    statements,
)
from nbsupport.pages.request import PageRequest

PAGE = "02_background"
SMOKE = {"profile": "smoke", "families": ["alexnet"]}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path))
    monkeypatch.setenv("NBSUPPORT_ENGINE", "serial")
    return Store(tmp_path)


def request(**values: object) -> PageRequest:
    return PageRequest(page_named(PAGE), {**SMOKE, **values})


def test_a_page_of_the_book_registers_its_claims(store: Store) -> None:
    found = registration_of(request(), store)
    assert found.first
    assert any("full source" in text for text in found.statements)
    assert found.groups == ("scratch", "imagenet/full")
    assert len(found.runs) == 2
    assert "1 family x 1 seed" in found.rule
    assert found.parameters["families"] == ["alexnet"]


def test_what_the_page_says_of_it(store: Store) -> None:
    """Before it is registered, after, with other runs, and once the runs are there."""
    assert (said_of(request()), note_of(request())) == (NOT, "")
    before = page_key(request())
    assert main(["register", PAGE, "-p", "profile", "smoke", "-p", "families", '["alexnet"]']) == 0
    assert page_key(request()) != before, "the page is executed again"
    assert "before its runs. These are the 2 runs" in note_of(request())
    other = note_of(request(seeds=[5]))
    assert "2 of these 2 runs are not among the 2 registered" in other
    assert "The rule has changed" not in other
    assert "The rule has changed since" in said_of(request(seeds=[0, 5]))
    runs = request().study.run(request().groups, progress=False)
    assert "before its runs" in note_of(request())
    shown = OpenPage(request()).verdicts(runs)
    assert isinstance(shown, Html)
    assert shown.text.startswith("Registered on ")


def test_runs_that_were_there_are_told(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    request().study.run(request().groups, progress=False)
    assert main(["register", PAGE, "-p", "profile", "smoke", "-p", "families", '["alexnet"]']) == 0
    assert "exist already: 2 in the store, 0 recorded" in capsys.readouterr().out
    assert "after its runs: 2 of 2 were trained by then" in said_of(request())


def test_recorded_runs_are_told(store: Store) -> None:
    """The demo's own seeds are in the records already."""
    recorded = registration_of(request(profile="demo", families=["resnet"], seeds=[0]), store)
    assert (recorded.done, recorded.recorded) == (0, 2)
    assert not recorded.first


def test_an_edited_registration_counts_for_nothing(store: Store) -> None:
    path = registration_of(request(), store).write()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Models", "Modells"), encoding="utf-8")
    assert "was edited after it was made" in note_of(request())


def test_a_page_without_a_claim_registers_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="claims nothing"):
        statements(PageRequest(page_named("03_setup"), {}))
    assert main(["register", "03_setup"]) == 2
    assert main(["register", "nosuch"]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_recorded_runs_alone_are_not_registered(store: Store) -> None:
    recorded = request(profile="demo", results="recorded")
    assert (said_of(recorded), note_of(recorded)) == (RECORDED, "")
    with pytest.raises(UserError, match="register what is to be trained"):
        registration_of(recorded, store)


def test_the_rule_names_what_is_compared() -> None:
    told = rule(request(families=["resnet", "alexnet"], seeds=[1, 2, 3]))
    assert "(2 families x 3 seeds): each claim as claims.toml says" in told
    assert "margin of 0.25" in told

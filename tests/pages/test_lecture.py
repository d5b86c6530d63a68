"""What slides show is of the records: pictures with words, tables that agree with the ledger."""

import base64
import re

import pytest

from nbsupport.errors import UserError
from nbsupport.evidence.ledger import read_ledger
from nbsupport.pages import lecture

PAPER = [c for c in read_ledger("demo")["claims"] if not c["control"]]
BY_ID = {c["id"]: c for c in PAPER}


def rows(shown) -> list[list[str]]:
    return [line.split(" | ") for line in shown.text.splitlines()[1:]]


def test_a_figure_is_a_picture_of_its_own_with_a_description() -> None:
    shown = lecture.figure("04_1_quantity", "Figure 4 (left)", world=2)
    kind, content = re.search(r'src="data:([\w/+]+);base64,([^"]+)"', shown.html).groups()
    assert kind == "image/svg+xml"
    assert b"world 2" in base64.b64decode(content)
    assert len(shown.text) > 100


def test_the_verdict_in_each_world_is_that_of_the_ledger() -> None:
    *worlds, over = rows(lecture.by_world("five-per-class"))
    assert len(worlds) == lecture.SETTINGS
    for row in worlds:
        world = re.search(r"world \d", row[0])[0]
        told = BY_ID["five-per-class"][world]
        assert row[1] == told["verdict"]
        assert row[3] == str(told["cells"])
    assert over[:2] == ["over worlds", BY_ID["five-per-class"]["headline"]["verdict"]]


def test_the_claim_on_the_margin_hangs_on_it() -> None:
    claim = lecture.on_the_margin()
    verdicts = {row[1] for row in rows(lecture.by_margin(claim))}
    assert BY_ID[claim]["world 1"]["verdict"] in verdicts
    assert len(verdicts) > 1


def test_what_stands_is_what_the_ledger_counts() -> None:
    told = {name: int(count) for name, count in rows(lecture.standing())}
    assert told.pop("claims of the paper") == len(PAPER)
    assert told.pop("another verdict in another world") > 0
    assert sum(told.values()) == len(PAPER)
    supported = [c for c in PAPER if c["headline"]["verdict"].startswith("supported")]
    assert told["supported"] == len(supported)


def test_a_ballot_has_each_option_under_a_letter() -> None:
    shown = lecture.ballot("Which?", ["this", "<that>"])
    assert '<ol type="A"' in shown.html
    assert "<li>&lt;that&gt;</li>" in shown.html


def test_the_schematic_is_that_of_the_page() -> None:
    assert lecture.schematic().html.count("<svg") == 1


def test_what_cannot_be_drawn_is_said() -> None:
    assert "which no drawing can enlarge" in _problem(
        lambda: lecture.drawings("imagenet", profile="pacs-32")
    )
    assert "has no figure" in _problem(lambda: lecture.figure("04_1_quantity", "Figure 44"))
    assert "unknown claim" in _problem(lambda: lecture.statement("nothing"))


def _problem(call) -> str:
    with pytest.raises(UserError) as found:
        call()
    return str(found.value)

"""The report counts what the ledger and the records hold, and says where they do not agree."""

import copy
import re

import pytest

from nbsupport.building.report_page import document
from nbsupport.errors import UserError
from nbsupport.evidence.ledger import read_ledger
from nbsupport.evidence.records import read_records
from nbsupport.pages import report as module
from nbsupport.pages.report import report

SECTIONS = [
    "What was reproduced",
    "Scope of reproducibility",
    "Claims",
    "Methodology",
    "Results",
    "What was easy",
    "What was difficult",
    "Communication with original authors",
]


@pytest.fixture(scope="module")
def text() -> str:
    return report()


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch):
    """The demo's ledger, to change before it is reported."""
    ledger = copy.deepcopy(read_ledger("demo"))
    monkeypatch.setattr(module, "read_ledger", lambda profile: ledger)
    return ledger


def total(text: str, word: str) -> int:
    """The number of claims in a row of the table; 0 where there is no such row."""
    found = re.search(rf"^\| {word} \| (\d+) \|", text, re.MULTILINE)
    return int(found[1]) if found else 0


def test_it_has_the_sections_of_the_form_and_fits_a_page(text: str) -> None:
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert 250 < len(text.split()) < 900


def test_counts_are_those_of_ledger_and_records(text: str) -> None:
    claims = [c for c in read_ledger("demo")["claims"] if not c["control"]]
    assert f"{len(claims)} claims of" in text
    assert sum(map(int, re.findall(r"^\| [a-z ]+ \| (\d+) \|", text, re.MULTILINE))) == len(claims)
    supported = [c for c in claims if c["headline"]["verdict"].startswith("supported")]
    assert total(text, "supported") == len(supported)
    runs = read_records("demo")["key"].nunique()
    assert f"{runs:,} fine-tunings" in text


def test_another_verdict_gives_another_report(text: str, changed) -> None:
    entry = next(c for c in changed["claims"] if c["headline"]["verdict"] == "supported")
    entry["headline"]["verdict"] = "contradicted"
    told = report()
    assert total(told, "supported") == total(text, "supported") - 1
    assert total(told, "contradicted") == total(text, "contradicted") + 1
    assert entry["claim"] in told.partition("Contradicted:")[2]


def test_a_ledger_of_other_records_is_said_to_be_old(text: str, changed) -> None:
    changed["records"]["sha256"] = read_ledger("demo")["records"]["sha256"][::-1]
    warning = "The records have changed since the ledger was written"
    assert warning in report()


def test_without_evidence_or_ledger_there_is_no_report() -> None:
    for profile, said in [("smoke", "not evidence"), ("paper", "has no ledger"), ("x", "unknown")]:
        with pytest.raises(UserError, match=said):
            report(profile)


def test_as_a_document_it_is_whole_and_fetches_nothing(text: str) -> None:
    html = document(text)
    assert html.count("<h2>") == len(SECTIONS)
    assert "<table>" in html
    assert not re.search(r"(src|href)=", html)

"""A registration says whether it came first, and whether these are the runs that it names."""

from dataclasses import replace
from pathlib import Path

import pytest

from nbsupport.errors import UserError
from nbsupport.evidence.registration import (
    Registration,
    compared,
    read_registration,
    registration_path,
)

ONE = Registration(
    page="my_question",
    profile="smoke",
    made="2026-11-30T12:00:00+00:00",
    statements=("a lies above b",),
    rule="judged once",
    parameters={"seeds": [1]},
    groups=("a", "b"),
    runs=("k1", "k2", "k3"),
)
BEFORE, AFTER = "2026-11-30T11:00:00+00:00", "2026-11-30T13:00:00+00:00"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path))


def test_it_is_read_as_it_was_written_and_written_once() -> None:
    assert read_registration("smoke", "my_question") is None
    path = ONE.write()
    assert read_registration("smoke", "my_question") == ONE
    with pytest.raises(UserError, match="is not written over"):
        replace(ONE, statements=("b lies above a",)).write()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("a lies above b", "b lies above a"), encoding="utf-8")
    with pytest.raises(UserError, match="was edited after it was made"):
        read_registration("smoke", "my_question")


def test_where_it_lies() -> None:
    """Of runs that are evidence it lies beside the records, so that it can be committed."""
    assert registration_path("demo", "x").parts[-3:-1] == ("records", "registered")
    assert "registered" in registration_path("smoke", "x").parts


@pytest.mark.parametrize(
    ("registered", "finished", "told"),
    [
        (ONE, [AFTER], "before its runs"),
        (ONE, [AFTER, BEFORE], "after its runs: 1 of them were done earlier"),
        (replace(ONE, done=2), [AFTER], "after its runs: 2 of 3 were trained by then"),
        (replace(ONE, recorded=3), [], "after its runs: 3 of 3 were recorded by then"),
    ],
)
def test_before_or_after(registered: Registration, finished: list[str], told: str) -> None:
    assert told in compared(registered, registered.runs, finished)
    assert registered.first == (not registered.done and not registered.recorded)


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (["k1", "k2", "k3"], "These are the 3 runs that it names."),
        (["k1", "k2"], "1 of the 3 registered runs are not among these."),
        (["k1", "k2", "k3", "k4"], "1 of these 4 runs are not among the 3 registered."),
        (["k4"], "3 of the 3 registered runs are not among these."),
    ],
)
def test_whether_these_are_the_runs(held: list[str], told: str) -> None:
    assert told in compared(ONE, held, [])

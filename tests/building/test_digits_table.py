"""The table of processors that train to the same digits."""

from nbsupport.building.sphinx.digits_table import digits_table
from nbsupport.evidence.digits import Digits
from nbsupport.paths import root


def cells(text: str) -> list[list[str]]:
    return [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines()]


def test_a_letter_is_a_result() -> None:
    noted = [
        Digits("one", "2.6", "jobs", {"a": "1", "b": "2"}),
        Digits("another", "2.6", "jobs", {"a": "3", "b": "2"}),
        Digits("a third", "2.7", "jobs", {"a": "1", "c": "1"}),
    ]
    header, _, *rows = cells(digits_table(noted).partition("\n\n")[0])
    assert header == ["processor", "PyTorch", "results"]
    assert rows == [
        ["one", "2.6", "A A -"],
        ["another", "2.6", "B A -"],
        ["a third", "2.7", "A - A"],
    ]
    assert digits_table(noted).endswith("in this order: a, b, c.")


def test_the_page_on_rerunning_has_it() -> None:
    assert "```{digits}" in (root() / "book" / "rerun.md").read_text(encoding="utf-8")

"""Guesses that readers saved are counted, question by question."""

import json
from pathlib import Path

import pytest

from nbsupport.classroom.guesses import counted, counts_table, questions
from nbsupport.cli import main


@pytest.fixture
def save(tmp_path: Path):
    """Writes what one reader saved."""

    def write(name: str, **guesses: str) -> Path:
        path = tmp_path / f"{name}.json"
        named = {key.replace("_", "-"): guess for key, guess in guesses.items()}
        content = {"kind": "nbsupport guesses", "guesses": named}
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write


def test_the_questions_of_the_book_are_known() -> None:
    found = questions()
    assert found["five-per-class"].page == "04_1_quantity"
    assert "in between" in found["five-per-class"].options
    assert len(found) > 10
    without = {question.page for question in found.values() if not question.options}
    assert without <= {"01_introduction", "published_models"}, "its choices are named, not written"


def test_guesses_are_counted(save, capsys) -> None:
    paths = [
        save("a", five_per_class="in between", gone="x"),
        save("b", five_per_class="in between"),
        save("c", five_per_class="below that line"),
    ]
    found = counted(paths)
    assert found.counts["five-per-class"] == {"in between": 2, "below that line": 1}
    assert main(["class", "predictions", *map(str, paths)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("3 readers")
    lines = [line.split() for line in told.splitlines()]
    assert ["in", "between", "2", "67", "%"] in lines
    assert ["as", "high", "as", "with", "all", "images", "0", "0", "%"] in lines
    assert "gone (a page of another version)" in told


def test_rankings_are_counted_as_they_are(save) -> None:
    first, second = "b > a > c", "a > b > c"
    paths = [
        save(name, rank_them=order)
        for name, order in zip("xyz", [first, first, second], strict=True)
    ]
    rows = [line.rsplit(maxsplit=3)[0] for line in counts_table(counted(paths)).splitlines()[-2:]]
    assert rows == [first, second]


def test_what_is_no_file_of_guesses_is_left_out(save, tmp_path: Path, capsys) -> None:
    good, wrong, number = save("a", no_gap="x"), tmp_path / "wrong.json", tmp_path / "n.json"
    wrong.write_text("{", encoding="utf-8")
    number.write_text('{"kind": "nbsupport guesses", "guesses": {"a": 1}}', encoding="utf-8")
    assert main(["class", "predictions", str(good), str(wrong), str(number)]) == 1
    told = capsys.readouterr().out
    assert told.count("left out") == 2
    assert main(["class", "predictions", str(tmp_path / "none.json")]) == 2
    assert capsys.readouterr().err.count("\n") == 1

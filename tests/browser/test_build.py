"""What a build says and leaves behind."""

import re

import nbformat


def counts(line: str) -> tuple[int, int]:
    """Jobs trained and found, from a build's closing line."""
    said = re.search(r"(\d+) jobs? trained, (\d+) from the store", line)
    assert said, line
    return int(said[1]), int(said[2])


def test_the_closing_line_says_where_how_long_and_how_many(smoke_book):
    last = smoke_book.first.strip().splitlines()[-1]
    assert str(smoke_book.html) in last
    trained, found = map(
        int, re.search(r"(\d+) jobs? trained, (\d+) from the store", last).groups()
    )
    assert trained > 0
    assert found == 0


def test_a_second_build_trains_and_executes_nothing(smoke_book):
    last = smoke_book.second.strip().splitlines()[-1]
    trained, found = map(
        int, re.search(r"(\d+) jobs? trained, (\d+) from the store", last).groups()
    )
    assert trained == 0
    assert found > 0


def test_executed_pages_carry_no_trace_of_the_machine(smoke_book):
    sections = sorted((smoke_book.project / "book" / "sections").glob("*.ipynb"))
    assert sections
    for path in sections:
        notebook = nbformat.read(path, as_version=4)
        errors = [
            o for c in notebook.cells for o in c.get("outputs", []) if o.output_type == "error"
        ]
        assert errors == []
        assert str(smoke_book.project) not in path.read_text()


def test_smoke_verdicts_are_masked(smoke_book):
    text = (smoke_book.html / "book/sections/04_1_quantity.html").read_text()
    assert "smoke: not evidence" in text

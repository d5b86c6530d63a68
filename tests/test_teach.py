"""What a lecturer is given: links that lead to figures, times that add up, no number typed."""

import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from nbsupport.building.sphinx.figure_link import target
from nbsupport.errors import UserError
from nbsupport.pages import pages
from nbsupport.pages.exercises import all_exercises
from nbsupport.paths import root

TEACH = root() / "teach"
TEXTS = sorted(TEACH.glob("*.md"))
FIGURE = re.compile(r"\{figure\}`([^`]+)`")
LINK = re.compile(r"\]\(([^)#]+)\)")


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.stem)
def test_each_link_leads_to_a_figure_or_a_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for named in FIGURE.findall(text):
        target(named)  # an error where the page has no such figure
    missing = [link for link in LINK.findall(text) if not _lies(path, link)]
    assert missing == []


def _lies(path: Path, link: str) -> bool:
    """Whether a file is there; an executed page has its notebook."""
    there = (path.parent / link).resolve()
    notebook = root() / "notebooks" / there.name
    return there.is_file() or (there.parent.name == "sections" and notebook.is_file())


def test_a_figure_that_a_page_does_not_have_is_told() -> None:
    assert target("04_1_quantity: Figure 4 (left)")[2] == "figure-4-left"
    with pytest.raises(UserError, match="Figure 4"):
        target("04_1_quantity: Figure 44")


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.stem)
def test_no_result_is_typed(path: Path) -> None:
    text = FIGURE.sub("", LINK.sub("", path.read_text(encoding="utf-8")))
    assert re.findall(r"[+\N{MINUS SIGN}-]?\d*\.\d\d+|\d+(?:\.\d+)? ?%", text) == []


def test_each_belief_has_a_figure_that_answers_it() -> None:
    text = (TEACH / "misconceptions.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith('| "')]
    assert len(rows) >= 12
    assert all(FIGURE.search(row) for row in rows)


def test_the_session_fills_ninety_minutes_and_shows_each_slide_in_turn() -> None:
    text = (TEACH / "session_90.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+)-(\d+) \| (\d+) \|", text, re.MULTILINE)
    times = [(int(start), int(end)) for start, end, _ in rows]
    assert times[0][0] == 0
    assert times[-1][1] == 90
    assert all(end == start for (_, end), (start, _) in pairwise(times))
    assert list(dict.fromkeys(int(slide) for *_, slide in rows)) == list(range(1, 11))


def test_there_are_ten_slides_with_notes_and_none_has_a_number_typed() -> None:
    notebook = nbformat.read(TEACH / "slides.ipynb", as_version=4)
    kinds = [c.metadata.get("slideshow", {}).get("slide_type") for c in notebook.cells]
    assert kinds.count("slide") == kinds.count("notes") == 10
    prose = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    assert re.findall(r"\d\.\d|\d ?%", prose) == []


def test_a_rubric_has_four_levels_in_each_row() -> None:
    text = (TEACH / "rubric.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| **")]
    assert len(rows) >= 6
    assert all(len([c for c in row.strip("|").split("|") if c.strip()]) == 5 for row in rows)


# exercises that the texts name --------------------------------------------------------------------
NAMED = re.compile(r"\{ref\}`([\w-]+)`([^|{]*)")
WITH_EXERCISES = [*TEXTS, root() / "book" / "teach.md"]


@pytest.mark.parametrize("path", WITH_EXERCISES, ids=lambda p: p.stem)
def test_each_exercise_that_is_named_is_there_with_its_title(path: Path) -> None:
    titles = {each.label: each.title for each in all_exercises()}
    text = path.read_text(encoding="utf-8")
    for label, after in NAMED.findall(text):
        if "-" in label and label.split("-")[0] in pages() | {"how_to_read": None}:
            assert f'("{titles[label]}")' in after, label


@pytest.mark.parametrize("path", WITH_EXERCISES, ids=lambda p: p.stem)
def test_no_exercise_is_named_by_a_number_that_may_move(path: Path) -> None:
    assert re.findall(r"[Ee]xercises? \d+\b", path.read_text(encoding="utf-8")) == []


def test_three_exercises_are_named_that_work_a_thing_out_with_less_and_less_help() -> None:
    text = (root() / "book" / "teach.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (effective robustness|an interval of three cells) \|(.*)$", text, re.M)
    assert len(rows) == 2
    assert [len(NAMED.findall(row)) for _, row in rows] == [3, 2]

"""Notebooks of a page's exercises: to hand out, solved, and marked for nbgrader and Otter Assign.

All are written from the one source that the book has, a notebook of `notebooks/`:

    student/PAGE.ipynb        to hand out: questions, and cells for the answers
    solved/PAGE.ipynb         the same with the solutions
    source/PAGE/PAGE.ipynb    an assignment of nbgrader, in the place where it looks for one
    otter/PAGE.ipynb          the same with the cells that Otter Assign reads

They show recorded runs, and need no PyTorch.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbsupport.building.answer_key import page_numbers
from nbsupport.building.outputs import writing
from nbsupport.data.pictures.listings import write_text
from nbsupport.errors import UserError
from nbsupport.pages import page_named, pages
from nbsupport.pages.cells import quoted
from nbsupport.pages.exercises import PageExercise, page_exercises, title_of
from nbsupport.pages.page import Page
from nbsupport.pages.plain_text import plain_text, quoted_names
from nbsupport.pages.solutions import CODE

FOLDERS = ("student", "solved", "source", "otter")
BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"  # nbgrader reads these words, Otter the line
YOUR_CODE = "# YOUR CODE HERE"
YOUR_WORDS = "YOUR ANSWER HERE"
AND_WORDS = "And in words:"
OTTER = """# ASSIGNMENT CONFIG
init_cell: false
export_cell: false
check_all_cell: false
suppress_no_tests_warning: true"""
SCHEMA = 3  # of nbgrader's metadata
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
INSTALL = """# {title}: exercises

{count} exercises of {where} in the book *Data diversity and robustness*, about {minutes} minutes. \
They use the recorded runs that come with the book: nothing is trained, and PyTorch is not needed.

Once, in the folder of the book's project (`git clone` it first), with Python 3.11 or later:

```sh
python -m pip install -r requirements-read.txt
python -m pip install --no-deps -e .
```

Any program that opens notebooks will do, such as VS Code or Jupyter (`python -m pip install \
notebook`). Run the next cell first. It gives `page` and `study`, as the page of the book has \
them, and `runs`: a row for each evaluated epoch of each recorded run of world 1, of the groups \
that the page compares."""
SET_UP = """import nbsupport as nb

page = nb.open_page("{page_id}", {{"results": "recorded"}})
study, runs = page.study, page.recorded(world=1)
runs.tail(3)"""


@dataclass(frozen=True)
class Assignment:
    """An exercise as a notebook has it: its text, its code and its words, all without roles.

    `parts` are code and words of the solution in their order: "code" or "markdown", and the text.
    """

    exercise: PageExercise
    question: str
    code: str
    words: str
    parts: tuple[tuple[str, str], ...]

    @property
    def points(self) -> tuple[int, int]:
        """A point a minute, shared between code and words."""
        minutes = self.exercise.minutes
        if not (self.code and self.words):
            return (minutes, 0) if self.code else (0, minutes)
        return minutes - minutes // 2, minutes // 2


def write_exercises(page_ids: Iterable[str], folder: Path) -> str:
    """Write the notebooks of these pages, of all that have exercises where none is named; the
    closing line.

    Raises UserError for an unknown page, one without exercises, a folder that cannot be written.
    """
    named = [page_named(page_id) for page_id in page_ids]
    if bare := [page.id for page in named if not page_exercises(page.id)]:
        raise UserError(f"page {bare[0]} has no exercises: name another, or none for all")
    chosen = named or [page for page in pages().values() if page_exercises(page.id)]
    with writing():
        for page in chosen:
            for path, notebook in notebooks(page).items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                write_text(folder / path, as_text(notebook))
    count = sum(len(page_exercises(page.id)) for page in chosen)
    of = f"{len(chosen)} page{'s' * (len(chosen) > 1)}"
    return f"{count} exercises of {of} are in {folder} ({', '.join(FOLDERS)})"


def notebooks(page: Page) -> dict[str, dict[str, Any]]:
    """The four notebooks of a page by their paths."""
    found = tasks(page.id)
    return {
        f"student/{page.id}.ipynb": notebook(_handed_out(page, found)),
        f"solved/{page.id}.ipynb": notebook(_solved(page, found)),
        f"source/{page.id}/{page.id}.ipynb": notebook(_for_nbgrader(page, found)),
        f"otter/{page.id}.ipynb": notebook(_for_otter(page, found)),
    }


def student_notebook(page: Page) -> str:
    """The notebook of a page that students get, as the text of its file, with the numbers of the
    executed page."""
    own = tasks(page.id, page_numbers(page.id, page_exercises(page.id)))
    return as_text(notebook(_handed_out(page, own)))


def as_text(notebook: dict[str, Any]) -> str:
    """A notebook as its file has it."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


# from exercises to tasks --------------------------------------------------------------------------
def tasks(page_id: str, numbers: Mapping[str, str] | None = None) -> list[Assignment]:
    """The exercises of a page, without what only Sphinx can read.

    numbers: what they quote, by name; default: those of the recorded runs.
    """
    own = page_exercises(page_id)
    names = quoted_names(*(each.question + each.solution for each in own))
    found = quoted(page_id, names) if numbers is None else numbers

    def plain(text: str) -> str:
        return plain_text(text, found, _in_words)

    return [
        Assignment(
            each,
            plain(each.question),
            "\n\n".join(block.strip("\n") for block in CODE.findall(each.solution)),
            re.sub(r"\n{3,}", "\n\n", plain(CODE.sub("", each.solution))).strip(),
            tuple((k, text if k == "code" else plain(text)) for k, text in _parts(each.solution)),
        )
        for each in own
    ]


def _parts(solution: str) -> Iterator[tuple[str, str]]:
    """What a solution says and runs, one after the other."""
    for place, text in enumerate(CODE.split(solution)):
        if text.strip():
            yield ("code" if place % 2 else "markdown", text.strip("\n"))


def _in_words(words: str, target: str) -> str:
    """A link to another page: its words, and which page of the book that is."""
    title = title_of(Path(target).stem)
    return words if words == title else f'{words} (the page "{title}" of the book)'


# cells --------------------------------------------------------------------------------------------
def notebook(cells: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A notebook of these cells."""
    about = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return {"cells": list(cells), "metadata": about, "nbformat": 4, "nbformat_minor": 5}


def _cell(kind: str, name: str, source: str, metadata: dict[str, Any]) -> dict[str, Any]:
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    lines = source.splitlines(keepends=True)
    return {"cell_type": kind, "id": name, "metadata": metadata, "source": lines} | code


def _locked(kind: str, name: str, source: str) -> dict[str, Any]:
    """A cell that students do not change."""
    return _cell(kind, name, source, _graded(name, 0, locked=True))


def _answer(kind: str, name: str, source: str, points: int) -> dict[str, Any]:
    """A cell for an answer, which a person marks."""
    return _cell(kind, name, source, _graded(name, points, locked=False))


def _graded(name: str, points: int, *, locked: bool) -> dict[str, Any]:
    """What nbgrader reads of a cell: read-only, or an answer that a person marks."""
    fields: dict[str, Any] = {"grade_id": name, "schema_version": SCHEMA, "task": False}
    fields |= {"grade": not locked, "solution": not locked, "locked": locked}
    return {"nbgrader": fields if locked else {**fields, "points": points}}


def _beginning(page: Page, own: list[Assignment]) -> Iterator[dict[str, Any]]:
    where = f"Section {page.section}" if page.section[:1].isdigit() else f'the page "{page.title}"'
    minutes = sum(task.exercise.minutes for task in own)
    told = INSTALL.format(title=page.title, count=len(own), where=where, minutes=minutes)
    yield _locked("markdown", "title", told)
    yield _locked("code", "set-up", SET_UP.format(page_id=page.id))


def _question(task: Assignment) -> dict[str, Any]:
    each = task.exercise
    told = f"## {each.heading}\n\n*{each.level}, {each.minutes} minutes*\n\n{task.question}"
    return _locked("markdown", _name(task, "question"), told)


def _name(task: Assignment, part: str) -> str:
    """The name of a cell: letters, digits, hyphens, at most 64 characters."""
    label = task.exercise.label.removeprefix(f"{task.exercise.page_id}-")
    return f"{label}-{part}"[-64:]


def _answers(task: Assignment, code: str, words: str) -> Iterator[dict[str, Any]]:
    """The cells for the answer to a task, with this code and these words in them."""
    if task.code:
        yield _answer("code", _name(task, "code"), code, task.points[0])
    if task.words or not task.code:
        yield _answer("markdown", _name(task, "words"), words, task.points[1])


def _handed_out(page: Page, own: list[Assignment]) -> Iterator[dict[str, Any]]:
    yield from _beginning(page, own)
    for task in own:
        yield _question(task)
        yield from _answers(task, YOUR_CODE, YOUR_WORDS)


def _solved(page: Page, own: list[Assignment]) -> Iterator[dict[str, Any]]:
    yield from _beginning(page, own)
    for task in own:
        yield _question(task)
        for place, (kind, told) in enumerate(task.parts, start=1):
            yield _locked(kind, _name(task, f"solution-{place}"), told)


def _marked(task: Assignment) -> str:
    return f"{BEGIN}\n{task.code}\n{END}"


def _for_nbgrader(page: Page, own: list[Assignment]) -> Iterator[dict[str, Any]]:
    """Code between marks; of words the whole cell is the solution."""
    yield from _beginning(page, own)
    for task in own:
        yield _question(task)
        yield from _answers(task, _marked(task), task.words)


def _for_otter(page: Page, own: list[Assignment]) -> Iterator[dict[str, Any]]:
    """The same, each part of an answer a question of its own between raw cells."""
    yield _raw("config", OTTER)
    yield from _beginning(page, own)
    for task in own:
        for place, cell in enumerate(_answers(task, _marked(task), task.words)):
            name, points = cell["id"], cell["metadata"]["nbgrader"]["points"]
            told = f"# BEGIN QUESTION\nname: {name}\npoints: {points}\nmanual: true"
            yield _raw(f"{name}-begin", told)
            yield _locked("markdown", f"{name}-text", AND_WORDS) if place else _question(task)
            yield _raw(f"{name}-solution", "# BEGIN SOLUTION")
            yield cell
            yield _raw(f"{name}-solved", "# END SOLUTION")
            yield _raw(f"{name}-end", "# END QUESTION")


def _raw(name: str, source: str) -> dict[str, Any]:
    return _cell("raw", name[-64:], source, {})

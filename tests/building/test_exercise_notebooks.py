"""The exercises as notebooks: to hand out, solved, and as nbgrader and Otter Assign read them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from nbsupport import cli
from nbsupport.building.exercise_notebooks import (
    BEGIN,
    END,
    YOUR_CODE,
    YOUR_WORDS,
    notebooks,
    tasks,
    write_exercises,
)
from nbsupport.errors import UserError
from nbsupport.pages import pages
from nbsupport.pages.exercises import page_exercises
from nbsupport.paths import root

PAGES = [page_id for page_id in pages() if page_exercises(page_id)]
# Every cell of every solved notebook, one notebook after the other, as a reader's kernel has them.
RUN = """
import json, sys
from pathlib import Path

sys.modules["torch"] = None  # asking for it is an error
from nbsupport.pages.cells import run_cell

for path in sorted(Path(sys.argv[1]).glob("*.ipynb")):
    names = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            value = run_cell("".join(cell["source"]), names)
    print(path.stem, len(names["runs"]))
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebooks of all pages."""
    folder = tmp_path_factory.mktemp("course")
    told = write_exercises([], folder)
    assert told.startswith(f"{sum(len(page_exercises(p)) for p in PAGES)} exercises")
    return folder


def text(path: Path) -> str:
    return "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)


def test_each_page_has_four_valid_notebooks_without_outputs(course: Path) -> None:
    assert {p.stem for p in (course / "student").iterdir()} == set(PAGES)
    found = [*course.rglob("*.ipynb")]
    assert len(found) == 4 * len(PAGES)
    for path in found:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        ids = [cell.id for cell in notebook.cells]
        assert len(ids) == len(set(ids)), path
        assert not any(cell.get("outputs") for cell in notebook.cells)


@pytest.mark.parametrize("page_id", PAGES)
def test_questions_read_well_without_the_book(course: Path, page_id: str) -> None:
    for folder in ("student", "solved"):
        told = text(course / folder / f"{page_id}.ipynb")
        assert not re.search(r"\{[\w:-]+\}`", told)
        assert not re.search(r"\]\([^)]*\.(ipynb|md)", told)
    for each in page_exercises(page_id):
        assert f"## {each.heading}\n\n*{each.level}, {each.minutes} minutes*" in told


@pytest.mark.parametrize("page_id", PAGES)
def test_student_notebooks_hold_no_solution(course: Path, page_id: str) -> None:
    handed_out = (course / "student" / f"{page_id}.ipynb").read_text(encoding="utf-8")
    solved = (course / "solved" / f"{page_id}.ipynb").read_text(encoding="utf-8")
    for task in tasks(page_id):
        lines = [*task.words.splitlines(), *task.code.splitlines()]
        # of each line, as the file has it; short ones may stand in a question as well
        told = [json.dumps(line, ensure_ascii=False)[1:-1] for line in lines if len(line) > 30]
        assert all(line in solved for line in told)
        asked = [line for line in told if line in handed_out]
        assert asked == [], task.exercise.label


def test_marks_and_metadata_are_those_of_nbgrader(course: Path) -> None:
    for page_id in PAGES:
        path = course / "source" / page_id / f"{page_id}.ipynb"
        cells = nbformat.read(path, as_version=4).cells
        graded = [cell.metadata["nbgrader"] for cell in cells]
        assert {each["schema_version"] for each in graded} == {3}
        assert len({each["grade_id"] for each in graded}) == len(cells)
        for cell, each in zip(cells, graded, strict=True):
            assert re.fullmatch(r"[a-zA-Z0-9_-]+", each["grade_id"])
            assert each["solution"] == each["grade"] == (not each["locked"]) == ("points" in each)
            if each["solution"] and cell.cell_type == "code":
                assert cell.source.startswith(f"{BEGIN}\n")
                assert cell.source.endswith(f"\n{END}")
        minutes = sum(each.minutes for each in page_exercises(page_id))
        assert sum(each.get("points", 0) for each in graded) == minutes


def test_otter_finds_each_answer_between_its_cells(course: Path) -> None:
    for page_id in PAGES:
        cells = nbformat.read(course / "otter" / f"{page_id}.ipynb", as_version=4).cells
        raw = [c.source.splitlines()[0].removeprefix("# ") for c in cells if c.cell_type == "raw"]
        config, *questions = raw
        assert config == "ASSIGNMENT CONFIG"
        form = ["BEGIN QUESTION", "BEGIN SOLUTION", "END SOLUTION", "END QUESTION"]
        assert questions == form * (len(questions) // 4)
        answers = [c for c in cells if c.metadata.get("nbgrader", {}).get("solution")]
        assert len(answers) == len(questions) // 4


def test_a_solution_is_read_in_its_order(course: Path) -> None:
    notebook = nbformat.read(course / "solved" / "04_1_quantity.ipynb", as_version=4)
    own = [(c.cell_type, c.source) for c in notebook.cells if c.id.startswith("by-hand-solution")]
    assert [kind for kind, _ in own] == ["markdown", "code", "markdown"]
    assert own[0][1].endswith("in code:")
    assert "effective_robustness(runs, line)" in own[1][1]


def test_cells_to_fill_are_as_many_as_solutions(course: Path) -> None:
    for page_id in PAGES:
        told = text(course / "student" / f"{page_id}.ipynb")
        own = tasks(page_id)
        assert told.count(YOUR_CODE) == sum(bool(task.code) for task in own)
        assert told.count(YOUR_WORDS) == sum(bool(task.words) for task in own)


def test_the_solved_notebooks_run_without_torch(course: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(course / "solved")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    counted = dict(line.split() for line in done.stdout.splitlines() if line.count(" ") == 1)
    assert set(PAGES) <= set(counted)
    assert all(counted[page_id].isdigit() for page_id in PAGES)
    assert int(counted["04_1_quantity"]) > 1000


def test_what_cannot_be_written_is_said_in_one_line(tmp_path, capsys) -> None:
    with pytest.raises(UserError, match="page index has no exercises"):
        write_exercises(["index"], tmp_path)
    assert cli.main(["exercises", "04_1_quantitty", "--output", str(tmp_path)]) == 2
    assert "did you mean '04_1_quantity'" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert cli.main(["exercises", "03_setup", "--output", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_page_is_written_where_it_is_asked_for(tmp_path, capsys) -> None:
    assert cli.main(["exercises", "03_setup", "--output", str(tmp_path)]) == 0
    own = len(page_exercises("03_setup"))
    assert f"{own} exercises of 1 page are in" in capsys.readouterr().out
    written = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.ipynb")}
    assert written == set(notebooks(pages()["03_setup"]))
    assert root() not in tmp_path.parents

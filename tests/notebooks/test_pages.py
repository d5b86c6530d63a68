"""The pages: their form, and whether what they tell a reader to do works."""

import re
import shlex
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

import nbsupport as nb
from nbsupport import cli
from nbsupport.pages import all_groups, page_named, pages
from nbsupport.pages.exercises import (
    LEVELS,
    all_exercises,
    blocks,
    goals_in,
    listed,
    listed_as,
    page_exercises,
)
from nbsupport.pages.exercises import written as text_of
from nbsupport.pages.open_page import open_page
from nbsupport.pages.request import PageRequest
from nbsupport.parameters import parse_assignments
from nbsupport.paths import root
from nbsupport.study.study import Study

LONGEST_CELL = 10
NOTEBOOKS = sorted((root() / "notebooks").glob("*.ipynb"))
JUDGED = [page.id for page in pages().values() if page.claims]
WITH_EXERCISES = [page_id for page_id in pages() if page_id != "index"]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def read(page_id: str) -> nbformat.NotebookNode:
    return nbformat.read(root() / "notebooks" / f"{page_id}.ipynb", as_version=4)


def prose(page_id: str) -> str:
    return "\n\n".join(c.source for c in read(page_id).cells if c.cell_type == "markdown")


def codes(page_id: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in read(page_id).cells if cell.cell_type == "code"]


def written(path: Path) -> str:
    return prose(path.stem) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")


def test_each_page_is_a_notebook_and_the_other_way_round():
    assert {path.stem for path in NOTEBOOKS} == set(pages())


@pytest.mark.parametrize("page_id", pages())
def test_cells_are_short_and_named(page_id):
    notebook = read(page_id)
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    assert notebook.cells[0].source.startswith("# ")
    for cell in codes(page_id):
        assert len(cell.source.splitlines()) <= LONGEST_CELL, cell.id
        if "nb.open_page(" in cell.source:
            assert f'open_page("{page_id}"' in cell.source
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", cell.id) for cell in notebook.cells)


@pytest.mark.parametrize("page_id", pages())
def test_the_defaults_of_a_page_are_allowed(page_id):
    request = PageRequest(page_named(page_id), {})
    assert request.study.profile.name == "demo"
    assert all(p.meaning for p in request.declared)


@pytest.mark.parametrize("page_id", JUDGED)
def test_a_page_with_claims_has_all_its_parts(page_id):
    text = prose(page_id)
    headings = re.findall(r"^##+ (.+)$", text, re.MULTILINE)
    for part in ("What we found", "Parameters", "The runs", "What would change our mind"):
        assert part in headings
    assert headings[-1] == "Rerun this page"
    assert "What the paper found" in text
    assert "What differs here" in text
    code = "\n".join(cell.source for cell in codes(page_id))
    for call in ("nb.predict_first(", "page.parameters()", "study.run(groups)"):
        assert call in code
    for call in ("page.verdicts(runs)", "page.live_check(runs)", "page.rerun("):
        assert call in code


@pytest.mark.parametrize("page_id", JUDGED)
def test_a_page_asks_shows_and_tells_in_this_order(page_id):
    sources = [cell.source for cell in read(page_id).cells]
    (asks,) = (i for i, text in enumerate(sources) if "nb.predict_first(" in text)
    found, tells = sources.index("## What we found"), sources.index("page.found()")
    assert asks < found < tells
    assert "number=" in sources[found + 1], "the first thing found is a figure"
    before = [cell for cell in read(page_id).cells[:found] if cell.cell_type == "markdown"]
    assert len(before) == 1, "before the figure stand the question and the guess"
    assert "**Question.**" in before[0].source


@pytest.mark.parametrize("page_id", WITH_EXERCISES)
def test_each_page_has_exercises_with_a_folded_solution(page_id):
    found = [block for block in blocks(prose(page_id)) if block.name in ("exercise", "solution")]
    assert [block.name for block in found] == ["exercise", "solution"] * (len(found) // 2)
    for asked, solved in zip(found[::2], found[1::2], strict=True):
        assert solved.argument == asked.options["label"]
        assert solved.options == {"class": "dropdown"}
    assert 3 <= len(page_exercises(page_id)) <= 6


def test_each_exercise_has_a_name_of_its_own_without_its_place():
    found = all_exercises()
    labels = [each.label for each in found]
    assert len(set(labels)) == len(labels) > 50
    for each in found:
        assert re.fullmatch(rf"{each.page_id}-[a-z][a-z0-9-]*[a-z][a-z0-9]*", each.label)
        assert each.question
        assert each.solution
        assert not each.title.endswith(".")


ORDER = [name.rpartition("/")[2] for name in listed()]
ASKED = {page_id: [e for e in all_exercises() if e.page_id == page_id] for page_id in ORDER}
IN_ORDER = [page_id for page_id, asked in ASKED.items() if asked]


@pytest.mark.parametrize("page_id", IN_ORDER)
def test_the_exercises_of_a_page_climb(page_id):
    levels = [LEVELS.index(each.level) for each in ASKED[page_id]]
    assert levels == sorted(levels)
    assert len(set(levels)) > 1
    assert all(3 <= each.minutes <= 20 for each in ASKED[page_id])


@pytest.mark.parametrize("page_id", IN_ORDER[IN_ORDER.index("02_background") :])
def test_a_page_begins_its_exercises_with_the_page_before(page_id):
    first, before = ASKED[page_id][0], IN_ORDER[IN_ORDER.index(page_id) - 1]
    assert first.level == "recall"
    assert first.minutes <= 5
    assert f"({before}.ipynb)" in first.question


@pytest.mark.parametrize("page_id", IN_ORDER)
def test_a_page_tells_what_a_reader_can_do_after_it(page_id):
    told = goals_in(page_id, text_of(listed()[listed_as(page_id)]))
    assert 3 <= len(told.goals) <= 5
    assert len(told.needs) <= 3
    places = [ORDER.index(name) for name in (*told.needs, page_id)]
    assert max(places) == places[-1]
    assert told.minutes >= max(each.minutes for each in ASKED[page_id])


def test_every_page_but_the_first_has_goals_and_exercises():
    assert set(IN_ORDER) == {*pages(), "how_to_read"} - {"index"}


def solutions() -> list[tuple[str, str]]:
    blocks = []
    for page_id in WITH_EXERCISES:
        blocks += [(page_id, b) for lang, b in FENCE.findall(prose(page_id)) if lang == "python"]
    return blocks


@pytest.fixture(scope="module")
def runs() -> pd.DataFrame:
    """Made-up records of three families and two seeds for every group of every page."""
    rng = np.random.default_rng(0)
    rows = []
    for group in all_groups(Study("demo")):
        for cell in [(f, s) for f in ("resnet", "densenet", "alexnet") for s in (0, 1)]:
            for epoch in (1, 2, 3):
                x = 0.2 + 0.1 * epoch + rng.normal(0, 0.01)
                y = 0.6 * x + 0.04 * (not group.role.endswith("scratch")) + rng.normal(0, 0.005)
                rows.append((group.role, *cell, epoch, x, y))
    names = ["role", "family", "seed", "epoch", "id_macro_f1", "ood_macro_f1"]
    return pd.DataFrame(rows, columns=names)


@pytest.mark.parametrize(("page_id", "block"), solutions())
def test_the_code_of_a_solution_runs(page_id, block, runs, capsys):
    page = open_page(page_id, {})
    *before, last = block.rstrip().splitlines()
    names = {"nb": nb, "runs": runs, "page": page, "study": page.study}
    try:
        result = eval(last, exec("\n".join(before), names) or names)
    except SyntaxError:  # the last line belongs to a loop: what counts is printed
        exec(block, names)
        result = capsys.readouterr().out
    assert len(str(result)) > 0
    assert "nan" not in str(result).lower()


def test_the_solutions_state_facts():
    study = open_page("03_setup", {}).study
    cameras = {s: set(study.task.table(s)["location"]) for s in ("train", "ood_test")}
    assert not cameras["train"] & cameras["ood_test"]
    small, large = study.imagenet.per_class(10), study.imagenet.per_class(20)
    assert set(small.drawn.ids) <= set(large.drawn.ids)


def commands() -> list[str]:
    """Every `python -m nbsupport` that a page tells the reader to type, continued lines joined."""
    pages = [*NOTEBOOKS, *sorted((root() / "book").glob("*.md"))]
    blocks = [b for path in pages for lang, b in FENCE.findall(written(path)) if lang == "bash"]
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [" ".join(line.split()) for line in lines if line.startswith("python -m nbsupport")]


@pytest.mark.parametrize("line", dict.fromkeys(commands()))
def test_the_commands_of_the_pages_are_understood(line, capsys):
    words = shlex.split(line.partition(" > ")[0], comments=True)[3:]
    if words[0] == "plan":
        assert cli.main(words) == 0
        assert "jobs" in capsys.readouterr().out
        return
    options = cli._parser().parse_args(words)
    if words[0] == "run":
        given = parse_assignments(options.parameters)
        assert PageRequest(page_named(options.page), given).groups is not None


def test_the_exercise_on_costs_counts_right(capsys):
    (asked,) = (e for e in all_exercises() if e.label.endswith("-count"))
    said = int(re.search(r"(\d+) jobs", asked.solution).group(1))
    (line,) = (
        line for line in commands() if "plan --page 04_1_quantity" in line and "sizes" in line
    )
    assert cli.main([*shlex.split(line)[3:], "--json"]) == 0
    assert f'"jobs": {said}' in capsys.readouterr().out


def test_terms_and_citations_are_defined():
    terms = set(re.findall(r"^(\S.*)\n  \S", written(root() / "book/glossary.md"), re.MULTILINE))
    keys = set(re.findall(r"@\w+\{(\w+),", (root() / "book/references.bib").read_text()))
    lower = {term.lower() for term in terms}
    for path in [*NOTEBOOKS, *sorted((root() / "book").glob("*.md"))]:
        text = written(path)
        for term in re.findall(r"\{term\}`([^`]+)`", text):
            assert term.lower() in lower, f"{path.name}: {term}"
        for cited in re.findall(r"\{cite:[pt]\}`([^`]+)`", text):
            assert set(cited.split(",")) <= keys, f"{path.name}: {cited}"

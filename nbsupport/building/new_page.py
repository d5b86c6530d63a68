"""A new page of one's own: a notebook, a module, a test and a line in _toc.yml."""

import json
import keyword
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbsupport.errors import UserError
from nbsupport.paths import root
from nbsupport.registry import PAGES

PART = "  - caption: Do it yourself\n    chapters:\n"  # of _toc.yml: where the line goes
FILES = Path(__file__).with_name("new_page_files")  # of module and test, as texts to fill in
_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
_TITLE = re.compile(r'[^"\\\n{}]{1,45}')

PARAMETERS = """profile: str = "demo"  # data, models, recipes: demo, smoke, or one of real images
world: int = 1  # a simulated world, any number; of real images the shift
families: list[str] = []  # architecture families; empty: those of the profile
seeds: list[int] = []  # seeds of draws, weights and batches; empty: those of the profile
images: int = 0  # images that the subset has; 0: half of all
budget: str = "epochs"  # equal "epochs" or equal "steps" of pre-training
axis: str = "linear"  # axes on which lines are fitted: linear, logit or probit"""
NOT_PRINTED, FOLDED = ["hide-cell"], ["hide-input"]


def new_page(name: str, title: str = "", place: Path | None = None) -> list[str]:
    """Write the files of a page, below the project's folder; a line for each thing done.

    Raises UserError where the name is none for a page, or a file of that name is there.
    """
    top = place or root()
    _check_name(name)
    title = title or name.replace("_", " ").capitalize()
    if not _TITLE.fullmatch(title):
        raise UserError(f"title {title!r}: give up to 45 characters, no quotes or braces")
    named = {"name": name, "title": title}
    files = {
        f"nbsupport/pages/{name}.py": _filled("module.txt", named),
        f"notebooks/{name}.ipynb": _notebook(**named),
        f"tests/pages/test_{name}.py": _filled("test.txt", named),
    }
    if there := [file for file in files if (top / file).exists()]:
        raise UserError(f"{there[0]} is there already: give the page another name")
    for file, text in files.items():
        (top / file).parent.mkdir(parents=True, exist_ok=True)
        (top / file).write_text(text, encoding="utf-8")
    return [*(f"written: {file}" for file in files), _listed(top / "_toc.yml", name)]


def _filled(file: str, named: dict[str, str]) -> str:
    return (FILES / file).read_text(encoding="utf-8").format(**named)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise UserError(
            f"page {name!r}: give a name of at most 30 small letters, digits and underscores, a "
            "letter first, such as my_question"
        )
    if name in PAGES.names():
        raise UserError(f"page {name!r}: a module of the pages has that name; give another")


def _listed(toc: Path, name: str) -> str:
    """List the page in the table of contents, or say which line to add."""
    line = f"      - file: book/sections/{name}\n"
    text = toc.read_text(encoding="utf-8") if toc.exists() else ""
    if text.count(PART) != 1:
        return f"to do: add this line to _toc.yml where the page belongs:\n{line.rstrip()}"
    toc.write_text(text.replace(PART, PART + line), encoding="utf-8")
    return 'added to _toc.yml: first under "Do it yourself"; move the line where it belongs'


# the notebook -------------------------------------------------------------------------------------
def _notebook(name: str, title: str) -> str:
    cells = list(_cells(name, title))
    about = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    whole = {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _text(cell: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": cell, "metadata": {}, "source": _lines(source)}


def _code(cell: str, source: str, tags: list[str]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": cell,
        "metadata": {"tags": tags},
        "outputs": [],
        "source": _lines(source),
    }


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)


def _cells(name: str, title: str) -> Iterator[dict[str, Any]]:
    yield _text(
        "title",
        f"# {title}\n\n**Question.** What is asked, in two sentences that a reader understands who "
        "has read the introduction.\n\n**Why it is open.** What the paper does not say, and what "
        "would follow from either answer.",
    )
    yield _text("predict-text", "## Predict first")
    yield _code("predict", _PREDICT.format(name=name, title=title), FOLDED)
    yield _code("parameters", PARAMETERS, ["parameters", *FOLDED])
    yield _code("open", _OPEN.format(name=name), FOLDED)
    yield _code("run", "runs = study.run(groups)", NOT_PRINTED)
    yield _text("found-text", "## What we found")
    yield _code("answer", f"{name}.answer(page, runs)", FOLDED)
    yield _code("guess", f"nb.compare_prediction(QUESTION, *{name}.outcome(page, runs))", FOLDED)
    yield _text("figure-text", "## The figure")
    yield _code("figure", 'nb.Comparison(runs, axis=page.axis).figure(caption="All runs.")', FOLDED)
    yield _text("change", "## What would change our mind\n\n- Name a result that would.")
    yield _text("parameters-text", "## How it was done\n\n### Parameters")
    yield _code("parameter-table", "page.parameters()", FOLDED)
    yield _text("groups-text", "### The groups")
    yield _code("groups", "page.training()", FOLDED)
    yield _text("rerun-text", "## Rerun this page")
    yield _code("rerun", "page.rerun()", FOLDED)


_PREDICT = "\n".join(
    [
        "import nbsupport as nb",
        "from nbsupport.pages import {name}",
        "",
        'QUESTION = "{title}: where does the first group lie?"',
        "nb.predict_first(QUESTION, {name}.OPTIONS)",
    ]
)
_OPEN = """page = nb.open_page("{name}", globals())
study, groups = page.study, page.groups"""

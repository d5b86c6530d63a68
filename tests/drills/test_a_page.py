"""A page is its notebook, its module and its line in _toc.yml: done in a copy of the project."""

import json

import pytest
from copies import Copy

MODULE = '''"""A page of somebody's own: half of the images."""

from nbsupport.pages.groups import reference_groups
from nbsupport.pages.page import Page
from nbsupport.study.study import Group


def half_groups(study, parameters):
    """The two reference lines, and half of the images."""
    images = parameters.get("images") or len(study.imagenet) // 2
    half = Group("imagenet/half", "half of the images", study.imagenet.take(images))
    return [*reference_groups(study, {}), half]


PAGE = Page("05_half", "Half of it", "5", half_groups)
'''
PARAMETERS = """profile: str = "demo"  # data, models and recipes
families: list[str] = []  # architecture families
seeds: list[int] = []  # seeds
images: int = 0  # images; 0: half of all
"""
ASK = """
import json, sys
from nbsupport.analysis import claims
from nbsupport.building.page_key import page_key, shown_modules
from nbsupport.pages import all_groups, page_named, pages
from nbsupport.pages.request import PageRequest
from nbsupport.study.study import Study

request = PageRequest(page_named("05_half"), {"profile": "smoke"})
other = request.other(images=200)
book = PageRequest(page_named("claims"), {"profile": "smoke"})
print(json.dumps({
    "order": list(pages()),
    "recorded": [group.role for group in all_groups(Study("smoke"))],
    "roles": [group.role for group in request.groups],
    "keys": [page_key(request), page_key(other)],
    "module": "nbsupport.pages.half" in shown_modules(request),
    "ledger": [group.role for group in book.groups],
}))
"""


def cell(source: str, *tags: str) -> dict:
    made = {"cell_type": "code", "execution_count": None, "id": source[:6].strip(' :"=_')}
    return {**made, "metadata": {"tags": list(tags)}, "outputs": [], "source": source}


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Copy:
    """A project with a page more."""
    made = Copy(tmp_path_factory.mktemp("project"))
    cells = [cell(PARAMETERS, "parameters"), cell("import nbsupport as nb")]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    made.write("notebooks/05_half.ipynb", json.dumps(notebook))
    made.write("nbsupport/pages/half.py", MODULE)
    after = "      - file: book/sections/05_self_supervised\n"
    made.edit("_toc.yml", after, after + "      - file: book/sections/05_half\n")
    return made


def test_the_book_knows_the_page_with_no_other_edit(copy) -> None:
    found = copy.value(ASK)
    order = found["order"]
    assert order.index("05_half") == order.index("05_self_supervised") + 1
    assert found["roles"] == ["scratch", "imagenet/full", "imagenet/half"]
    assert "imagenet/half" in found["recorded"]
    assert "imagenet/half" in found["ledger"]
    assert len(set(found["keys"])) == 2
    assert found["module"]


def test_plan_and_run_know_it(copy) -> None:
    plan = copy.command("plan", "--page", "05_half", "--profile", "smoke", "--json")
    assert plan.returncode == 0, plan.stderr
    assert json.loads(plan.stdout)[0]["runs"] == 3
    book = copy.command("plan", "--profile", "smoke")
    assert "05_half" in book.stdout
    wrong = copy.command("run", "05_half", "-p", "imags", "3")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "did you mean 'images'" in wrong.stderr


def test_what_is_forgotten_is_said_in_one_line(copy) -> None:
    text = (copy.folder / "nbsupport/pages/half.py").read_text(encoding="utf-8")
    toc = (copy.folder / "_toc.yml").read_text(encoding="utf-8")
    (copy.folder / "nbsupport/pages/half.py").unlink()
    without_module = copy.command("plan")
    copy.write("nbsupport/pages/half.py", text)
    copy.edit("_toc.yml", "      - file: book/sections/05_half\n", "")
    without_line = copy.command("plan")
    copy.write("_toc.yml", toc)
    assert "page 05_half of _toc.yml has no module: write one" in without_module.stderr
    assert "add book/sections/05_half" in without_line.stderr
    assert [done.stderr.count("\n") for done in (without_module, without_line)] == [1, 1]

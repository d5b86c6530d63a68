"""What notebooks import, and what an open page offers them."""

import ast
import json
import re
from collections import Counter

import pytest

from nbsupport.imports import imported
from nbsupport.pages import pages
from nbsupport.pages.open_page import OpenPage
from nbsupport.pages.request import PageRequest

# Used by the figures and tables of the pages' own modules, more than by notebooks.
FOR_MODULES = {"axis", "command", "drawn_with", "figure", "labels", "mask", "other_groups"}
FOR_MODULES |= {"live", "recorded", "roles", "subset", "title", "verdict"}


def code(page_id: str) -> str:
    return "\n".join(cell.code for cell in PageRequest(pages()[page_id], {}).cells)


@pytest.mark.parametrize("page_id", pages())
def test_a_notebook_imports_the_lab_and_its_own_module(page_id) -> None:
    own = pages()[page_id].module
    found = {name for name in imported(ast.parse(code(page_id))) if name.startswith("nbsupport")}
    assert found <= {"nbsupport", "nbsupport.pages", own}


def test_an_open_page_offers_what_four_or_more_notebooks_use() -> None:
    used = Counter(
        name for page_id in pages() for name in set(re.findall(r"\bpage\.(\w+)", code(page_id)))
    )
    offered = {name for name in dir(OpenPage) if not name.startswith("_")}
    assert {name for name in offered if used[name] < 4} <= FOR_MODULES


def test_code_cells_are_read_as_they_stand() -> None:
    page = pages()["04_1_quantity"]
    cells = json.loads(page.notebook.read_text(encoding="utf-8"))["cells"]
    assert len(PageRequest(page, {}).cells) == sum(c["cell_type"] == "code" for c in cells)

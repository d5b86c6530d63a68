"""The boxes at the end of a page: what differs, from profiles and ledger, and how to cite it."""

import re

import pytest

from nbsupport.building.sphinx.page_end import profile_of
from nbsupport.errors import UserError
from nbsupport.evidence.ledger import read_ledger
from nbsupport.pages import pages
from nbsupport.pages.citation import citation
from nbsupport.pages.page_end import EVERYWHERE, OF_SECTION, page_end
from nbsupport.pages.scale import facts
from nbsupport.study.profiles import profile_named

VERDICTS = {c["id"]: c["headline"]["verdict"] for c in read_ledger("demo")["claims"]}


@pytest.mark.parametrize("page_id", [p for p in pages() if p != "index"])
def test_each_page_says_both(page_id: str) -> None:
    html = page_end(page_id, "demo")
    assert html.count("<details>") == html.count("</details>") == 2
    assert f"note = {{Page: {pages()[page_id].title}}}" in html
    assert citation().paper["title"] in html


def test_what_a_page_differs_in_is_told_of_the_profile_it_is_built_on() -> None:
    for profile in ("demo", "pacs-32"):
        html = page_end("04_2_granularity", profile)
        assert facts(profile_named(profile))["image side"] in html
    assert OF_SECTION["4.2"][0] in page_end("04_2_granularity", "demo")
    assert "image side" not in page_end("04_2_granularity", "paper")


def test_every_fact_that_is_told_is_one_of_the_profiles() -> None:
    names = {*EVERYWHERE, *(name for own in OF_SECTION.values() for name in own)}
    assert names <= set(facts(profile_named("demo")))
    assert set(OF_SECTION) <= {page.section for page in pages().values()}


@pytest.mark.parametrize("page_id", [p for p, page in pages().items() if page.claims])
def test_claims_that_do_not_come_out_as_in_the_paper_are_listed(page_id: str) -> None:
    told = re.findall(r"<li>.*?<strong>(.*?)</strong></li>", page_end(page_id, "demo"))
    expected = [VERDICTS[claim] for claim in pages()[page_id].claims]
    assert told == [word for word in expected if not word.startswith("supported")]


def test_an_unknown_page_is_one_line() -> None:
    with pytest.raises(UserError, match="unknown page"):
        page_end("04_9", "demo")


def test_the_profile_is_the_one_that_a_notebook_was_executed_on(tmp_path) -> None:
    notebook = tmp_path / "page.ipynb"
    default = 'profile: str = \\"demo\\"  # data'
    cells = [f'{{"cell_type": "code", "source": ["{default}\\n", "world: int = 1"]}}']
    notebook.write_text(f'{{"cells": [{cells[0]}]}}')
    assert profile_of(notebook) == "demo"
    cells.append('{"cell_type": "code", "source": "# Parameters\\nprofile = \\"pacs-32\\"\\n"}')
    notebook.write_text(f'{{"cells": [{", ".join(cells)}]}}')
    assert profile_of(notebook) == "pacs-32"

"""The ledger in a browser: sorting, filtering, keyboard, phones; the list that readers order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nbsupport.analysis.claims import load
from nbsupport.display import widgets
from nbsupport.evidence import ledger
from nbsupport.evidence.recorded import Recorded
from nbsupport.pages import claims
from nbsupport.pages.claims_table import FOLDED, HEADER, ledger_table
from nbsupport.paths import root
from nbsupport.study.profiles import PROFILES

pytestmark = pytest.mark.browser
STATIC = root() / "book" / "_static"
HEIGHTS = {"scratch": 0.0, "imagenet/full": 0.06, "imagenet/25K": 0.03, "inaturalist/25K": 0.02}
HEIGHTS |= {"imagenet/5K": -0.03, "inaturalist/5K": -0.03, "imagenet/animal": 0.06}
QUESTION = "Which first?"


def made_up() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for role, height in HEIGHTS.items():
        for cell in [(f, s) for f in "abc" for s in range(3)]:
            for epoch in (1, 2, 3):
                x = 0.2 + 0.1 * epoch + rng.normal(0, 0.01)
                y = 0.6 * x + height + rng.normal(0, 0.003)
                rows.append((1, role, *cell, epoch, x, y, f"{role}{cell}"))
    names = ["world", "role", "family", "seed", "epoch", "id_macro_f1", "ood_macro_f1", "key"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with the ledger of made-up records, in the book's own script and style."""
    entries = ledger.judge_all(Recorded(PROFILES["demo"], made_up()))
    ranking = widgets.rank_first(QUESTION, ["one", "two", "three"])
    guess = widgets.compare_prediction(QUESTION, "none")
    pieces = (ranking, guess, claims.summary(entries), ledger_table(entries))
    styles = "".join(
        (STATIC / f).read_text() for f in ("nbsupport.css", "tables.css", "ledger.css")
    )
    scripts = "".join(f"<script>{(STATIC / f).read_text()}</script>" for f in SCRIPTS)
    path = tmp_path_factory.mktemp("ledger") / "page.html"
    path.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Ledger</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{styles}</style><body>{''.join(p.html for p in pieces)}{scripts}</body></html>"
    )
    return path


SCRIPTS = ("nbsupport.js", "ledger.js")


@pytest.fixture(params=[1280])
def page(chromium: Any, written: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": request.param, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(written.as_uri())
    yield page
    assert errors == []
    context.close()


def shown(page: Any) -> list[str]:
    """The ids of the rows that are seen, in their order."""
    return page.evaluate(
        "() => [...document.querySelectorAll('.nb-ledger tbody tr')]"
        ".filter(row => row.offsetParent !== null).map(row => row.id.slice(6))"
    )


def values(page: Any, label: str) -> list[float]:
    cells = page.locator(f'.nb-ledger tbody [data-label="{label}"]').all()
    found = [cell.get_attribute("data-value") for cell in cells]
    kept = [float(value) for value in found if value]
    assert found[: len(kept)] == [v for v in found if v]  # rows without a value come last
    return kept


def test_headers_sort_and_say_so(page):
    order = shown(page)
    head = page.locator("th", has=page.get_by_role("button", name="Estimate"))
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    rising = values(page, "Estimate")
    assert rising == sorted(rising)
    assert len(rising) > 3
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert values(page, "Estimate") == sorted(rising, reverse=True)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    assert shown(page) == order


def test_only_one_column_sorts_at_a_time(page):
    for name in ("Claim", "Worlds"):
        page.get_by_role("button", name=name, exact=True).click()
    assert page.locator("th[aria-sort]").all_inner_texts() == ["Worlds"]


def columns(page: Any) -> list[str]:
    """The names of the columns that are seen."""
    heads = page.locator(".nb-ledger thead th").all()
    return [head.inner_text() for head in heads if head.is_visible()]


def fields(page: Any) -> list[str]:
    """The names of the cells of the first row that are seen."""
    cells = page.locator(".nb-ledger tbody tr").first.locator("> *").all()
    return [cell.get_attribute("data-label") for cell in cells if cell.is_visible()]


def test_at_first_few_columns_are_seen_and_a_box_shows_all(page):
    first = columns(page)
    assert first == fields(page)
    assert len(first) <= 9
    assert first[:4] == ["Section", "Claim", "Verdict", "Estimate"]
    page.get_by_label("All 14 columns").check()
    assert columns(page) == fields(page) == [name for name, *_ in HEADER]
    assert set(columns(page)) - set(first) == set(FOLDED)
    page.get_by_label("All 14 columns").uncheck()
    assert columns(page) == first


@pytest.mark.parametrize("page", [390], indirect=True)
def test_a_column_that_is_sorted_by_is_seen(page):
    assert "To settle" not in fields(page)
    page.locator("select[name=sort]").select_option("World 2")
    assert page.get_by_label("All 14 columns").is_checked()
    ranks = values(page, "World 2")
    assert ranks == sorted(ranks)
    assert len(ranks) == len(load())


def test_on_paper_all_columns_stand(page):
    page.emulate_media(media="print")
    assert set(FOLDED) <= set(fields(page))


def test_the_keyboard_is_enough(page):
    page.locator(".nb-ledger select[name=words]").focus()
    for _ in range(5):  # section, text, Show all, all columns, the scrolling table
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Section"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort=ascending]").inner_text() == "Claim"


def test_filters_narrow_and_say_how_many_are_left(page):
    every = shown(page)
    page.locator("select[name=words]").select_option("supported")
    supported = shown(page)
    assert 0 < len(supported) < len(every)
    assert (
        f"{len(supported)} of {len(every)} shown" in page.locator(".nb-ledger output").inner_text()
    )
    page.locator("select[name=section]").select_option("4.1")
    assert set(shown(page)) < set(supported)
    page.locator("input[name=text]").fill("no such words")
    assert shown(page) == []
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function(
        "() => document.querySelector('.nb-ledger output').textContent[0] !== '0'"
    )
    assert shown(page) == every


def test_free_text_finds_claims(page):
    page.locator("input[name=text]").fill("FRACTALS")
    assert shown(page) == [
        "fractals-between",
        "generated-over-fractals",
        "generated-over-fractals-tenfold",
    ]


def test_a_number_of_the_summary_shows_its_rows(page):
    page.locator('[data-ledger-filter="contradicted"]').click()
    page.wait_for_timeout(50)
    assert page.locator("select[name=words]").input_value() == "contradicted"
    found = page.locator("[data-ledger-filter=contradicted] strong").inner_text()
    assert len(shown(page)) == int(found) > 0


@pytest.mark.parametrize("page", [390], indirect=True)
def test_a_phone_gets_cards_and_a_choice_to_sort_by(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.locator(".nb-ledger thead").is_visible()
    page.locator("select[name=sort]").select_option("Estimate")
    rising = values(page, "Estimate")
    assert rising == sorted(rising)


def test_the_table_reads_without_a_script(chromium, written):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(written.as_uri())
    assert page.locator(".nb-ledger tbody tr").count() == len(load())
    assert not page.locator(".nb-ledger-controls").is_visible()
    assert len(columns(page)) <= 9
    page.get_by_label("All 14 columns").check()
    assert columns(page) == [name for name, *_ in HEADER]
    assert page.locator(".nb-rank li").all_inner_texts() == ["one", "two", "three"]
    context.close()


# the list that a reader orders --------------------------------------------------------------------
def items(page: Any) -> list[str]:
    return page.evaluate(
        "() => [...document.querySelectorAll('.nb-rank li')].map(li => li.dataset.item)"
    )


def test_a_reader_orders_the_list_and_finds_it_again(page):
    down = page.get_by_role("button", name="Move down: one")
    down.focus()
    page.keyboard.press("Enter")
    assert items(page) == ["two", "one", "three"]
    page.keyboard.press("Enter")  # the button keeps the focus as its row moves
    assert items(page) == ["two", "three", "one"]
    page.keyboard.press("Enter")  # at the end nothing happens
    assert items(page) == ["two", "three", "one"]
    assert "two > three > one" in page.locator(".nb-guess").inner_text()
    page.reload()
    assert items(page) == ["two", "three", "one"]
    assert "two > three > one" in page.locator(".nb-guess").inner_text()

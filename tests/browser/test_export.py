"""Figures as files from their pages, links to figures, and the boxes at the end of a page."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.browser
PAGE, FIGURE = "book/sections/04_1_quantity.html", "#figure-4-left"


def saved(visit, kind: str) -> tuple[str, bytes]:
    """Name and content of the file that a link below the figure gives."""
    with visit.page.expect_download() as download:
        visit.page.locator(f"{FIGURE} .nb-export", has_text=kind).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_a_figure_is_saved_with_its_title_and_nobody_is_asked(visit) -> None:
    visit.open(PAGE)
    name, png = saved(visit, "PNG")
    assert name == "figure-4-left.png"
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.width > 2000
    name, svg = saved(visit, "SVG")
    assert name == "figure-4-left.svg"
    title = visit.page.locator(f"{FIGURE} .nb-figure-title").inner_text()
    assert title.split()[0] in svg.decode()
    assert visit.foreign == []
    assert visit.errors == []


def test_every_figure_of_a_page_has_both_links(visit) -> None:
    visit.open(PAGE)
    figures = visit.page.locator("figure.nb-figure:has(.nb-chart)").count()
    assert figures >= 3
    assert visit.page.locator("figure.nb-figure .nb-export").count() == 2 * figures


def test_links_of_the_teaching_pages_lead_to_figures(smoke_book) -> None:
    found = 0
    for path in (smoke_book.html / "teach").glob("*.html"):
        for page, name in re.findall(r'href="([^"#:]+\.html)#(figure-[\w-]+)"', path.read_text()):
            target = (path.parent / page).read_text()
            assert f'id="{name}"' in target, f"{path.name}: {page} has no {name}"
            found += 1
    assert found > 20


def test_each_executed_page_ends_with_both_boxes(smoke_book) -> None:
    pages = sorted((smoke_book.html / "book" / "sections").glob("*.html"))
    without = [p.stem for p in pages if p.read_text().count('class="nb-page-end"') != 1]
    assert without == ["index"]  # it tells both in its own words
    assert len(pages) > 15

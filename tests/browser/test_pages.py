"""The built book in headless Chromium: what a reader would stumble over."""

import io

import numpy as np
import pytest
from PIL import Image

from nbsupport.building.sphinx import excerpts

pytestmark = pytest.mark.browser

CHARTED = "book/sections/04_1_quantity.html"
MOST_TEXT = 600_000  # bytes, of all pages: the search loads those that it found
TOO_WIDE = """() => {
    const limit = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= limit) return [];
    return [...document.querySelectorAll('body *')]
        .filter(e => e.getBoundingClientRect().right > limit + 1)
        .map(e => `${e.tagName}.${e.className} ${Math.round(e.getBoundingClientRect().right)}`);
}"""


def test_a_page_opens_without_errors_and_asks_no_other_machine(visit, path):
    visit.open(path)
    visit.page.wait_for_timeout(300)
    assert visit.errors == []
    assert visit.foreign == []
    assert visit.page.locator("article h1").count() == 1


@pytest.mark.parametrize("visit", [390], indirect=True)
def test_a_page_fits_a_phone(visit, path):
    visit.open(path)
    assert visit.page.evaluate(TOO_WIDE) == []


def test_every_figure_of_the_quantity_page_is_drawn(visit):
    visit.open(CHARTED)
    assert visible_figures(visit.page) >= 2  # one for each source, at least


def test_a_figure_is_drawn_where_its_tab_is_opened(visit):
    visit.open(CHARTED)
    tabs = visit.page.locator(".nb-tabs:has(.nb-chart-live)").first
    tabs.locator("label", has_text="Recorded").click()
    closed = visible_figures(tabs)
    tabs.locator("label", has_text="Real images").click()
    assert "Figure 4 (left), real images" in tabs.inner_text()
    assert visible_figures(tabs) == 2  # one shift in full, and what all of them amount to
    tabs.locator("label", has_text="Recorded").click()
    assert visible_figures(tabs) == closed


def visible_figures(page) -> int:
    """How many figures are seen, each of which has a size and colours."""
    drawn = page.locator(".nb-chart-live svg:visible")
    for index in range(drawn.count()):
        box = drawn.nth(index).bounding_box()
        assert box["width"] > 200
        assert box["height"] > 150
        assert colours(drawn.nth(index)) > 4
    return drawn.count()


def test_points_have_a_tooltip(visit):
    visit.open(CHARTED)
    chart = visit.page.locator(".nb-chart-live svg:has(g.points_0_marks)").first
    chart.scroll_into_view_if_needed()
    points = chart.locator("g.points_0_marks path").all()
    assert len(points) >= 10
    points = points[:: 1 + len(points) // 40]  # recorded runs are more than a thousand
    silent = [
        index for index, point in enumerate(points) if "seed" not in tooltip(visit.page, point)
    ]
    assert silent == []


def tooltip(page, point) -> str:
    """What appears when the pointer comes from elsewhere and rests on this mark."""
    box = point.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(2, 2)
    page.mouse.move(x - 1, y)
    page.mouse.move(x, y)
    shown = page.locator("#vg-tooltip-element.visible")
    return shown.inner_text() if shown.count() else ""


def test_charts_and_page_follow_the_theme(visit):
    visit.open(CHARTED)
    chart = visit.page.locator(".nb-chart-live").first
    seen = {}
    for _ in range(3):  # the button goes through automatic, light and dark
        visit.page.locator("button.theme-switch-button:visible").first.click()
        visit.page.wait_for_timeout(400)
        visit.page.wait_for_function("() => document.documentElement.dataset.theme")
        theme = visit.page.evaluate("document.documentElement.dataset.theme")
        seen[theme] = brightness(chart)
    assert seen["light"] > 0.7
    assert seen["dark"] < 0.35
    assert visit.errors == []


def test_search_finds_a_word(visit):
    visit.open("book/sections/index.html")
    visit.page.keyboard.press("Control+k")
    field = visit.page.locator("input[type=search]:visible").first
    field.fill("robustness")
    field.press("Enter")
    visit.page.wait_for_selector("#search-results li a")
    assert "search.html" in visit.page.url
    links = visit.page.locator("#search-results li a")
    assert any("sections" in link.get_attribute("href") for link in links.all())
    assert visit.errors == []
    assert visit.foreign == []


def test_search_puts_pages_before_names_of_the_code(visit):
    visit.open("search.html?q=subset")
    page = visit.page
    page.wait_for_selector("#search-results li a")
    page.wait_for_function("document.querySelectorAll('#search-results li').length > 20")
    first = page.locator("#search-results li > a").all()[:5]
    assert not any("/api" in (each.get_attribute("href") or "") for each in first)


def test_search_shows_excerpts_from_disk(visit, smoke_book):
    visit.site = smoke_book.html.as_uri()
    visit.page.goto(f"{visit.site}/search.html?q=jackknife")
    there = "document.querySelectorAll('#search-results li p.context').length >= 3"
    visit.page.wait_for_function(there)
    results = visit.page.locator("#search-results li").all()
    shown = [one.locator("p.context").inner_text() for one in results if one.locator("p").count()]
    assert any("jackknife" in text.lower() for text in shown)
    assert all("<" not in text for text in shown)
    assert visit.errors == []
    assert visit.foreign == []


def test_the_texts_for_the_search_are_small(smoke_book):
    texts = [*(smoke_book.html / excerpts.FOLDER).rglob("*.js")]
    assert {path.stem for path in smoke_book.html.glob("book/**/*.html")} <= {p.stem for p in texts}
    assert sum(path.stat().st_size for path in texts) < MOST_TEXT


def test_a_page_reads_from_the_file_system(visit, smoke_book):
    visit.site = smoke_book.html.as_uri()
    visit.open(CHARTED)
    assert visit.errors == []
    assert visit.foreign == []


def pixels(element) -> np.ndarray:
    """A screenshot of the element: uint8 [H, W, 3]."""
    return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB"))


def brightness(element) -> float:
    """The median brightness of the element, 0 to 1: that of its background."""
    return float(np.median(pixels(element))) / 255


def colours(element) -> int:
    """How many colours the element shows: a blank canvas has one."""
    return len(np.unique(pixels(element).reshape(-1, 3), axis=0))

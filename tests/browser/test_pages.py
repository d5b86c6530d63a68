"""The built book in headless Chromium: what a reader would stumble over."""

import io

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser

CHARTED = "book/sections/04_1_quantity.html"
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
    assert visit.page.locator("h1").count() == 1


@pytest.mark.parametrize("visit", [390], indirect=True)
def test_a_page_fits_a_phone(visit, path):
    visit.open(path)
    assert visit.page.evaluate(TOO_WIDE) == []


def test_every_figure_of_the_quantity_page_is_drawn(visit):
    visit.open(CHARTED)
    drawn = visit.page.locator(".nb-chart-live svg")
    assert drawn.count() >= 2  # one for each source, at least
    for index in range(drawn.count()):
        box = drawn.nth(index).bounding_box()
        assert box["width"] > 200
        assert box["height"] > 150
        assert colours(drawn.nth(index)) > 4


def test_a_tooltip_appears_over_a_point(visit):
    visit.open(CHARTED)
    chart = visit.page.locator(".nb-chart-live svg").first
    chart.scroll_into_view_if_needed()
    tooltip = visit.page.locator("#vg-tooltip-element.visible")
    for point in chart.locator(".mark-symbol path").all():
        box = point.bounding_box()
        visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        if tooltip.count():
            assert "seed" in tooltip.inner_text()
            return
    pytest.fail("no point of the chart has a tooltip")


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

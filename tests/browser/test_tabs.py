"""Tabs in a browser: by pointer, by keyboard, without a script, on paper."""

from collections.abc import Iterator
from typing import Any

import pytest

from nbsupport.display.html import Html
from nbsupport.display.tabs import Tabs
from nbsupport.paths import root

pytestmark = pytest.mark.browser
STATIC = root() / "book" / "_static"
REAL = "Real images (Tiny-ImageNet to PACS)"


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A phone's window without scripts, with two sets of tabs in the book's style."""
    both = {"Recorded": Html("<p>one</p>"), REAL: Html("<p>two</p>")}
    style = "".join((STATIC / name).read_text() for name in ("nbsupport.css", "tabs.css"))
    shown = "".join(Tabs(key, both).html for key in ("first", "second"))
    size = {"width": 390, "height": 700}
    context = chromium.new_context(java_script_enabled=False, viewport=size)
    page = context.new_page()
    page.set_content(
        f'<meta name="viewport" content="width=device-width"><style>{style}</style>{shown}'
    )
    yield page
    context.close()


def shown(page: Any) -> list[str]:
    """What is seen, of all panels."""
    return [panel.inner_text() for panel in page.locator(".nb-panel p").all() if panel.is_visible()]


def test_each_set_of_tabs_shows_one_panel(page):
    assert shown(page) == ["one", "one"]
    page.get_by_text(REAL).first.click()
    assert shown(page) == ["two", "one"]


def test_arrow_keys_move_between_tabs(page):
    page.locator(".nb-tabs input").first.focus()
    page.keyboard.press("ArrowRight")
    assert shown(page) == ["two", "one"]


def test_tabs_fit_a_phone(page):
    for box in (label.bounding_box() for label in page.locator(".nb-tabs label").all()):
        assert box["x"] + box["width"] <= 390


def test_paper_has_all_panels(page):
    page.emulate_media(media="print")
    assert shown(page) == ["one", "two", "one", "two"]

"""The slider on error rates, in headless Chromium."""

from typing import Any

import pytest

from nbsupport.analysis.error_rates import rates
from nbsupport.pages import statistics

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def html() -> str:
    return statistics.error_rates().html


@pytest.fixture(params=[1280])
def window(from_disk: Any, html: str, request: pytest.FixtureRequest) -> Any:
    own = from_disk("statistics", html, width=request.param)
    own.open()
    return own


def said(window: Any) -> dict[str, str]:
    """Each word with its share, as the page shows them."""
    rows = window.page.locator(".nb-rates tr:has(.nb-rate-bar)").all()
    return {r.locator("th").inner_text(): r.locator(".nb-number").inner_text() for r in rows}


def test_the_slider_says_what_was_simulated(window):
    true = statistics.TRUE
    for place, (name, design) in enumerate(statistics.designs().items()):
        window.page.select_option("select[name=design]", str(place))
        for kind in ("higher", "same"):
            window.page.select_option("select[name=kind]", kind)
            window.page.locator("input[type=range]").fill(str(true.index(1.0)))
            there = rates([1.0], design)[kind]
            here = {word: float(share.rstrip(" %")) for word, share in said(window).items()}
            expected = {word: 100 * shares[0] for word, shares in there.items()}
            assert here == pytest.approx(expected, abs=0.051), name  # shown to a tenth


def test_it_moves_by_keyboard(window):
    before, slider = said(window), window.page.locator("input[type=range]")
    slider.focus()
    for _ in range(5):
        window.page.keyboard.press("ArrowRight")
    assert said(window) != before
    assert slider.get_attribute("aria-valuetext") == "0.75 margins"


@pytest.mark.parametrize("window", [390], indirect=True)
def test_it_fits_a_phone(window):
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert window.page.evaluate(wide) <= 0


def test_without_a_script_a_table_says_the_same(from_disk, html):
    own = from_disk("statistics", html, scripts=False)
    own.page.goto(own.address)
    shown = own.page.locator(".nb-unscripted table").inner_text()
    assert "3 families x 3 seeds" in shown
    assert "true: 0.5 margins" in shown

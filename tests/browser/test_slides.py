"""The slides: made from the records, opened from disk, without asking anybody for anything."""

from pathlib import Path
from typing import Any

import pytest
from copies import Copy

pytestmark = pytest.mark.browser
OVER = """() => [...Reveal.getCurrentSlide().querySelectorAll("img, table, p, li, h1, h2")]
    .filter(e => e.offsetParent && !e.closest("aside"))
    .map(e => e.getBoundingClientRect()).filter(r => r.bottom > innerHeight || r.right > innerWidth)
    .length"""


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = Copy(tmp_path_factory.mktemp("slides"))
    done = copy.command("slides", "-p", "px", "64")
    assert done.returncode == 0, done.stderr
    path = copy.folder / "_build" / "slides.html"
    assert str(path) in done.stdout
    return path


@pytest.fixture
def shown(chromium: Any, slides: Path):
    """The open slides, and what they asked for and complained of."""
    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    heard: list[str] = []
    page.on("request", lambda r: heard.append(r.url))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda m: heard.append(m.text) if m.type == "error" else None)
    page.goto(slides.as_uri(), wait_until="load")
    yield page, heard
    page.close()


def test_ten_slides_ask_for_nothing_and_fit_the_screen(shown: Any, slides: Path) -> None:
    page, heard = shown
    assert page.evaluate("Reveal.getTotalSlides()") == 10
    for number in range(10):
        page.evaluate(f"Reveal.slide({number})")
        page.wait_for_function(
            "[...Reveal.getCurrentSlide().querySelectorAll('img')].every(i => i.naturalWidth)"
        )
        assert page.evaluate(OVER) == 0, f"slide {number + 1} is larger than the screen"
        assert page.evaluate("Reveal.getSlideNotes() !== null"), f"slide {number + 1} has no notes"
    asked = [url for url in heard if not url.startswith("data:")]
    assert asked == [slides.as_uri()]


def test_figures_and_verdicts_are_those_of_the_records(shown: Any) -> None:
    page, _ = shown
    alternatives = page.eval_on_selector_all("img.figure", "all => all.map(i => i.alt)")
    assert len(alternatives) >= 7
    assert all(alternatives)
    words = page.eval_on_selector_all(".nb-badge", "all => all.map(b => b.textContent)")
    assert len(words) >= 4
    text = page.evaluate("document.querySelector('.slides').textContent")
    assert "No drawings here" not in text
    assert "Traceback" not in text


def test_a_wrong_parameter_is_one_line(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    for words, said in [(("px", "x"), "px"), (("colour", "red"), "colour")]:
        done = copy.command("slides", "-p", *words)
        assert done.returncode == 2
        assert said in done.stderr
        assert done.stderr.count("\n") == 1

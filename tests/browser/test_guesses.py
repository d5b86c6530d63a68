"""Guesses made on any page are saved from one, as the file that `class predictions` counts."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from nbsupport.classroom.guesses import counted
from nbsupport.display.widgets import predict_first
from nbsupport.paths import root

pytestmark = pytest.mark.browser
ASKING = predict_first("Which is higher?", ["a", "b"]).html


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Two pages on a disk: one that asks, one that saves."""
    shutil.copy(root() / "book/_static/nbsupport.js", tmp_path)
    for name, body in {"ask": ASKING, "save": '<div class="nb-guesses"></div>'}.items():
        html = f"<!doctype html><title>x</title>{body}<script src=nbsupport.js></script>"
        (tmp_path / f"{name}.html").write_text(html, encoding="utf-8")
    return tmp_path


def test_a_guess_goes_into_the_file(chromium: Any, site: Path) -> None:
    context = chromium.new_context(accept_downloads=True)
    page = context.new_page()
    page.goto((site / "save.html").as_uri())
    assert "no guess yet" in page.locator(".nb-guesses").inner_text()
    assert page.get_by_role("button").count() == 0
    page.goto((site / "ask.html").as_uri())
    page.get_by_text("b", exact=True).click()
    page.goto((site / "save.html").as_uri())
    assert "1 question of the book" in page.locator(".nb-guesses").inner_text()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save my guesses").click()
    assert waiting.value.suggested_filename == "guesses.json"
    saved = site / "guesses.json"
    waiting.value.save_as(saved)
    assert counted([saved]).counts == {"which-is-higher": {"b": 1}}
    context.close()

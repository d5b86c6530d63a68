"""The board of a class, opened from a disk: it draws, fits a phone, and asks no network."""

from pathlib import Path
from typing import Any

import pytest
from toy_class import NAMES, write_hand_in

from nbsupport.classroom.assign import assign
from nbsupport.classroom.board import draw
from nbsupport.classroom.plan import read_plan

pytestmark = pytest.mark.browser
DRAWN = "() => [...document.images].every(image => image.complete && image.naturalWidth > 100)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of eight, of whom seven have handed in, on the demo's profile."""
    place = tmp_path_factory.mktemp("class")
    plan = read_plan(assign("five-per-class", NAMES, profile="demo").write(place / "plan.json"))
    for name in NAMES[:7]:
        write_hand_in(place, plan, name)
    draw(place / "plan.json", place, place / "board.html", refresh=1)
    return place


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_board_on_a_wall_and_on_a_phone(
    chromium: Any, folder: Path, width: int, scheme: str
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url[:8]))
    page.goto((folder / "board.html").as_uri())
    page.wait_for_function(DRAWN)
    assert {url[:5] for url in asked} <= {"file:", "data:"}
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("progress").get_attribute("value") == "7"
    assert "7 of 8 cells are in" in page.locator("body").inner_text()
    assert page.locator("figure img").bounding_box()["width"] > 0.6 * min(width, 900)
    context.close()


def test_an_open_board_shows_what_arrives(chromium: Any, folder: Path) -> None:
    page = chromium.new_page()
    page.goto((folder / "board.html").as_uri())
    assert "The rule is not met" in page.locator("body").inner_text()
    write_hand_in(folder, read_plan(folder / "plan.json"), NAMES[7])
    draw(folder / "plan.json", folder, folder / "board.html", refresh=1)
    page.get_by_text("The rule is met").wait_for(timeout=20_000)
    assert page.locator("progress").get_attribute("value") == "8"
    page.close()

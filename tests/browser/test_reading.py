"""What a reader meets first, what a page weighs, what paper and a screen reader get of it."""

import re
from pathlib import Path

import pytest
from PIL import Image

from nbsupport.building.sphinx import data_files, descriptions
from nbsupport.pages import pages as sections

pytestmark = pytest.mark.browser

FIRST, HEAVIEST = 1200, 1_500_000  # pixels, bytes
PAPER = 703  # CSS pixels between the margins of 12 mm of A4
CLAIMS = "book/sections/claims.html"
CHARTED = "book/sections/04_1_quantity.html"
RESULTS = ".nb-figure, .nb-evidence, .nb-verdicts, .nb-tiles, .nb-grid, table.nb-table, svg"
TOP = """wanted => {
    const boxes = [...document.querySelector('article').querySelectorAll(wanted)]
        .map(e => e.getBoundingClientRect()).filter(box => box.width > 60 && box.height > 20);
    return boxes.length ? Math.min(...boxes.map(box => box.top)) + scrollY : null;
}"""
BEYOND = """() => [...document.querySelectorAll('article *')]
    .filter(e => !e.closest('svg'))
    .map(e => [e, e.getBoundingClientRect()])
    .filter(([e, box]) => box.width && box.right > document.documentElement.clientWidth + 1)
    .map(([e, box]) => `${e.tagName}.${e.className} ${Math.round(box.right)}`)"""


def named(path: str) -> str:
    return Path(path).stem


def test_the_first_result_stands_on_the_first_screens(visit, path):
    visit.open(path)
    top = visit.page.evaluate(TOP, RESULTS)
    if not path.startswith("book/sections/"):
        return  # of the pages written by hand few have results
    assert top is not None
    assert top <= FIRST


def test_a_guess_is_asked_before_the_answer_is_seen(visit, path):
    visit.open(path)
    asked = visit.page.evaluate(TOP, ".nb-predict")
    shown = visit.page.evaluate(TOP, ".nb-figure, .nb-verdicts, .nb-tiles, .nb-found")
    page = sections().get(named(path))
    if page and page.claims:
        assert asked is not None
        assert visit.page.evaluate(TOP, ".nb-chart") <= FIRST
    if asked is not None and shown is not None:
        assert asked < shown


def test_a_page_weighs_little(smoke_book, path):
    page = smoke_book.html / path
    text = page.read_text(encoding="utf-8")
    own = set(re.findall(rf"\.\./{data_files.FOLDER}/([0-9a-f]+\.(?:png|webp))", text))
    sizes = [(smoke_book.html / data_files.FOLDER / name).stat().st_size for name in own]
    assert page.stat().st_size + sum(sizes) < HEAVIEST
    assert re.findall(r'(?:="|url\()data:[^"]{3000,}"', text) == []  # small ones only


def test_every_file_beside_the_pages_is_there_and_used(smoke_book):
    html = smoke_book.html
    used = set()
    for page in html.rglob("*.html"):
        used |= set(re.findall(rf"{data_files.FOLDER}/([0-9a-f]+\.\w+)", page.read_text()))
    assert used == {path.name for path in (html / data_files.FOLDER).iterdir()}
    assert any(name.endswith(".csv") for name in used)


def test_a_link_to_a_page_has_words_and_a_picture(smoke_book, path):
    page = smoke_book.html / path
    tags = dict(
        re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', page.read_text())
    )
    for name in ("description", "og:title", "og:description", "og:image"):
        assert tags.get(name), name
    with Image.open(page.parent / tags["og:image"]) as picture:
        assert picture.size == descriptions.SIZE


# paper --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("visit", [PAPER], indirect=True)
def test_nothing_is_cut_off_on_paper(visit, path):
    visit.open(path)
    visit.page.emulate_media(media="print")
    assert visit.page.evaluate(BEYOND) == []
    assert visit.page.locator("details.hide:visible").count() == 0  # code stays folded
    assert visit.page.locator("article h1:visible").count() == 1


@pytest.mark.parametrize("visit", [PAPER], indirect=True)
def test_the_ledger_has_all_its_columns_on_paper(visit):
    visit.open(CLAIMS)
    heads = visit.page.locator(".nb-ledger-table thead th").count()
    visit.page.emulate_media(media="print")
    row = visit.page.locator(".nb-ledger-table tbody tr").first
    cells = [cell for cell in row.locator("> *").all() if cell.bounding_box()]
    assert len(cells) == heads > 10
    assert all(cell.get_attribute("data-label") for cell in cells)


def test_each_figure_is_printed_in_one_piece(visit):
    visit.open(CHARTED)
    visit.page.emulate_media(media="print")
    style = "e => getComputedStyle(e).breakInside"
    for figure in visit.page.locator("figure.nb-figure").all():
        assert figure.evaluate(style) == "avoid"
        still = figure.locator(".nb-chart-still")
        assert still.is_visible()
        assert still.bounding_box()["height"] < 700


# points -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("visit", [1280, 390], indirect=True)
def test_what_a_tap_shows_is_in_view(visit):
    panel = tapped(visit)
    box, room = panel.bounding_box(), visit.page.viewport_size
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= room["height"] + 1
    assert box["x"] + box["width"] <= room["width"] + 1


def tapped(visit):
    """The panel of the first figure of the page after one of its points was clicked."""
    visit.open(CHARTED)
    chart = visit.page.locator(".nb-chart-live:visible").first
    chart.scroll_into_view_if_needed()
    chart.locator("g.points_0_marks path").nth(3).click(force=True)
    return visit.page.locator(".nb-figure-command:visible").first


def test_a_point_that_is_clicked_gives_its_own_command_and_the_pages(visit):
    panel = tapped(visit)
    point, page = (code.inner_text() for code in panel.locator("code").all())
    assert re.search(r"run 04_1_quantity .*--role \S+ --family \w+ --seed \d+$", point)
    assert point.startswith(f"{page} --role")
    panel.locator("button", has_text="Close").click()
    assert visit.page.locator(".nb-figure-command:visible").count() == 0


# without a script, and without eyes ---------------------------------------------------------------
def test_a_page_asks_and_answers_without_a_script(chromium, site):
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": 1280, "height": 900}
    )
    page = context.new_page()
    page.goto(f"{site}/{CHARTED}")
    assert page.locator(".nb-predict").is_visible()
    picture = page.locator(".nb-chart-still:visible").first
    assert picture.bounding_box()["y"] < FIRST + 200  # each fold has a line of its own then
    assert picture.get_attribute("alt")
    context.close()


def test_a_figure_is_one_picture_with_one_name(visit):
    visit.open(CHARTED)
    pictures = visit.page.locator(".nb-chart-live svg[role=img]")
    assert pictures.count() >= 2
    for picture in pictures.all():
        assert len(picture.get_attribute("aria-label")) > 60
        assert picture.locator("[role]").count() == 0


def test_what_scrolls_sideways_can_be_reached_by_keys(visit, path):
    visit.open(path)
    unreached = """() => [...document.querySelectorAll('article .nb-scroll, article pre')]
        .filter(e => e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0).map(e => e.className)"""
    assert visit.page.evaluate(unreached) == []
    assert visit.page.locator("article th:empty").count() == 0


# What axe-core finds serious, and found on pages of this book: asked here without it.
UNFIT = """() => {
    const seen = e => e.checkVisibility();
    const name = e => e.getAttribute('aria-label') || '';
    const all = wanted => [...document.querySelectorAll(wanted)].filter(seen);
    const lists = all('[role=list]')
        .filter(e => [...e.children].some(c => !c.matches('li, [role=listitem]')));
    const regions = all('[role=region]');
    const alike = regions
        .filter(e => !name(e) || regions.some(o => o !== e && name(o) === name(e)));
    const pictures = all('svg[role=img]:not([aria-hidden=true])')
        .filter(e => !name(e) && !e.querySelector('title'));
    const buttons = all('button[aria-label]').filter(e => {
        const said = e.innerText.replace(/\\s+/g, ' ').trim().toLowerCase();
        return said && !name(e).toLowerCase().includes(said);
    });
    const fields = all('article :is(input, select, textarea)')
        .filter(e => !e.labels?.length && !name(e) && !e.title);
    return Object.entries({lists, alike, pictures, buttons, fields})
        .flatMap(([what, found]) => found.map(e => `${what}: ${e.outerHTML.slice(0, 120)}`));
}"""


@pytest.mark.parametrize("visit", [1280, 390], indirect=True)
def test_roles_fit_and_what_can_be_used_has_a_name(visit, path):
    visit.open(path)
    visit.page.wait_for_timeout(200)
    assert visit.page.evaluate(UNFIT) == []

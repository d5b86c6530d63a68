"""The full edition's solutions open without a script; the student edition holds none of them."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from nbsupport.building.exercise_notebooks import tasks
from nbsupport.pages import pages
from nbsupport.pages.cells import code_of
from nbsupport.pages.exercises import (
    PageExercise,
    all_exercises,
    listed,
    page_exercises,
    written,
)
from nbsupport.pages.solutions import CODE

pytestmark = pytest.mark.browser
PAGE = "book/sections/04_1_quantity.html"
KEY = "book/answer_key.html"
TAG = re.compile(r"<[^>]+>")
ESCAPED = re.compile(r"\\[nt\"]|[*`]")  # in JSON; and what Markdown has for emphasis and code
SOLUTION = re.compile(r"^(:{3,}|`{3,})\{solution\}.*?^\1$", re.MULTILINE | re.DOTALL)
NO_PROSE = re.compile(r"```.*?```|\{[\w:-]+\}`[^`]*`|\$[^$]*\$", re.DOTALL)


def words(text: str) -> str:
    """The words of a text without marks, quotes or line ends, as any file may hold them."""
    return " ".join(re.findall(r"\w+", html.unescape(ESCAPED.sub("", text))))


def phrases(exercise: PageExercise) -> list[str]:
    """What its solution says: eight words in a row of each sentence, each line of its code."""
    sentences = re.split(r"[|.?!:]\s", NO_PROSE.sub("|", exercise.solution))
    found = [" ".join(words(each).split()[:8]) for each in sentences]
    lines = [words(line) for code in CODE.findall(exercise.solution) for line in code.splitlines()]
    return [phrase for phrase in (*found, *lines) if len(phrase) > 30]


def told_elsewhere() -> str:
    """The words of all pages and of their code, without the solutions."""
    pages_of_book = [SOLUTION.sub("", written(path)) for path in listed().values()]
    code = [source for page_id in pages() for source in code_of(page_id)]
    return "\n".join(map(words, [*pages_of_book, *code]))


def searched(folder: Path) -> dict[str, str]:
    """The words of every file of a folder that holds text, by its path."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_bytes().decode("utf-8", "ignore")
            shown = TAG.sub("", text) if path.suffix == ".html" else text
            found[path.relative_to(folder).as_posix()] = words(shown)
    return found


def test_no_file_of_the_student_edition_holds_a_solution(student_book, smoke_book):
    student, full = searched(student_book), "\n".join(searched(smoke_book.html).values())
    whole, elsewhere, without = "\n".join(student.values()), told_elsewhere(), []
    for each in all_exercises():
        own = [phrase for phrase in phrases(each) if phrase not in elsewhere]
        without += [] if own else [each.label]
        assert not own or any(phrase in full for phrase in own), each.label
        found = [phrase for phrase in own if phrase in whole]
        where = [name for name, text in student.items() if any(p in text for p in found)]
        assert found == [], f"{each.label} in {where}"
    assert len(without) <= len(all_exercises()) / 20, "solutions of numbers alone are few"


def test_the_student_edition_lacks_the_key_and_has_all_else(student_book, smoke_book):
    def names(folder: Path) -> set[str]:
        return {p.relative_to(folder).as_posix() for p in folder.rglob("*.html")}

    student = student_book / "_build" / "html"
    assert names(smoke_book.html) - names(student) == {KEY}
    linked = "answer_key.html"  # the reference has modules that are named like the page
    assert linked not in "\n".join(p.read_text("utf-8") for p in student.rglob("*.html"))
    assert linked not in (student / "llms.txt").read_text("utf-8")
    for each in page_exercises("04_1_quantity"):
        assert words(each.heading) in words_of(student / PAGE)


def words_of(page: Path) -> str:
    return words(TAG.sub("", page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page_id", [p for p in pages() if page_exercises(p)])
def test_the_exercises_of_a_page_can_be_had_as_a_notebook(smoke_book, page_id):
    page = (smoke_book.html / f"book/sections/{page_id}.html").read_text(encoding="utf-8")
    (address,) = re.findall(r'href="([^"]*exercises/[^"]*\.ipynb)"', page)
    path = (smoke_book.html / "book" / "sections" / address).resolve()
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells)
    for task in tasks(page_id, dict.fromkeys(QUOTED, "0")):
        assert task.exercise.heading in text
        assert not task.words or task.words not in text


QUOTED = {
    name
    for each in all_exercises()
    for name in re.findall(r"\{glue:text\}`([^`]+)`", each.question + each.solution)
}


@pytest.mark.parametrize("scripts", [True, False])
def test_a_solution_opens_by_click_and_by_key(chromium: Any, site: str, scripts: bool):
    context = chromium.new_context(java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{site}/{PAGE}")
    boxes = page.locator(".nb-solution > details")
    assert boxes.count() == len(page_exercises("04_1_quantity"))
    first, second = boxes.nth(0), boxes.nth(1)
    for box in (first, second):
        assert box.get_attribute("open") is None
        assert not box.locator(".sd-summary-content").is_visible()
    first.locator("summary").click()
    assert first.locator(".sd-summary-content").is_visible()
    second.locator("summary").focus()
    page.keyboard.press("Enter")
    assert second.locator(".sd-summary-content").is_visible()
    context.close()


CONTRAST = """chip => {
    const rgb = text => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const light = text => rgb(text).map(v => v / 255)
        .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const style = getComputedStyle(chip);
    const [a, b] = [light(style.color), light(style.backgroundColor)].sort((x, y) => y - x);
    const box = chip.getBoundingClientRect();
    return {contrast: (a + 0.05) / (b + 0.05), size: parseFloat(style.fontSize),
            left: box.left, right: box.right, text: chip.textContent};
}"""


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("shown", [PAGE, KEY])
def test_level_and_minutes_can_be_read_on_a_phone(chromium: Any, site: str, shown: str, mode: str):
    size = {"width": 390, "height": 844}
    context = chromium.new_context(viewport=size, is_mobile=True, color_scheme=mode)
    page = context.new_page()
    page.goto(f"{site}/{shown}")
    chips = [page.evaluate(CONTRAST, chip) for chip in page.query_selector_all(".nb-chip")]
    assert len(chips) >= len(page_exercises("04_1_quantity"))
    for chip in chips:
        assert re.fullmatch(r"(recall|apply|analyse|design) · \d+ min", chip["text"])
        assert chip["contrast"] >= 4.5
        assert chip["size"] >= 12
        assert 0 <= chip["left"] < chip["right"] <= size["width"]
    context.close()


def test_the_key_has_every_solution_with_what_its_code_gives(smoke_book):
    key = words_of(smoke_book.html / KEY)
    for each in all_exercises():
        assert words(each.heading) in key
    assert key.count("On the recorded runs this gives") == sum(
        len(CODE.findall(each.solution)) for each in all_exercises()
    )

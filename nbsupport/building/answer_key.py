"""The answer key: every exercise with its solution, and what the solution's code gives.

Nothing in it is typed: the code is run on the recorded runs when the book is rendered, and the
numbers that a text quotes are those of its page.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from nbsupport.display.kept import ABSENT
from nbsupport.pages.cells import quoted
from nbsupport.pages.exercises import PageExercise, all_exercises, title_of
from nbsupport.pages.plain_text import quoted_names, with_numbers
from nbsupport.pages.solutions import CODE, Solved
from nbsupport.paths import root

GLUED = re.compile(r"application/papermill\.record/text/plain")


def answer_key(from_page: str) -> str:
    """The whole key in Markdown, for the page `from_page` (its path), in the book's order."""
    parts = []
    for page_id, group in groupby(all_exercises(), lambda each: each.page_id):
        own = list(group)
        minutes = sum(each.minutes for each in own)
        parts += [f"## {title_of(page_id)}", f"{len(own)} exercises, {minutes} minutes."]
        numbers = page_numbers(page_id, own)
        parts += [part for each in own for part in _entry(each, numbers, from_page)]
    return "\n\n".join(filter(None, parts))


def page_numbers(page_id: str, exercises: list[PageExercise]) -> dict[str, str]:
    """The numbers that these exercises quote: as the executed page shows them, if there is one."""
    names = quoted_names(*(each.question + each.solution for each in exercises))
    executed = root() / "book" / "sections" / f"{page_id}.ipynb"
    if names and executed.is_file():
        found = glued_in(executed)
        if names <= set(found):
            return {name: found[name] for name in names}
    return quoted(page_id, names)


def glued_in(notebook: Path) -> dict[str, str]:
    """The texts that an executed notebook glued, by name."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    outputs = (out for cell in cells for out in cell.get("outputs", []))
    found = {}
    for output in outputs:
        name = output.get("metadata", {}).get("scrapbook", {}).get("name")
        texts = [v for kind, v in output.get("data", {}).items() if GLUED.fullmatch(kind)]
        if name and texts:
            found[name] = str(ast.literal_eval("".join(texts[0])))
    return found


def _entry(each: PageExercise, numbers: Mapping[str, str], from_page: str) -> Iterator[str]:
    """An exercise: its title, level and minutes; its question; its solution with what it gives."""

    def link(words: str, target: str) -> str:
        path = target.removeprefix("../") if target.startswith("../") else f"sections/{target}"
        return f"[{words}]({path})"

    chip = f"[{each.level} · {each.minutes} min]{{.nb-chip .nb-level-{each.level}}}"
    yield f"{{.nb-key-title}}\n{{ref}}`{each.heading} <{each.label}>` {chip}"
    question = with_numbers(each.question, numbers, link)
    yield "\n".join(f"> {line}".rstrip() for line in question.splitlines())
    given = iter(_told(each))
    solution, end = with_numbers(each.solution, numbers, link), 0
    for code in CODE.finditer(solution):
        yield solution[end : code.end()].strip()
        yield next(given)
        end = code.end()
    yield solution[end:].strip()


def _told(each: PageExercise) -> list[str]:
    """What is said below each block of code of a solution: what it gives, or why it was not run."""
    try:
        return [_shown(given.shown) for given in Solved(each).given]
    except ModuleNotFoundError as error:
        if error.name not in ABSENT:
            raise
        told = (
            f"{{.nb-key-given}}\nNot run here: it takes {error.name}, which `make setup` installs."
        )
        return [told] * len(CODE.findall(each.solution))


def _shown(given: str) -> str:
    longest = max(map(len, re.findall(r"`+", given)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{{.nb-key-given}}\nOn the recorded runs this gives:\n\n{fence}text\n{given}\n{fence}"

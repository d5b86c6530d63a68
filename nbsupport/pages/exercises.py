"""The exercises of a page, with their solutions, and its goals: as its notebook states them.

They stand in Markdown cells, in the form of sphinx-exercise, and in one of ours:

    :::{exercise} A title
    :label: 04_1_quantity-count
    :class: apply minutes-10

    :::{solution} 04_1_quantity-count
    :class: dropdown

    :::{goals}
    :minutes: 45
    :needs: how_to_read, 02_background
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from nbsupport.errors import UserError
from nbsupport.pages import pages
from nbsupport.paths import root

LEVELS = ("recall", "apply", "analyse", "design")
_OPENS = re.compile(r"(:{3,}|`{3,})\{([\w-]+)\}[ \t]*(.*)")
_OPTION = re.compile(r":([\w-]+):[ \t]*(.*)")
_MINUTES = re.compile(r"minutes-([1-9]\d*)")
_FORM = ":class: LEVEL minutes-N, with a level of " + ", ".join(LEVELS)


@dataclass(frozen=True)
class Block:
    """A directive as it is written: its name, what stands beside it, its options, its text."""

    name: str
    argument: str
    options: dict[str, str] = field(compare=False)
    text: str = field(compare=False)


@dataclass(frozen=True)
class PageExercise:
    """An exercise: the number on its page, what it asks, its solution, how long it takes."""

    page_id: str
    number: int
    label: str
    title: str
    level: str
    minutes: int
    question: str
    solution: str

    @property
    def heading(self) -> str:
        """How readers see it named: "Exercise 2. Data or training length?"."""
        return heading(self.number, self.title)


@dataclass(frozen=True)
class Goals:
    """What a reader can do after a page, the minutes it takes, the pages to read before it."""

    minutes: int
    needs: tuple[str, ...]
    goals: tuple[str, ...]


def heading(number: int, title: str) -> str:
    """A title with its number."""
    return f"Exercise {number}. {title}"


def level_and_minutes(classes: Sequence[str]) -> tuple[str, int]:
    """What the classes of an exercise say. Raises UserError unless they say each once."""
    levels = [name for name in classes if name in LEVELS]
    minutes = [int(found[1]) for found in map(_MINUTES.fullmatch, classes) if found]
    if len(levels) != 1 or len(minutes) != 1:
        raise UserError(f"an exercise has the classes {' '.join(classes)!r}: give {_FORM}")
    return levels[0], minutes[0]


# reading them -------------------------------------------------------------------------------------
def blocks(text: str) -> Iterator[Block]:
    """The directives of a Markdown text, those inside another one left out."""
    lines = iter(text.splitlines())
    for line in lines:
        opened = _OPENS.fullmatch(line.rstrip())
        if not opened:
            continue
        fence, name, argument = opened.groups()
        inside = list(_inside(lines, fence))
        options = {}
        while inside and (option := _OPTION.fullmatch(inside[0].rstrip())):
            options[option[1]] = option[2].strip()
            del inside[0]
        yield Block(name, argument.strip(), options, "\n".join(inside).strip("\n"))


def _inside(lines: Iterator[str], fence: str) -> Iterator[str]:
    """The lines up to the one that closes a fence: as many of its signs, or more."""
    for line in lines:
        closing = line.rstrip()
        if len(closing) >= len(fence) and set(closing) == {fence[0]}:
            return
        yield line


def exercises_in(page_id: str, text: str) -> list[PageExercise]:
    """The exercises of a page's text, numbered in their order.

    Raises UserError for one without a label, a level, its minutes or a solution, and for a label
    that does not begin with the page's id.
    """
    found = list(blocks(text))
    solutions = {each.argument: each.text for each in found if each.name == "solution"}
    asked = [each for each in found if each.name == "exercise"]
    labels = [each.options.get("label", "") for each in asked]
    for each, label in zip(asked, labels, strict=True):
        if not label.startswith(f"{page_id}-") or labels.count(label) > 1:
            raise UserError(
                f"{page_id}: the exercise {each.argument!r} has the label {label!r}: give it a "
                f"name of its own, as {page_id}-WORD"
            )
        if label not in solutions:
            raise UserError(f"{page_id}: {label} has no solution: write :::{{solution}} {label}")
    if extra := set(solutions) - set(labels):
        raise UserError(f"{page_id}: a solution is of {min(extra)}, which no exercise is labelled")
    return [
        PageExercise(
            page_id,
            number,
            label,
            each.argument,
            *level_and_minutes(each.options.get("class", "").split()),
            each.text,
            solutions[label],
        )
        for number, (each, label) in enumerate(zip(asked, labels, strict=True), 1)
    ]


def goals_in(where: str, text: str) -> Goals | None:
    """The goals that a text states, if it does. Raises UserError where they lack something."""
    found = [each for each in blocks(text) if each.name == "goals"]
    if not found:
        return None
    if len(found) > 1:
        raise UserError(f"{where} states its goals {len(found)} times: keep one")
    return goals_of(found[0].options, found[0].text)


def goals_of(options: dict[str, str], text: str) -> Goals:
    """The goals of a directive's options and text: one goal for each item of its list."""
    minutes = options.get("minutes", "")
    if not re.fullmatch(r"[1-9]\d*", minutes):
        raise UserError(f"goals take minutes {minutes!r}: give a whole number, as :minutes: 45")
    needs = tuple(name.strip() for name in options.get("needs", "").split(",") if name.strip())
    goals = tuple(" ".join(item.split()) for item in re.split(r"^- ", text, flags=re.MULTILINE)[1:])
    if not goals:
        raise UserError("goals have no list: write a line for each, as - read ...")
    return Goals(int(minutes), needs, goals)


def written(path: Path) -> str:
    """The Markdown of a page: of a notebook, its Markdown cells."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def page_exercises(page_id: str) -> list[PageExercise]:
    """The exercises of a page; UserError as `exercises_in`."""
    return exercises_in(page_id, written(pages()[page_id].notebook))


def all_exercises() -> list[PageExercise]:
    """Every exercise of the book, on pages made here and on those written by hand, in its order."""
    sources = {name.rpartition("/")[2]: path for name, path in listed().items()}
    return [
        each for page_id, path in sources.items() for each in exercises_in(page_id, written(path))
    ]


# pages by name ------------------------------------------------------------------------------------
_LISTED = re.compile(r"^\s*(?:-\s*)?(?:root|file):\s*((?:book|teach)/[\w/]+)\s*$", re.MULTILINE)
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


@cache
def listed() -> dict[str, Path]:
    """The source of every page of the book by its path without ending, in the book's order."""
    names = _LISTED.findall((root() / "_toc.yml").read_text(encoding="utf-8"))
    return {name: _source(name) for name in names}


def _source(name: str) -> Path:
    page_id = name.removeprefix("book/sections/")
    return pages()[page_id].notebook if page_id in pages() else root() / f"{name}.md"


def listed_as(page_id: str) -> str:
    """The path of the page with that id or file name, as listed. UserError where there is none."""
    for name in listed():
        if name.rpartition("/")[2] == page_id:
            return name
    raise UserError(f"there is no page {page_id!r} in _toc.yml: name one by its file, no ending")


def title_of(page_id: str) -> str:
    """The title of a page, as its heading and the book's contents have it."""
    found = _TITLE.search(written(listed()[listed_as(page_id)]))
    return found[1] if found else page_id

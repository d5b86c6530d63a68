"""Guesses that readers made on the pages before they read on, saved by each from the browser."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nbsupport.display.widgets import slug
from nbsupport.errors import UserError
from nbsupport.pages import pages
from nbsupport.parameters import code_cells
from nbsupport.reading import read_json
from nbsupport.text import aligned

KIND = "nbsupport guesses"  # written by book/_static/nbsupport.js
ASKING = ("predict_first", "rank_first")


@dataclass(frozen=True)
class GuessedQuestion:
    """A question of a page, and the options that it gives."""

    page: str
    text: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Counted:
    """How often each option was chosen, by the question's id; and which files were left out."""

    files: int
    counts: dict[str, Counter[str]]
    wrong: list[str]

    @property
    def first_wrong(self) -> str:
        """Why the first file was left out."""
        return self.wrong[0] if self.wrong else ""


def counted(paths: Sequence[Path]) -> Counted:
    """The guesses in files, each file once; those that hold none are told."""
    counts: dict[str, Counter[str]] = {}
    wrong, seen = [], []
    for path in paths:
        try:
            guesses = _guesses(path)
        except UserError as error:
            wrong.append(str(error))
            continue
        seen.append(path)
        for question, answer in guesses.items():
            counts.setdefault(question, Counter())[answer] += 1
    return Counted(len(seen), counts, wrong)


def _guesses(path: Path) -> dict[str, str]:
    content = read_json(path)
    guesses = content.get("guesses")
    if content.get("kind") != KIND or not isinstance(guesses, dict):
        raise UserError(f"{path.name} holds no guesses: save them from the book's page for classes")
    if wrong := [key for key, guess in guesses.items() if not isinstance(guess, str)]:
        raise UserError(f"{path.name}: the guess on {wrong[0]} is no text: leave this file out")
    return dict(guesses)


def counts_table(found: Counted) -> str:
    """The counts as text: the questions in the order of the book, their options below them."""
    known = questions()
    order = [
        *(key for key in known if key in found.counts),
        *sorted(found.counts.keys() - known.keys()),
    ]
    parts = [f"{found.files} reader{'s' * (found.files != 1)}"]
    for key in order:
        question = known.get(key, GuessedQuestion("a page of another version", key, ()))
        parts.append(f"{question.text} ({question.page})\n{_options(question, found.counts[key])}")
    return "\n\n".join(parts)


def _options(question: GuessedQuestion, counts: Counter[str]) -> str:
    """Each option with its count: those of the question, chosen or not, then any other."""
    ranking = any(" > " in answer for answer in counts)
    options = [] if ranking else list(question.options)
    options += [answer for answer, _ in counts.most_common() if answer not in options]
    whole = counts.total()
    rows = [[answer, counts[answer], f"{100 * counts[answer] / whole:.0f} %"] for answer in options]
    return aligned([["guess", "readers", "share"], *rows], numeric=(1, 2))


# what was asked -----------------------------------------------------------------------------------
@cache
def questions() -> dict[str, GuessedQuestion]:
    """Every question of the book's pages by the id under which a browser keeps its guess."""
    return {
        key: question
        for page in pages().values()
        for cell in code_cells(page.notebook)
        for key, question in _asked(page.id, cell.code)
    }


def _asked(page_id: str, code: str) -> Iterator[tuple[str, GuessedQuestion]]:
    """The questions in a cell, as far as they are written in it."""
    tree = ast.parse(code)
    names = {
        ast.unparse(node.targets[0]): node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
    }
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if ast.unparse(call.func).rpartition(".")[2] not in ASKING or len(call.args) < 2:
            continue
        text, options = (_literal(argument, names) for argument in call.args[:2])
        given = {word.arg: _literal(word.value, names) for word in call.keywords}
        if isinstance(text, str):
            key = given.get("answer_from") or slug(text)
            yield str(key), GuessedQuestion(page_id, text, _texts(options))


def _literal(node: ast.expr, names: dict[str, ast.expr]) -> Any:
    """The value of what is written, or of the name that it was given before; None where none is."""
    try:
        return ast.literal_eval(names.get(ast.unparse(node), node))
    except ValueError:
        return None


def _texts(values: Iterable[Any] | None) -> tuple[str, ...]:
    return tuple(map(str, values)) if isinstance(values, list | tuple) else ()

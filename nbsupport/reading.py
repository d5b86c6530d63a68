"""Files that a hand may have edited: what is wrong with one is said in a line, with its place."""

import csv
import io
import json
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.errors import UserError
from nbsupport.paths import root

if TYPE_CHECKING:
    import pandas as pd

RESTORE = "restore it from version control"
_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"\d{1,18}", re.ASCII)  # what fits into 64 bits


def shown(path: Path) -> str:
    """A file's name for a message: from the project's top folder where it lies below it."""
    return str(path.relative_to(root()) if path.is_relative_to(root()) else path)


# text, JSON, TOML ---------------------------------------------------------------------------------
def read_bytes(path: Path) -> bytes:
    """A file's content. UserError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as problem:
        raise UserError(f"{shown(path)} cannot be read ({problem.strerror}): {RESTORE}") from None


def decoded(content: bytes, name: str) -> str:
    """A file's content as text. UserError with the line of a byte that is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        byte = content[problem.start]
        raise UserError(
            f"{name}, line {line}: byte 0x{byte:02x} is not UTF-8: save the file as UTF-8, or "
            f"{RESTORE}"
        ) from None


def read_text(path: Path) -> str:
    """A file as text. UserError where it cannot be read or is not UTF-8."""
    return decoded(read_bytes(path), shown(path))


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object. UserError with the line where the file is none."""
    try:
        content = json.loads(read_text(path))
    except json.JSONDecodeError as problem:
        raise UserError(
            f"{shown(path)}, line {problem.lineno}: not valid JSON ({problem.msg}): {RESTORE}"
        ) from None
    except RecursionError:
        raise UserError(f"{shown(path)} is nested too deeply for JSON: {RESTORE}") from None
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise UserError(f"{shown(path)} holds a {kind}, not a JSON object: {RESTORE}")
    return content


def parsed_toml(text: str, name: str) -> dict[str, Any]:
    """TOML from text. UserError with the line where it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        last = f"line {text.count(chr(10)) + 1}, the end"
        told = str(problem).replace("end of document", last)
        raise UserError(f"{name} is not valid TOML ({told}): mend that place") from None
    except RecursionError:
        raise UserError(f"{name} is not valid TOML (nested too deeply): {RESTORE}") from None


def heading(toml: str, name: str) -> int:
    """The first line of a table of that name, 1 where it has no heading."""
    line = re.search(rf"^\s*\[+\s*{re.escape(name)}\b", toml, re.MULTILINE)
    return toml.count("\n", 0, line.end()) + 1 if line else 1


# tables -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Rule:
    """What a column of a CSV may hold: in words, as a test of the text, and what it becomes."""

    allowed: str
    fits: Callable[[str], bool]
    numbers: bool = False


def text(*, blank: bool = False) -> Rule:
    """Text without blanks around it."""
    words = "text without blanks around it" + (", or nothing" if blank else "")
    return Rule(words, lambda given: given == given.strip() and (blank or given != ""))


def one_of(names: Iterable[object], or_else: Callable[[str], bool] = lambda given: False) -> Rule:
    """One of these names, letter by letter, or what `or_else` lets pass."""
    allowed = [str(name) for name in names]
    words = allowed[0] if len(allowed) == 1 else f"one of {', '.join(allowed)}"
    return Rule(words, lambda given: given in allowed or or_else(given))


def whole(among: Iterable[int] = (), *, blank: bool = False) -> Rule:
    """A whole number of at least 0, in digits; one of `among` where they are given."""
    held = [str(number) for number in among]
    words = f"one of {', '.join(held)}" if held else "a whole number of at least 0"
    words += ", or nothing" if blank else ""

    def fits(given: str) -> bool:
        return bool(_WHOLE.fullmatch(given)) and (not held or given in held)

    return Rule(words, lambda given: fits(given) or (blank and not given), numbers=True)


def number(low: float = -math.inf, high: float = math.inf, *, blank: bool = False) -> Rule:
    """A number from low to high, with a decimal point."""
    ends = f" of at least {low:g}" if high == math.inf else f" from {low:g} to {high:g}"
    ends = "" if low == -math.inf else ends
    words = f"a number{ends}, with a decimal point" + (", or nothing" if blank else "")

    def fits(given: str) -> bool:
        if not given:
            return blank
        if not _NUMBER.fullmatch(given):
            return False
        return math.isfinite(float(given)) and low <= float(given) <= high

    return Rule(words, fits, numbers=True)


def json_object(*, of_objects: bool = False) -> Rule:
    """A JSON object; of_objects: each of its values is one too."""

    def fits(given: str) -> bool:
        try:
            found = json.loads(given)
        except (ValueError, RecursionError):
            return False
        inner = found.values() if of_objects and isinstance(found, dict) else ()
        return isinstance(found, dict) and all(isinstance(value, dict) for value in inner)

    return Rule(f"a JSON object{' of JSON objects' if of_objects else ''}", fits)


@dataclass(frozen=True)
class Lines:
    """A CSV's rows as text, with the line on which each ends."""

    name: str
    header: list[str]
    rows: list[list[str]]
    numbers: list[int]

    def column(self, name: str) -> tuple[str, ...]:
        """All values of a column."""
        place = self.header.index(name)
        return tuple(row[place] for row in self.rows)

    def check(self, column: str, rule: Rule) -> None:
        """UserError for the first value that a column may not hold."""
        values = self.column(column)
        wrong = {value for value in set(values) if not rule.fits(value)}
        if not wrong:
            return
        row = next(i for i, value in enumerate(values) if value in wrong)
        raise UserError(
            f"{self.name}, line {self.numbers[row]}, column {column}: {values[row]!r} is given; "
            f"give {rule.allowed}"
        )


def csv_lines(content: bytes, name: str) -> Lines:
    """The rows of a CSV. UserError where it is empty, cut off, or a row has too few or many values.

    Blank lines are passed over.
    """
    whole_text = decoded(content, name)
    if not whole_text.strip():
        raise UserError(f"{name} is empty: {RESTORE}")
    reader = csv.reader(io.StringIO(whole_text, newline=""), strict=True)
    rows, numbers = [], []
    try:
        for row in reader:
            if row:
                rows.append(row)
                numbers.append(reader.line_num)
    except csv.Error as problem:
        raise UserError(f"{name}, line {reader.line_num}: {problem}: {RESTORE}") from None
    header = rows[0]
    for row, line in zip(rows, numbers, strict=True):
        if len(row) != len(header):
            raise UserError(
                f"{name}, line {line}: {len(row)} values under {len(header)} columns; the line is "
                f"cut off or a value holds a comma: {RESTORE}"
            )
    if not whole_text.endswith(("\n", "\r")):
        raise UserError(
            f"{name}, line {numbers[-1]}: the file ends within the line, so it may be cut off: "
            f"{RESTORE}, or end the line"
        )
    return Lines(name, header, rows[1:], numbers[1:])


def checked(
    lines: Lines, rules: Mapping[str, Rule], optional: Iterable[str] = ()
) -> "pd.DataFrame":
    """A table of the columns in `rules`, each value checked; other columns are left out.

    `optional` columns may be missing: they are empty text then. UserError names file, line and
    column, what is given and what is allowed.
    """
    import pandas as pd

    twice = [name for name in lines.header if lines.header.count(name) > 1]
    if twice:
        raise UserError(f"{lines.name} has the column {twice[0]!r} twice: {RESTORE}")
    lacking = [name for name in rules if name not in lines.header]
    if missing := [name for name in lacking if name not in set(optional)]:
        raise UserError(f"{lines.name} lacks the columns {', '.join(missing)}: {RESTORE}")
    columns: dict[str, Any] = {}
    for name, rule in rules.items():
        if name in lacking:
            columns[name] = [""] * len(lines.rows)
            continue
        lines.check(name, rule)
        values = lines.column(name)
        columns[name] = _numbers(values) if rule.numbers else list(values)
    return pd.DataFrame(columns, columns=list(rules))


def _numbers(values: tuple[str, ...]) -> list[int] | list[float]:
    """Whole numbers where all are, else numbers, NaN for nothing."""
    if all(map(_WHOLE.fullmatch, values)):
        return [int(value) for value in values]
    return [float(value) if value else float("nan") for value in values]

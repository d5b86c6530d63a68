"""Tables as a page carries them: by column, each text once, without what texts share.

A figure of recorded runs has thousands of rows that repeat a few dozen names and commands. Row by
row they took a third of a page of 2.4 MB. `unpacked` in `book/_static/nbsupport.js` undoes `packed`
in the browser, as the function here does.
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def packed(rows: Rows) -> Any:
    """A table by its columns; rows that do not all have the same columns stay rows.

    A column is a list of values, or {"all": value}, {"as": earlier column}, or {"texts", "at"}:
    different texts, and the number of each row's own.
    """
    names = list(rows[0]) if rows else []
    if not names or any(list(row) != names for row in rows):
        return list(rows)
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in names}
    found: dict[str, Any] = {}
    for name, values in columns.items():
        same = next((other for other in found if _equal(columns[other], values)), None)
        found[name] = {"as": same} if same else _column(values)
    return {"rows": len(rows), "columns": found}


def _equal(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether values are the same and of the same kind: 1 and True are not."""
    return one == other and [*map(type, one)] == [*map(type, other)]


def _column(values: list[Any]) -> Any:
    if _equal(values, values[:1] * len(values)):
        return {"all": values[0]}
    if not all(isinstance(value, str) for value in values):
        return values
    places = {text: place for place, text in enumerate(dict.fromkeys(values))}
    return {"texts": _shortened([*places]), "at": [places[text] for text in values]}


def _shortened(texts: Sequence[str]) -> list[Any]:
    """Each text as how many of its first characters are those of the text before, and the rest."""
    before = ["", *texts]
    shared = [_shared(old, new) for old, new in zip(before, texts, strict=False)]
    return [[number, text[number:]] for number, text in zip(shared, texts, strict=True)]


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def unpacked(table: Any) -> list[dict[str, Any]]:
    """The rows of a packed table."""
    if isinstance(table, list):
        return table
    columns: dict[str, list[Any]] = {}
    for name, column in table["columns"].items():
        columns[name] = _values(column, table["rows"], columns)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _values(column: Any, rows: int, others: Mapping[str, list[Any]]) -> list[Any]:
    if isinstance(column, list):
        return column
    if "all" in column:
        return [column["all"]] * rows
    if "as" in column:
        return others[column["as"]]
    texts: list[str] = []
    for number, rest in column["texts"]:
        texts.append((texts[-1] if texts else "")[:number] + rest)
    return [texts[place] for place in column["at"]]

"""A checksum for each cell of the records, so that an edited row is found and named.

A cell is a world, a family and a seed. Its rows are hashed, and two sums taken modulo a prime: of
the hashes, and of each hash times the hash of where its row stands (role and epoch). Where one row
has changed, the first sum is off by some d and the second by d times the place of that row: their
quotient says which row it is. Neither depends on the order of the rows.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from nbsupport.errors import UserError
from nbsupport.reading import RESTORE, Lines, Rule, csv_lines, whole

CELL = ["world", "family", "seed"]
HEADER = [*CELL, "rows", "sum", "places"]
PRIME = 2**61 - 1
_HEX = Rule("16 hexadecimal digits", lambda given: bool(re.fullmatch("[0-9a-f]{16}", given)))

Cell = tuple[str, str, str]  # world, family, seed, as they are written


class Sums(NamedTuple):
    """How many rows a cell has, the sum of their hashes, and the sum of hash times place."""

    rows: int
    total: int
    places: int


def sums_path(path: Path) -> Path:
    """Where the checksums of a file of records lie: beside it."""
    return path.with_suffix(".sums")


def _hash(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8]) % PRIME


@cache
def place_of(role: str, epoch: str) -> int:
    """The number that stands for a row's place within its cell."""
    return _hash(f"{role},{epoch}")


# taking them --------------------------------------------------------------------------------------
def cell_sums(lines: Lines, columns: Sequence[str]) -> dict[Cell, Sums]:
    """The checksums of all cells, over these columns; the last of them may be missing or empty."""
    cell_at, place_at = _at(lines, CELL), _at(lines, ["role", "epoch"])
    values = _at(lines, [name for name in columns if name in lines.header])
    found: dict[Cell, list[int]] = {}
    for row in lines.rows:
        number = _hash(",".join(values(row)).rstrip(","))
        sums = found.setdefault(cell_at(row), [0, 0, 0])
        sums[0] += 1
        sums[1] += number
        sums[2] += number * place_of(*place_at(row))
    return {
        cell: Sums(rows, total % PRIME, places % PRIME)
        for cell, (rows, total, places) in found.items()
    }


def _at(lines: Lines, names: Sequence[str]) -> itemgetter:
    return itemgetter(*(lines.header.index(name) for name in names))


# the file -----------------------------------------------------------------------------------------
def sums_text(sums: Iterable[tuple[Cell, Sums]]) -> str:
    """The checksums as CSV, a line for each, in the order of the records.

    A cell may have two: while records are replaced, those of before are as good as the new ones.
    """
    ordered = sorted(set(sums), key=lambda item: (int(item[0][0]), int(item[0][2]), *item))
    rows = [[*cell, f"{s.rows}", f"{s.total:016x}", f"{s.places:016x}"] for cell, s in ordered]
    return "".join(f"{','.join(row)}\n" for row in [HEADER, *rows])


def parsed_sums(content: bytes, name: str) -> list[tuple[Cell, Sums]]:
    """The checksums of a file. UserError with the line where it is damaged."""
    lines = csv_lines(content, name)
    if lines.header != HEADER:
        raise UserError(f"{name}, line 1: the columns are not {', '.join(HEADER)}: {RESTORE}")
    rules = {"world": whole(), "seed": whole(), "rows": whole(), "sum": _HEX, "places": _HEX}
    for column, rule in rules.items():
        lines.check(column, rule)
    return [
        ((world, family, seed), Sums(int(rows), int(total, 16), int(places, 16)))
        for world, family, seed, rows, total, places in lines.rows
    ]


# comparing ----------------------------------------------------------------------------------------
def edits(
    lines: Lines, columns: Sequence[str], noted: Iterable[tuple[Cell, Sums]]
) -> Iterator[str]:
    """What is not as it was recorded: a text for each cell, with the row where only one differs."""
    known: dict[Cell, list[Sums]] = {}
    for cell, sums in noted:
        known.setdefault(cell, []).append(sums)
    held = cell_sums(lines, columns)
    for cell in sorted({*held, *known}):
        if held.get(cell) not in known.get(cell, []):
            yield f"{_where(lines, cell, held, known)} (world {cell[0]}, {cell[1]}, seed {cell[2]})"


def _where(
    lines: Lines, cell: Cell, held: Mapping[Cell, Sums], known: Mapping[Cell, list[Sums]]
) -> str:
    """What differs in one cell."""
    if cell not in known:
        return "all rows of a cell were added"
    if cell not in held:
        return "all rows of a cell were lost"
    before, now = known[cell][-1], held[cell]
    more = now.rows - before.rows
    if row := _row(lines, cell, before, now):
        return f"{row} {({0: 'was changed', 1: 'was added', -1: 'is missing'})[more]}"
    if more:
        return f"{abs(more)} rows were {'added' if more > 0 else 'lost'}"
    return "several rows were changed"


def _row(lines: Lines, cell: Cell, before: Sums, now: Sums) -> str:
    """The one row in which a cell differs, in words; "" where there are several."""
    apart = (now.total - before.total) % PRIME
    if not apart or abs(now.rows - before.rows) > 1:
        return ""
    place = (now.places - before.places) * pow(apart, -1, PRIME) % PRIME
    cell_at, place_at = _at(lines, CELL), _at(lines, ["role", "epoch"])
    named = [place_at(row) for row in lines.rows]
    if not (fits := {pair for pair in set(named) if place_of(*pair) == place}):
        return ""
    role, epoch = fits.pop()
    own = [
        number
        for row, pair, number in zip(lines.rows, named, lines.numbers, strict=True)
        if pair == (role, epoch) and cell_at(row) == cell
    ]
    start = f"line {own[-1]}: " if own else ""
    return f"{start}the row of {role} at epoch {epoch}"

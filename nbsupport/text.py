"""Text for a terminal."""

from collections.abc import Iterable
from typing import Any


def aligned(rows: list[list[Any]], numeric: Iterable[int] = ()) -> str:
    """Rows of cells in columns of equal width, the first row underlined."""
    right = set(numeric)
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]

    def line(row: list[str]) -> str:
        padded = (
            c.rjust(w) if i in right else c.ljust(w)
            for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(padded).rstrip()

    return "\n".join([line(cells[0]), "  ".join("-" * w for w in widths), *map(line, cells[1:])])

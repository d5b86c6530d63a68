"""A Sphinx extension: `{measured}`, the table of what was measured beside named peers.

It has the rows of benchmarks/latest.json, as `python -m benchmarks` wrote them.
"""

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from nbsupport.building.sphinx.markdown import parsed
from nbsupport.paths import root

HEADER = "| beside | ours | theirs | ratio | range | aimed at |\n|---|--:|--:|--:|---|--:|"


def latest() -> Path:
    """The file of rows."""
    return root() / "benchmarks" / "latest.json"


def measured(rows: Sequence[dict[str, Any]]) -> str:
    """Rows in Markdown: a table for each thing measured, and what they were measured on."""
    lines = []
    for (name, unit, remark), own in groupby(rows, lambda r: (r["name"], r["unit"], r["remark"])):
        note = f"{unit}; {remark}" if remark else unit
        lines += [f"**{name[0].upper()}{name[1:]}**: {note}", "", HEADER, *map(_row, own), ""]
    return "\n".join([*lines, *dict.fromkeys(_machine(row["machine"]) for row in rows)])


def _row(row: dict[str, Any]) -> str:
    spread = f"{row['least']:.2f} to {row['most']:.2f}"
    target = "" if row["target"] is None else f"{row['target']:g}"
    if target and row["ratio"] < row["target"]:
        target += " (missed)"
    figures = f"{_figure(row['ours'])} | {_figure(row['theirs'])} | **{_figure(row['ratio'])}**"
    return f"| {row['peer']} | {figures} | {spread} | {target} |"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _machine(machine: dict[str, Any]) -> str:
    on = f"{machine['processor'] or 'an unknown processor'}, {machine['cores']} cores"
    return f"- Measured on {machine['date']}: {on}, Python {machine['python']}."


class MeasuredDirective(SphinxDirective):
    """`{measured}`: see `measured`."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        path = latest()
        self.env.note_dependency(str(path))
        return parsed(self, measured(json.loads(path.read_text("utf-8"))), str(path))


def setup(app: Sphinx) -> dict[str, object]:
    """Register the directive."""
    app.add_directive("measured", MeasuredDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

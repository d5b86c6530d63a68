"""Make an executed notebook ready to render: no trace of the machine, errors as a red box."""

import re
from dataclasses import replace
from html import escape
from typing import Any

from nbsupport.building.execute import PageError

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
IN = re.compile(r"\bIn\[(\d+)\]")
HIDING = {"remove-cell", "remove-output", "hide-cell", "hide-output"}  # would fold an error away
BOX = """<div class="admonition error page-error" role="alert">
<p class="admonition-title">{title}</p>
<p>{message}</p>{details}
</div>"""
DETAILS = """
<details><summary>Traceback</summary><pre>{traceback}</pre></details>"""


def finish_notebook(notebook: Any, error: PageError | None) -> PageError | None:
    """Change an executed notebook in place; returns the error, if any, with the cell it is in.

    What Papermill adds (times, paths, banners) is dropped and the injected parameters are hidden,
    so that equal results are equal files. An error becomes a box: of a UserError, its one line
    alone.
    """
    notebook.metadata.pop("papermill", None)
    cells = [c for c in notebook.cells if "papermill-error-cell-tag" not in _tags(c)]
    notebook.cells = cells
    position = _failed(cells) if error else None
    if error is not None and position is not None:
        line = (cells[position].source.strip().splitlines() or [""])[0]
        error = replace(error, cell=_number(cells, position), line=line)
        _box(cells[position], error)
    for cell in cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in _tags(cell):
            cell.metadata["tags"] = [*_tags(cell), "remove-cell"]
            cell["id"] = "injected-parameters"  # Papermill draws a new one each time
    return error


def _tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


def _failed(cells: list[Any]) -> int | None:
    """Index of the cell with an error output, else of the last cell that had begun."""
    begun = None
    for index, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        if any(output.output_type == "error" for output in cell.outputs):
            return index
        if cell.metadata.get("papermill", {}).get("status", "pending") != "pending":
            begun = index
    return begun


def _number(cells: list[Any], position: int) -> int:
    """Which code cell of the source notebook this is: the injected parameters are not in it."""
    before = [cell for cell in cells[: position + 1] if cell.cell_type == "code"]
    return sum("injected-parameters" not in _tags(cell) for cell in before)


def _box(cell: Any, error: PageError) -> None:
    """Replace the cell's error output, keep what it printed before."""
    errors = [o for o in cell.outputs if o.output_type == "error"]
    lines = _renumbered("\n".join(line for o in errors for line in o.traceback))
    user = error.name == "UserError"
    details = "" if user or not lines else DETAILS.format(traceback=escape(lines))
    title = f"This page stopped at its {error.place}"
    html = BOX.format(title=escape(title), message=escape(error.text), details=details)
    shown = {"text/html": html, "text/plain": f"{title}: {error.text}"}
    kept = [o for o in cell.outputs if o.output_type != "error"]
    cell.outputs = [*kept, _display(shown)]
    cell.metadata["tags"] = [t for t in _tags(cell) if t not in HIDING]


def _renumbered(traceback: str) -> str:
    """Cells numbered as in `_number`: the kernel counts the injected one, which is its second."""
    return IN.sub(lambda found: f"In[{max(1, int(found[1]) - 1)}]", ANSI.sub("", traceback))


def _display(data: dict[str, str]) -> Any:
    import nbformat

    return nbformat.v4.new_output("display_data", data=data)

"""Make an executed notebook ready to render: no trace of the machine, errors as a red box."""

import re
from html import escape
from typing import Any

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
BOX = """<div class="admonition error page-error" role="alert">
<p class="admonition-title">{title}</p>
<p>{message}</p>{details}
</div>"""
DETAILS = """
<details><summary>Traceback</summary><pre>{traceback}</pre></details>"""


def prepare(notebook: Any, error_name: str | None, message: str) -> int:
    """Change an executed notebook in place; the number of its failed cell, 0 where none failed.

    Drops what Papermill adds (times, paths, banners) and hides the injected parameters, so that
    equal results are equal files; turns an error into a box (a UserError: its one line alone).
    The number counts the cells of the source notebook from 1.
    """
    notebook.metadata.pop("papermill", None)
    cells = [c for c in notebook.cells if "papermill-error-cell-tag" not in _tags(c)]
    notebook.cells = cells
    position = _failed(cells) if error_name else None
    number = _number(cells, position)
    for cell in cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in _tags(cell):
            cell.metadata["tags"] = [*_tags(cell), "remove-cell"]
            cell["id"] = "injected-parameters"  # Papermill draws a new one each time
    if error_name is not None and position is not None:
        _box(cells[position], number, error_name, message)
    return number


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


def _number(cells: list[Any], position: int | None) -> int:
    if position is None:
        return 0
    injected = sum("injected-parameters" in _tags(cell) for cell in cells[:position])
    return position + 1 - injected


def _box(cell: Any, number: int, name: str, message: str) -> None:
    """Replace the cell's error output, keep what it printed before."""
    errors = [o for o in cell.outputs if o.output_type == "error"]
    lines = "\n".join(line for o in errors for line in o.traceback)
    user = name == "UserError"
    details = "" if user or not lines else DETAILS.format(traceback=escape(ANSI.sub("", lines)))
    title = f"This page stopped at its cell {number}"
    text = message if user else f"{name}: {message}"
    html = BOX.format(title=title, message=escape(text), details=details)
    shown = {"text/html": html, "text/plain": f"{title}: {text}"}
    kept = [o for o in cell.outputs if o.output_type != "error"]
    cell.outputs = [*kept, _display(shown)]
    cell.metadata["tags"] = [t for t in _tags(cell) if t not in {"remove-cell", "remove-output"}]


def _display(data: dict[str, str]) -> Any:
    import nbformat

    return nbformat.v4.new_output("display_data", data=data)

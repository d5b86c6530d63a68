"""Code of notebooks and of solutions, run in this process."""

import ast
import contextlib
import io
import json
from collections.abc import Collection
from typing import Any

from nbsupport.errors import UserError
from nbsupport.pages import page_named

RECORDED = 'results = "recorded"'


def code_of(page_id: str) -> list[str]:
    """The source of every code cell of a page's notebook, in order."""
    found = json.loads(page_named(page_id).notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]


def run_cell(source: str, namespace: dict[str, Any]) -> Any:
    """Run a cell; the value of its last line where that is an expression, as Jupyter shows it."""
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, "cell", "exec"), namespace)
        return None
    del tree.body[-1]
    exec(compile(tree, "cell", "exec"), namespace)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), namespace)


def quoted(page_id: str, names: Collection[str]) -> dict[str, str]:
    """The numbers that a page glues under these names, on its recorded runs.

    Its cells are run as far as that takes; nothing is trained. UserError for a name that no cell
    glues.
    """
    namespace: dict[str, Any] = {}
    found: dict[str, str] = {}
    for source in code_of(page_id) if names else []:
        with contextlib.redirect_stdout(io.StringIO()):
            run_cell(source, namespace)
            if "page" not in namespace:
                run_cell(RECORDED, namespace)  # after the parameters, before the page is opened
        found = namespace["page"].glued if "page" in namespace else {}
        if set(names) <= set(found):
            return {name: found[name] for name in names}
    if lacking := sorted(set(names) - set(found)):
        raise UserError(f"{page_id} quotes {lacking[0]!r}, which no cell of it glues")
    return {}

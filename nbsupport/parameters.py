"""A notebook's parameters, and the strict check of what a user gives for them.

Papermill only warns of an unknown name and does not check types; here both are errors.
"""

import ast
import json
import math
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbsupport.arguments import plain
from nbsupport.errors import UserError, said, short, unknown

_SCALARS = {"str": str, "int": int, "float": float, "bool": bool}
_LINE = re.compile(r"^(\w+)\s*:\s*([\w\[\]]+)\s*=\s*(.*?)\s*(?:#\s*(.*))?$")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a page: its type as written (`int`, `list[str]` ...), default, meaning."""

    name: str
    type: str
    default: Any
    meaning: str


@dataclass(frozen=True)
class Cell:
    """A cell of code of a notebook, and its tags."""

    code: str
    tags: tuple[str, ...]


def declared_in(cells: Iterable[Cell], name: str) -> list[Parameter]:
    """The parameters that the cell tagged `parameters` declares, of a notebook of that name.

    Each is a line `name: type = default  # meaning`; UserError for a line of another form.
    """
    code = next((cell.code for cell in cells if "parameters" in cell.tags), "")
    lines = [line for line in code.splitlines() if line.strip() and not line.startswith("#")]
    return [_parameter(line, name) for line in lines]


def code_cells(notebook: Path) -> list[Cell]:
    """The cells of code of a notebook. Raises UserError where the file is not a notebook."""
    try:
        return [
            Cell("".join(cell["source"]), tuple(cell.get("metadata", {}).get("tags", [])))
            for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]
            if cell["cell_type"] == "code"
        ]
    except FileNotFoundError as error:
        raise UserError(f"no notebook at {notebook}") from error
    except OSError as error:
        raise UserError(f"{notebook} cannot be read ({error.strerror}): allow it") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(
            f"{notebook} is not a Jupyter notebook: give an .ipynb file in format 4"
        ) from error


def _parameter(line: str, notebook: str) -> Parameter:
    found = _LINE.match(line)
    if found is None:
        raise UserError(
            f"{notebook}: cannot read the parameter line {line!r}: "
            "write `name: type = default  # meaning`"
        )
    name, kind, default, meaning = found.groups()
    try:
        value = ast.literal_eval(default)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise UserError(
            f"{notebook}: the default of {name} is {default!r}: give a number, a text in "
            "quotes, True, False, or a list of these"
        ) from error
    if not _fits(value, kind):
        raise UserError(
            f"{notebook}: the default of {name} is {default}, of type {_type_of(value)}: "
            f"its line says {kind}"
        )
    return Parameter(name, kind, value, meaning or "")


def check_parameters(declared: Iterable[Parameter], given: dict[str, Any]) -> dict[str, Any]:
    """The given values, checked against what is declared: UserError on the first that is wrong."""
    known = {parameter.name: parameter for parameter in declared}
    values = {name: plain(value) for name, value in given.items()}
    for name, value in values.items():
        if name not in known:
            raise unknown("parameter", name, known)
        if not _fits(value, known[name].type):
            raise UserError(
                f"parameter {name}={said(value)} is of type {_type_of(value)}: "
                f"{known[name].type} is allowed ({known[name].meaning or 'see the page'})"
            )
    return {name: _widened(value, known[name].type) for name, value in values.items()}


def parse_assignments(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Values from the command line: JSON where it reads as JSON, otherwise text.

    UserError for what begins as a list does and is none, and for a name that is given twice.
    """
    values: dict[str, Any] = {}
    for name, text in pairs:
        if name in values:
            raise UserError(f"-p {name} is given twice: give each parameter once")
        try:
            values[name] = json.loads(text)
        except (ValueError, RecursionError) as error:
            if text.lstrip().startswith("["):
                raise UserError(
                    f"-p {name} {short(text)}: no list in JSON ({error}); write it as '[1, 2]' or "
                    """'["a", "b"]', in quotes for the shell"""
                ) from error
            values[name] = text
    return values


def command_line(page_id: str, declared: Sequence[Parameter], values: Mapping[str, Any]) -> str:
    """`python -m nbsupport run PAGE` with a -p for each value that is not the default."""
    words = ["python", "-m", "nbsupport", "run", page_id]
    for p in declared:
        if p.name in values and values[p.name] != p.default:
            value = values[p.name]
            text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
            words += ["-p", p.name, text]
    return shlex.join(words)


def _fits(value: Any, kind: str) -> bool:
    if kind.startswith("list"):
        inner = kind[5:-1]
        return isinstance(value, list) and all(not inner or _fits(v, inner) for v in value)
    if kind not in _SCALARS:
        return True
    if kind == "float":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and math.isfinite(value)
    return isinstance(value, _SCALARS[kind]) and not (kind == "int" and isinstance(value, bool))


def _widened(value: Any, kind: str) -> Any:
    return float(value) if kind == "float" else value


def _type_of(value: Any) -> str:
    if isinstance(value, list):
        inner = sorted({type(v).__name__ for v in value})
        return f"list[{' | '.join(inner)}]" if inner else "list"
    if isinstance(value, float) and not math.isfinite(value):
        return "float (infinite, or no number)"
    return type(value).__name__

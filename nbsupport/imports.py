"""Which modules of the package a module's code reaches, followed through its imports.

Files are read as text and nothing is imported, so an import inside a function counts as well as one
at the top.
"""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from nbsupport.paths import root

PACKAGE = "nbsupport"
_FROM = re.compile(
    rf"^[ \t]*from[ \t]+({PACKAGE}(?:\.\w+)*)[ \t]+import[ \t]+(\([^)]*\)|[^\n;]+)", re.MULTILINE
)
_IMPORT = re.compile(rf"^[ \t]*import[ \t]+({PACKAGE}(?:\.\w+)*)", re.MULTILINE)


def reached(*modules: str, follow: Callable[[str], bool] = lambda name: True) -> dict[str, Path]:
    """Dotted name -> file of these modules and of all that their imports lead to in the package.

    `follow` says of a module by name whether it belongs; one that does not is left out, and so is
    what only it imports.
    """
    found: dict[str, Path] = {}
    waiting, base = list(modules), root()
    while waiting:
        name = waiting.pop()
        if name in found or not follow(name) or (path := _file(base, name)) is None:
            continue
        found[name] = path
        waiting += _imports(path)
    return dict(sorted(found.items()))


def module_file(name: str) -> Path | None:
    """The file of a module of the package, None where there is no such module."""
    return _file(root(), name)


@cache
def _file(base: Path, name: str) -> Path | None:
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return None
    place = base.joinpath(*parts)
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of what a syntax tree imports: `from a import b` as both a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _imports(path: Path) -> tuple[str, ...]:
    return _imports_of(path, path.stat().st_mtime_ns)


@cache
def _imports_of(path: Path, written: int) -> tuple[str, ...]:
    """`written` is when the file was, so that an edit is seen in a process that goes on."""
    return tuple(sorted(imported_in(path.read_text(encoding="utf-8"))))


def imported_in(text: str) -> set[str]:
    """What `imported` finds of this package, ten times as fast: by lines, without a syntax tree."""
    found: set[str] = set()
    for module, names in _FROM.findall(text):
        listed = re.sub(r"#.*", "", names).strip("()").split(",")
        found.add(module)
        found.update(f"{module}.{name.split()[0]}" for name in listed if name.strip())
    return found.union(_IMPORT.findall(text))

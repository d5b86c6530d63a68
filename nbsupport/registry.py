"""What is found by name: one file in a folder of the package, or a module of the user's own.

No list names them. A file of the folder, or a folder in it, counts where it defines the registry's
mark at its top level; it is read as text for that, so that the names are known without importing
any of them. A name with a dot is that of any module which Python finds here, such as
my_lab.herbarium. It needs no change of the package: where a job's spec holds that name, every
process that does the job finds the module.
"""

import ast
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from nbsupport.errors import UserError, unknown
from nbsupport.paths import root


@dataclass(frozen=True)
class Registry:
    """The modules of one kind: those of `package` that define `mark`, and users' own."""

    kind: str
    package: str
    mark: str

    def names(self) -> tuple[str, ...]:
        """The names of the package's own, sorted."""
        return _files(self.package, self.mark)

    def module_name(self, name: str) -> str:
        """The module that a name stands for; UserError for a name of none."""
        if name in self.names():
            return f"{self.package}.{name}"
        if not is_module(name):
            raise unknown(self.kind, name, self.names())
        return name

    def load(self, name: str) -> ModuleType:
        """The module, imported. UserError where there is none, or it lacks the mark."""
        module = self.module_name(name)
        try:
            found = import_module(module)
        except ModuleNotFoundError as error:
            if not f"{name}.".startswith(f"{error.name}."):
                raise  # the module is there, and misses another
            raise UserError(
                f"unknown {self.kind} {name!r}: Python finds no module {error.name}; give its "
                f"folder in PYTHONPATH, or one of {', '.join(self.names())}"
            ) from error
        if not hasattr(found, self.mark):
            raise UserError(
                f"{self.kind} {name}: the module defines no {self.mark}; see CONTRIBUTING"
            )
        return found

    def literal(self, name: str) -> Any:
        """The literal that one of the package's own assigns to the mark, read without an import."""
        path = root().joinpath(*self.package.split("."), f"{name}.py")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assigned = (node for node in tree.body if isinstance(node, ast.Assign))
        value = next(n.value for n in assigned if ast.unparse(n.targets[0]) == self.mark)
        return ast.literal_eval(value)

    def find(self, name: str) -> ModuleType | None:
        """The module, None where there is none here."""
        try:
            return self.load(name)
        except UserError:
            return None


def is_module(name: object) -> bool:
    """Whether a name is meant as that of a user's own module: words with dots between them."""
    return isinstance(name, str) and "." in name and all(map(str.isidentifier, name.split(".")))


@cache
def _files(package: str, mark: str) -> tuple[str, ...]:
    defined = re.compile(rf"^(?:def |class )?{mark}\b", re.MULTILINE)
    folder = root().joinpath(*package.split("."))
    files = {path.stem: path for path in folder.glob("*.py") if path.stem != "__init__"}
    files |= {path.parent.name: path for path in folder.glob("*/__init__.py")}
    marked = (name for name, path in files.items() if defined.search(path.read_text("utf-8")))
    return tuple(sorted(marked))


SOURCES = Registry("source", "nbsupport.data.sources", "open_it")
TASKS = Registry("task", "nbsupport.data.tasks", "open_it")
FAMILIES = Registry("architecture family", "nbsupport.training.families", "FAMILY")
ENGINES = Registry("engine", "nbsupport.jobs.engines", "open_it")
STAGES = Registry("stage", "nbsupport.training.stages", "STAGES")
PAGES = Registry("page", "nbsupport.pages", "PAGE")
RESULTS = "nbsupport.evidence.published"
DATA_SETS = tuple(
    Registry("data set", package, "ENTRY")
    for package in (SOURCES.package, TASKS.package, STAGES.package, RESULTS)
)

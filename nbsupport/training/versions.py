"""The version of each stage's code, part of a job's key: new code makes new results.

versions.toml says which code a version stands for. `python -m nbsupport.training.versions` prints
the hash of each stage's code as it is now.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from nbsupport import registry
from nbsupport.errors import UserError
from nbsupport.imports import PACKAGE, imported, reached
from nbsupport.jobs.job import stage_path
from nbsupport.reading import RESTORE, heading, parsed_toml, read_text, shown

VERSIONS: dict[str, int] = {
    stage: version
    for name in registry.STAGES.names()
    for stage, version in registry.STAGES.literal(name).items()
}
# The families of recorded runs: their code counts. Of another there is nothing to guard yet.
RECORDED = ("alexnet", "densenet", "mobilenetv3", "resnet", "resnext", "vit")
VERSIONS_FILE = Path(__file__).with_name("versions.toml")

_COMPUTING = ("nbsupport.training", "nbsupport.data")
# Left out: a job's key holds what sources and tasks give, as the fingerprint of its data, and the
# numbers of these modules of training/, in its spec.
_IN_KEYS = (
    "nbsupport.data.sources",
    "nbsupport.data.tasks",
    "nbsupport.training.stages.assets",
    "nbsupport.training.versions",
)
_MODELS = "nbsupport.training.models"  # builds a model by its family's name
# Of a family and a data set: numbers that a spec holds, and what is for people; and the versions.
_FACTS = {"FAMILY", "RECIPES", "ENTRY", "STAGES"}
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def stages() -> dict[str, dict[str, Any]]:
    """Stage -> version, code (hash), no_effect (code, reason). UserError where it is damaged."""
    name, text = shown(VERSIONS_FILE), read_text(VERSIONS_FILE)
    found = parsed_toml(text, name)
    if lacking := [stage for stage in VERSIONS if stage not in found]:
        raise UserError(f"{name} lacks the stages {', '.join(lacking)}: {RESTORE}")
    for stage, entry in found.items():
        place = f"{name}, line {heading(text, stage)}"
        _check_keys(f"{place}: {stage}", entry, {"version": int, "code": str})
        if not isinstance(lines := entry.get("no_effect", []), list):
            raise UserError(f"{place}: {stage} has a no_effect that is no list: write [[...]]")
        for line in lines:
            _check_keys(f"{place}: a no_effect of {stage}", line, {"code": str, "reason": str})
    return found


def _check_keys(where: str, entry: Any, kinds: dict[str, type]) -> None:
    """UserError where an entry is no table with these keys, each of its kind."""
    for key, kind in kinds.items():
        if not isinstance(entry, dict) or not isinstance(entry.get(key), kind):
            given = entry.get(key, "nothing") if isinstance(entry, dict) else entry
            raise UserError(f"{where} has {given!r:.60} as {key}: give {kind.__name__}")


def modules(stage: str) -> dict[str, Path]:
    """The modules a stage computes with, by dotted name: all that its own module's imports reach in
    training/ and data/, but for what a job's key holds in another form; and the recorded families
    where it builds models."""
    found = reached(stage_path(stage).partition(":")[0], follow=_computes)
    if _MODELS not in found:
        return found
    return found | reached(*map(registry.FAMILIES.module_name, RECORDED), follow=_computes)


def _computes(module: str) -> bool:
    known = module == registry.FAMILIES.package or _within(module, _IN_KEYS)
    return _within(module, _COMPUTING) and not known


def _within(module: str, packages: Iterable[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in packages)


def code_hash(sources: Iterable[str]) -> str:
    """64 hex digits for source texts, from their top-level statements in any order.

    What does not count: comments, layout and docstrings, in which file a statement stands, facts
    (FAMILY, ENTRY, STAGES), and imports from this package. So code may move between files, and
    files between folders.
    """
    statements = {
        sha256("\n".join(_parts(node)).encode()).hexdigest()
        for text in sources
        for node in _undocumented(ast.parse(text))
        if not _only_own_imports(node) and not _facts(node)
    }
    return sha256("\n".join(sorted(statements)).encode()).hexdigest()


def _undocumented(node: Any) -> list[ast.stmt]:
    """The statements of a body, without its docstring."""
    documented = isinstance(node, _DOCUMENTED) and ast.get_docstring(node) is not None
    return node.body[1:] if documented else node.body


def _facts(node: ast.stmt) -> bool:
    """Whether a statement only tells facts: a job's key holds what of them matters."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return {getattr(target, "id", None) for target in targets} <= _FACTS


def _only_own_imports(node: Any) -> bool:
    """Whether a statement does nothing but import from this package."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not node.orelse:
        return all(map(_only_own_imports, node.body))
    own = isinstance(node, ast.Import | ast.ImportFrom)
    return own and all(name.split(".")[0] == PACKAGE for name in imported(node))


def _parts(node: Any) -> Iterator[str]:
    """A syntax tree as text. Empty fields are left out: each Python adds its own to the nodes."""
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for name, value in ast.iter_fields(node):
            if name == "body" and isinstance(node, _DOCUMENTED):
                value = _undocumented(node)
            if value is not None and value != []:
                yield f".{name}"
                yield from _parts(value)
        yield ")"
    elif isinstance(node, list):
        for item in node:
            if not _only_own_imports(item):
                yield from _parts(item)
    else:
        yield repr(node)


def current(stage: str) -> str:
    """The hash of a stage's code as it is now."""
    return code_hash(path.read_text(encoding="utf-8") for path in modules(stage).values())


def problem(stage: str) -> str:
    """What is wrong with a stage's entry, and what to do; empty where nothing is."""
    entry, code = stages()[stage], current(stage)
    if entry["version"] != VERSIONS[stage]:
        return (
            f"{VERSIONS_FILE.name} has version {entry['version']} of {stage}, its file has "
            f'{VERSIONS[stage]}: set both to the newer, code = "{code}", and drop its no_effect'
        )
    if code in {entry["code"], *(line["code"] for line in entry.get("no_effect", []))}:
        return ""
    return (
        f"the code of {stage} has changed. If its results may differ in a single bit, raise its "
        f"version in its file and {VERSIONS_FILE.name}; if not, add a [[{stage}.no_effect]] with "
        f'code = "{code}" and the reason (`python -m nbsupport.training.versions` prints the hash)'
    )


if __name__ == "__main__":
    try:
        for stage_name in VERSIONS:
            print(stage_name, current(stage_name))
    except UserError as error:
        sys.exit(f"error: {error}")

"""Whether a stage's code is still the one its version stands for: versions.toml says.

`python -m nbsupport.training.ledger` prints the hash of each stage's code as it is now.
"""

import ast
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from nbsupport.errors import UserError
from nbsupport.paths import root
from nbsupport.reading import RESTORE, heading, parsed_toml, read_text, shown
from nbsupport.training.versions import VERSIONS

LEDGER = Path(__file__).with_name("versions.toml")

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def stages() -> dict[str, dict[str, Any]]:
    """Stage -> version, files (from the project's top), code (hash), no_effect (code, reason).

    Raises UserError where the file is damaged.
    """
    name, text = shown(LEDGER), read_text(LEDGER)
    found = parsed_toml(text, name)
    if lacking := [stage for stage in VERSIONS if stage not in found]:
        raise UserError(f"{name} lacks the stages {', '.join(lacking)}: {RESTORE}")
    for stage, entry in found.items():
        place = f"{name}, line {heading(text, stage)}"
        _check_entry(f"{place}: {stage}", entry)
        for line in entry.get("no_effect", []):
            _check_keys(f"{place}: a no_effect of {stage}", line, {"code": str, "reason": str})
    return found


def _check_entry(where: str, entry: Any) -> None:
    _check_keys(where, entry, {"version": int, "code": str, "files": list})
    if not isinstance(entry.get("no_effect", []), list):
        raise UserError(f"{where} has a no_effect that is no list: write [[...no_effect]]")
    for file in entry["files"]:
        if not (root() / str(file)).is_file():
            raise UserError(f"{where} names the file {file!r}, which is not there: mend its name")


def _check_keys(where: str, entry: Any, kinds: dict[str, type]) -> None:
    """UserError where an entry is no table with these keys, each of its kind."""
    for key, kind in kinds.items():
        if not isinstance(entry, dict) or not isinstance(entry.get(key), kind):
            given = entry.get(key, "nothing") if isinstance(entry, dict) else entry
            raise UserError(f"{where} has {given!r:.60} as {key}: give {kind.__name__}")


def code_hash(sources: dict[str, str]) -> str:
    """64 hex digits for source texts by file name; comments, layout and docstrings do not count."""
    digest = sha256()
    for name in sorted(sources):
        digest.update(f"\0{name}\0".encode())
        for part in _parts(ast.parse(sources[name])):
            digest.update(f"{part}\n".encode())
    return digest.hexdigest()


def _parts(node: Any) -> Iterator[str]:
    """A syntax tree as text. Empty fields are left out: each Python adds its own to the nodes."""
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for name, value in ast.iter_fields(node):
            if name == "body" and isinstance(node, _DOCUMENTED) and ast.get_docstring(node):
                value = value[1:]
            if value is not None and value != []:
                yield f".{name}"
                yield from _parts(value)
        yield ")"
    elif isinstance(node, list):
        for item in node:
            yield from _parts(item)
    else:
        yield repr(node)


def current(stage: str) -> str:
    """The hash of a stage's code as it is now."""
    files = stages()[stage]["files"]
    return code_hash({name: (root() / name).read_text(encoding="utf-8") for name in files})


def problem(stage: str) -> str:
    """What is wrong with a stage's entry, and what to do; empty where nothing is."""
    entry, code = stages()[stage], current(stage)
    if entry["version"] != VERSIONS[stage]:
        return (
            f"{LEDGER.name} has version {entry['version']} of {stage}, versions.py has "
            f'{VERSIONS[stage]}: set both to the newer, code = "{code}", and drop its no_effect'
        )
    if code in {entry["code"], *(line["code"] for line in entry.get("no_effect", []))}:
        return ""
    return (
        f"the code of {stage} has changed. If its results may differ in a single bit, raise its "
        f"version in versions.py and {LEDGER.name}; if not, add a [[{stage}.no_effect]] with "
        f'code = "{code}" and the reason (`python -m nbsupport.training.ledger` prints the hash)'
    )


if __name__ == "__main__":
    try:
        for stage_name in VERSIONS:
            print(stage_name, current(stage_name))
    except UserError as error:
        sys.exit(f"error: {error}")

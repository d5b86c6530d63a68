"""What the book is rendered from, checked before anything is trained for it."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nbsupport.errors import UserError
from nbsupport.paths import root

CONFIG, TOC = "_config.yml", "_toc.yml"
SUFFIXES = (".md", ".ipynb", ".rst")
SECTIONS = "book/sections/"  # where executed notebooks land


def check_book(project: Path | None = None) -> None:
    """See that the book's settings, its table of contents and its references can be read.

    Raises UserError, in one line: the file, what is wrong, where.
    """
    source = project or root()
    config = _config(source / CONFIG)
    _check_toc(source)
    bibliographies = _names(config, "bibtex_bibfiles")
    sphinx = _part(_part(config, "sphinx"), "config")
    files = [config.get("logo"), _part(config, "html").get("favicon"), *bibliographies]
    for name in filter(None, [*files, *_names(sphinx, "html_static_path")]):
        if not (source / name).exists():
            raise UserError(
                f"{CONFIG} names {name}, which is not there: restore it, or take it out"
            )
    for extension in _names(sphinx, "extensions"):
        if not _found(extension):
            raise UserError(f"{CONFIG} names the extension {extension}, which is not installed")
    _check_references(source / name for name in bibliographies)


def _part(config: dict[str, Any], name: str) -> dict[str, Any]:
    found = config.get(name) or {}
    if not isinstance(found, dict):
        raise UserError(f"{CONFIG}: {name} is {found!r}: give lines of `name: value` below it")
    return found


def _names(config: dict[str, Any], name: str) -> list[str]:
    found = config.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise UserError(f"{CONFIG}: {name} is {found!r}: give a list of names")
    return found


def _config(path: Path) -> dict[str, Any]:
    from jsonschema import ValidationError
    from jupyter_book.config import validate_yaml

    config = _yaml(path)
    try:
        validate_yaml(config, raise_on_errors=True)
    except ValidationError as error:
        raise UserError(f"{path.name}: {_one_line(error)}: mend the setting") from error
    return config


def _check_toc(source: Path) -> None:
    from sphinx_external_toc.parsing import MalformedError, parse_toc_data

    try:
        pages = parse_toc_data(_yaml(source / TOC))
    except MalformedError as error:
        raise UserError(f"{TOC}: {_one_line(error)}: mend the entry") from error
    for page in pages:
        name = page.removeprefix(SECTIONS)
        written = source / "notebooks" / name if page.startswith(SECTIONS) else source / page
        if not any(written.with_name(written.name + end).is_file() for end in SUFFIXES):
            where = written.relative_to(source)
            raise UserError(
                f"{TOC} lists {page}, but there is no {where}: write it, or take it out"
            )


def _check_references(paths: Iterable[Path]) -> None:
    from pybtex.database import parse_file
    from pybtex.exceptions import PybtexError

    for path in paths:
        try:
            parse_file(str(path), "bibtex", encoding="utf-8")
        except (PybtexError, ValueError) as error:
            raise UserError(f"{path.name}: {_one_line(error)}: mend the entry") from error


def _yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"there is no {path.name} in {path.parent}: restore it") from error
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path.name} is not UTF-8 text ({error.reason}): save it as that"
        ) from error
    except yaml.YAMLError as error:
        raise UserError(
            f"{path.name} cannot be read{_line(error)}: {_problem(error)}; a text with a colon or "
            "a quote in it stands in quotes"
        ) from error
    if not isinstance(found, dict):
        raise UserError(f"{path.name} holds no settings (lines of `name: value`): restore it")
    return found


def _line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}" if mark else ""


def _problem(error: Exception) -> str:
    return getattr(error, "problem", None) or _one_line(error)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).removeprefix("- ") or type(error).__name__


def _found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # the package above it is missing
        return False

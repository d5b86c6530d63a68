"""Editions of the book: "full", with folded solutions and an answer key; "student", without both.

Both are rendered from the same executed pages, each into its own folder: nothing of one is ever
left over in the other.
"""

from pathlib import Path
from typing import Any

from nbsupport.arguments import chosen
from nbsupport.building.book_settings import CONFIG, TOC
from nbsupport.data.pictures.listings import write_text
from nbsupport.paths import root

FULL, STUDENT = EDITIONS = ("full", "student")
FOR_LECTURERS = ("book/answer_key",)  # pages that no other edition has
BUILD = "_build"  # how Jupyter Book names the folder that it writes


def edition_named(name: Any) -> str:
    """The edition of that name; UserError naming those that there are."""
    return chosen("edition", name, EDITIONS)


def build_folder(edition: str, out: Path | None = None) -> Path:
    """Where an edition is rendered: `_build`, of another edition than the full one below it."""
    top = out or root() / BUILD
    return top if edition == FULL else top / edition / BUILD


def built(edition: str) -> Path:
    """The folder of an edition's pages."""
    return build_folder(edition) / "html"


def own_options(edition: str, project: Path, build: Path) -> list[str]:
    """What Jupyter Book is told for an edition: its settings and contents, written beside `build`.

    The student edition hides solutions (a setting of sphinx-exercise: they are not read at all),
    and its table of contents lacks the pages for lecturers.
    """
    import yaml

    if edition == FULL:
        return []
    config, toc = (yaml.safe_load((project / name).read_text("utf-8")) for name in (CONFIG, TOC))
    config.setdefault("sphinx", {}).setdefault("config", {})["hide_solutions"] = True
    build.parent.mkdir(parents=True, exist_ok=True)
    for name, content in ((CONFIG, config), (TOC, without_lecturers(toc))):
        write_text(build.parent / name, yaml.safe_dump(content, sort_keys=False))
    return ["--config", str(build.parent / CONFIG), "--toc", str(build.parent / TOC)]


def remove_sources(edition: str, build: Path) -> None:
    """Remove the executed notebooks that MyST-NB leaves beside the pages: they hold solutions."""
    for path in (build / "jupyter_execute").rglob("*.ipynb") if edition != FULL else ():
        path.unlink()


def without_lecturers(entry: Any) -> Any:
    """A table of contents, or a part of it, without the pages that only lecturers have."""
    if isinstance(entry, dict):
        return {name: without_lecturers(value) for name, value in entry.items()}
    if isinstance(entry, list):
        kept = (each for each in entry if not _for_lecturers(each))
        return [without_lecturers(each) for each in kept]
    return entry


def _for_lecturers(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("file") in FOR_LECTURERS

"""Remove what builds have rendered, and nothing else: `python -m nbsupport.building.clean DIR`.

A file is removed where it has a name that a build writes in that place. All others are left, and
named on the screen; so is a link, with what it leads to. Only Python is needed: `make clean` works
before any environment is set up.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

# Files and folders by their place; BEGUN are the names of one that a killed build was writing.
BEGUN = r"(\.new|(\.\d+)?\.partial)?"
CACHES = r"\.(pytest|mypy|ruff)_cache|\.hypothesis"
BOOK = r"html|\.doctrees|jupyter_execute|\.jupyter_cache|rendered\.sha256|jupyter-book\.log"
EDITIONS = "student"  # that have a folder of their own
GENERATED = r"(vega-bundle\.js|share\.png)"
RERUN = re.compile(r"(\w+)-[0-9a-f]{10}")
PLACES = ("_build/stills", "_build", "book/sections", "book/_static/generated", "rerun")
SHOWN = 10  # names of what is left


def clean(project: Path) -> list[Path]:
    """Remove what is rendered in a project's folder; what else lies in its folders is returned."""
    remove(project, CACHES)
    remove(project / "_build", f"({BOOK}){BEGUN}|{EDITIONS}")
    remove(project / "_build" / "stills", r"[0-9a-f]{64}\.png(\.\d+\.partial)?")
    remove(project / "book", r"\.sections\.(lock|writer)")
    remove(project / "book" / "sections", of_pages(project / "book" / "sections", project))
    remove(project / "book" / "_static" / "generated", GENERATED + BEGUN)
    for folder in inside(project / "rerun"):
        page = RERUN.fullmatch(folder.name)
        if page:
            own = of_page(page[1])
            remove(folder, rf"source|_build|parameters\.json{BEGUN}|{own}")
            remove(project / "rerun", rf"\.{re.escape(folder.name)}\.(lock|writer)")
    places = [project / name for name in PLACES]
    for place in (*inside(project / "rerun"), *places):
        if not place.is_symlink() and place.is_dir() and not inside(place):
            place.rmdir()
    return [left for place in places for left in left_in(place)]


def of_pages(sections: Path, project: Path) -> str:
    """The files of every page: of those there are, and of earlier ones that were executed."""
    names = {path.stem for path in inside(project / "notebooks") if path.suffix == ".ipynb"}
    ending = ".key.json"
    names |= {p.name[: -len(ending)] for p in inside(sections) if p.name.endswith(ending)}
    return "|".join(of_page(name) for name in sorted(names)) or "(?!)"


def of_page(name: str) -> str:
    """The files that executing a page makes."""
    name = re.escape(name)
    return rf"{name}\.(ipynb|key\.json|key|log){BEGUN}|\.{name}\.\d+\.ipynb"


def inside(folder: Path) -> list[Path]:
    """What a folder holds, nothing where it is none, or a link to one."""
    return [] if folder.is_symlink() or not folder.is_dir() else sorted(folder.iterdir())


def remove(folder: Path, names: str) -> None:
    """Remove what a folder holds under these names (a pattern)."""
    for path in inside(folder):
        if not re.fullmatch(names, path.name) or path.is_symlink():
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def left_in(folder: Path) -> Iterator[Path]:
    """What is left in a folder: below it for one of a rerun page, as it is for others."""
    if folder.is_symlink() or folder.is_file():
        yield folder
    for path in inside(folder):
        below = inside(path) if RERUN.fullmatch(path.name) else []
        yield from below or [path]


def main() -> None:
    """Clean the folder that is named on the command line."""
    left = clean(Path(sys.argv[1]))
    for path in left[:SHOWN]:
        print(f"left, not made by a build: {path}")
    if left[SHOWN:]:
        print(f"and {len(left) - SHOWN} more")


if __name__ == "__main__":
    main()

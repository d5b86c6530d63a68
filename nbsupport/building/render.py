"""Render the book with Jupyter Book: warnings are errors, no page asks the network for anything."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nbsupport.building.editions import FULL, build_folder, own_options, remove_sources
from nbsupport.building.links import mend_links
from nbsupport.building.own_settings import environment, installed, python
from nbsupport.data.pictures.listings import write_text
from nbsupport.errors import UserError
from nbsupport.paths import root

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
WARNING = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b")
BUNDLE = Path("book/_static/generated/vega-bundle.js")
ENDING = re.compile(r"^(?:Traceback|The above exception)", re.MULTILINE)
LOG = "jupyter-book.log"
# What every page depends on: a change here renders all pages anew.
SHARED = ("_config.yml", "_toc.yml", "book/references.bib", "book/_static/*", str(BUNDLE))
BESIDE_A_PAGE = ("book/glossary", "book/bibliography")
CODE = ("render.py", "editions.py", "sphinx/*.py")  # beside this file: what renders


class RenderFailedError(UserError):
    """Jupyter Book reported warnings or stopped; the message ends with what it said."""


@dataclass(frozen=True)
class _Places:
    source: Path
    build: Path
    edition: str = FULL

    @property
    def html(self) -> Path:
        return self.build / "html"

    @property
    def stamp(self) -> Path:
        return self.build / "rendered.sha256"


def render(
    out: Path | str = "_build",
    *,
    source: Path | None = None,
    bundle: bool = True,
    edition: str = FULL,
) -> Path:
    """Render the book in `source` (default: the project) below `out`; the path of its first page.

    `out` is a folder named `_build`, as Jupyter Book wants it; relative: to `source`. An edition
    other than the full one has a folder of its own below it. Notebooks are not executed. Only pages
    whose content changed are rendered; all pages, where something changed that they share, or where
    the last rendering had warnings. `bundle`: first write the script that draws the charts.

    Raises RenderFailedError (a UserError) with the warnings, where there are any.
    """
    project = (source or root()).resolve()
    places = _Places(project, build_folder(edition, project / out), edition)
    if (project / out).name != "_build":
        raise UserError(f"cannot render into {out}: the folder must be named _build")
    if bundle:
        _write_bundle(project)
    digest = _shared_digest(project)
    fresh = not places.stamp.is_file() or places.stamp.read_text() != digest
    places.stamp.unlink(missing_ok=True)
    _jupyter_book(places, fresh=fresh)
    _copy_static(places)
    places.stamp.write_text(digest)
    return places.html / "index.html"


def render_page(notebook: Path, out: Path) -> Path:
    """Render one executed notebook, alone, below the folder `out`; the path of its page.

    It looks like a page of the book. The glossary and the bibliography are rendered with it, for
    its terms and citations. Links to other pages lead into the built book; without a built book
    they are plain text.
    """
    source = out / "source"
    shutil.rmtree(source, ignore_errors=True)
    (source / "book").mkdir(parents=True)
    _write_bundle(root())
    unfinished = shutil.ignore_patterns("*.partial")  # another build may be writing there
    shutil.copytree(root() / "book" / "_static", source / "book" / "_static", ignore=unfinished)
    beside = [name for name in BESIDE_A_PAGE if (root() / f"{name}.md").is_file()]
    for name in ("_config.yml", "book/references.bib", *(f"{name}.md" for name in beside)):
        if (root() / name).is_file():
            shutil.copy(root() / name, source / name)
    shutil.copy(notebook, source / "index.ipynb")
    chapters = [f"  - file: {name}\n" for name in beside]
    toc = ["format: jb-book\nroot: index\n", "chapters:\n" if chapters else "", *chapters]
    (source / "_toc.yml").write_text("".join(toc))
    places = _Places(source, (out / "_build").resolve())
    _jupyter_book(places, fresh=True, strict=False)
    mend_links(places.html, root() / "_build" / "html", "book/sections")
    return places.html / "index.html"


def _write_bundle(project: Path) -> None:
    from nbsupport.building.vega import write_bundle

    write_bundle(project / BUNDLE)


def _shared_digest(project: Path) -> str:
    """A hash of the files that all pages share, and of the code and packages that render them.

    Modules by name: one that is new, or gone, changes the reference.
    """
    files = sorted(p for pattern in SHARED for p in project.glob(pattern) if p.is_file())
    files += sorted(p for pattern in CODE for p in Path(__file__).parent.glob(pattern))
    modules = sorted(path.relative_to(root()).as_posix() for path in _modules())
    total = hashlib.sha256(f"{installed()}\0{modules}\0".encode())
    for path in files:
        total.update(f"{path.name}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _modules() -> list[Path]:
    return list((root() / "nbsupport").rglob("*.py"))


def _jupyter_book(places: _Places, *, fresh: bool, strict: bool = True) -> None:
    arguments = ["build", str(places.source), "--path-output", str(places.build.parent)]
    arguments += ["-W", "--keep-going"] if strict else []
    arguments += ["--all"] if fresh else []
    arguments += own_options(places.edition, places.source, places.build)
    places.build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="nb-", ignore_cleanup_errors=True) as own:
        done = subprocess.run(
            python("from jupyter_book.cli.main import main; main()", *arguments),
            env={**environment(Path(own)), "HOME": own},
            cwd=places.source,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
        )
    remove_sources(places.edition, places.build)
    log = places.build / LOG
    write_text(log, ANSI.sub("", done.stdout + done.stderr))
    if done.returncode or (strict and WARNING.search(done.stderr)):
        said = _complaints(done.stderr) or f"its program ended with status {done.returncode}"
        raise RenderFailedError(f"the book was not rendered cleanly (log: {log}):\n{said}")


def _complaints(stderr: str) -> str:
    """The warnings, without the project's path; else what Sphinx said before Jupyter Book's own
    traceback, which says nothing more; else the error that this ends with."""
    text = ANSI.sub("", stderr).replace(f"{root()}{os.sep}", "")
    said = _lines(ENDING.split(text, maxsplit=1)[0])
    warnings = [line for line in said if WARNING.search(line)]
    return "\n".join(warnings or said[-15:] or _error(_lines(text)))


def _error(traceback: list[str]) -> list[str]:
    """The last line that is not indented, with what is told below it."""
    begins = [number for number, line in enumerate(traceback) if not line[0].isspace()]
    return traceback[begins[-1] :] if begins else traceback


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _copy_static(places: _Places) -> None:
    """Jupyter Book leaves a changed static file where no page has changed."""
    static = places.source / "book" / "_static"
    if static.is_dir():
        shutil.copytree(static, places.html / "_static", dirs_exist_ok=True)

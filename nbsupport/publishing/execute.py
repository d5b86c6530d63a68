"""Execute the book's notebooks with Papermill, each in a kernel of this very interpreter.

A page is executed again only when its key has changed: the hash of its notebook, its parameters and
whatever the caller's `page_key` adds (its records, the analysis, its claims).
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from nbsupport.errors import UserError, unknown
from nbsupport.paths import root

PageKey = Callable[[str, Mapping[str, object]], str]
OnEvent = Callable[["ExecutedPage"], None]
FORMAT = 2  # moves when the form of executed pages changes: all pages are executed again


@dataclass(frozen=True)
class PageError:
    """Where and how a page failed: `cell` counts the source notebook's cells from 1."""

    cell: int
    name: str
    message: str

    def __str__(self) -> str:
        text = self.message if self.name == "UserError" else f"{self.name}: {self.message}"
        return f"cell {self.cell}: {text}"


@dataclass(frozen=True)
class ExecutedPage:
    """One page: where its executed notebook lies, the seconds it took, its error if it failed."""

    page: str
    path: Path
    seconds: float
    executed: bool  # False: taken from an earlier execution with the same key
    error: PageError | None = None


class PagesFailedError(UserError):
    """Some pages ended in an error; says which, and in which cell."""


def execute_pages(
    pages: Sequence[str],
    profile: str,
    parameters: Mapping[str, object] | None = None,
    out_dir: Path | None = None,
    *,
    page_key: PageKey | None = None,
    notebooks: Path | None = None,
    workers: int = 2,
    on_event: OnEvent | None = None,
) -> list[ExecutedPage]:
    """Execute `notebooks/<page>.ipynb` into `out_dir/<page>.ipynb`, at most `workers` at a time.

    Every page gets `profile` and the other `parameters`. A page that fails stops no other: its
    result carries the error (see `raise_failures`), its notebook shows it in a box, and it is
    executed again next time. Results come in the order of `pages`.

    Raises UserError for a page that does not exist or is not a notebook, before any is executed.
    """
    source = notebooks or root() / "notebooks"
    target = out_dir or root() / "book" / "sections"
    target.mkdir(parents=True, exist_ok=True)
    given = {"profile": profile, **(parameters or {})}
    texts = {page: _source_text(source, page) for page in pages}

    def one(page: str) -> ExecutedPage:
        key = _key(texts[page], given, page_key(page, given) if page_key else "")
        result = _unchanged(page, target, key) or _execute(page, source, target, given, key)
        if on_event:
            on_event(result)
        return result

    with ThreadPoolExecutor(max_workers=max(1, min(workers, len(texts)))) as pool:
        try:
            return list(pool.map(one, texts))
        except BaseException:  # Ctrl-C, say: start no further page
            pool.shutdown(cancel_futures=True)
            raise


def raise_failures(results: Sequence[ExecutedPage]) -> None:
    """Raise PagesFailedError, naming page and cell, if any of the pages failed."""
    failed = [f"page {r.page}, {r.error}" for r in results if r.error]
    if failed:
        raise PagesFailedError(
            f"{len(failed)} of {len(results)} pages failed: "
            + "; ".join(failed)
            + "; mend them and "
            "build again (what was computed is kept)"
        )


def _source_text(folder: Path, page: str) -> str:
    """The notebook's JSON, checked."""
    import nbformat

    path = folder / f"{page}.ipynb"
    if not path.is_file():
        raise unknown("page", page, (p.stem for p in folder.glob("*.ipynb")))
    try:
        text = path.read_text(encoding="utf-8")
        nbformat.validate(nbformat.reads(text, as_version=4))
    except (ValueError, TypeError, AttributeError, KeyError, nbformat.ValidationError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{path.name} is not a notebook ({reason[:80]}): expected Jupyter's JSON, format 4; "
            "restore it from git"
        ) from error
    return text


def _key(text: str, parameters: Mapping[str, object], lab: str) -> str:
    from papermill import __version__ as papermill_version

    parts = {
        "notebook": text,
        "parameters": parameters,
        "lab": lab,
        "format": FORMAT,
        "papermill": papermill_version,
    }
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _unchanged(page: str, target: Path, key: str) -> ExecutedPage | None:
    """The earlier execution, if it has this key and its notebook is still what was written."""
    path, note = target / f"{page}.ipynb", target / f"{page}.key.json"
    try:
        kept = json.loads(note.read_text())
        same = kept["key"] == key and kept["sha256"] == _sha256(path)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # no earlier execution, or its note is damaged: execute
    return ExecutedPage(page, path, kept["seconds"], executed=False) if same else None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _execute(
    page: str, source: Path, target: Path, parameters: Mapping[str, object], key: str
) -> ExecutedPage:
    path, note = target / f"{page}.ipynb", target / f"{page}.key.json"
    note.unlink(missing_ok=True)
    began = time.perf_counter()
    error = _page_process(source / f"{page}.ipynb", path, parameters)
    seconds = round(time.perf_counter() - began, 2)
    if error is None:
        kept = {"key": key, "sha256": _sha256(path), "seconds": seconds}
        replace(note, json.dumps(kept))
    return ExecutedPage(page, path, seconds, executed=True, error=error)


def _page_process(source: Path, path: Path, parameters: Mapping[str, object]) -> PageError | None:
    """Execute one notebook in a process of its own: Jupyter's client leaks loops and sockets."""
    command = [sys.executable, "-m", "nbsupport.publishing.one_page", str(source), str(path)]
    env = {**os.environ, "PYTHONPATH": _search_path()}
    done = subprocess.run(
        command, input=json.dumps(parameters), capture_output=True, text=True, env=env, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        return PageError(0, "PageProcess", last)
    error = json.loads(done.stdout.splitlines()[-1])
    return PageError(**error) if error else None


def _search_path() -> str:
    """PYTHONPATH with the project first: pages find the package where it is not installed."""
    return os.pathsep.join(filter(None, [str(root()), os.environ.get("PYTHONPATH")]))


def replace(path: Path, text: str) -> None:
    """Write whole or not at all: a killed build leaves no half page."""
    scratch = path.with_name(path.name + ".new")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)

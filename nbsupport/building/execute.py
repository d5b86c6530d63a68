"""Execute the book's notebooks with Papermill, each in a kernel of this very interpreter.

A page is executed again only when its key has changed: the hash of its notebook, its parameters,
the installed packages and whatever the caller's `page_key` adds (records, code, claims).
"""

import hashlib
import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

from nbsupport.analysis.charts import stills
from nbsupport.building.own_settings import environment, installed, python
from nbsupport.data.pictures.listings import write_text
from nbsupport.display import kept as pictures
from nbsupport.errors import UserError, unknown
from nbsupport.paths import root

ANSWER = "page executed: "  # before what a page's process answers, on a line of its own
PageKey = Callable[[str], str]
OnEvent = Callable[["ExecutedPage"], None]


@dataclass(frozen=True)
class PageError:
    """Where and how a page failed.

    `cell` counts the code cells of the notebook from 1, as Jupyter does when it runs them all; 0
    where the page failed outside of its cells. `line` is the cell's first line of code.
    """

    cell: int
    name: str
    message: str
    line: str = ""

    @property
    def place(self) -> str:
        """Which cell, for people: "" where it is none."""
        line = f" (`{shorten(self.line, 60)}`)" if self.line else ""
        return f"code cell {self.cell}{line}" if self.cell else ""

    @property
    def text(self) -> str:
        """What went wrong: the kind of error and its message; of a UserError the message alone."""
        return self.message if self.name in ("", "UserError") else f"{self.name}: {self.message}"

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" if self.cell else self.text


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
    texts: Mapping[str, str],
    parameters: Mapping[str, object],
    target: Path,
    *,
    page_key: PageKey | None = None,
    notebooks: Path | None = None,
    workers: int = 2,
    warm: bool = False,
    kept: bool = False,
    on_event: OnEvent | None = None,
) -> list[ExecutedPage]:
    """Execute `notebooks/<page>.ipynb` into `target/<page>.ipynb`, at most `workers` at a time.

    `texts` are the notebooks by page, as `read_sources` gives them. A page that fails stops no
    other: its result carries the error (see `raise_failures`), its notebook shows it in a box, and
    it is executed again next time. Results come in the order of `texts`. warm: each worker executes
    its pages in one kernel, emptied between them, which is for pages that train nothing: they have
    no jobs, or find them done. kept: pictures that are kept are taken, and not drawn.
    """
    source = notebooks or root() / "notebooks"
    target.mkdir(parents=True, exist_ok=True)
    stills_folder().mkdir(parents=True, exist_ok=True)
    stills.tidy(stills_folder())
    processes = _PageProcesses(warm=warm, kept=kept)

    def one(page: str) -> ExecutedPage:
        key = _key(texts[page], parameters, page_key(page) if page_key else "")
        found = _unchanged(page, target, key)
        result = found or _execute(page, source, target, parameters, key, processes)
        if on_event:
            on_event(result)
        return result

    with ThreadPoolExecutor(max_workers=max(1, min(workers, len(texts)))) as pool:
        try:
            return list(pool.map(one, texts))
        except BaseException:  # Ctrl-C, say: start no further page, and end those under way
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            processes.end()


def stills_folder() -> Path:
    """Where the PNGs of figures are kept from one build to the next."""
    return root() / "_build" / "stills"


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


def read_sources(pages: Sequence[str], notebooks: Path | None = None) -> dict[str, str]:
    """The text of each page's notebook, from the project's folder or the one given.

    Raises UserError for a page that does not exist or is not a notebook.
    """
    return {page: _source_text(notebooks or root() / "notebooks", page) for page in pages}


def _source_text(folder: Path, page: str) -> str:
    """The notebook's JSON, checked."""
    import nbformat

    path = folder / f"{page}.ipynb"
    if not path.is_file():
        raise unknown("page", page, (p.stem for p in folder.glob("*.ipynb")))
    try:
        text = path.read_text(encoding="utf-8")
        nbformat.validate(nbformat.reads(text, as_version=4))
    except OSError:
        raise  # the file cannot be read, whatever is in it
    except Exception as error:  # nbformat stumbles over what is no notebook in many ways
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{path.name} is not a notebook ({reason[:80]}): expected Jupyter's JSON, format 4; "
            "restore it from git"
        ) from error
    return text


def _key(text: str, parameters: Mapping[str, object], lab: str) -> str:
    parts = {"notebook": text, "parameters": parameters, "lab": lab, "packages": installed()}
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
    page: str,
    source: Path,
    target: Path,
    parameters: Mapping[str, object],
    key: str,
    processes: "_PageProcesses",
) -> ExecutedPage:
    path, note = target / f"{page}.ipynb", target / f"{page}.key.json"
    note.unlink(missing_ok=True)
    path.with_suffix(".log").unlink(missing_ok=True)
    path.unlink(missing_ok=True)  # should the page come to no end: nobody takes the old one for it
    began = time.perf_counter()
    error = processes.execute(source / f"{page}.ipynb", path, parameters)
    seconds = round(time.perf_counter() - began, 2)
    if error is None:
        kept = {"key": key, "sha256": _sha256(path), "seconds": seconds}
        write_text(note, json.dumps(kept))
    return ExecutedPage(page, path, seconds, executed=True, error=error)


class _PageProcess:
    """A process that executes pages. It has a session of its own, so a Ctrl-C does not reach it."""

    def __init__(self, *, warm: bool, kept: bool) -> None:
        told = {stills.VARIABLE: str(stills_folder())}
        told |= {pictures.VARIABLE: "kept"} if kept else {}
        self._own = tempfile.TemporaryDirectory(prefix="nb-", ignore_cleanup_errors=True)
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        code = "from nbsupport.building.execute_one import main; main()"
        self.process = subprocess.Popen(
            python(code, *(["--warm"] if warm else [])),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment(Path(self._own.name)) | told,
            cwd=root(),
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def ask(self, source: Path, path: Path, parameters: Mapping[str, object]) -> str:
        """The answer on a page, as JSON; "" where the process has died."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {"source": str(source), "path": str(path), "parameters": parameters}
        with suppress(BrokenPipeError):  # it died at once: its log says why
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
        lines = iter(self.process.stdout.readline, "")
        answers = (line.removeprefix(ANSWER) for line in lines if line.startswith(ANSWER))
        return next(answers, "").strip()

    def end(self) -> tuple[int, str]:
        """End it, where it has not ended: its status, and what it wrote on its standard error. Its
        kernel ends within a second or two."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):  # what it never read is written when this is closed
            self.process.stdin.close()
        status = self.process.wait()
        self.process.stdout.close()
        self._errors.seek(0)
        said = self._errors.read()
        self._errors.close()
        self._own.cleanup()
        return status, said


class _PageProcesses:
    """The processes that execute pages: one a page, as Jupyter's client leaks loops and sockets;
    or warm ones, which take page after page."""

    def __init__(self, *, warm: bool = False, kept: bool = False) -> None:
        self._warm, self._kept = warm, kept
        self._free: list[_PageProcess] = []
        self._running: list[_PageProcess] = []
        self._ending = False

    def execute(
        self, source: Path, path: Path, parameters: Mapping[str, object]
    ) -> PageError | None:
        """Execute one notebook into `path`: its error, if any; what else was said is in a log."""
        process = self._start()
        answer = process.ask(source, path, parameters)
        if answer and self._warm:
            self._free.append(process)
            return _error(answer)
        status, said = process.end()
        self._running.remove(process)
        if self._ending:
            raise CancelledError  # no failure of the page
        if answer:
            return _error(answer)
        log = path.with_suffix(".log")
        write_text(log, said)
        return PageError(0, "", f"{_end(status, log)}; log: {log}")

    def _start(self) -> _PageProcess:
        if self._free:
            return self._free.pop()
        process = _PageProcess(warm=self._warm, kept=self._kept)
        self._running.append(process)
        if self._ending:
            process.process.kill()
        return process

    def end(self) -> None:
        """End them all; each one's kernel, and what that trains, ends within a second or two."""
        self._ending = True
        for process in list(self._running):
            process.process.kill()
        for process in self._free:  # the others are ended by who waits for them
            process.end()


def _error(answer: str) -> PageError | None:
    found = json.loads(answer)
    return PageError(**found) if found else None


def _end(status: int, log: Path) -> str:
    """Why a page's process ended without an answer, in one line."""
    if status < 0:
        return f"its process was killed by {signal.Signals(-status).name}"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else f"its process ended with status {status}"

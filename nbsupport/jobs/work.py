"""Doing one job, in the process at hand: lock, check the parent, call the stage, keep the result.

Everything that is written to the store is written here, by the process that holds the job's lock.
"""

import importlib
import json
import logging
import math
import os
import platform
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import Timeout

from nbsupport.errors import StoreWarning, UserError
from nbsupport.jobs.depot import RESULT, put_whole
from nbsupport.jobs.job import canonical
from nbsupport.jobs.problems import gpu_trouble, store_error
from nbsupport.jobs.request import Request
from nbsupport.jobs.store import Store, weights_seal
from nbsupport.machine import processor
from nbsupport.sharing import Held, filling

Message = dict[str, Any]
Emit = Callable[[Message], None]
Logging = Callable[[Path], Any]

# What a checkpoint that was cut short raises when a stage reads it.
_DAMAGE = (json.JSONDecodeError, UnicodeDecodeError, EOFError)


class LeaseLostError(Exception):
    """The right to do a job went to another process meanwhile."""


def perform(request: Request, emit: Emit, logged: Logging) -> Message:
    """Do a job unless it is done; the message that ends it is returned, others are emitted.

    The answer's `kind` is "done", "found" (it was done already), "busy" (another process is at
    it), "orphan" (its parent's weights are missing or damaged: that one comes first), "spoilt" (the
    GPU failed, `how` says in which way, `memory` whether it was full: this process can use it no
    more) or "failed" (with `error`, `log`; `user` and `fatal` tell a user's mistake and an unusable
    store).
    `logged(path)` is a context in which all output goes to that file.
    """
    try:
        return {"job": request.job, **_perform(request, emit, logged)}
    except Exception as problem:
        return {"job": request.job, **_failure(problem, request)}


def _perform(request: Request, emit: Emit, logged: Logging) -> Message:
    store = Store(Path(request.root))
    try:
        with store.lease(request.job) as held:
            return begin(store, request, emit) or _attempt(store, request, emit, logged, held)
    except (Timeout, LeaseLostError):
        return {"kind": "busy"}


def begin(store: Store, request: Request, emit: Emit) -> Message | None:
    """What keeps a job from being done now: it is "found" done, or an "orphan"; None where nothing
    does. Its lock is held."""
    if _settled(store, request.job, emit, request.job):
        return {"kind": "found"}
    if request.parent and not _parent_ready(store, request, emit):
        return {"kind": "orphan"}
    return None


def _settled(store: Store, key: str, emit: Emit, job: str, *, full: bool = False) -> bool:
    """Whether a job is done; damaged, it is set aside with a warning. Its lock is held."""
    problem = store.problem(key, full=full)
    if problem:
        emit({"kind": "warning", "job": job, "text": store.set_aside(key, problem)})
    return problem == ""


def _parent_ready(store: Store, request: Request, emit: Emit) -> bool:
    """Whether the weights to start from are there and whole."""
    key = request.record["parent"]
    if store.check(key, full=True):
        return True
    # Not waiting for this lock: whoever holds it may wait for ours.
    with store.lease(key):
        return _settled(store, key, emit, request.job, full=True)


def _attempt(store: Store, request: Request, emit: Emit, logged: Logging, held: Held) -> Message:
    """Run the stage; from the start, when what a former attempt left cannot be read."""
    resumed = _has_remains(request.folder)
    try:
        return _run(store, request, emit, logged, held, resumed=resumed)
    except Exception as problem:
        if not resumed or not _is_damage(problem):
            raise
        text = store.set_aside(request.job, f"an unreadable checkpoint ({problem})")
        emit({"kind": "warning", "job": request.job, "text": text})
    return _run(store, request, emit, logged, held)


def _has_remains(folder: Path) -> bool:
    ours = {"spec.json", "log.txt", "environment.json"}
    return folder.exists() and any(path.name not in ours for path in folder.iterdir())


def _is_damage(problem: BaseException) -> bool:
    return isinstance(problem, _DAMAGE) or type(problem).__name__ == "SafetensorError"


def _run(
    store: Store,
    request: Request,
    emit: Emit,
    logged: Logging,
    held: Held,
    *,
    resumed: bool = False,
) -> Message:
    folder = request.folder
    with filling(folder, store.root):
        _write(folder / "spec.json", request.record)
        emit({"kind": "started", "job": request.job, "resumed": resumed})
        outcome, seconds = _timed(folder, request, emit, logged, held)
        _require(held)
        _finish(folder, outcome, seconds)
    return {"kind": "done", "seconds": seconds}


def _require(held: Held) -> None:
    """Another may be at the job, where this process was silent so long that its lease was taken."""
    if getattr(held, "lost", False):
        raise LeaseLostError


def _timed(
    folder: Path, request: Request, emit: Emit, logged: Logging, held: Held
) -> tuple[dict[str, Any], float]:
    """What the stage returned, and how long it took."""

    def report(progress: dict[str, Any]) -> None:
        _require(held)
        emit({**_jsonable(progress), "kind": "epoch", "job": request.job})

    began = time.monotonic()
    with store_warnings(request.job, emit), logged(folder / "log.txt"):
        try:
            outcome = _call(request, report)
        except LeaseLostError:
            raise
        except Exception:
            traceback.print_exc()
            raise
    return outcome, round(time.monotonic() - began, 3)


@contextmanager
def store_warnings(job: str, emit: Emit) -> Iterator[None]:
    """What a stage warns of the store is told to the user afterwards, not to its log alone."""
    texts: list[str] = []
    show = warnings.showwarning

    def keep(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, StoreWarning):
            texts.append(str(message))
        else:
            show(message, category, *place, **more)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", StoreWarning)
            warnings.showwarning = keep
            yield
    finally:
        for text in texts:
            emit({"kind": "warning", "job": job, "text": text})


def _call(request: Request, report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Import the stage's function and call it, torch on one thread."""
    module, _, name = request.function.partition(":")
    function = getattr(importlib.import_module(module), name)
    with one_thread():
        # A copy, so that the stage cannot change what was asked for.
        spec = json.loads(canonical(request.record["spec"]))
        outcome = function(spec, request.folder, request.parent_folder, report)
    if not isinstance(outcome, dict):
        raise TypeError(f"the stage {request.function} returned a {type(outcome).__name__}")
    return outcome


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on NBSUPPORT_THREADS threads (1) within, imported before or within.

    Sums over several threads depend on their number: with one, records are bit-identical
    however the jobs were scheduled.
    """
    threads = os.environ.get("NBSUPPORT_THREADS", "1")
    # What torch counts by, should the stage be the first to import it.
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = threads
    torch: Any = sys.modules.get("torch")
    width = torch.get_num_threads() if torch else None
    if torch:
        torch.set_num_threads(int(threads))
        if "NBSUPPORT_THREADS" in os.environ:
            # In a worker only; possible only before torch's first parallel work.
            with suppress(RuntimeError):
                torch.set_num_interop_threads(1)
    try:
        yield
    finally:
        if torch:
            torch.set_num_threads(width)
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def _finish(folder: Path, outcome: dict[str, Any], seconds: float) -> None:
    """Keep the outcome. result.json comes last, and whole: with it the job is done."""
    result = _jsonable(outcome)
    _write(folder / "environment.json", _environment(result))
    record = {
        "result": result,
        "checksum": sha256(canonical(result).encode("ascii")).hexdigest(),
        "weights": weights_seal(folder),
        "wall_seconds": seconds,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    _write(folder / RESULT, record)


def _write(path: Path, content: dict[str, Any]) -> None:
    """Put a JSON file in its place at once, with all of its content on the disk."""
    put_whole(path, json.dumps(content, indent=1).encode())


def _jsonable(value: Any) -> Any:
    """What a stage returned in JSON's types: numbers of NumPy become Python's, NaN becomes null."""
    if isinstance(value, dict):
        return {str(name): _jsonable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):
        return _jsonable(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _environment(result: dict[str, Any]) -> dict[str, Any]:
    """What the job ran on, as far as results may depend on it."""
    names = ("torch", "torchvision", "timm", "numpy")
    versions = {
        name: str(getattr(sys.modules[name], "__version__", "unknown"))
        for name in names
        if name in sys.modules
    }
    return {
        "python": platform.python_version(),
        "platform": platform.system() + "-" + platform.machine(),
        "processor": processor(result.get("device", "cpu")),
        "versions": versions,
        "threads": int(os.environ.get("NBSUPPORT_THREADS", "1")),
        "device": result.get("device", "cpu"),
    }


def _failure(problem: Exception, request: Request) -> Message:
    """The message about an exception; a user's own mistake needs no log."""
    store_problem = store_error(problem, Path(request.root))
    if store_problem:
        return {"kind": "failed", "error": str(store_problem), "user": True, "fatal": True}
    lines = traceback.format_exception_only(problem)
    error = lines[-1].strip().partition("\n")[0]
    log = str(request.folder / "log.txt")
    if trouble := gpu_trouble(problem):
        return {"kind": "spoilt", "how": error, "memory": trouble == "memory", "log": log}
    if isinstance(problem, UserError):
        return {"kind": "failed", "error": str(problem), "user": True}
    return {"kind": "failed", "error": error, "user": False, "log": log}


def log_heading() -> str:
    """What separates the attempts in a job's log."""
    return f"--- {datetime.now(UTC).isoformat(timespec='seconds')}, process {os.getpid()}\n"


@contextmanager
def log_records(level: int = logging.INFO) -> Iterator[None]:
    """Messages of the logging module go to stderr as it is now, and so to the job's log."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)

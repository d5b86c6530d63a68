"""What stands on a node of a Ray cluster: an actor that keeps one worker process of the local kind.

It knows no store but its own scratch space. A job comes with its parent's files and what an earlier
attempt left; news goes back as it happens, what the job has written once a minute, and all of it at
the end. Ray is not imported here.
"""

import os
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from nbsupport.jobs import devices
from nbsupport.jobs.depot import Files, packed, unpack
from nbsupport.jobs.engines import ENDS
from nbsupport.jobs.engines.local import WorkerProcess, environment
from nbsupport.jobs.request import Request
from nbsupport.jobs.work import Message

SCRATCH = "NBSUPPORT_SCRATCH"
KEPT_SECONDS = 60.0  # between two copies of what a job under way has written
_PREFIX = "work-"


def scratch() -> Path:
    """Where a node's workers have their folders, and keep drawn and prepared images for one
    another: NBSUPPORT_SCRATCH there, else a folder of this user's in the temporary one."""
    named = os.environ.get(SCRATCH)
    return Path(named or Path(tempfile.gettempdir(), f"nbsupport-{os.getuid()}"))


def _own_folder(top: Path) -> Path:
    """A new folder; those that ended processes have left are removed."""
    top.mkdir(parents=True, exist_ok=True)
    for old in top.glob(f"{_PREFIX}*"):
        if not Path(f"/proc/{old.name.split('-')[1]}").exists():
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=top))


class Slot:
    """A place for one job at a time on a node: `gpu` says whether Ray has given it one.

    `kept_seconds` are those between two copies of a job's files.
    """

    def __init__(self, gpu: bool, threads: int, kept_seconds: float = KEPT_SECONDS) -> None:
        self._gpu, self._threads, self._kept_seconds = gpu, threads, kept_seconds
        self._visible = os.environ.get(devices.VISIBLE, "") if gpu else ""
        self._home = _own_folder(scratch())
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._worker: WorkerProcess | None = None
        self._one = threading.Lock()  # the next job waits until the last is cleared away

    def problem(self) -> str:
        """Why this slot can do nothing, "" where it can: its GPU is tried."""
        if self._gpu and not devices.works(self._visible):
            return f"PyTorch can use no GPU there (CUDA_VISIBLE_DEVICES={self._visible!r})"
        return ""

    def work(self, line: str, parent: Files | None, remains: Files) -> Iterator[Message]:
        """Do a job, and tell of it; the last message is one that ends a job (`ENDS`).

        `line` is a request, `parent` the files of its parent, `remains` what an earlier attempt has
        left. A message may have `files`, what is in the job's folder at that moment.
        """
        request = replace(Request.from_json(line), root=str(self._home))
        with self._one, self._tidy():
            if request.parent_folder and parent:
                unpack(parent, request.parent_folder)
            unpack(remains, request.folder)
            worker = self._ready_worker()
            worker.send(request)
            yield from self._follow(worker, request.folder)

    @contextmanager
    def _tidy(self) -> Iterator[None]:
        """Nothing of a job is left for the next."""
        try:
            yield
        finally:
            for path in self._home.iterdir():
                shutil.rmtree(path, ignore_errors=True)

    def _ready_worker(self) -> WorkerProcess:
        if self._worker is None:
            device = {
                devices.VARIABLE: "cuda" if self._gpu else "cpu",
                devices.VISIBLE: self._visible,
                "NBSUPPORT_STORE": str(scratch()),
            }
            self._worker = WorkerProcess(environment(self._threads) | device, self._inbox)
        return self._worker

    def _follow(self, worker: WorkerProcess, folder: Path) -> Iterator[Message]:
        """The messages of a worker until its job ends."""
        last, known = time.monotonic(), _state(folder)
        while True:
            with suppress(queue.Empty):
                message = self._inbox.get(timeout=min(1.0, self._kept_seconds))
                del message["worker"]
                if message["kind"] == "died":
                    yield self._bury(worker) | {"files": packed(folder)}
                    return
                if message["kind"] in ENDS:
                    worker.job = ""
                    yield message | {"files": packed(folder)}
                    return
                if message["kind"] == "spoilt":
                    worker.last_words = message
                elif message["kind"] == "ready":
                    worker.ready = True
                else:
                    yield message
            if time.monotonic() - last >= self._kept_seconds:
                last, before, known = time.monotonic(), known, _state(folder)
                if known != before:
                    yield {"kind": "kept", "files": packed(folder)}

    def _bury(self, worker: WorkerProcess) -> Message:
        """How a worker came to its end, and whether its GPU did, or was too full."""
        how = worker.death() if worker.ready or worker.last_words else worker.complaint()
        spoilt = bool(worker.last_words)
        full = spoilt and bool(worker.last_words["memory"])
        message: Message = {"kind": "died", "job": worker.job, "how": how or worker.death()}
        message |= {"gone": False, "full": full}
        worker.end()
        self._worker = None
        if spoilt and not full and self._gpu:
            message["gone"] = not devices.works(self._visible)
        return message

    def end(self) -> None:
        """Tell the worker to end: a training writes its checkpoint first, `work` sends it."""
        if self._worker:
            self._worker.process.terminate()

    def leave(self) -> None:
        """Remove the folder."""
        if self._worker:
            self._worker.end()
            self._worker = None
        shutil.rmtree(self._home, ignore_errors=True)


def _state(folder: Path) -> list[tuple[str, int, int]]:
    """What changes when a file of a folder does."""
    found = []
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):
            stat = path.stat()
            found.append((path.name, stat.st_mtime_ns, stat.st_size))
    return found

"""The engine of this machine: worker processes, one a core or several a GPU."""

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from nbsupport.errors import UserError
from nbsupport.jobs import devices
from nbsupport.jobs.engines import ENDS
from nbsupport.jobs.job import Job
from nbsupport.jobs.request import Request
from nbsupport.jobs.work import Emit, Message
from nbsupport.machine import cpu_count, cpu_workers, wanted
from nbsupport.paths import root

GRACE = 30.0  # seconds in which a worker that is to end may keep what it has trained


class WorkerProcess:
    """A worker process, the job it does, and the thread that reads its answers."""

    def __init__(self, environment: dict[str, str], inbox: "queue.SimpleQueue[Message]") -> None:
        self.job = ""
        self.ready = False
        self.last_words: Message = {}
        self._inbox = inbox
        # Not a pipe: nobody would empty it. It tells why a start failed; a job has its own log.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            # -P: the current folder may hold a file named like a module.
            [sys.executable, "-P", "-m", "nbsupport.jobs.engines.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            # A line cut short by the worker's death is no message.
            with suppress(json.JSONDecodeError):
                self._inbox.put({**json.loads(line), "worker": self})
        self._inbox.put({"kind": "died", "worker": self})

    def send(self, request: Request) -> None:
        """Hand over a job."""
        assert self.process.stdin is not None
        self.job = request.job
        # A dead worker is noticed by its reader, and the job given to another.
        with suppress(BrokenPipeError):
            self.process.stdin.write(request.to_json() + "\n")
            self.process.stdin.flush()

    def death(self) -> str:
        """How the ended process came to its end."""
        code = self.process.wait()
        if self.last_words:
            return str(self.last_words["how"])
        if code >= 0:
            return f"its worker ended with status {code}"
        hint = " (out of memory?)" if -code == signal.SIGKILL else ""
        return f"its worker was killed by {signal.Signals(-code).name}{hint}"

    def complaint(self) -> str:
        """The last line on its standard error."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def end(self) -> None:
        """End the process, and wait for that: a training first writes its checkpoint."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.terminate()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join()
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self._errors.close()


def environment(threads: int) -> dict[str, str]:
    """A worker's environment; threads are counted when torch is imported, so it is said here."""
    # What this process can import, its worker can: the caller's own modules may hold stages.
    places = [str(root()), *(str(Path(place).absolute()) for place in sys.path)]
    places += filter(None, [os.environ.get("PYTHONPATH")])
    told = {
        **os.environ,
        **wanted(),
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(places)),
        # The order of a set of strings is the same in each worker.
        "PYTHONHASHSEED": "0",
        "NBSUPPORT_THREADS": str(threads),
    }
    libraries = ("OMP", "MKL", "OPENBLAS", "NUMEXPR")
    return told | {f"{library}_NUM_THREADS": str(threads) for library in libraries}


class LocalEngine:
    """Worker processes on this machine: one a core, of one thread; or some a GPU (see `devices`).

    A worker is started when a job needs it, and lives until `cancel`: importing torch takes
    5 to 7 seconds, paid once a worker.
    """

    def __init__(self, workers: int | None, jobs: Sequence[Job], on_message: Emit) -> None:
        self._devices = devices.choose(jobs)
        self._gpus = self._devices.gpus
        most = max(1, min(workers or self._devices.workers or cpu_workers(), len(jobs)))
        self._slots = list(range(most))
        self.where = self._devices.said(most)
        self._threads = max(1, cpu_count() // most) if self._gpus else 1
        self._on_message = on_message
        self._workers: dict[int, WorkerProcess] = {}
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()

    @property
    def slots(self) -> int:
        """Jobs at a time: fewer once a GPU was too full, or works no more."""
        return len(self._slots)

    def submit(self, request: Request) -> None:
        """Send the job to an idle worker, a new one if there is none."""
        for worker in (self._workers[slot] for slot in self._slots if slot in self._workers):
            if not worker.job:
                worker.send(request)
                return
        slot = next(slot for slot in self._slots if slot not in self._workers)
        self._workers[slot] = WorkerProcess(self._environment(slot), self._inbox)
        self._workers[slot].send(request)

    def _environment(self, slot: int) -> dict[str, str]:
        return environment(self._threads) | self._devices.environment(slot)

    def result(self, timeout: float) -> Message | None:
        """The next message that ends a job; news on the way goes to `on_message`."""
        while True:
            try:
                message = self._inbox.get(timeout=timeout)
            except queue.Empty:
                return None
            worker: WorkerProcess = message.pop("worker")
            if message["kind"] == "died":
                return self._bury(worker)
            if message["kind"] in ENDS:
                worker.job = ""
                return message
            if message["kind"] == "ready":
                worker.ready = True
            elif message["kind"] == "spoilt":
                worker.last_words = message
            else:
                self._on_message(message)

    def _bury(self, worker: WorkerProcess) -> Message:
        """Forget a worker that ended by itself; UserError when it never came to work."""
        how, complaint, job = worker.death(), worker.complaint(), worker.job
        slot = next(slot for slot, other in self._workers.items() if other is worker)
        del self._workers[slot]
        worker.end()
        if not worker.ready:
            raise UserError(f"a worker process cannot start: {complaint or how}")
        again = bool(worker.last_words) and self._gave_way(slot, worker.last_words)
        return {"kind": "died", "job": job, "how": how, "again": again}

    def _gave_way(self, slot: int, last_words: Message) -> bool:
        """Whether a slot is given up whose worker ended by its GPU: one that is too full is left to
        those that share it, one that works no more is left to nobody.

        Otherwise its next worker would take the same job, and every job after it, to the same end.
        UserError where no GPU is left.
        """
        if not self._gpus:
            return False
        sharing = [other for other in self._slots if self._gpu(other) == self._gpu(slot)]
        if last_words["memory"]:
            if len(sharing) > 1:
                self._slots.remove(slot)
            return len(sharing) > 1
        if devices.works(self._gpu(slot)):
            return False
        self._slots = [other for other in self._slots if other not in sharing]
        if not self._slots:
            raise UserError(
                f"GPU {self._gpu(slot)} works no more ({last_words['how']}): what is done is kept, "
                "the same command goes on where a GPU does"
            )
        return True

    def _gpu(self, slot: int) -> str:
        return self._devices.environment(slot)[devices.VISIBLE]

    def cancel(self) -> None:
        """End the workers."""
        for worker in self._workers.values():
            worker.process.terminate()  # all at once, so that they write side by side
        for worker in self._workers.values():
            worker.end()
        self._workers.clear()


open_it = LocalEngine

"""The engine for a look inside: one job after the other, in this process."""

import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import IO, Any

from nbsupport.errors import UserError
from nbsupport.jobs import devices
from nbsupport.jobs.job import Job
from nbsupport.jobs.request import Request
from nbsupport.jobs.work import Emit, Message, log_heading, log_records, perform


class _Tee:
    """A stream that writes to two."""

    def __init__(self, first: IO[str], second: IO[str]) -> None:
        self.streams = first, second

    def write(self, text: str) -> int:
        for stream in self.streams:
            stream.write(text)
        return len(text)

    def flush(self) -> None:
        for stream in self.streams:
            stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.streams[0], name)


@contextmanager
def copy_to(path: Path) -> Iterator[None]:
    """Standard output and error also go to the end of a file."""
    with path.open("a", encoding="utf-8") as log:
        log.write(log_heading())
        out: Any = _Tee(sys.stdout, log)
        err: Any = _Tee(sys.stderr, log)
        with redirect_stdout(out), redirect_stderr(err), log_records():
            yield


class SerialEngine:
    """Does each job in this process when its result is asked for: breakpoints work."""

    slots = 1

    def __init__(self, workers: int | None, jobs: Sequence[Job], on_message: Emit) -> None:
        self._devices = devices.choose(jobs)
        self.where = self._devices.said(1)
        self._waiting: deque[Request] = deque()
        self._on_message = on_message

    def submit(self, request: Request) -> None:
        """Put the job in line."""
        self._waiting.append(request)

    def result(self, timeout: float) -> Message | None:
        """Do the job at the head of the line."""
        if not self._waiting:
            return None
        with devices.obeyed(self._devices):
            message = perform(self._waiting.popleft(), self._on_message, copy_to)
        if message["kind"] != "spoilt":
            return message
        if message["memory"]:
            return {**message, "kind": "failed", "error": message["how"]}
        raise UserError(
            f"{message['how']}: this process can use its GPU no more; what is done is kept, the "
            "same command in a new process goes on"
        )

    def cancel(self) -> None:
        """Drop what waits."""
        self._waiting.clear()


open_it = SerialEngine

"""A worker process: does the jobs it is sent, a line of JSON each, until its input ends.

Started as `python -m nbsupport.jobs.engines.worker`, not by multiprocessing, which would import the
caller's main module again: a notebook has none, and a script without a guard would start over.
"""

import faulthandler
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbsupport.jobs.request import Request
from nbsupport.jobs.work import Message, log_heading, log_records, perform


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Standard output and error go to the end of a file, those of C libraries too."""
    sys.stdout.flush()
    sys.stderr.flush()
    before = os.dup(1), os.dup(2)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.write(log, log_heading().encode())
        try:
            with log_records():
                yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    finally:
        os.dup2(before[0], 1)
        os.dup2(before[1], 2)
        for descriptor in (*before, log):
            os.close(descriptor)


def _private_pipes() -> tuple[int, int]:
    """The two pipes to the engine, out of the jobs' reach: they see an empty input, no output."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return requests, answers


def _listen(descriptor: int, requests: "queue.SimpleQueue[str]") -> None:
    """Pass lines on. At their end (the engine stopped or was killed) the process ends at once:
    a job under way is resumed by the next run, and must not be worked on by nobody's order."""
    with os.fdopen(descriptor, encoding="utf-8") as lines:
        for line in lines:
            requests.put(line)
    os._exit(0)


def main() -> None:
    """Answer requests until the input ends."""
    # Ctrl-C in a terminal reaches this process too; the engine decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    incoming, outgoing = _private_pipes()
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(incoming, requests), daemon=True).start()
    with os.fdopen(outgoing, "w", encoding="utf-8") as answers:

        def emit(message: Message) -> None:
            print(json.dumps(message), file=answers, flush=True)

        emit({"kind": "ready"})
        while True:
            answer = perform(Request.from_json(requests.get()), emit, log_to)
            emit(answer)
            if answer["kind"] == "spoilt":
                # Every other job would fail here; and cleaning up could hang on the GPU.
                os._exit(1)


if __name__ == "__main__":
    main()

"""The process that executes pages: one, or one after the other in a kernel that they share.

Each comes as a line of JSON on the standard input: notebook, where the result goes, parameters.
The answer is a line on the standard output: a mark, and the error as JSON, or null. The input stays
open as long as somebody waits for pages.
"""

import json
import logging
import os
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from nbsupport.building.execute import ANSWER, PageError
from nbsupport.building.finish_notebook import finish_notebook
from nbsupport.building.kernel import OwnKernelManager
from nbsupport.building.real_images_note import add_real_note
from nbsupport.building.warm_kernel import WarmKernel
from nbsupport.data.pictures.listings import write_text
from nbsupport.paths import root

STARTS = 3  # tries to start a kernel: on a loaded machine the first reply can come too late


def execute_notebook(
    source: Path, path: Path, parameters: Mapping[str, object], warm: WarmKernel | None = None
) -> PageError | None:
    """Execute one notebook with Papermill into `path`, made ready to render; its error, if any.

    warm: the kernel to use; None: one of its own, which ends with it.
    """
    error = None
    with tempfile.TemporaryDirectory() as folder:
        partial = Path(folder) / source.name
        try:
            _papermill(source, partial, dict(parameters), warm)
        except PapermillExecutionError as failure:
            error = PageError(0, failure.ename, str(failure.evalue))
        except DeadKernelError:
            error = PageError(0, "DeadKernelError", "the kernel died (out of memory, or killed)")
            if warm:
                warm.forget()
        executed = nbformat.read(partial, as_version=4)
    error = finish_notebook(executed, error)
    add_real_note(executed, parameters)
    write_text(path, nbformat.writes(executed))
    return error


def _papermill(
    source: Path, output: Path, parameters: dict[str, Any], warm: WarmKernel | None
) -> None:
    """Papermill, with a new try when the kernel does not even start."""
    logging.getLogger("papermill").setLevel(logging.ERROR)
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    for attempt in range(1, STARTS + 1):
        own = {"km": warm.emptied()} if warm else {"kernel_manager_class": OwnKernelManager}
        try:
            papermill.execute_notebook(
                source,
                output,
                parameters,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                start_timeout=60 * attempt,
                resources={"metadata": {"path": str(root())}},
                **own,
            )
            return
        except DeadKernelError:
            raise  # it had started: the page itself killed it
        except RuntimeError:  # jupyter_client's word for a kernel that never answered
            if attempt == STARTS:
                raise
            time.sleep(attempt)


def _requests() -> Iterator[dict[str, Any]]:
    """Each page that is asked for. This process ends when the input does: nobody waits any more,
    and the kernel notices, and ends."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield json.loads(lines.get())


def main() -> None:
    """Execute what is asked for, and answer with the error or null."""
    warm = WarmKernel() if "--warm" in sys.argv else None
    for asked in _requests():
        error = execute_notebook(
            Path(asked["source"]), Path(asked["path"]), asked["parameters"], warm
        )
        print(ANSWER + json.dumps(asdict(error) if error else None), flush=True)

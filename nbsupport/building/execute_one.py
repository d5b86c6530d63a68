"""The process that executes one page: its arguments are the notebook and where the result goes.

Parameters come as one line of JSON on the standard input, which stays open as long as somebody
waits for the page. The last line of the standard output is the error as JSON, or null.
"""

import json
import logging
import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from nbsupport.building.execute import PageError
from nbsupport.building.finish_notebook import finish_notebook
from nbsupport.building.kernel import OwnKernelManager
from nbsupport.building.real_images_note import add_real_note
from nbsupport.data.pictures.listings import write_text
from nbsupport.paths import root

STARTS = 3  # tries to start a kernel: on a loaded machine the first reply can come too late


def execute_notebook(
    source: Path, path: Path, parameters: Mapping[str, object]
) -> PageError | None:
    """Execute one notebook with Papermill into `path`, made ready to render; its error, if any."""
    error = None
    with tempfile.TemporaryDirectory() as folder:
        partial = Path(folder) / source.name
        try:
            _papermill(source, partial, dict(parameters))
        except PapermillExecutionError as failure:
            error = PageError(0, failure.ename, str(failure.evalue))
        except DeadKernelError:
            error = PageError(0, "DeadKernelError", "the kernel died (out of memory, or killed)")
        executed = nbformat.read(partial, as_version=4)
    error = finish_notebook(executed, error)
    add_real_note(executed, parameters)
    write_text(path, nbformat.writes(executed))
    return error


def _papermill(source: Path, output: Path, parameters: dict[str, Any]) -> None:
    """Papermill, with a new try when the kernel does not even start."""
    logging.getLogger("papermill").setLevel(logging.ERROR)
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    for attempt in range(1, STARTS + 1):
        try:
            papermill.execute_notebook(
                source,
                output,
                parameters,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                start_timeout=60 * attempt,
                kernel_manager_class=OwnKernelManager,
                resources={"metadata": {"path": str(root())}},
            )
            return
        except DeadKernelError:
            raise  # it had started: the page itself killed it
        except RuntimeError:  # jupyter_client's word for a kernel that never answered
            if attempt == STARTS:
                raise
            time.sleep(attempt)


def _end_with_the_caller() -> None:
    """End when the standard input does: nobody waits for the page. The kernel notices, and ends."""
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    """Execute, and print the error or null."""
    source, path = map(Path, sys.argv[1:])
    parameters = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_caller, daemon=True).start()
    error = execute_notebook(source, path, parameters)
    print(json.dumps(asdict(error) if error else None))

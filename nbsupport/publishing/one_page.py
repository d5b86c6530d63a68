"""The process that executes one page: `python -m nbsupport.publishing.one_page SOURCE OUTPUT`.

Parameters come as JSON on the standard input; the last line of the standard output is the error as
JSON, or null.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from nbsupport.paths import root
from nbsupport.publishing.errorbox import prepare
from nbsupport.publishing.execute import PageError, replace
from nbsupport.publishing.kernel import OwnKernelManager
from nbsupport.publishing.page_real_note import add_real_note

STARTS = 3  # tries to start a kernel: on a loaded machine the first reply can come too late


def execute_notebook(
    source: Path, path: Path, parameters: Mapping[str, object]
) -> PageError | None:
    """Execute one notebook with Papermill into `path`, made ready to render; its error, if any."""
    partial = path.with_name(f".{path.stem}.{os.getpid()}.ipynb")
    error = None
    try:
        _papermill(source, partial, dict(parameters))
    except PapermillExecutionError as failure:
        error = PageError(0, failure.ename, str(failure.evalue))
    except DeadKernelError:
        error = PageError(0, "DeadKernelError", "the kernel died (out of memory, or killed)")
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    executed = nbformat.read(partial, as_version=4)
    partial.unlink()
    cell = prepare(executed, error.name if error else None, error.message if error else "")
    add_real_note(executed, parameters)
    replace(path, nbformat.writes(executed))
    return PageError(cell, error.name, error.message) if error else None


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


def main(arguments: list[str]) -> None:
    """Execute, and print the error or null."""
    source, path = map(Path, arguments)
    error = execute_notebook(source, path, json.load(sys.stdin))
    print(json.dumps(asdict(error) if error else None))


if __name__ == "__main__":
    main(sys.argv[1:])

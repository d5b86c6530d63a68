"""The book, built again with nothing changed, and the time to a first figure.

*Built again*: our `build`, which looks whether anything that a page shows has changed, and renders;
beside Jupyter Book's own `build` of the same folder, which looks at the pages only. *First figure*:
our `run` of a page, in an empty store, beside Papermill on the same notebook, which trains the same
jobs one page at a time. On the profile smoke.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from benchmarks.entry import Entry, clock_rate, compared
from nbsupport.paths import root

PAGE = "02_background"
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"


def command(*arguments: str, store: Path) -> None:
    """Run Python with these arguments, and a store of its own."""
    environment = os.environ | {"NBSUPPORT_STORE": str(store)}
    subprocess.run(
        [sys.executable, *arguments],
        cwd=root(),
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def entries(options: argparse.Namespace) -> Iterator[Entry]:
    """The first figure, then the book."""
    number = count()
    with tempfile.TemporaryDirectory() as folder:

        def empty() -> Path:
            return Path(folder) / str(next(number))

        def by_papermill() -> None:
            notebook = str(root() / "notebooks" / f"{PAGE}.ipynb")
            written = str(Path(folder) / "page.ipynb")
            command("-m", "papermill", notebook, written, "-p", "profile", "smoke", store=empty())

        yield from compared(
            "a first figure",
            "pages a second",
            clock_rate(
                1,
                lambda: command(
                    "-m", "nbsupport", "run", PAGE, "-p", "profile", "smoke", store=empty()
                ),
            ),
            {"papermill on the notebook": clock_rate(1, by_papermill)},
            rounds=options.rounds,
            target=0.9,
            remark="ours also checks parameters and claims, and finishes the page",
        )
        if not options.quick:
            yield from _again(Path(folder) / "store", options.rounds)


def _again(store: Path, rounds: int) -> Iterator[Entry]:
    ours = ("-m", "nbsupport", "build", "--profile", "smoke")
    peer = ("-c", JUPYTER_BOOK, "build", str(root()), "--path-output", str(store.parent / "peer"))
    command(*ours, store=store)
    yield from compared(
        "the book, nothing changed",
        "books a second",
        clock_rate(1, lambda: command(*ours, store=store)),
        {
            "jupyter-book build": clock_rate(1, lambda: command(*peer, store=store)),
        },
        rounds=rounds,
        target=0.8,
        remark="ours also looks whether pages, records, claims or code have changed",
    )

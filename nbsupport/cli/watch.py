"""python -m nbsupport watch: what trains into the store now, from wherever that is seen."""

import argparse
import sys
import time
from typing import Any

from nbsupport.cli.parsing import command, store

EVERY = 2.0  # seconds between two looks
CLEAR = "\x1b[H\x1b[2J"


def add(commands: Any) -> None:
    """Add `watch` to a parser's commands."""
    text = "what trains into the store now: done, running, failed, images a second, time left"
    parser = command(commands, "watch", text, _watch)
    parser.add_argument("--once", action="store_true", help="look once, as without a terminal")


def _watch(options: argparse.Namespace) -> None:
    from nbsupport.cli.sweeps import shown

    held = store()
    if options.once or not sys.stdout.isatty():
        print(shown(held))
        return
    try:
        while True:
            print(f"{CLEAR}{shown(held)}\n\nCtrl-C ends watching, not the training.", flush=True)
            time.sleep(EVERY)
    except KeyboardInterrupt:
        print()

"""python -m nbsupport build: the whole book."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command, of_edition, trains


def add(commands: Any) -> None:
    """Add `build` to a parser's commands."""
    parser = command(commands, "build", "train, execute every page, render the book", _build)
    parser.add_argument("--profile", default="demo")
    parser.add_argument(
        "--results",
        default="live",
        help="live: train what pages lack (the default); recorded: show committed records alone",
    )
    of_edition(parser)
    trains(parser)


def _build(options: argparse.Namespace) -> None:
    from nbsupport.building.build import build_book

    print(build_book(options.profile, options.results, options.edition))

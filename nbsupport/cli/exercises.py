"""python -m nbsupport exercises: notebooks of the book's exercises."""

import argparse
from pathlib import Path
from typing import Any

from nbsupport.cli.parsing import command


def add(commands: Any) -> None:
    """Add `exercises` to a parser's commands."""
    text = "write exercises as notebooks: to hand out, solved, for nbgrader and Otter Assign"
    parser = command(commands, "exercises", text, _exercises)
    parser.add_argument(
        "pages", nargs="*", metavar="PAGE", help="default: every page that has some"
    )
    told = "default: _build/exercises of the project"
    parser.add_argument("--output", metavar="DIR", help=told)


def _exercises(options: argparse.Namespace) -> None:
    from nbsupport.building.exercise_notebooks import write_exercises
    from nbsupport.paths import root

    folder = Path(options.output) if options.output else root() / "_build" / "exercises"
    print(write_exercises(options.pages, folder))

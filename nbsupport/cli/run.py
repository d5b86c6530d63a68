"""python -m nbsupport run: one page with other parameters."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command, given, trains


def add(commands: Any) -> None:
    """Add `run` to a parser's commands."""
    text = "execute and render one page with other parameters"
    parser = command(commands, "run", text, _run)
    parser.add_argument("page", help="a page's id, such as 04_1_quantity")
    given(parser)
    trains(parser)


def _run(options: argparse.Namespace) -> None:
    from nbsupport.building.build import rerun_page
    from nbsupport.parameters import parse_assignments

    print(rerun_page(options.page, parse_assignments(options.parameters)))

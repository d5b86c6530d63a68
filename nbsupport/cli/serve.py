"""python -m nbsupport serve: the built book in a browser."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command, of_edition


def add(commands: Any) -> None:
    """Add `serve` to a parser's commands."""
    text = "show the built book at this machine's address only"
    parser = command(commands, "serve", text, _serve)
    parser.add_argument("--port", default="8000")
    of_edition(parser)


def _serve(options: argparse.Namespace) -> None:
    from nbsupport.building.serve import serve

    serve(options.port, options.edition)

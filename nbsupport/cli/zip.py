"""python -m nbsupport zip: the built book as one file."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command, of_edition


def add(commands: Any) -> None:
    """Add `zip` to a parser's commands."""
    of_edition(command(commands, "zip", "pack the built book into one file", _zip))


def _zip(options: argparse.Namespace) -> None:
    from nbsupport.building.pack import pack

    print(pack(edition=options.edition))

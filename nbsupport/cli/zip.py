"""python -m nbsupport zip: the built book as one file."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command


def add(commands: Any) -> None:
    """Add `zip` to a parser's commands."""
    command(commands, "zip", "pack the built book into one file", _zip)


def _zip(_: argparse.Namespace) -> None:
    from nbsupport.building.pack import pack

    print(pack())

"""python -m nbsupport data: what is known about data sets."""

from typing import Any

from nbsupport.commands import labels


def add(commands: Any) -> None:
    """Add `data` and its own commands to a parser's commands."""
    text = "what is known about data sets"
    parser = commands.add_parser("data", help=text, description=text)
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    labels.add(actions)

"""python -m nbsupport data: what is known about data sets, and images made on this machine."""

from typing import Any

from nbsupport.commands import labels, make_fractals, make_generated


def add(commands: Any) -> None:
    """Add `data` and its own commands to a parser's commands."""
    text = "what is known about data sets, and images made on this machine"
    parser = commands.add_parser("data", help=text, description=text)
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for module in (labels, make_fractals, make_generated):
        module.add(actions)

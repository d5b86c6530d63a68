"""python -m nbsupport new: files to begin with."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command


def add(commands: Any) -> None:
    """Add `new` and its actions to a parser's commands."""
    text = "files to begin with: a page for a question of your own"
    actions = commands.add_parser("new", help=text, description=text).add_subparsers(
        required=True, metavar="WHAT"
    )
    text = "write a page's notebook, module and test, and list it in _toc.yml"
    parser = command(actions, "page", text, _page)
    parser.add_argument("name", help="the page's id, such as my_question")
    parser.add_argument("--title", default="", help="default: the name in words")


def _page(options: argparse.Namespace) -> None:
    from nbsupport.building.new_page import new_page

    print("\n".join(new_page(options.name, options.title)))
    name = options.name
    print(f"Next: the statement and the groups in nbsupport/pages/{name}.py; then")
    print(f"  nbsupport plan --page {name} --power    what it costs, and what it can settle")
    print(f"  nbsupport register {name}               before the first training")

"""python -m nbsupport register: what a page claims, written down before it is trained."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command, given, store, values


def add(commands: Any) -> None:
    """Add `register` to a parser's commands."""
    text = "write down what a page claims and which runs it is judged by, before the first training"
    parser = command(commands, "register", text, _register)
    parser.add_argument("page", help="a page's id, such as my_question")
    given(parser)


def _register(options: argparse.Namespace) -> None:
    from nbsupport.pages import page_named
    from nbsupport.pages.registering import registration_of
    from nbsupport.pages.request import PageRequest
    from nbsupport.reading import shown

    request = PageRequest(page_named(options.page), values(options))
    registered = registration_of(request, store())
    path = registered.write()
    print("\n".join(registered.statements))
    print(f"Groups: {', '.join(registered.groups)}. Runs: {len(registered.runs)}.")
    print(registered.rule)
    if not registered.first:
        print(
            f"These runs exist already: {registered.done} in the store, {registered.recorded} "
            "recorded. The page will say that it was registered after them."
        )
    print(f"{shown(path)}: made {registered.made}.")
    print("Commit it, or show it to somebody, before you train.")

"""The command line: each command is a file of this folder, found by name."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from nbsupport.cli.parsing import add_each, time_limit
from nbsupport.errors import UserError
from nbsupport.jobs import engines
from nbsupport.machine import wanted
from nbsupport.stopping import GO_ON, stopping


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: its status, or 2 after a user's mistake (one line on standard error).

    Stopped by Ctrl-C, TERM or HUP it is 130, 143 or 129; by its time limit 75.
    """
    options = _parser().parse_args(arguments)
    warnings.formatwarning = _one_line
    try:
        limit = time_limit(options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    with stopping(limit) as state:
        try:
            os.environ.update(wanted())  # before torch is loaded, which reads them once
            with engines.chosen(**_given(options)):
                return options.command(options) or 0
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            why = "the time limit is reached" if state.status == GO_ON else "stopped"
            print(f"{why}; what was finished is kept, the same command goes on", file=sys.stderr)
            return state.status
        except BrokenPipeError:  # the reader of a list has seen enough
            sys.stderr.close()
    return 0


def _given(options: argparse.Namespace) -> dict[str, str | None]:
    """What a command that trains was told of who does its jobs."""
    names = ("engine", "workers", "device", "address")
    return {name: getattr(options, name, None) for name in names}


def _one_line(message: Warning | str, *_: object, **__: object) -> str:
    """A warning for a terminal: what happened, not which line of our code says so."""
    return f"warning: {message}\n"


def _parser() -> argparse.ArgumentParser:
    text = "Train, execute and render the book, or any part of it; see what that needs and holds."
    parser = argparse.ArgumentParser(prog=_program(), description=text)
    add_each(__name__, parser.add_subparsers(required=True, metavar="COMMAND"))
    return parser


def _program() -> str:
    """How this was called: by the name of the installed command, or as a module."""
    called = Path(sys.argv[0]).stem
    return called if called == "nbsupport" else "python -m nbsupport"

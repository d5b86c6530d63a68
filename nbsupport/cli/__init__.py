"""The command line: nbsupport build | run | serve | plan | jobs | data | records | export."""

import argparse
import json
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.cli import data, jobs
from nbsupport.errors import UserError
from nbsupport.stopping import stopping

if TYPE_CHECKING:
    from nbsupport.jobs.store import Store

Command = Callable[[argparse.Namespace], int | None]  # a status; None is 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: its status, or 2 after a user's mistake (one line on standard error).

    Stopped by Ctrl-C, TERM or HUP it is 130, 143 or 129.
    """
    options = _parser().parse_args(arguments)
    warnings.formatwarning = _one_line
    with stopping() as state:
        try:
            return options.command(options) or 0
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("stopped; what was finished is kept, the same command goes on", file=sys.stderr)
            return state.status
        except BrokenPipeError:  # the reader of a list has seen enough
            sys.stderr.close()
    return 0


def _one_line(message: Warning | str, *_: object, **__: object) -> str:
    """A warning for a terminal: what happened, not which line of our code says so."""
    return f"warning: {message}\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_program(), description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _build_command(commands)
    _run_command(commands)
    _serve_command(commands)
    _plan_command(commands)
    jobs.add(commands)
    _records_command(commands)
    _export_command(commands)
    data.add(commands)
    return parser


def _program() -> str:
    """How this was called: by the name of the installed command, or as a module."""
    called = Path(sys.argv[0]).stem
    return called if called == "nbsupport" else "python -m nbsupport"


def _add(commands: Any, name: str, text: str, command: Command) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=command)
    return parser


def _given(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-p",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="a parameter of the page; VALUE is JSON or text: -p sizes '[250,1000]'",
    )


# build, run ---------------------------------------------------------------------------------------
def _build_command(commands: Any) -> None:
    parser = _add(commands, "build", "train, execute every page, render the book", _build)
    parser.add_argument("--profile", default="demo")


def _build(options: argparse.Namespace) -> None:
    from nbsupport.building.build import build_book

    print(build_book(options.profile))


def _run_command(commands: Any) -> None:
    parser = _add(commands, "run", "execute and render one page with other parameters", _run)
    parser.add_argument("page", help="a page's id, such as 04_1_quantity")
    _given(parser)


def _run(options: argparse.Namespace) -> None:
    from nbsupport.building.build import rerun_page
    from nbsupport.parameters import parse_assignments

    print(rerun_page(options.page, parse_assignments(options.parameters)))


# serve --------------------------------------------------------------------------------------------
def _serve_command(commands: Any) -> None:
    parser = _add(commands, "serve", "show the built book at this machine's address only", _serve)
    parser.add_argument("--port", default="8000")


def _serve(options: argparse.Namespace) -> None:
    from nbsupport.building.serve import serve

    serve(options.port)


# plan ---------------------------------------------------------------------------------------------
def _plan_command(commands: Any) -> None:
    parser = _add(commands, "plan", "what a page or the book needs, and what it costs", _plan)
    parser.add_argument("--page", help="one page, with its parameters")
    parser.add_argument("--profile", default=None, help="default: demo")
    parser.add_argument("--json", action="store_true", help="for a program to read")
    parser.add_argument(
        "--measure", action="store_true", help="first time this machine, for half a minute"
    )
    _given(parser)


def _plan(options: argparse.Namespace) -> None:
    from nbsupport.pages import page_named, plan
    from nbsupport.parameters import check_parameters, parse_assignments

    store, given = _store(), parse_assignments(options.parameters)
    if options.profile and "profile" in given:
        raise UserError("profile is given twice: as --profile or with -p, not both")
    if options.profile:
        given["profile"] = options.profile
    if options.page:
        given = check_parameters(page_named(options.page).parameters(), given)
    elif set(given) - {"profile"}:
        raise UserError("parameters (-p) belong to one page: name it with --page")
    profile = given.get("profile", "demo")
    if options.measure:
        plan.measure(profile, store)
    if options.page:
        plans = [plan.plan_page(options.page, given, store)]
    else:
        plans = plan.plan_book(profile, store)
    if options.json:
        print(json.dumps([p.as_dict() for p in plans], indent=2))
        return
    if options.page:
        print(plan.parameter_table(plans[0]), end="\n\n")
    print(plan.plan_table(plans))


def _store() -> "Store":
    from nbsupport.jobs.store import Store
    from nbsupport.paths import store_dir

    return Store(store_dir())


# records ------------------------------------------------------------------------------------------
def _records_command(commands: Any) -> None:
    parser = _add(commands, "records", "train and record what the verdicts rest on", _records)
    parser.add_argument("--profile", default="demo")
    parser.add_argument("--world", help="default: each world the profile records")
    parser.add_argument("--seed", nargs="+", default=[], help="default: every seed")
    parser.add_argument("--family", nargs="+", default=[], help="default: every family")
    parser.add_argument(
        "--ledger-only", action="store_true", help="judge the claims by the runs recorded so far"
    )


def _records(options: argparse.Namespace) -> None:
    from nbsupport.building.record import record_profile
    from nbsupport.evidence.ledger import write_ledgers
    from nbsupport.pages import check_claims

    check_claims()
    world = None if options.world is None else _whole("--world", options.world)
    seeds = [_whole("--seed", seed) for seed in options.seed]
    if not options.ledger_only:
        for line in record_profile(options.profile, world, seeds, options.family):
            print(line, flush=True)
    elif options.world is not None or seeds or options.family:
        raise UserError(
            "--ledger-only judges all recorded runs: leave out --world, --seed, --family"
        )
    for line in write_ledgers(options.profile, _store()):
        print(line)


def _whole(option: str, given: str) -> int:
    """The number that an option was given."""
    if given.isascii() and given.isdigit() and len(given) < 19:
        return int(given)
    raise UserError(f"{option} {given!r}: give a whole number of at least 0")


# export -------------------------------------------------------------------------------------------
def _export_command(commands: Any) -> None:
    text = "all fine-tuning runs of the store as CSV, on standard output"
    parser = _add(commands, "export", text, _export)
    parser.add_argument("--profile", help="only the runs of this profile")


def _export(options: argparse.Namespace) -> None:
    from nbsupport.evidence.export import exported
    from nbsupport.evidence.records import csv_text

    found = exported(_store(), options.profile)
    print(csv_text(found.table), end="")
    whys = {"trained before runs noted their group": found.unnamed, "damaged": found.damaged}
    for why, count in whys.items():
        if count:
            print(f"left out: {count} run{'s' * (count > 1)}, {why}", file=sys.stderr)

"""The command line: python -m nbsupport build | run | plan | jobs | data | records."""

import argparse
import json
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nbsupport.commands import data
from nbsupport.errors import UserError

if TYPE_CHECKING:
    from nbsupport.jobs.store import Store

Command = Callable[[argparse.Namespace], int | None]  # a status; None is 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: its status, or 2 after a user's mistake (one line on standard error)."""
    options = _parser().parse_args(arguments)
    warnings.formatwarning = _one_line
    try:
        return options.command(options) or 0
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; what was finished is kept, the same command goes on", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a list has seen enough
        sys.stderr.close()
    return 0


def _one_line(message: Warning | str, *_: object, **__: object) -> str:
    """A warning for a terminal: what happened, not which line of our code says so."""
    return f"warning: {message}\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nbsupport", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _build_command(commands)
    _run_command(commands)
    _plan_command(commands)
    _jobs_command(commands)
    _records_command(commands)
    data.add(commands)
    return parser


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
    from nbsupport.publishing.build import build_book

    print(build_book(options.profile))


def _run_command(commands: Any) -> None:
    parser = _add(commands, "run", "execute and render one page with other parameters", _run)
    parser.add_argument("page", help="a page's id, such as 04_1_quantity")
    _given(parser)


def _run(options: argparse.Namespace) -> None:
    from nbsupport.parameters import parse_assignments
    from nbsupport.publishing.build import rerun_page

    print(rerun_page(options.page, parse_assignments(options.parameters)))


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
    from nbsupport import plan
    from nbsupport.pages import page_named
    from nbsupport.parameters import check_parameters, parse_assignments

    store, given = _store(), parse_assignments(options.parameters)
    if options.profile:
        given = {"profile": options.profile} | given
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


# jobs ---------------------------------------------------------------------------------------------
def _jobs_command(commands: Any) -> None:
    parser = _add(commands, "jobs", "list the store, show a job, remove one", _list_jobs)
    actions = parser.add_subparsers(metavar="ACTION")
    show = _add(actions, "show", "a job's spec, result and log", _show_job)
    show.add_argument("key", help="a key, or the beginning of one")
    remove = _add(actions, "rm", "remove a job from the store", _remove_job)
    remove.add_argument("key", help="a key, or the beginning of one")


def _list_jobs(_: argparse.Namespace) -> None:
    from nbsupport.listing import jobs_table

    print(jobs_table(_store()))


def _show_job(options: argparse.Namespace) -> None:
    from nbsupport.listing import job_details

    print(job_details(_store(), options.key))


def _remove_job(options: argparse.Namespace) -> None:
    store = _store()
    key = store.find(options.key)
    freed = store.remove(key)
    print(f"removed {key} ({freed / 1e6:.2f} MB)")


def _store() -> "Store":
    from nbsupport.jobs.store import Store
    from nbsupport.paths import store_dir

    return Store(store_dir())


# records ------------------------------------------------------------------------------------------
def _records_command(commands: Any) -> None:
    parser = _add(commands, "records", "train and record what the verdicts rest on", _records)
    parser.add_argument("--profile", default="demo")
    parser.add_argument("--world", type=int, help="default: each world the profile records")
    parser.add_argument(
        "--ledger-only", action="store_true", help="judge the claims by the runs recorded so far"
    )


def _records(options: argparse.Namespace) -> None:
    from nbsupport.ledger import write_ledgers
    from nbsupport.records import record_profile

    if not options.ledger_only:
        for line in record_profile(options.profile, options.world):
            print(line, flush=True)
    for line in write_ledgers(options.profile, _store()):
        print(line)

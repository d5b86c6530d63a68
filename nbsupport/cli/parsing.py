"""What the commands' parsers share."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.errors import UserError
from nbsupport.registry import Registry
from nbsupport.stopping import ALARM, GO_ON

if TYPE_CHECKING:
    from nbsupport.jobs.store import Store

Command = Callable[[argparse.Namespace], int | None]  # a status; None is 0


def add_each(package: str, commands: Any) -> None:
    """Let every module of a package that has a function `add` add its command, in their order."""
    registry = Registry("command", package, "add")
    for name in registry.names():
        registry.load(name).add(commands)


def command(commands: Any, name: str, text: str, run: Command) -> argparse.ArgumentParser:
    """A new command, or an action of one, and what it runs."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=run)
    return parser


def given(parser: argparse.ArgumentParser) -> None:
    """Let a command take parameters of a page."""
    parser.add_argument(
        "-p",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="a parameter of the page; VALUE is JSON or text: -p sizes '[250,1000]'",
    )
    parser.add_argument("--profile", help="the same as -p profile; default: demo")


def values(options: argparse.Namespace) -> dict[str, Any]:
    """The values that were given for parameters. UserError for a profile given in both ways."""
    from nbsupport.parameters import parse_assignments

    found = parse_assignments(options.parameters)
    if options.profile and "profile" in found:
        raise UserError("profile is given twice: as --profile or with -p, not both")
    return found | ({"profile": options.profile} if options.profile else {})


def trains(parser: argparse.ArgumentParser) -> None:
    """Let a command that trains be told what does its jobs, and for how long."""
    placed(parser)
    parser.add_argument(
        "--time-limit",
        metavar="TIME",
        help=f"stop then (7h30m, 90m, 45s) with status {GO_ON}: the same command goes on",
    )


def time_limit(options: argparse.Namespace) -> float | None:
    """The seconds that a command was given, None without a limit. UserError for no such time."""
    given = getattr(options, "time_limit", None)
    if given is None:
        return None
    if ALARM is None:
        raise UserError("--time-limit: this system has no alarms; leave it out, or use WSL")
    found = re.fullmatch(r"(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?", given)
    parts = [int(part or 0) for part in found.groups()] if found else [0]
    if not any(parts):
        raise UserError(f"--time-limit {given!r}: give hours, minutes or seconds, such as 7h30m")
    return float(parts[0] * 3600 + parts[1] * 60 + parts[2])


def placed(parser: argparse.ArgumentParser) -> None:
    """Let a command that trains, or plans it, be told what does its jobs."""
    parser.add_argument(
        "--engine",
        help="what does the jobs: local, ray, serial, or a module of yours (my_lab.cluster)",
    )
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="the cluster of --engine ray; default: RAY_ADDRESS, else one of this machine alone",
    )
    told = "jobs at a time; default: one a core, as far as memory goes, or up to 8 a GPU"
    parser.add_argument("--workers", metavar="N", help=told)
    parser.add_argument(
        "--device", help="cpu or cuda; default, auto: a GPU where one is, but for small images"
    )


def of_edition(parser: argparse.ArgumentParser) -> None:
    """Let a command be told which edition of the book it is about."""
    told = "full: with folded solutions (the default); student: without any"
    parser.add_argument("--edition", default="full", help=told)


def count_option(
    parser: argparse.ArgumentParser, option: str, told: str = "", default: int | None = None
) -> None:
    """Let a command take a whole number; what it is by default is told."""
    usual = "" if default is None else "default: %(default)s"
    told = "; ".join(filter(None, (told, usual)))
    parser.add_argument(option, type=int, metavar="N", default=default, help=told)


def into_folder(parser: argparse.ArgumentParser) -> None:
    """Let a command that writes pictures be told where to."""
    parser.add_argument("--to", metavar="FOLDER", help="default: _build/figures of the project")


def folder_of(options: argparse.Namespace) -> Path:
    """The folder that pictures go to."""
    from nbsupport.paths import root

    return Path(options.to) if options.to else root() / "_build" / "figures"


def whole(option: str, value: str) -> int:
    """The number that an option was given. UserError where it is none."""
    if value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    raise UserError(f"{option} {value!r}: give a whole number of at least 0")


def store() -> "Store":
    """The user's store."""
    from nbsupport.jobs.store import Store
    from nbsupport.paths import store_dir

    return Store(store_dir())

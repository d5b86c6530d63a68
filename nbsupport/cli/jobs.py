"""python -m nbsupport jobs: what the store holds, one job, and removing what is not needed."""

import argparse
from typing import TYPE_CHECKING, Any

from nbsupport.cli.parsing import command, store
from nbsupport.errors import UserError

if TYPE_CHECKING:
    from nbsupport.jobs.clearing import Removed
    from nbsupport.jobs.store import Entry

SHOWN = 10  # names of what is left, or of what is under way


def add(commands: Any) -> None:
    """Add `jobs` and its actions to a parser's commands."""
    parser = command(commands, "jobs", "list the store, show a job, remove some", _list)
    actions = parser.add_subparsers(metavar="ACTION")
    show = command(actions, "show", "a job's spec, epochs, result and log", _show)
    show.add_argument("key", help="a key, or the beginning of one")
    text = "remove jobs from the store: one by its key, or all that the options name"
    remove = command(actions, "rm", text, _remove)
    remove.add_argument("key", nargs="?", default="", help="a key, or the beginning of one")
    remove.add_argument("--broken", action="store_true", help="damaged ones and those set aside")
    remove.add_argument("--stage", default="", help="of this stage, such as pretrain")
    text = "in this state: done, partial (begun, nobody works on it) or broken"
    remove.add_argument("--state", default="", help=text)
    text = "those last written longer ago than this, such as 12h, 30d or 8w"
    remove.add_argument("--older", metavar="AGE", help=text)
    text = "remove all jobs, images and listings from the store; what others put there is left"
    clear = command(actions, "clear", text, _clear)
    clear.add_argument("--yes", action="store_true", help="do it; else only say what would be done")


def _list(_: argparse.Namespace) -> None:
    from nbsupport.cli.listing import jobs_table, reruns_table
    from nbsupport.paths import root

    print(jobs_table(store()))
    if reruns := reruns_table(root() / "rerun"):
        print(f"\n{reruns}")


def _show(options: argparse.Namespace) -> None:
    from nbsupport.cli.listing import job_details

    print(job_details(store(), options.key))


def _remove(options: argparse.Namespace) -> None:
    from nbsupport.jobs import clearing

    given = (options.key, options.broken, options.older, options.stage, options.state)
    if not any(given):
        ways = "--broken, --stage, --state or --older, as in 30d"
        raise UserError(f"nothing says which jobs: give a KEY, {ways}")
    if options.broken and options.state not in ("", "broken"):
        raise UserError(f"--broken and --state {options.state} together name no job: give one")
    held = store()
    older = None if options.older is None else clearing.age(options.older)
    key = held.find(options.key) if options.key else ""
    state = "broken" if options.broken else options.state
    found = clearing.chosen(held, key, stage=options.stage, state=state, older=older)
    done = clearing.remove_jobs(held, found)
    if key and done.busy:
        raise UserError(f"the job {key[:12]} is being trained: stop that first")
    for entry in done.jobs:
        print(f"removed {_said(entry)} ({entry.size / 1e6:.2f} MB)")
    print(f"{_counted(len(done.jobs), 'job')} removed, {done.freed / 1e6:,.2f} MB freed")
    _tell_left(done)


def _clear(options: argparse.Namespace) -> None:
    from nbsupport.jobs import clearing

    held = store()
    if not options.yes:
        jobs, kept = held.jobs(), list(clearing.kept_files(held.root))
        size = sum(entry.size for entry in jobs) + sum(path.stat().st_size for path in kept)
        print(
            f"{held.root}: {_counted(len(jobs), 'job')} and {_counted(len(kept), 'file')} of "
            f"images, listings and locks, {size / 1e6:,.1f} MB; --yes removes them"
        )
        return
    done = clearing.clear(held)
    print(f"{_counted(len(done.jobs), 'job')} removed, {done.freed / 1e6:,.1f} MB freed")
    _tell_left(done)


def _tell_left(done: "Removed") -> None:
    lines = [f"left, being trained: {_said(entry)}" for entry in done.busy]
    lines += [f"left, not made by the store: {path}" for path in done.left]
    for line in lines[:SHOWN]:
        print(line)
    if lines[SHOWN:]:
        print(f"and {len(lines) - SHOWN:,} more")


def _said(entry: "Entry") -> str:
    return f"{entry.key[:12]}{entry.key[64:]} {entry.stage} {entry.label}".rstrip()


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

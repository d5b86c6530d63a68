"""python -m nbsupport record: training and recording what the verdicts rest on."""

import argparse
from functools import partial
from typing import Any

from nbsupport.cli.judge import judge
from nbsupport.cli.parsing import command, trains, whole
from nbsupport.errors import UserError


def add(commands: Any) -> None:
    """Add `record` to a parser's commands."""
    text = "train and record what the verdicts rest on, then judge the claims"
    parser = command(commands, "record", text, _record)
    parser.add_argument("--profile", default="demo")
    parser.add_argument("--world", help="default: each world the profile records")
    parser.add_argument("--seed", nargs="+", default=[], help="default: every seed")
    parser.add_argument("--family", nargs="+", default=[], help="default: every family")
    parser.add_argument(
        "--no-training",
        action="store_true",
        help="record only what is recorded under the name of another group already",
    )
    parser.add_argument(
        "--published",
        action="store_true",
        help="train nothing: derive the table of published models, from NBSUPPORT_DATA/published",
    )
    trains(parser)


def _record(options: argparse.Namespace) -> None:
    if options.published:
        _derive_published()
        return
    from nbsupport.building.record import record_profile

    world = None if options.world is None else whole("--world", options.world)
    seeds = [whole("--seed", seed) for seed in options.seed]
    say = partial(print, flush=True)
    train = not options.no_training
    problems = record_profile(options.profile, world, seeds, options.family, say, train=train)
    judge(options)
    if problems:
        number = f"{len(problems)} part{'' if len(problems) == 1 else 's'}"
        raise UserError(f"{number} of {options.profile} not recorded; the first: {problems[0]}")


def _derive_published() -> None:
    from nbsupport.data.catalogue import entry_named
    from nbsupport.evidence.published.derive import record_published

    for line in record_published(entry_named("published").find()):
        print(line)

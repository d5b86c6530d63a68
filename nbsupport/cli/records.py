"""python -m nbsupport records: training and recording what the verdicts rest on."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command, store, trains, whole
from nbsupport.errors import UserError


def add(commands: Any) -> None:
    """Add `records` to a parser's commands."""
    text = "train and record what the verdicts rest on"
    parser = command(commands, "records", text, _records)
    parser.add_argument("--profile", default="demo")
    parser.add_argument("--world", help="default: each world the profile records")
    parser.add_argument("--seed", nargs="+", default=[], help="default: every seed")
    parser.add_argument("--family", nargs="+", default=[], help="default: every family")
    parser.add_argument(
        "--ledger-only", action="store_true", help="judge the claims by the runs recorded so far"
    )
    parser.add_argument(
        "--no-training",
        action="store_true",
        help="record only what is recorded under the name of another group already",
    )
    trains(parser)


def _records(options: argparse.Namespace) -> None:
    from nbsupport.building.record import record_profile
    from nbsupport.evidence.ledger import write_ledgers
    from nbsupport.pages import check_claims

    check_claims()
    world = None if options.world is None else whole("--world", options.world)
    seeds = [whole("--seed", seed) for seed in options.seed]
    if not options.ledger_only:
        train = not options.no_training
        for line in record_profile(options.profile, world, seeds, options.family, train=train):
            print(line, flush=True)
    elif options.world is not None or seeds or options.family:
        raise UserError(
            "--ledger-only judges all recorded runs: leave out --world, --seed, --family"
        )
    for line in write_ledgers(options.profile, store()):
        print(line)

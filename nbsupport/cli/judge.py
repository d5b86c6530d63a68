"""python -m nbsupport judge: the ledger of claims, from the runs recorded so far."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command, store


def add(commands: Any) -> None:
    """Add `judge` to a parser's commands."""
    text = "judge the claims by the runs recorded so far: write the ledger, train nothing"
    parser = command(commands, "judge", text, _judge)
    parser.add_argument("--profile", default="demo")
    parser.add_argument(
        "--accept", action="store_true", help="first let records that were edited count as they are"
    )


def _judge(options: argparse.Namespace) -> None:
    if options.accept:
        _accept(options.profile)
    judge(options)


def judge(options: argparse.Namespace) -> None:
    """Write the ledgers that rest on a profile's records, and print which."""
    from nbsupport.evidence.ledger import write_ledgers
    from nbsupport.pages import check_claims

    check_claims()
    for line in write_ledgers(options.profile, store()):
        print(line)


def _accept(profile: str) -> None:
    from nbsupport.evidence.records import accept_records, records_path
    from nbsupport.reading import shown

    changed = accept_records(profile)
    for line in changed:
        print(f"accepted: {line}")
    print(f"{shown(records_path(profile))}: {len(changed)} cells accepted as they are")

"""python -m nbsupport judge: the ledger of claims, from the runs recorded so far."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command, store


def add(commands: Any) -> None:
    """Add `judge` to a parser's commands."""
    text = "judge the claims by the runs recorded so far: write the ledger, train nothing"
    parser = command(commands, "judge", text, judge)
    parser.add_argument("--profile", default="demo")


def judge(options: argparse.Namespace) -> None:
    """Write the ledgers that rest on a profile's records, and print which."""
    from nbsupport.evidence.ledger import write_ledgers
    from nbsupport.pages import check_claims

    check_claims()
    for line in write_ledgers(options.profile, store()):
        print(line)

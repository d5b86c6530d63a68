"""python -m nbsupport doctor: what this machine is, and whether it trains as it should."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command
from nbsupport.errors import UserError

BROKEN = 1  # exit status; 2 is a mistake in the command


def add(commands: Any) -> None:
    """Add `doctor` to a parser's commands."""
    text = (
        "what this machine is, what is found, and whether a short training gives the known digits"
    )
    parser = command(commands, "doctor", text, _doctor)
    parser.add_argument("--no-training", action="store_true", help="only look: in a few seconds")
    parser.add_argument(
        "--write",
        action="store_true",
        help="note the digits of this machine in records/digits.toml",
    )


def _doctor(options: argparse.Namespace) -> int:
    from nbsupport.building.doctor import examine, told
    from nbsupport.evidence.digits import write_digits
    from nbsupport.reading import shown

    if options.write and options.no_training:
        raise UserError("--write notes what a training gives: leave out --no-training")
    found, digits = examine(train=not options.no_training)
    print(told(found))
    if options.write and digits:
        print(f"noted in {shown(write_digits(digits))}")
        return 0
    return BROKEN if found.problems else 0

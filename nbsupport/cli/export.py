"""python -m nbsupport export: what was trained, as one table."""

import argparse
import sys
from typing import Any

from nbsupport.cli.parsing import command, store


def add(commands: Any) -> None:
    """Add `export` to a parser's commands."""
    text = "all fine-tuning runs of the store as CSV, on standard output"
    parser = command(commands, "export", text, _export)
    parser.add_argument("--profile", help="only the runs of this profile")


def _export(options: argparse.Namespace) -> None:
    from nbsupport.evidence.export import exported
    from nbsupport.evidence.records import csv_text

    found = exported(store(), options.profile)
    print(csv_text(found.table), end="")
    whys = {"trained before runs noted their group": found.unnamed, "damaged": found.damaged}
    for why, count in whys.items():
        if count:
            print(f"left out: {count} run{'s' * (count > 1)}, {why}", file=sys.stderr)

"""python -m nbsupport report: one page in the form of the ML Reproducibility Challenge."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command


def add(commands: Any) -> None:
    """Add `report` to a parser's commands."""
    text = "a reproducibility report of one page from the ledger, on standard output"
    parser = command(commands, "report", text, _report)
    parser.add_argument("--profile", default="demo")
    parser.add_argument("--html", action="store_true", help="an HTML document; default: Markdown")


def _report(options: argparse.Namespace) -> None:
    from nbsupport.building.report_page import document
    from nbsupport.pages.report import report

    text = report(options.profile)
    print(document(text) if options.html else text, end="")

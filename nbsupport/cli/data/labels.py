"""python -m nbsupport data labels: the label that an intervention gives to each class."""

import argparse
import csv
import sys
from typing import Any

from nbsupport.errors import unknown

TAXONOMIES = ("imagenet",)


def add(commands: Any) -> None:
    """Add `labels` to a parser's commands."""
    text = (
        "print each class and its label under an intervention, as CSV of WordNet ids (BREEDS has "
        "some superclasses of its own)"
    )
    parser = commands.add_parser("labels", help=text, description=text)
    parser.set_defaults(command=_print_labels)
    parser.add_argument("taxonomy", help=", ".join(TAXONOMIES))
    one = parser.add_mutually_exclusive_group(required=True)
    one.add_argument(
        "--superclasses", type=int, metavar="DEPTH", help="all classes, by superclass at a depth"
    )
    one.add_argument("--under", metavar="NODE", help="the classes below a node: n00015388 (animal)")
    one.add_argument("--not-under", metavar="NODE", help="all classes but those")
    one.add_argument(
        "--within-class",
        type=float,
        metavar="P",
        help="a share of the 12 subclasses of each of 16 superclasses (BREEDS)",
    )


def _print_labels(options: argparse.Namespace) -> None:
    if options.taxonomy not in TAXONOMIES:
        raise unknown("taxonomy", options.taxonomy, TAXONOMIES)
    rows = _rows(options)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerows([("class", "label"), *rows])


def _rows(options: argparse.Namespace) -> list[tuple[str, str]]:
    from nbsupport.data.subsets.labels import class_labels, within_class

    if options.superclasses is not None:
        return class_labels(lambda whole: whole.superclasses(options.superclasses), coarse=True)
    if options.under is not None:
        return class_labels(lambda whole: whole.under(options.under), coarse=False)
    if options.not_under is not None:
        return class_labels(lambda whole: whole.not_under(options.not_under), coarse=False)
    return class_labels(within_class(options.within_class), coarse=True)

"""python -m nbsupport data: which data sets there are, and whether they are here and whole."""

import argparse
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.cli.data.image_folder import root_option, use_root
from nbsupport.cli.parsing import add_each, command

if TYPE_CHECKING:
    from nbsupport.data.catalogue import CatalogueEntry, Counting

WRONG = 1  # exit status of a check that finds something; 2 is a mistake in the command
WIDTH = 100


def add(commands: Any) -> None:
    """Add `data` and its actions to a parser's commands."""
    text = "list the data sets: licence, size, where to get them, what is here"
    parser = command(commands, "data", text, _list)
    root_option(parser)
    actions = parser.add_subparsers(metavar="ACTION")
    _check_action(actions)
    add_each(__name__, actions)


# list ---------------------------------------------------------------------------------------------
def _list(options: argparse.Namespace) -> None:
    from nbsupport.data.catalogue import entries
    from nbsupport.paths import data_dir

    use_root(options)
    root = data_dir()
    for entry in entries().values():
        print(described(entry, root), end="\n\n")
    print(_about_root(root))


def described(entry: "CatalogueEntry", root: Path | None) -> str:
    """What the list says of a data set: a line with its state, and a line for each fact."""
    from nbsupport.data.checks import state
    from nbsupport.data.pictures.files import one_line

    here = state(entry, root) if root and root.is_dir() else "not looked for"
    counts = f"{entry.images:,} images of {entry.classes:,} classes; " if entry.images else ""
    facts = {
        "what": f"{entry.what} ({entry.role})",
        "licence": entry.licence,
        "size": f"{counts}download {entry.download}; on disk {entry.on_disk}",
        "get it": f"{entry.get}; {entry.page}",
        "lies in": entry.looked_for or "the cache of huggingface_hub",
    }
    lines = [_wrapped(f"  {name:<9}", text) for name, text in facts.items()]
    return "\n".join([one_line(f"{entry.name}: {here}"), *lines])


def _wrapped(start: str, text: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _about_root(root: Path | None) -> str:
    if root is None:
        return "NBSUPPORT_DATA is not set: let it name the folder of your data sets, or give --root"
    if not root.is_dir():
        return f"NBSUPPORT_DATA={root} is no folder: name the one of your data sets, or give --root"
    return f"looked for in {root}; python -m nbsupport data check NAME looks closer"


# check --------------------------------------------------------------------------------------------
def _check_action(actions: Any) -> None:
    text = "count classes and images, open pictures, compare checksums"
    parser = command(actions, "check", text, _check)
    parser.add_argument("name", metavar="NAME", help="a data set, such as imagenet")
    root_option(parser)
    parser.add_argument("--all", action="store_true", help="open every picture, not a sample")
    parser.add_argument(
        "--skip-broken",
        action="store_true",
        help="open every picture, and list the broken ones: sources leave them out from then on",
    )


def _check(options: argparse.Namespace) -> int:
    from nbsupport.data.catalogue import entry_named
    from nbsupport.data.checks import Wish, check
    from nbsupport.data.pictures.files import one_line

    use_root(options)
    entry = entry_named(options.name)
    report = check(entry, Wish(options.all, options.skip_broken, _bar()))
    for note in report.notes:
        print(one_line(f"{entry.name}: {note}"))
    for problem in report.problems:
        print(one_line(f"{entry.name}: wrong: {problem}"))
    found = f"{len(report.problems):,} wrong" if report.problems else "nothing wrong"
    print(f"{entry.name}: {found}")
    return WRONG if report.problems else 0


def _bar() -> "Counting":
    """A progress bar for each run of counts that ends at its total; none where nobody watches."""
    from tqdm import tqdm

    bars: list[Any] = []

    def show(done: int, total: int) -> None:
        if not bars:
            bars.append(tqdm(total=total, unit_scale=True, leave=False, disable=None))
        bars[0].update(done - bars[0].n)
        if done >= total:
            bars.pop().close()

    return show

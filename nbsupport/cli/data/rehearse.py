"""python -m nbsupport data rehearse: fake data to try the paper profile on."""

import argparse
from contextlib import nullcontext
from typing import Any

from nbsupport.cli.data.image_folder import given_root, root_option
from nbsupport.cli.parsing import command


def add(commands: Any) -> None:
    """Add `rehearse` to the actions of `data`."""
    text = "write small fake data in the official layouts, to rehearse the paper profile"
    parser = command(commands, "rehearse", text, _rehearse)
    root_option(parser, "a new or empty folder; default: rehearsal/ in the store")
    parser.add_argument("--px", type=int, default=16, help="pixels a side (default: %(default)s)")


def _rehearse(options: argparse.Namespace) -> None:
    from nbsupport.data.rehearsal import make
    from nbsupport.paths import store_dir
    from nbsupport.sharing import filling
    from nbsupport.study.profiles.real import REHEARSED_WEIGHTS
    from nbsupport.training.stages.fake_weights import fake_weights

    given = given_root(options)
    root = given or store_dir() / "rehearsal"
    with nullcontext() if given else filling(root, store_dir()):
        made = make(root, px=options.px, report=_said)
        fake_weights(root, REHEARSED_WEIGHTS, options.px)
    print(f"{sum(made.values()):,} pictures in {root}: use them with NBSUPPORT_DATA={root}")


def _said(name: str, count: int) -> None:
    print(f"{name}: {count:,} pictures", flush=True)

"""python -m nbsupport run: one page with other parameters, or one point of its figures."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command, given, trains, values, whole
from nbsupport.errors import UserError

POINT = ("role", "family", "seed")


def add(commands: Any) -> None:
    """Add `run` to a parser's commands."""
    text = "execute and render one page with other parameters, or make one point of it again"
    parser = command(commands, "run", text, _run)
    parser.add_argument("page", help="a page's id, such as 04_1_quantity")
    given(parser)
    point = parser.add_argument_group("one point of a figure: its own jobs and no page")
    point.add_argument("--role", help="a group of the page, such as imagenet/25K")
    point.add_argument("--family", help="its architecture family, such as resnet")
    point.add_argument("--seed", help="its seed")
    trains(parser)


def _run(options: argparse.Namespace) -> None:
    chosen = values(options)
    if any(getattr(options, name) is not None for name in POINT):
        print(_point(options, chosen))
        return
    from nbsupport.building.build import rerun_page

    print(rerun_page(options.page, chosen))


def _point(options: argparse.Namespace, chosen: dict[str, Any]) -> str:
    """One point again. UserError where an option that names it is missing."""
    missing = [f"--{name}" for name in POINT if getattr(options, name) is None]
    if missing:
        raise UserError(
            f"{' and '.join(missing)} not given: a point is named by --role, --family and --seed"
        )
    from nbsupport.building.point import rerun_point

    seed = whole("--seed", options.seed)
    return rerun_point(options.page, chosen, role=options.role, family=options.family, seed=seed)

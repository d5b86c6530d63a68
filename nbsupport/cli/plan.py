"""python -m nbsupport plan: what a page or the book needs."""

import argparse
import json
from typing import Any

from nbsupport.cli.parsing import command, given, placed, store, values, whole
from nbsupport.errors import UserError


def add(commands: Any) -> None:
    """Add `plan` to a parser's commands."""
    text = "what a page or the book needs, and what it costs"
    parser = command(commands, "plan", text, _plan)
    parser.add_argument("--page", help="one page, with its parameters")
    parser.add_argument("--json", action="store_true", help="for a program to read")
    parser.add_argument(
        "--measure", action="store_true", help="first time this machine, for half a minute"
    )
    text = "also what it takes on so many GPUs (or cores): --slots 8 32 64"
    parser.add_argument("--slots", nargs="+", default=[], metavar="N", help=text)
    parser.add_argument(
        "--power",
        action="store_true",
        help="and what difference these families and seeds would settle; with --page",
    )
    given(parser)
    placed(parser)


def _plan(options: argparse.Namespace) -> None:
    from nbsupport.pages import page_named, plan
    from nbsupport.pages.request import PageRequest

    if options.power and not options.page:
        raise UserError("--power is about the comparisons of one page: name it with --page")
    held, chosen = store(), _values(options)
    slots = [_slots(given) for given in options.slots]
    page = page_named(options.page) if options.page else None
    request = PageRequest(page, chosen, nominal=True) if page else None
    profile = (request.values if request else chosen).get("profile", "demo")
    if options.measure:
        plan.measure(profile, held)
    if request:
        plans = [plan.plan_page(request, held, slots=slots)]
    else:
        plans = plan.plan_book(profile, held, slots)
    if options.json:
        print(json.dumps([p.as_dict() for p in plans], indent=2))
        return
    if request:
        print(plan.parameter_table(plans[0]), end="\n\n")
    print(plan.plan_table(plans))
    if request and options.power:
        from nbsupport.pages.power import power_table

        print(f"\n{power_table(request)}")


def _slots(given: str) -> int:
    count = whole("--slots", given)
    if not 0 < count < 10_000:
        raise UserError(f"--slots {given}: give numbers of GPUs or cores from 1 to 9999")
    return count


def _values(options: argparse.Namespace) -> dict[str, Any]:
    """The values that were given for parameters; without a page only the profile may be given."""
    found = values(options)
    if not options.page and set(found) - {"profile"}:
        raise UserError("parameters (-p) belong to one page: name it with --page")
    return found

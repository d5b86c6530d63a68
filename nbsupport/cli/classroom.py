"""python -m nbsupport class: cells of a claim for a class, what is handed in, and the board."""

import argparse
import time
from functools import partial
from pathlib import Path
from typing import Any

from nbsupport.cli.parsing import command, count_option, store, trains, whole
from nbsupport.errors import UserError

REFUSED = 1  # exit status: some files were refused; 2 is a mistake in the command
EVERY = 5  # seconds between two looks at the folder


def add(commands: Any) -> None:
    """Add `class` and its actions to a parser's commands."""
    text = "a class settles a claim: deal cells, train them, merge what is handed in, show a board"
    actions = commands.add_parser("class", help=text, description=text).add_subparsers(
        required=True, metavar="ACTION"
    )
    _add_assign(actions)
    _add_train(actions)
    _add_hand_in(actions)
    _add_merge(actions)
    _add_board(actions)
    _add_predictions(actions)


# dealing ------------------------------------------------------------------------------------------
def _add_assign(actions: Any) -> None:
    text = "write a plan: who trains which cell of a claim, and when it is judged; trains nothing"
    parser = command(actions, "assign", text, _assign)
    parser.add_argument("claim", help="a claim's id, such as five-per-class")
    parser.add_argument("--students", required=True, metavar="FILE", help="a name on each line")
    told = "what to train; default: demo; smoke is a rehearsal of minutes, and no evidence"
    parser.add_argument("--profile", default="demo", help=told)
    parser.add_argument("--worlds", nargs="+", default=[], metavar="N", help="default: world 1")
    parser.add_argument("--families", nargs="+", default=[], metavar="NAME")
    count_option(parser, "--share", "students to each cell", 1)
    count_option(parser, "--cells", "in all; default: as many as the students fill")
    count_option(parser, "--seed", "the first of the seeds", 100)
    count_option(parser, "--judge-at", "cells that have to be in; default: all")
    parser.add_argument("--until", default="", metavar="DAY", help="then it is judged anyway")
    parser.add_argument("--out", metavar="FILE", help="default: class-CLAIM.json, here")


def _assign(options: argparse.Namespace) -> None:
    from nbsupport.classroom.assign import assign, settles, trained_before
    from nbsupport.classroom.plan import read_names

    plan = assign(
        options.claim,
        read_names(Path(options.students)),
        profile=options.profile,
        worlds=[whole("--worlds", world) for world in options.worlds],
        families=options.families,
        cells=options.cells or 0,
        share=options.share,
        first_seed=options.seed,
        judged_at=options.judge_at or 0,
        until=options.until,
    )
    path = plan.write(Path(options.out or f"class-{plan.claim}.json"))
    for cell in plan.cells:
        print(f"{cell}: {', '.join(cell.students)}")
    print(plan.stopping)
    if not settles(plan):
        print(
            "A verdict of these cells only leans: it takes as much as three families of three "
            "seeds each in a world. --cells gives out more cells than there are students."
        )
    if begun := trained_before(plan, store()):
        print(f"{begun} of its runs are in the store already: they were trained before this plan.")
    print(
        f"{path}: made {plan.made}, checksum {plan.hash[:12]}. Give it to all; change it no more."
    )


# a student ----------------------------------------------------------------------------------------
def _student(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plan", help="the file that the lecturer gave out")
    parser.add_argument("--name", required=True, help="as it stands in the plan")


def _add_train(actions: Any) -> None:
    parser = command(actions, "train", "train the cells that a student was given", _train)
    _student(parser)
    trains(parser)


def _train(options: argparse.Namespace) -> None:
    from nbsupport.classroom.hand_in import train
    from nbsupport.classroom.plan import read_plan

    runs = train(read_plan(Path(options.plan)), options.name)
    then = f"nbsupport class hand-in {options.plan} --name {options.name!r}"
    print(f"{runs} runs are done. Next: {then}")


def _add_hand_in(actions: Any) -> None:
    text = "write the file that a student hands in, from the store"
    parser = command(actions, "hand-in", text, _hand_in)
    _student(parser)
    parser.add_argument("--out", default=".", metavar="FOLDER", help="default: here")


def _hand_in(options: argparse.Namespace) -> None:
    from nbsupport.classroom.hand_in import NO_PROOF, hand_in
    from nbsupport.classroom.plan import read_plan

    path = hand_in(read_plan(Path(options.plan)), options.name, store(), Path(options.out))
    print(f"{path} is what you hand in, as it is. {NO_PROOF}")


# a lecturer ---------------------------------------------------------------------------------------
def _folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", help="where the files were handed in")
    parser.add_argument("--plan", metavar="FILE", help="default: the plan that lies in the folder")


def _add_merge(actions: Any) -> None:
    text = "check what was handed in, say what is refused and why, and put the rest in one table"
    _folder(command(actions, "merge", text, _merge))


def _merge(options: argparse.Namespace) -> int:
    from nbsupport.classroom.merge import merge, write_merged
    from nbsupport.classroom.plan import read_plan

    folder = Path(options.folder)
    merged = merge(read_plan(_plan_of(options)), folder)
    print("\n".join(merged.lines))
    if len(merged.table):
        print(f"{write_merged(merged, folder)}: {len(merged.table)} rows")
    return REFUSED if merged.refused else 0


def _plan_of(options: argparse.Namespace) -> Path:
    from nbsupport.classroom.plan import plan_in

    return plan_in(Path(options.folder), Path(options.plan) if options.plan else None)


def _add_board(actions: Any) -> None:
    text = "draw the cells that are in, with the verdict so far and the stopping rule, as HTML"
    parser = command(actions, "board", text, _board)
    _folder(parser)
    parser.add_argument("--out", metavar="FILE", help="default: board.html in the folder")
    parser.add_argument("--watch", action="store_true", help="draw again as files arrive")


def _board(options: argparse.Namespace) -> None:
    from nbsupport.classroom.board import BOARD, draw, watch

    folder = Path(options.folder)
    plan, out = _plan_of(options), Path(options.out or folder / BOARD)

    def draw_now() -> None:
        board = draw(plan, folder, out, EVERY if options.watch else 0)
        for name, why in board.merged.refused.items():
            print(f"refused: {name}: {why}")
        print(f"{out}: {board.summary()}", flush=True)

    if options.watch:
        watch(folder, draw_now, partial(time.sleep, EVERY))
    else:
        draw_now()


def _add_predictions(actions: Any) -> None:
    text = "count the guesses that readers saved from the book's page for classes"
    parser = command(actions, "predictions", text, _predictions)
    parser.add_argument("files", nargs="+", metavar="FILE", help="guesses.json of each reader")


def _predictions(options: argparse.Namespace) -> int:
    from nbsupport.classroom.guesses import counted, counts_table

    found = counted([Path(name) for name in options.files])
    if not found.files:
        raise UserError(
            f"none of the {len(options.files)} files holds guesses: {found.first_wrong}"
        )
    print(counts_table(found))
    for why in found.wrong:
        print(f"left out: {why}")
    return REFUSED if found.wrong else 0

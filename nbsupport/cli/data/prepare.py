"""python -m nbsupport data prepare: pictures decoded and resized once, for fast trainings."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.cli.data.image_folder import root_option, use_root
from nbsupport.cli.parsing import command
from nbsupport.errors import UserError, unknown

if TYPE_CHECKING:
    from nbsupport.data.pictures.files import Pictures

DRAWN = ("captions", "savanna", "savanna_domains")
LISTED = 5  # names of broken pictures that are printed; the list has all


def add(actions: Any) -> None:
    """Add `prepare` to the actions of `data`."""
    text = "decode and resize every picture once; who is stopped goes on with the same command"
    parser = command(actions, "prepare", text, _prepare)
    parser.add_argument("name", metavar="NAME", help="a data set, such as imagenet or iwildcam")
    parser.add_argument("--px", type=int, required=True, help="pixels a side, such as 256")
    parser.add_argument("--workers", type=int, help="threads that decode (default: one a core)")
    root_option(parser)
    parser.add_argument(
        "--skip-broken",
        action="store_true",
        help="a source does without its broken pictures from then on; a task cannot",
    )
    parser.add_argument(
        "-p",
        dest="options",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="an option of the data set: -p train photo -p ood sketch",
    )


def _prepare(options: argparse.Namespace) -> None:
    from nbsupport.data.pictures.broken import no_way_out
    from nbsupport.parameters import parse_assignments

    use_root(options)
    options.options = _checked(parse_assignments(options.options))
    parts = parts_of(options.name, options.px, options.options)
    if options.skip_broken and options.name not in parts:
        raise no_way_out(options.name)
    for title, pictures in parts.items():
        _one(title, pictures, options)


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    for name in ("name", "px"):
        if name in given:
            raise UserError(f"-p {name} is no option of a data set: name it and give --px instead")
    return given


def parts_of(name: str, px: int, options: dict[str, Any]) -> "dict[str, Pictures]":
    """What is prepared of a data set, by title: a source's pictures, or those of a task's splits.

    Of a task in several arrangements (which domains are trained on) and without options: those that
    the profiles use. UserError for a name that is unknown, or whose pictures are drawn.
    """
    from nbsupport.data.sources import source_names
    from nbsupport.data.tasks import SPLITS, open_task, task_names

    if name in DRAWN:
        raise _drawn(name)
    of_sources = {source.removesuffix("_files") for source in source_names()}
    if name in of_sources:
        return {name: _source(name, px, options).pictures}
    if name not in task_names():
        raise unknown("data set", name, {*of_sources, *task_names()} - {*DRAWN})
    if not options and (used := arrangements(name)):
        each = [(_said(one), parts_of(name, px, one)) for one in used]
        return {f"{title}, {said}": own for said, parts in each for title, own in parts.items()}
    task = _opened(open_task, name, {"name": name, "px": px, **options})
    if not hasattr(task, "pictures"):
        raise _drawn(name)
    found = {f"{name} {split}": task.pictures(split) for split in SPLITS}
    return {title: pictures for title, pictures in found.items() if len(pictures)}


def _source(name: str, px: int, options: dict[str, Any]) -> Any:
    """A source of pictures in files by its public name; UserError for one that is drawn."""
    from nbsupport.data.sources import open_source, source_names

    of_files = f"{name}_files" if f"{name}_files" in source_names() else name
    source = _opened(open_source, name, {"name": of_files, "px": px, **options})
    if not hasattr(source, "pictures"):
        raise _drawn(name)
    return source


def arrangements(name: str) -> list[dict[str, Any]]:
    """The options with which profiles open a task, each once; none where it takes none."""
    from nbsupport.study.profiles.real import REAL

    found = []
    for profile in REAL:
        tasks = [profile.task_spec(world) for world in profile.worlds]
        tasks += [tasks[0] | profile.pair_task(*pair) for pair in profile.pairs]
        for spec in tasks:
            options = {key: value for key, value in spec.items() if key not in ("name", "px")}
            if spec["name"] == name and options and options not in found:
                found.append(options)
    return found


def _said(options: dict[str, Any]) -> str:
    """ "photo, sketch to cartoon"."""
    train = options["train"]
    return f"{train if isinstance(train, str) else ', '.join(train)} to {options['ood']}"


def _opened(open_it: Any, name: str, spec: dict[str, Any]) -> Any:
    try:
        return open_it(spec)
    except TypeError as error:  # what the data set must be told, or does not know
        if "argument" not in str(error):
            raise
        said = str(error).partition(" ")[2]
        raise UserError(f"{name}: {said}; give its options as -p NAME VALUE") from error


def _drawn(name: str) -> UserError:
    return UserError(
        f"{name} is drawn by this project and kept by itself: there is nothing to prepare"
    )


def _one(title: str, pictures: "Pictures", options: argparse.Namespace) -> None:
    """Prepare pictures behind a progress bar, and say what came of it."""
    from tqdm import tqdm

    from nbsupport.data.pictures.decode_once import decode_once

    with tqdm(total=len(pictures), desc=title, unit=" pictures", leave=False) as bar:
        done = decode_once(
            pictures,
            options.px,
            workers=options.workers,
            skip_broken=options.skip_broken,
            report=bar.update,
        )
    path = _without(pictures, done.skipped, options) if done.skipped else done.path
    left = done.count - len(done.skipped)
    print(f"{title}: {left:,} pictures of {options.px} px in {path}")


def _without(pictures: "Pictures", skipped: tuple[int, ...], options: argparse.Namespace) -> Path:
    """Leave a source's broken pictures out, of what is prepared and from now on: no model is
    trained on a black one with a label. Says which; returns where the others are."""
    from nbsupport.data.pictures.broken import leave_out
    from nbsupport.data.pictures.decode_once import without_skipped
    from nbsupport.data.pictures.files import Pictures

    broken = [pictures.names[row] for row in skipped]
    whole = _source(options.name, options.px, options.options).every_picture
    listed = leave_out(whole, broken)
    more = f" and {len(broken) - LISTED:,} more" if len(broken) > LISTED else ""
    print(
        f"{options.name}: {len(broken):,} broken pictures are left out from now on, as {listed} "
        f"says: {', '.join(broken[:LISTED])}{more}"
    )
    gone = set(broken)
    kept = Pictures(pictures.place, [name for name in pictures.names if name not in gone])
    return without_skipped(pictures, kept, options.px)

"""python -m nbsupport plate: drawings of a simulated world, large, as one picture."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command, count_option, folder_of, into_folder


def add(commands: Any) -> None:
    """Add `plate` to a parser's commands."""
    text = "drawings of the simulated world, large enough for a projector, as one PNG"
    parser = command(commands, "plate", text, _plate)
    parser.add_argument("of", help="a source (imagenet, inaturalist) or a split (ood_test)")
    parser.add_argument("--profile", default="demo")
    count_option(parser, "--world", default=1)
    count_option(parser, "--count", "drawings", 8)
    count_option(parser, "--columns", "drawings in a row", 4)
    count_option(parser, "--px", "pixels of one drawing, 64 to 256", 256)
    into_folder(parser)


def _plate(options: argparse.Namespace) -> None:
    from nbsupport.building.figure_files import write_file
    from nbsupport.display.drawings import drawn, labelled_sheet
    from nbsupport.display.widgets import png
    from nbsupport.errors import UserError
    from nbsupport.study.study import Study

    if options.columns < 1:
        raise UserError(f"columns={options.columns}: give at least 1")
    study = Study(profile=options.profile, world=options.world)
    images, titles = drawn(study, options.of, options.count, options.px)
    name = f"plate-{options.of}-world-{options.world}-{options.px}px.png"
    sheet = png(labelled_sheet(images, titles, options.columns))
    print(write_file(folder_of(options) / name, sheet))

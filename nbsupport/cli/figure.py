"""python -m nbsupport figure: a page's recorded figures as files, for slides."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command, count_option, folder_of, into_folder


def add(commands: Any) -> None:
    """Add `figure` to a parser's commands."""
    text = "a page's figures by its recorded runs, as files; trains nothing"
    parser = command(commands, "figure", text, _figure)
    parser.add_argument("page", help="a page's id, such as 04_1_quantity")
    parser.add_argument("--number", default="", help="one figure, such as '4 (left)'; default: all")
    parser.add_argument("--profile", default="demo")
    count_option(parser, "--world", "only what is recorded in this world; default: as on the page")
    parser.add_argument("--format", default="png", help="png or svg; default: png")
    count_option(parser, "--width", "pixels", 1600)
    parser.add_argument("--theme", default="light", help="light or dark; default: light")
    into_folder(parser)


def _figure(options: argparse.Namespace) -> None:
    from nbsupport.building.figure_files import FileForm, write_figures
    from nbsupport.pages.figures_of import recorded_figures

    form = FileForm(options.format, options.width, options.theme)
    found = recorded_figures(
        options.page, options.number, profile=options.profile, world=options.world
    )
    for path in write_figures(found, options.page, folder_of(options), form):
        print(path)

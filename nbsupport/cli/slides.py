"""python -m nbsupport slides: the lecture's slides, from the records."""

import argparse
from typing import Any

from nbsupport.cli.parsing import command, given


def add(commands: Any) -> None:
    """Add `slides` to a parser's commands."""
    text = "the slides of teach/slides.ipynb from the records, as one file; trains nothing"
    given(command(commands, "slides", text, _slides))


def _slides(options: argparse.Namespace) -> None:
    from nbsupport.building.slides import build_slides
    from nbsupport.parameters import parse_assignments

    print(build_slides(parse_assignments(options.parameters)))

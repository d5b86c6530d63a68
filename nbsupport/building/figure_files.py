"""Figures and drawings as files: what a lecturer puts on a slide of his own."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nbsupport.analysis.charts import Figure
from nbsupport.errors import UserError

FORMATS = ("png", "svg")
THEMES = ("light", "dark")
WIDTHS = (200, 8000)  # pixels: less shows nothing, more is no file for a projector
_SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')


@dataclass(frozen=True)
class FileForm:
    """What a figure is written as: "png" or "svg", so many pixels wide, light or dark.

    Raises UserError for anything else.
    """

    format: str = "png"
    width: int = 1600
    theme: str = "light"

    def __post_init__(self) -> None:
        _one_of("format", self.format, FORMATS)
        _one_of("theme", self.theme, THEMES)
        least, most = WIDTHS
        if not least <= self.width <= most:
            raise UserError(f"width {self.width}: give {least} to {most} pixels")

    def content(self, figure: Figure) -> bytes:
        """The figure with its title, as the bytes of a file."""
        svg = figure.svg(self.theme)
        found = _SIZE.search(svg)
        assert found is not None, "an SVG of Vega has a width and a height"
        width, height = map(float, found.groups())
        if self.format == "png":
            return figure.png(self.theme, scale=self.width / width)
        size = f'width="{self.width}" height="{height * self.width / width:.0f}"'
        return _SIZE.sub(size, svg, count=1).encode()


def write_figures(
    figures: Iterable[Figure], page_id: str, folder: Path, form: FileForm
) -> list[Path]:
    """Write figures into a folder, each under its page's id and its own name; the paths."""
    return [
        write_file(folder / f"{page_id}-{figure.name}.{form.format}", form.content(figure))
        for figure in figures
    ]


def write_file(path: Path, content: bytes) -> Path:
    """Write a file, and the folder that it lies in; UserError where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{path} cannot be written ({reason}): name another folder") from error
    return path


def _one_of(what: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise UserError(f"{what} {given!r}: give {' or '.join(allowed)}")

"""The picture that a link to the book is shown with: its main figure and what it found, 1200 x 630.

It is made by each build, from the recorded runs, so it says what the book says.
"""

import re
import textwrap
from collections.abc import Sequence
from html import escape
from pathlib import Path

from nbsupport.analysis.charts import Figure
from nbsupport.analysis.charts.figure import fewer_colours
from nbsupport.analysis.charts.look import FONT, INKS
from nbsupport.display.tabs import Tabs
from nbsupport.pages import index as welcome

SHARE_PICTURE = Path("book/_static/generated/share.png")
WIDTH, HEIGHT, EDGE = 1200, 630, 44
TITLE = "What should a model see before it meets the wild?"
PAPER = "On the Connection between Pre-training Data Diversity and Fine-tuning Robustness, rerun"
TEXT_WIDTH = 372  # pixels; the figure has the rest
Line = tuple[str, int, int, str]  # text, size in pixels, weight, colour


def write_share_picture(path: Path, profile: str) -> Path:
    """Write the picture of a profile's book as a PNG; nothing is fetched."""
    import vl_convert

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(fewer_colours(vl_convert.svg_to_png(share_svg(profile), scale=1.0)))
    return path


def share_svg(profile: str) -> str:
    """The picture as an SVG: in words on the left, the main figure on the right."""
    ink, muted, paper = (INKS["light"][name] for name in ("@ink", "@muted", "@paper"))
    said, *_ = welcome.found_in_words(profile)
    lines: list[Line] = [
        *[(line, 40, 700, ink) for line in textwrap.wrap(TITLE, 18)],
        ("", 16, 400, ink),
        *[(line, 21, 400, ink) for line in textwrap.wrap(said, 36)],
        ("", 16, 400, ink),
        *[(line, 17, 400, muted) for line in textwrap.wrap(PAPER, 44)],
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family=\'{FONT}\'><rect width="100%" height="100%" fill="{paper}"/>'
        f"{_texts(lines)}{_figure(profile)}</svg>"
    )


def _texts(lines: Sequence[Line]) -> str:
    """Lines of text from top to bottom."""
    parts, down = [], float(EDGE)
    for text, size, weight, colour in lines:
        down += size * 1.22
        parts.append(
            f'<text x="{EDGE}" y="{down:.0f}" font-size="{size}" font-weight="{weight}" '
            f'fill="{colour}">{escape(text)}</text>'
        )
    return "".join(parts)


def _figure(profile: str) -> str:
    """The main figure, as large as fits; nothing where no runs are recorded."""
    import vl_convert

    shown = welcome.headline(profile)
    first = next(iter(shown.panels.values())) if isinstance(shown, Tabs) else shown
    if not isinstance(first, Figure):
        return ""
    spec = first.spec(titled=False)
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    width, height = (float(size) for size in re.findall(r'(?:width|height)="([\d.]+)"', svg)[:2])
    left = EDGE + TEXT_WIDTH + EDGE / 2
    room = WIDTH - left - EDGE / 2, HEIGHT - 2 * EDGE
    times = min(room[0] / width, room[1] / height)
    at = left + (room[0] - width * times) / 2, EDGE + (room[1] - height * times) / 2
    inner = svg[svg.index("<svg") :]
    return f'<g transform="translate({at[0]:.1f} {at[1]:.1f}) scale({times:.3f})">{inner}</g>'

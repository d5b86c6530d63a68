"""The picture at the top of README.md: `python tools/picture.py`.

The book's first figure, drawn from the committed records into `assets/book.png`. The file holds a
hash of what the figure shows, so a test sees when the records say something else.
"""

import argparse
import hashlib
import io
from pathlib import Path

from nbsupport.analysis.charts import Figure
from nbsupport.display.tabs import Tabs
from nbsupport.pages.index import headline
from nbsupport.paths import root

SHOWN = "shown"  # the name of the hash among the texts of the PNG
SCALE = 1.4
COLOURS = 128


def main() -> None:
    """Draw it."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    figure = first_figure()
    path = root() / "assets" / "book.png"
    path.write_bytes(picture(figure))
    print(f"{path} ({path.stat().st_size:,} bytes)")


def first_figure() -> Figure:
    """The figure of the book's first page, of the recorded runs."""
    shown = headline("demo")
    found = next(iter(shown.panels.values())) if isinstance(shown, Tabs) else shown
    assert isinstance(found, Figure)
    return found


def content(figure: Figure) -> str:
    """A hash of the words and the numbers that a figure shows."""
    text = "\n".join([figure.title, figure.subtitle, figure.csv()])
    return hashlib.sha256(text.encode()).hexdigest()


def picture(figure: Figure) -> bytes:
    """The figure as a small PNG."""
    from PIL import Image, PngImagePlugin

    note, out = PngImagePlugin.PngInfo(), io.BytesIO()
    note.add_text(SHOWN, content(figure))
    with Image.open(io.BytesIO(figure.png(scale=SCALE))) as drawn:
        few = drawn.convert("RGB").quantize(COLOURS)
    few.save(out, format="PNG", optimize=True, pnginfo=note)
    return out.getvalue()


def noted(path: Path) -> str:
    """The hash that a picture was drawn with."""
    from PIL import Image

    with Image.open(path) as drawn:
        return str(drawn.info[SHOWN])


if __name__ == "__main__":
    main()

"""What a page shows besides its figures: the reader's prediction, image grids, glued values.

All of it is plain HTML that reads without a script; `book/_static/nbsupport.css` and
`nbsupport.js` give it its look and keep the reader's guesses in the browser.
"""

import base64
import re
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from nbsupport import arguments
from nbsupport.display.html import Html
from nbsupport.display.verdict_table import verdict_table
from nbsupport.errors import UserError, said

__all__ = [
    "compare_prediction",
    "glue",
    "image_grid",
    "predict_first",
    "rank_first",
    "verdict_table",
]
GLUE_PREFIX = "application/papermill.record/"  # what myst-nb takes off again; not imported here
SHEET_COLUMNS = 8
ENLARGED = 128


def slug(text: str) -> str:
    """A short id made of a text: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]


def predict_first(question: str, options: Sequence[str], answer_from: str = "") -> Html:
    """A question to answer before reading on; the guess is kept in the reader's browser.

    answer_from: a claim's id; the guess then shows in that claim's row of the verdict table. Else
    `compare_prediction` shows it, under the id that `slug(question)` gives.
    """
    question = arguments.text("question", question, "a text")
    options = [arguments.text("options", o) for o in arguments.listed("options", options, "texts")]
    if not isinstance(answer_from, str):
        raise UserError(f"answer_from={said(answer_from)}: give the id of a claim")
    if len(set(options)) < 2:
        raise UserError(f"a prediction needs at least two different options, not {list(options)}")
    key = escape(answer_from or slug(question), quote=True)
    where = "the verdict" if answer_from else "what the runs say"
    choices = "".join(
        f'<label><input type="radio" name="predict-{key}" value="{escape(o, quote=True)}">'
        f"<span>{escape(o)}</span></label>"
        for o in options
    )
    html = (
        f'<fieldset class="nb-predict" data-prediction="{key}">'
        f'<legend><span class="nb-kicker">Predict first</span> {escape(question)}</legend>'
        f'<div class="nb-options">{choices}</div>'
        '<p class="nb-quiet" aria-live="polite">Choose before you look further down. '
        f"Your guess stays in this browser and is shown beside {where}.</p></fieldset>"
    )
    return Html(html, f"Predict first: {question} " + " / ".join(options))


def rank_first(question: str, items: Sequence[str]) -> Html:
    """A list that the reader puts in order before reading on; `compare_prediction` shows it later.

    The order is kept in the browser under `slug(question)`, as "a > b > c". Without a script the
    list stays as it is, for the reader to rank on paper.
    """
    if len(set(items)) < 2:
        raise UserError(f"a ranking needs at least two different items, not {list(items)}")
    key = escape(slug(question), quote=True)
    rows = "".join(
        f'<li data-item="{escape(i, quote=True)}"><span>{escape(i)}</span></li>' for i in items
    )
    html = (
        f'<fieldset class="nb-predict nb-rank" data-prediction="{key}">'
        f'<legend><span class="nb-kicker">Predict first</span> {escape(question)}</legend>'
        f"<ol>{rows}</ol>"
        '<p class="nb-quiet" aria-live="polite">Put the largest first. '
        "Your order stays in this browser and is compared with the runs below.</p></fieldset>"
    )
    return Html(html, f"Predict first: {question} " + " / ".join(items))


def compare_prediction(question: str, answer: str, right: str = "") -> Html:
    """The reader's guess beside the answer of the runs; without a script, the answer alone.

    question: as it was asked, or the claim that the answer comes from. right: the option that the
    runs bear out, which the script holds the guess against; nothing where no option is right.
    """
    key = slug(question)
    told = f' data-right="{escape(right, quote=True)}"' if right else ""
    html = (
        f'<div class="nb-compare"{told}><div class="nb-guess" data-prediction="{key}"'
        f' hidden></div><div><span class="nb-kicker">The runs</span>{escape(answer)}</div></div>'
    )
    return Html(html, f"The runs: {answer}")


def image_grid(
    images: np.ndarray, titles: Sequence[str], caption: str = "", *, size: int = 76
) -> Html:
    """Images side by side under their titles, as many to a row as fit.

    images: uint8 [N, 3, H, W] or [N, H, W, 3]. size: the least width of one on the page, in CSS
    pixels (76 puts 8 in a row on a page and 4 on a phone).
    Raises UserError where titles and images do not match.
    """
    pictures = _channels_last(np.asarray(images))
    if len(titles) != len(pictures):
        raise UserError(f"{len(pictures)} images but {len(titles)} titles: give one for each image")
    if not len(pictures):
        raise UserError("no images to show: give at least one")
    columns = min(SHEET_COLUMNS, len(pictures))
    # Enlarged by whole pixels here, so that the browser only ever scales down and edges stay even.
    times = max(1, ENLARGED // pictures.shape[2])
    pictures = pictures.repeat(times, axis=1).repeat(times, axis=2)
    sheet = base64.b64encode(png(contact_sheet(pictures, columns))).decode()
    rows = -(-len(pictures) // columns)
    cells = "".join(
        _cell(i, title, columns, rows, pictures.shape) for i, title in enumerate(titles)
    )
    shown = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    html = (
        f'<figure class="nb-grid" style="--nb-sheet:url(data:image/png;base64,{sheet})">'
        f'<div class="nb-grid-cells" role="list" style="display:grid;gap:10px;'
        f'grid-template-columns:repeat(auto-fill,minmax({size}px,1fr))">'
        f"{cells}</div>{shown}</figure>"
    )
    return Html(html, f"{caption}: " + ", ".join(titles))


def _cell(index: int, title: str, columns: int, rows: int, shape: tuple[int, ...]) -> str:
    """One image: a window on the shared contact sheet."""
    column, row = index % columns, index // columns
    across = 100 * column / max(columns - 1, 1)
    down = 100 * row / max(rows - 1, 1)
    style = (
        f"aspect-ratio:{shape[2]}/{shape[1]};background:var(--nb-sheet) "
        f"{across:.4f}% {down:.4f}%/{columns * 100}% {rows * 100}%"
    )
    text = escape(title, quote=True)
    return (
        f'<div class="nb-grid-cell" role="listitem">'
        f'<div class="nb-grid-image" role="img" aria-label="{text}" style="{style}"></div>'
        f'<div class="nb-grid-title" aria-hidden="true">{text}</div></div>'
    )


def _channels_last(images: np.ndarray) -> np.ndarray:
    """uint8 [N, H, W, 3] from either order."""
    colours_first = images.ndim == 4 and images.shape[1] == 3
    if images.dtype != np.uint8 or images.ndim != 4 or 3 not in (images.shape[1], images.shape[3]):
        raise UserError(
            f"images of type {images.dtype} and shape {images.shape} cannot be shown: "
            "give uint8 [N, 3, H, W] or [N, H, W, 3]"
        )
    return images.transpose(0, 2, 3, 1) if colours_first else images


def contact_sheet(images: np.ndarray, columns: int) -> np.ndarray:
    """All images [N, H, W, 3] in one picture, row by row, black where the last row ends."""
    count, height, width, _ = images.shape
    rows = -(-count // columns)
    sheet = np.zeros((rows * columns, height, width, 3), np.uint8)
    sheet[:count] = images
    parts = sheet.reshape(rows, columns, height, width, 3).transpose(0, 2, 1, 3, 4)
    return parts.reshape(rows * height, columns * width, 3)


def png(picture: np.ndarray) -> bytes:
    """A PNG of uint8 [H, W, 3]."""
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(picture).save(out, format="PNG", optimize=True)
    return out.getvalue()


def glue(name: str, value: Any, display: bool = False) -> None:
    """Keep a value under a name, for `{glue:text}` in the page's prose.

    Stored in the cell's output as myst-nb stores it, so that a kernel need not import myst-nb (and
    with it Sphinx). A text is glued as it stands, everything else as Jupyter shows it.
    """
    from IPython.display import display as show

    name = arguments.text("glue: name", name)
    data, metadata = glued(name, value, display)
    show(data, raw=True, metadata=metadata)


def glued(name: str, value: Any, display: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """The output data and metadata of a glued value."""
    prefix = "" if display else GLUE_PREFIX
    if isinstance(value, str):
        # quoted, because myst-nb evaluates what it finds: "10,240" would come out as a tuple
        data, metadata = {"text/plain": repr(value)}, {}
    else:
        from IPython.core.formatters import format_display_data

        data, metadata = format_display_data(value)
    scrapbook = {"name": name, "mime_prefix": prefix}
    return {prefix + k: v for k, v in data.items()}, {**metadata, "scrapbook": scrapbook}

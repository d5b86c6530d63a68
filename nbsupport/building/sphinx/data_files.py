"""A Sphinx extension: pictures and tables inside a page become files beside it.

An executed notebook is whole by itself: its pictures and CSVs are addresses that begin with
"data:". In the book they were six tenths of a page's weight, and each visit read the tables of all
figures. As files, pictures are read when the reader comes near, and a table when it is asked for.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from docutils import nodes
from sphinx.application import Sphinx

FOLDER = "_figures"
ENDINGS = {"image/png": "png", "image/webp": "webp", "text/csv": "csv", "application/json": "json"}
LEAST = 2_000  # characters: what is shorter stays in the page
_DATA = rf"data:({'|'.join(map(re.escape, ENDINGS))})(?:;charset=utf-8)?(;base64)?,"
# A whole attribute, or what url(...) of a style holds.
ADDRESSES = (
    re.compile(rf'(?<==")(?:{_DATA})([^"]{{{LEAST},}})'),
    re.compile(rf'(?<=url\()(?:{_DATA})([^")]{{{LEAST},}})'),
)
PICTURE = re.compile(r'<img (?=[^>]*\bsrc="data:)')


def moved(body: str, save: Callable[[str, bytes], str]) -> str:
    """The body of a page with the addresses that `save` gives its files, by ending and content."""

    def put(found: re.Match[str]) -> str:
        kind, encoded, text = found.groups()
        content = base64.b64decode(text) if encoded else unquote_to_bytes(text)
        return save(ENDINGS[kind], content)

    # named lazy, a picture is not read before its figure is near, nor where the chart replaces it
    body = PICTURE.sub('<img loading="lazy" ', body)
    for address in ADDRESSES:
        body = address.sub(put, body)
    return body


def move_data(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Write the files of a page, named by their content, and let it refer to them."""
    body, folder = context.get("body"), Path(app.outdir) / FOLDER
    if not body or "data:" not in body:
        return
    up = "../" * page.count("/")

    def save(ending: str, content: bytes) -> str:
        name = f"{hashlib.sha256(content).hexdigest()[:20]}.{ending}"
        folder.mkdir(exist_ok=True)
        if not (folder / name).is_file():
            (folder / name).write_bytes(content)
        return f"{up}{FOLDER}/{name}"

    context["body"] = moved(body, save)


def remove_unused(app: Sphinx, problem: Exception | None) -> None:
    """Remove the files that no page refers to any more."""
    held = [*(Path(app.outdir) / FOLDER).glob("*.*")]
    if problem is not None or not held:
        return
    pages = [path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html")]
    named = set(re.findall(rf"{FOLDER}/([0-9a-f]+\.\w+)", "\n".join(pages)))
    for path in held:
        if path.name not in named:
            path.unlink()


def setup(app: Sphinx) -> dict[str, object]:
    """Register what moves the data of a page that is written, and what removes old files."""
    app.connect("html-page-context", move_data)
    app.connect("build-finished", remove_unused)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

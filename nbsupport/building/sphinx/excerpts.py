"""A Sphinx extension: the search shows excerpts of pages that are opened from disk, too.

Sphinx reads each page that it found with fetch, which browsers refuse for an address that begins
with "file:". So the text of each page lies beside the pages once more, as a script that such a
browser may load; `book/_static/search.js` asks for those of the pages that were found.
"""

import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

FOLDER, SCRIPT = "_excerpts", "_static/search.js"
MOST = 30_000  # characters of a page: the reference has eight times as many
# No prose: drawings, code, tables, and what only a script reads.
SKIPPED = re.compile(r"<(svg|script|style|pre|table|math|form)\b.*?</\1>", re.DOTALL)
HEADER_LINK = re.compile(r'<a class="headerlink".*?</a>', re.DOTALL)
TAG = re.compile(r'<(/?)(\w+)(?:[^>"]|"[^"]*")*>')
IDENTITY = re.compile(r'\bid="([^"]+)"')


def excerpt(body: str) -> str:
    """The prose of a page, in its sections with their ids: a result may be one of them. Of a very
    long page the beginning; a browser closes what is open there."""
    text = HEADER_LINK.sub("", SKIPPED.sub(" ", body))
    told = " ".join(TAG.sub(_kept, text).split())
    return told if len(told) <= MOST else told[:MOST].rpartition(" ")[0]


def _kept(tag: re.Match[str]) -> str:
    closing, name = tag.groups()
    if name != "section":
        return " "
    found = IDENTITY.search(tag.group())
    return "</section>" if closing else f'<section id="{found.group(1)}">' if found else "<section>"


def write_excerpt(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Write the text of a page that is written; the search page asks for the script."""
    if page == "search":
        tag = f'<script src="{SCRIPT}"></script>'
        context["metatags"] = "\n".join([context.get("metatags", ""), tag])
    if tree is None or not context.get("body"):
        return
    path = _path(app, page)
    path.parent.mkdir(parents=True, exist_ok=True)
    told = json.dumps(excerpt(context["body"]), ensure_ascii=False)
    path.write_text(f"nbExcerpt({json.dumps(page)}, {told});\n", encoding="utf-8")


def _path(app: Sphinx, page: str) -> Path:
    return Path(app.outdir) / FOLDER / f"{page}.js"


def remove_unused(app: Sphinx, problem: Exception | None) -> None:
    """Remove the texts of pages that are gone."""
    if problem is None:
        wanted = {_path(app, page) for page in app.env.found_docs}
        for path in (Path(app.outdir) / FOLDER).rglob("*.js"):
            if path not in wanted:
                path.unlink()


def setup(app: Sphinx) -> dict[str, object]:
    """Register what writes the text of a page, and what removes old ones."""
    app.connect("html-page-context", write_excerpt)
    app.connect("build-finished", remove_unused)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

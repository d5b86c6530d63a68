"""A Sphinx extension: a page's description and picture, for search and for previews of links."""

import re
from html import escape, unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

MOST = 200  # characters that a preview shows
PICTURE, SIZE = "generated/share.png", (1200, 630)  # see building/share_picture.py
PLACES = (("name", "description"), ("property", "og:description"))


def description(tree: nodes.document | None) -> str:
    """The first paragraph as one line, cut at a word."""
    if tree is None:
        return ""
    paragraphs = (node for node in tree.findall(nodes.paragraph) if _is_prose(node))
    first = next(paragraphs, None)
    line = " ".join(first.astext().split()) if first is not None else ""
    return line if len(line) <= MOST else f"{line[:MOST].rsplit(' ', 1)[0]} ..."


def _is_prose(node: nodes.paragraph) -> bool:
    return isinstance(node.parent, nodes.section | nodes.document)


def add_description(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Add the tags to a page's head; a page without a paragraph is described by its title."""
    if tree is None:  # the search, the index
        return
    title, book = _plain(str(context.get("title", ""))), str(app.config.project)
    text = description(tree) or f"{title} of the book {book}"
    tags = [f'<meta {kind}="{name}" content="{escape(text)}" />' for kind, name in PLACES]
    said = {"og:title": title, "og:site_name": book, "og:type": "article", **_picture(app, page)}
    tags += [f'<meta property="{n}" content="{escape(v)}" />' for n, v in said.items()]
    tags += ['<meta name="twitter:card" content="summary_large_image" />']
    context["metatags"] = "\n".join([context.get("metatags", ""), *tags])


def _plain(title: str) -> str:
    """A page's title without the tags that it is shown with."""
    return unescape(re.sub(r"<[^>]*>", "", title))


def _picture(app: Sphinx, page: str) -> dict[str, str]:
    """The picture of the build that the page belongs to; none where none was made.

    Previews ask for a whole address: it is one where html_baseurl says where the book stands.
    """
    if not any((Path(app.srcdir) / folder / PICTURE).is_file() for folder in _static(app)):
        return {}
    base = str(app.config.html_baseurl or "")
    place = base.rstrip("/") + "/" if base else "../" * page.count("/")
    size = {"og:image:width": str(SIZE[0]), "og:image:height": str(SIZE[1])}
    about = {"og:image:alt": "The book's question, what it found, and its main figure"}
    return {"og:image": f"{place}_static/{PICTURE}", **size, **about}


def _static(app: Sphinx) -> list[str]:
    return [str(folder) for folder in app.config.html_static_path]


def setup(app: Sphinx) -> dict[str, object]:
    """Register what adds the tags."""
    app.connect("html-page-context", add_description)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

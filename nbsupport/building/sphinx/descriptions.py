"""A Sphinx extension: a page's first paragraph is its description, for search and previews."""

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

MOST = 200  # characters that a preview shows
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
    """Add the tags to a page's head; a page without a paragraph gets none."""
    if text := description(tree):
        said = {"og:title": str(context.get("title", "")), "og:type": "article"}
        tags = [f'<meta {kind}="{name}" content="{escape(text)}" />' for kind, name in PLACES]
        tags += [f'<meta property="{n}" content="{escape(v)}" />' for n, v in said.items()]
        context["metatags"] = "\n".join([context.get("metatags", ""), *tags])


def setup(app: Sphinx) -> dict[str, object]:
    """Register what adds the tags."""
    app.connect("html-page-context", add_description)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

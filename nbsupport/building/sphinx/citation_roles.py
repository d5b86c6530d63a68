"""A Sphinx extension: references are read out as the plain text that they are.

Docutils calls them a list, whose children are none of its items, and gives each entry a role that
is no longer used: a screen reader would announce an empty list.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

LIST = re.compile(r'<div role="list" class="citation-list">')
ENTRY = re.compile(r'(<div class="citation"[^>]*?) role="doc-biblioentry"')


def without_roles(body: str) -> str:
    """The body of a page whose references have no role that does not fit them."""
    return ENTRY.sub(r"\1", LIST.sub('<div class="citation-list">', body))


def mend_roles(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Mend the references of a page that is written."""
    if body := context.get("body"):
        context["body"] = without_roles(body)


def setup(app: Sphinx) -> dict[str, object]:
    """Register what mends the references."""
    app.connect("html-page-context", mend_roles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

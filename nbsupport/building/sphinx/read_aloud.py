"""A Sphinx extension: pages say to a screen reader what they show.

Many tables begin with an empty header, which would be read out before every row: it becomes a cell.
Docutils calls references a list, whose children are none of its items, and gives each entry a role
that is no longer used: they become the plain text that they are.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

CORNER = re.compile(r"<th(?: [^>]*)?>\s*(?:<p>\s*</p>\s*)?</th>")
LIST = re.compile(r'<div role="list" class="citation-list">')
ENTRY = re.compile(r'(<div class="citation"[^>]*?) role="doc-biblioentry"')


def mended(body: str) -> str:
    """The body of a page with a cell in place of each header that says nothing, and without roles
    that do not fit what is in them."""
    body = CORNER.sub("<td></td>", body)
    return ENTRY.sub(r"\1", LIST.sub('<div class="citation-list">', body))


def mend(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Mend a page that is written."""
    if body := context.get("body"):
        context["body"] = mended(body)


def setup(app: Sphinx) -> dict[str, object]:
    """Register what mends the pages."""
    app.connect("html-page-context", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

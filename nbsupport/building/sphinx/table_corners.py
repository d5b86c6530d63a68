"""A Sphinx extension: the empty corner of a table is a cell, and no header without a name.

Tables of pandas begin with one; a screen reader would read it out before every row.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

CORNER = re.compile(r"<th(?: [^>]*)?>\s*</th>")


def without_empty_headers(body: str) -> str:
    """The body of a page with a cell in place of each header that says nothing."""
    return CORNER.sub("<td></td>", body)


def mend_corners(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Mend the tables of a page that is written."""
    if body := context.get("body"):
        context["body"] = without_empty_headers(body)


def setup(app: Sphinx) -> dict[str, object]:
    """Register what mends the tables."""
    app.connect("html-page-context", mend_corners)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

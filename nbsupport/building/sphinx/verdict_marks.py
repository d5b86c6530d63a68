"""A Sphinx extension: `{verdict}` and a word in backquotes is that verdict as all pages show it."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from nbsupport.display.verdict_table import badge

LEANING = "leans"


def verdict_role(
    name: str, source: str, text: str, line: int, inliner: Any, *_: Any, **__: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """A verdict's word with its mark, as a piece of HTML."""
    word = LEANING if text.startswith(LEANING) else text
    return [nodes.raw(source, badge(word, text), format="html")], []


def setup(app: Sphinx) -> dict[str, object]:
    """Register the role."""
    app.add_role("verdict", verdict_role)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

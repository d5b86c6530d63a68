"""Markdown that a directive made, as nodes of its page."""

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


def parsed(directive: SphinxDirective, text: str, source: str) -> list[nodes.Node]:
    """The nodes of a text without headings; what is wrong with it is reported as of `source`."""
    holder = nodes.container()
    lines = StringList(text.splitlines(), source=source)
    directive.state.nested_parse(lines, directive.content_offset, holder)
    return list(holder.children)

"""A Sphinx extension: formulas become MathML when the book is built, so no page loads a script."""

from html import escape
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)


def to_mathml(latex: str, display: bool) -> str:
    """MathML for one formula.

    Raises ValueError where the formula cannot be converted, or a command in it is unknown.
    """
    try:
        result = convert(latex, display="block" if display else "inline")
    except Exception as error:  # latex2mathml has no common base class for its errors
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if "<mi>\\" in result:
        command = result.split("<mi>\\", 1)[1].split("<", 1)[0]
        raise ValueError(f"unknown command \\{command}")
    return result


def _render(node: nodes.Element, display: bool) -> str:
    latex = node.astext()
    try:
        return to_mathml(latex, display)
    except ValueError as error:
        LOGGER.warning("formula %r: %s", latex, error, location=node, type="mathml")
        return f"<code>{escape(latex)}</code>"


def visit_inline(translator: Any, node: nodes.Element) -> None:
    """Write an inline formula."""
    translator.body.append(f'<span class="math">{_render(node, display=False)}</span>')
    raise nodes.SkipNode


def visit_display(translator: Any, node: nodes.Element) -> None:
    """Write a displayed formula, with its number if it has one."""
    number = ""
    if node.get("number"):
        number = f'<span class="eqno">({node["number"]})</span>'
    anchor = f' id="{node["ids"][0]}"' if node.get("ids") else ""
    body = _render(node, display=True)
    translator.body.append(f'<div class="math notranslate"{anchor}>{number}{body}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, object]:
    """Register the renderer; `html_math_renderer: mathml` chooses it."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

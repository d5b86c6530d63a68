"""Tables and small boxes of a page, as HTML that reads without a script and in both themes."""

import json
from collections.abc import Iterable, Sequence
from html import escape
from math import isfinite
from typing import Any

MINUS = "\N{MINUS SIGN}"


class Html:
    """A piece of HTML with its plain-text form, shown by Jupyter and by the book alike.

    parts: the figures and pieces that it is made of, where somebody may want one of them alone.
    """

    def __init__(self, html: str, text: str = "", parts: Iterable[Any] = ()) -> None:
        self.html, self.text, self.parts = html, text, tuple(parts)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text or self.html}


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    caption: str = "",
    numeric: Iterable[int] = (),
) -> Html:
    """A table: the first cell of a row heads it; columns in `numeric` are set flush right.

    A cell that is Html is taken as it is, all others are escaped.
    """
    right, rows = set(numeric), [list(row) for row in rows]

    def cell(tag: str, index: int, value: Any, scope: str = "") -> str:
        style = ' class="nb-number"' if index in right else ""
        inner = value.html if isinstance(value, Html) else escape(str(value))
        return f"<{tag}{scope}{style}>{inner}</{tag}>"

    head = "".join(cell("th", i, name, ' scope="col"') for i, name in enumerate(header))
    body = "".join(
        "<tr>"
        + cell("th", 0, row[0], ' scope="row"')
        + "".join(cell("td", i, value) for i, value in enumerate(row[1:], start=1))
        + "</tr>"
        for row in rows
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    html = (
        f'<div class="nb-scroll"><table class="nb-table">{title}'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    lines = [header, *rows]
    plain = "\n".join(
        " | ".join(c.text if isinstance(c, Html) else str(c) for c in r) for r in lines
    )
    return Html(html, plain)


def note(text: str) -> Html:
    """A sentence in a quiet box, where something is missing or has to be kept in mind."""
    return Html(f'<p class="nb-note">{escape(text)}</p>', text)


def command(line: str) -> Html:
    """A command to copy (the markup is Pygments', so that the book adds its copy button)."""
    inner = f'<div class="highlight"><pre>{escape(line)}</pre></div>'
    return Html(f'<div class="highlight-shell notranslate">{inner}</div>', line)


def code(value: Any) -> Html:
    """A value as it is written in a notebook or on the command line."""
    text = value if isinstance(value, str) else json.dumps(value)
    return Html(f"<code>{escape(text)}</code>", text)


def signed(value: float, digits: int = 3) -> str:
    """+0.031 or −0.004, with a real minus sign; a number that is missing in words."""
    if not isfinite(value):
        return "not measurable"
    text = f"{value:+.{digits}f}".replace("-", MINUS)
    return text[1:] if not any(c in "123456789" for c in text) else text


def span(low: float, high: float, value: float = 0.0) -> str:
    """A 95 % interval, or why there is none; value: the estimate that it belongs to."""
    if not isfinite(value):
        return "none: nothing to measure"
    if not (isfinite(low) and isfinite(high)):
        return "none: too few runs"
    return f"{signed(low)} to {signed(high)}"

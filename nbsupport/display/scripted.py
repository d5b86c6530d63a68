"""A part of a page that a script of the book draws, from data that stand beside it."""

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from nbsupport.display.html import Html


def scripted(
    name: str, data: dict[str, Any], scripts: Sequence[str], without: "Html | str"
) -> Html:
    """An element of class `nb-NAME` for `scripts` of book/_static to fill, loaded in this order.

    without: what stands there where no script runs. data: as JSON; what is not finite is refused.
    """
    told = without if isinstance(without, Html) else Html(f"<p>{escape(without)}</p>", without)
    text = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    html = (
        f'<div class="nb-{name}" data-nb-scripts="{escape(" ".join(scripts), quote=True)}">'
        f'<div class="nb-note nb-unscripted">{told.html}</div>'
        f'<script type="application/json" class="nb-data">{text}</script></div>'
    )
    return Html(html, told.text)

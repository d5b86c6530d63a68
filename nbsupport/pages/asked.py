"""What the runs say on a page's own question, for its notebook to show."""

from typing import TYPE_CHECKING

from nbsupport.display.html import Html, table
from nbsupport.errors import UserError
from nbsupport.pages.registering import said_of
from nbsupport.study.compare import Comparison, Finding

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.pages.open_page import OpenPage
    from nbsupport.pages.question import Question

ABOVE, ALIKE, BELOW = "higher", "no difference that counts", "lower"
OPTIONS = (ABOVE, ALIKE, BELOW)


def _question(page: "OpenPage") -> "Question":
    if page.page.question is None:
        raise UserError(f"page {page.page.id} has no question: give its PAGE one, question=...")
    return page.page.question


def _finding(page: "OpenPage", runs: "pd.DataFrame") -> Finding:
    """What runs say on the page's question."""
    asked = _question(page)
    comparison = Comparison(runs, axis=page.axis)
    return comparison.verdict(asked.a, over=asked.over, kind=asked.kind)


def answer(page: "OpenPage", runs: "pd.DataFrame") -> Html:
    """The statement, whether it was registered before the runs, and the verdict in a sentence."""
    asked = _question(page)
    rows = [
        ("Statement", asked.statement),
        ("Registered", said_of(page.request)),
        ("Verdict", str(_finding(page, runs))),
    ]
    return table(["", "My question"], rows)


def outcome(page: "OpenPage", runs: "pd.DataFrame") -> tuple[str, str]:
    """The verdict in a sentence, and which of OPTIONS it bears out ("" where none is settled)."""
    found = _finding(page, runs)
    return str(found), _right(found) if found.evidence else ""


def _right(found: Finding) -> str:
    """Which option a verdict bears out."""
    verdict, c = found.verdict, found.contrast
    if verdict.word not in ("supported", "contradicted", "negligible"):
        return ""
    if c.minus.high < 0 and c.plus.low > 0:
        return ALIKE
    return ABOVE if c.low > 0 else BELOW if c.high < 0 else ""

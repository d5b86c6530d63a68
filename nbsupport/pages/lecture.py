"""What the slides of `teach/slides.ipynb` show: figures and tables of the records, large drawings.

Everything is made when the slides are; a slide holds no number that was typed.
"""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from nbsupport.analysis import claims
from nbsupport.analysis.charts import Figure
from nbsupport.analysis.verdicts import WORDS
from nbsupport.display.drawings import drawn, labelled_sheet
from nbsupport.display.html import Html, note, signed, span, table
from nbsupport.display.verdict_table import badge
from nbsupport.display.widgets import png
from nbsupport.errors import NotHereError, UserError
from nbsupport.evidence import recorded
from nbsupport.evidence.judged import Judged, judge_some
from nbsupport.evidence.ledger import read_ledger
from nbsupport.pages.figures_of import recorded_figures
from nbsupport.paths import root
from nbsupport.reading import read_text
from nbsupport.study.profiles import profile_named
from nbsupport.study.study import Study

if TYPE_CHECKING:
    from nbsupport.analysis.verdicts import Verdict

SCHEMATIC = "book/how_to_read.md"
SETTINGS = 2  # whose verdicts a slide has room for below a figure


# pictures -----------------------------------------------------------------------------------------
def figure(page_id: str, number: str, *, profile: str = "demo", world: int | None = None) -> Html:
    """A page's figure by its recorded runs, sharp at any size; of several the page's first."""
    return picture(_figure(page_id, number, profile, world))


@cache
def _figure(page_id: str, number: str, profile: str, world: int | None) -> Figure:
    return recorded_figures(page_id, number, profile=profile, world=world)[0]


def picture(shown: Figure) -> Html:
    """A figure as an image of its own, so that no two on a page share a name within."""
    return _image("image/svg+xml", shown.svg().encode(), shown.description)


def schematic() -> Html:
    """The schematic of "How to read the figures", taken from that page."""
    text = read_text(root() / SCHEMATIC)
    begin, end = text.find("<svg"), text.find("</svg>")
    if min(begin, end) < 0:
        raise UserError(f"{SCHEMATIC} has no drawing: restore it from version control")
    return Html(f'<div class="drawing">{text[begin:end]}</svg></div>', "A schematic trend figure")


def drawings(
    of: str, *, profile: str = "demo", world: int = 1, count: int = 6, px: int = 256
) -> Html:
    """A row of drawings of the simulated world: a source ("imagenet") or a split ("ood_test")."""
    try:
        images, titles = drawn(Study(profile=profile, world=world), of, count, px)
    except (NotHereError, ModuleNotFoundError) as error:
        return note(f"No drawings here: {error}.")
    sheet = png(labelled_sheet(images, titles, columns=count))
    return _image("image/png", sheet, ", ".join(titles))


def _image(kind: str, content: bytes, description: str) -> Html:
    data = base64.b64encode(content).decode()
    alt = escape(description, quote=True)
    return Html(f'<img class="figure" alt="{alt}" src="data:{kind};base64,{data}">', description)


def beside(*parts: Html) -> Html:
    """Pieces side by side."""
    inner = "".join(f"<div>{part.html}</div>" for part in parts)
    return Html(f'<div class="beside">{inner}</div>', "\n".join(part.text for part in parts), parts)


# questions ----------------------------------------------------------------------------------------
def ballot(question: str, options: Sequence[str]) -> Html:
    """A question with its options under capital letters, to vote by."""
    items = "".join(f"<li>{escape(option)}</li>" for option in options)
    html = f'<p class="question">{escape(question)}</p><ol type="A" class="ballot">{items}</ol>'
    return Html(html, f"{question} {' / '.join(options)}")


# verdicts -----------------------------------------------------------------------------------------
def statement(claim_id: str) -> Html:
    """A claim in our words, and what the paper says of it."""
    claim = claims.named(claim_id)
    paper = f'<p class="quiet">Paper: {escape(claim.paper)}</p>' if claim.paper else ""
    return Html(f'<p class="question">{escape(claim.text)}</p>{paper}', claim.text)


def by_world(claim_id: str, *, profile: str = "demo") -> Html:
    """The verdict on a claim in two recorded settings, with what decided it; and that over worlds,
    where it stands first."""
    own = recorded.own(profile_named(profile))
    shown = list(own.settings.items())[:SETTINGS]
    found = {s.name: own.verdicts([claim_id], n)[claim_id] for n, s in shown}
    if over := own.headlines([claim_id]).get(claim_id):
        found["over worlds"] = over
    rows = [[name, *_verdict(verdict)] for name, verdict in found.items()]
    return table(["", "verdict", "what decided", "cells", "estimate", "95 % interval"], rows)


def on_the_margin(profile: str = "demo") -> str:
    """The first claim of the ledger that is supported, and is not so at another margin; where no
    verdict hangs on the margin, one that says "about the same"."""
    told = [c for c in read_ledger(profile).get("claims", []) if not c["control"]]
    supported = [c for c in told if c["world 1"]["verdict"] == "supported"]
    hanging = [c["id"] for c in supported if len(_by_margins(c["world 1"])) > 1]
    return str(hanging[0]) if hanging else "five-per-class"


def _by_margins(told: Mapping[str, Any]) -> set[str]:
    """The verdicts of a ledger's entry at all margins."""
    others = told.get("otherwise", {})
    return {told["verdict"], *(word for name, word in others.items() if name.startswith("margin"))}


def by_margin(claim_id: str, *, profile: str = "demo") -> Html:
    """The verdict on a claim at each margin, in the leading setting."""
    own = recorded.own(profile_named(profile))
    points = own.points(own.leading.number)
    if points.empty:
        return note(own.state())
    chances = own.profile.chances(own.leading.number)
    found = claims.sensitivity(claim_id, points, simulated=own.profile.simulated, chances=chances)
    linear = found[found["axis"] == "linear"].sort_values("margin")
    rows = [
        [f"{margin:.0%} of the gap", verdict, signed(value), span(low, high, value)]
        for margin, verdict, value, low, high in zip(
            *(linear[c] for c in ("margin", "verdict", "statistic", "low", "high")), strict=True
        )
    ]
    return table(["margin", "verdict", "estimate", "95 % interval"], rows)


def standing(profile: str = "demo") -> Html:
    """How many of the paper's claims have which verdict, by the one that stands first, and of how
    many the worlds do not say the same."""
    own = recorded.own(profile_named(profile))
    ids = [claim.id for claim in claims.load().values() if not claim.control]
    judged = judge_some(own, ids)
    words = Counter(each.headline.word for each in judged)
    rows = [
        ["claims of the paper", len(judged)],
        *([word, words[word]] for word in WORDS if words[word]),
        ["another verdict in another world", sum(map(_differs, judged))],
    ]
    return table(["", "claims"], rows, numeric=[1])


def _differs(judged: Judged) -> bool:
    """Whether the worlds that a claim was tested in do not agree on the word."""
    words = {verdict.word for verdict in judged.worlds.values()} - {"not run", "calibrated"}
    return len(words) > 1


def _verdict(verdict: "Verdict") -> list[object]:
    c = verdict.contrast
    if c is None:
        return [Html(badge(verdict.word, verdict.text), verdict.text), "", "", "", ""]
    value = c.estimate.value
    shown = Html(badge(verdict.word, verdict.text), verdict.text)
    return [shown, c.name, c.cells, signed(value), span(c.low, c.high, value)]

"""The pages that look at the book as a whole: the recorded evidence, the controls, calibration."""

from html import escape
from typing import TYPE_CHECKING, Any

from nbsupport.analysis import claims
from nbsupport.display.answer import Answer
from nbsupport.display.html import Html
from nbsupport.evidence import recorded
from nbsupport.evidence.judged import judge_some
from nbsupport.evidence.published.verdicts import published_verdicts
from nbsupport.evidence.records import evidence_profile, read_records
from nbsupport.pages.citation import PAPER, citation
from nbsupport.pages.page import Page
from nbsupport.pages.shown import plate as plate
from nbsupport.study.profiles import profile_named

if TYPE_CHECKING:
    from nbsupport.pages.open_page import OpenPage


QUANTITY = "04_1_quantity"


def headline(profile: str) -> Any:
    """The paper's main finding in one picture, from recorded runs; a sentence without them."""
    from nbsupport.pages.open_page import open_page

    page: OpenPage = open_page(QUANTITY, {"profile": evidence_profile(profile)})
    return page.trend(
        None,
        "imagenet",
        claim="quantity-imagenet",
        number="The main question",
        caption="Models fine-tuned on simulated camera traps, after pre-training on fewer and "
        "fewer images. The higher a line lies, the better its models do on new cameras than "
        "their score on known cameras promises. In brackets: the subset of the paper that each "
        "size stands for.",
    )


def answer(profile: str) -> Html:
    """What the book found, from recorded runs: three sentences and a grid of evidence."""
    return _answer(profile).html()


def found_in_words(profile: str) -> tuple[str, str, str]:
    """The three sentences alone: what holds up, what does not, what is open."""
    return _answer(profile).sentences()


def _answer(profile: str) -> Answer:
    own = recorded.own(profile_named(profile))
    real = next(iter(recorded.beside(own.profile)), None)
    simulated = own.profile.simulated
    worlds = "simulated worlds" if simulated else "shifts between real images"
    said = published_verdicts() if simulated else {}
    return Answer(judge_some(own, claims.load(), real=real), said, worlds)


def about() -> Html:
    """The paper, the project, its licence and how to cite both, as CITATION.cff has them."""
    cited = citation()
    links = [f'<a href="https://arxiv.org/abs/{PAPER}">The paper</a> (arXiv:{PAPER})']
    links += [f'<a href="{escape(address, quote=True)}">The project</a>' for address in cited.at]
    links += [f"version {escape(cited.version)}, {escape(cited.license)} licence"]
    entry = f"<pre>{escape(cited.bibtex(PAPER))}</pre>"
    html = (
        f'<div class="nb-about"><details><summary>How to cite</summary>{entry}</details>'
        f"<span>{' &middot; '.join(links)}</span></div>"
    )
    return Html(html, f"arXiv:{PAPER}, version {cited.version}, {cited.license}")


def record_numbers(profile: str) -> dict[str, str]:
    """How many runs are recorded, in how many cells and thread-hours, as text to glue."""
    records = read_records(evidence_profile(profile))
    runs = records.drop_duplicates("key")  # two roles may share a run
    cells = records[["world", "family", "seed"]].drop_duplicates()
    return {
        "recorded-runs": f"{len(runs):,}",
        "recorded-cells": f"{len(cells):,}",
        "recorded-worlds": f"{len(recorded.own(profile_named(profile)).settings)}",
        "evidence-profile": evidence_profile(profile),
    }


PAGE = Page("index", "Welcome", whole_book=True)

"""What stands at the end of each page: what differs from the paper, and how to cite the page.

Both are made in one place for all pages, when the book is rendered.
"""

from html import escape
from pathlib import Path

from nbsupport.display.html import table
from nbsupport.evidence.ledger import ledger_paths, read_ledger
from nbsupport.evidence.records import evidence_profile
from nbsupport.pages import page_named
from nbsupport.pages.citation import FILE, PAPER, citation
from nbsupport.pages.page import Page
from nbsupport.pages.scale import facts
from nbsupport.paths import root
from nbsupport.study.profiles import profile_named

STUDY = "paper"  # the profile that holds the paper's own numbers
EVERYWHERE = ("what it is", "image side", "sources", "families live", "families x seeds recorded")
# What a page compares besides: by its section, names of the facts of `scale`.
OF_SECTION = {
    "4.1": ("images of each class: 150K, 100K, 50K, 25K, 5K",),
    "4.2": ("depths of the tree: 7, 6, 5, 4, 2",),
    "4.4.1": ("60K: classes x images", "300K: classes x images"),
    "4.4.2": ("within classes, ImageNet", "within classes, iNaturalist", "p"),
    "A": ("pre-training", "fine-tuning", "from scratch"),
    "G": ("pairs of domains",),
}


def page_end(page_id: str, profile: str) -> str:
    """Both boxes of a page that is built on a profile, as HTML.

    Raises UserError for an unknown page or profile.
    """
    page = page_named(page_id)
    boxes = (_differs(page, profile), _cite(page))
    return f'<aside class="nb-page-end">{"".join(boxes)}</aside>'


def sources(profile: str) -> list[Path]:
    """The files that the boxes are made from."""
    return [root() / FILE, ledger_paths(evidence_profile(profile))[1], Path(__file__)]


# what differs -------------------------------------------------------------------------------------
def _differs(page: Page, profile: str) -> str:
    names = (*EVERYWHERE, *OF_SECTION.get(page.section, ()))
    study, here = facts(profile_named(STUDY)), facts(profile_named(profile))
    rows = [(name, study[name], here[name]) for name in names if study[name] != here[name]]
    shown = table(("", "the study in full", f"this page ({profile})"), rows).html
    return (
        "<details><summary>What differs from the paper</summary>"
        f'{_otherwise(page, profile)}{shown if rows else ""}<p class="nb-quiet">'
        '<a href="scale.html">From two cores to the full study</a> has the reason for each choice, '
        '<a href="builds_in.html">What this world builds in</a> what the simulated world favours.'
        "</p></details>"
    )


def _otherwise(page: Page, profile: str) -> str:
    """The page's claims that the recorded runs do not support, with their verdicts."""
    told = read_ledger(evidence_profile(profile)).get("claims", [])
    verdicts = {entry["id"]: (entry["claim"], entry["headline"]["verdict"]) for entry in told}
    own = [verdicts[claim_id] for claim_id in page.claims if claim_id in verdicts]
    items = "".join(
        f"<li>{escape(claim)} <strong>{escape(verdict)}</strong></li>"
        for claim, verdict in own
        if not verdict.startswith("supported")
    )
    if not own:
        return ""
    if not items:
        return "<p>Results: all claims of this page are supported, as in the paper.</p>"
    return f"<p>Results: not as in the paper, or not settled:</p><ul>{items}</ul>"


# citation -----------------------------------------------------------------------------------------
def _cite(page: Page) -> str:
    entry = escape(citation().bibtex(PAPER, page.title))
    return (
        "<details><summary>Cite this page</summary>"
        f'<div class="highlight-none notranslate"><div class="highlight"><pre>{entry}</pre></div>'
        "</div></details>"
    )

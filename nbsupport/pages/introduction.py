"""Section 1: the paper's five findings with their verdicts, and its factors by their effects."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from nbsupport.analysis import effects
from nbsupport.display import verdict_table as look
from nbsupport.display.html import MINUS, Html, signed
from nbsupport.evidence.ledger import Judged
from nbsupport.pages.claims_table import page_link, said_on_real, shift_badges

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.pages.claims import BookLedger


@dataclass(frozen=True)
class Finding:
    """One of the five findings of the paper's introduction, in our words."""

    name: str
    factor: str
    text: str
    page: str
    claims: tuple[str, ...]


FINDINGS = (
    Finding(
        "Data quantity",
        "quantity",
        "More pre-training images make fine-tuned models more robust, and a set smaller than the "
        "fine-tuning set already helps.",
        "04_1_quantity",
        ("quantity-imagenet", "quantity-inaturalist", "small-subset-helps", "five-per-class"),
    ),
    Finding(
        "Label granularity",
        "granularity",
        "Coarser labels cost robustness, but less than fewer images do: five coarse classes still "
        "beat no pre-training.",
        "04_2_granularity",
        ("granularity-order", "granularity-inaturalist", "quantity-over-granularity"),
    ),
    Finding(
        "Label semantics",
        "semantics",
        "Classes that look like the task's are no better: objects teach as much as animals.",
        "04_3_semantics",
        ("semantics-same", "semantics-position", "co-occurrence", "quantity-over-semantics"),
    ),
    Finding(
        "Image diversity",
        "diversity",
        "At a fixed number of images it matters little how many classes they have, or how varied "
        "a class is.",
        "04_4_1_classes_or_images",
        (
            "classes-or-images",
            "classes-or-images-large",
            "within-class-imagenet",
            "within-class-inaturalist",
            "repeated-images",
        ),
    ),
    Finding(
        "Data sources",
        "source",
        "Natural sources are alike. Fractals are worse at the same number and better than none; "
        "generated natural-looking images close that gap.",
        "04_5_sources",
        (
            "natural-sources",
            "natural-sources-equal",
            "fractals",
            "generated",
            "generated-over-fractals",
            "generated-saturates",
        ),
    ),
)
# The five factors as the reader ranks them: what each of the leading effects varies.
CHOICES = {
    "quantity": "how many images",
    "granularity": "how fine the labels are",
    "semantics": "animals or objects",
    "diversity": "how varied each class is",
    "source": "which natural source",
}


def findings_table(book: "BookLedger", findings: Sequence[Finding] = FINDINGS) -> Html:
    """Each finding with its claims: recorded on both worlds and on real images, and live."""
    rows = "".join(_finding(i, f, book) for i, f in enumerate(findings, start=1))
    plain = [
        f"{f.name}: " + ", ".join(f"{c} {_plain(book.of(c))}" for c in f.claims) for f in findings
    ]
    return Html(f'<ol class="nb-findings">{rows}</ol>', "\n".join(plain))


def _finding(number: int, finding: Finding, book: "BookLedger") -> str:
    entries = [book.of(claim_id) for claim_id in finding.claims]
    claims = "".join(_claim(entry, book) for entry in entries)
    names = ("Claim", *_columns(entries[0]))
    columns = "".join(f'<th scope="col">{name}</th>' for name in names)
    head = (
        f'<div class="nb-finding"><span class="nb-kicker">{number}. {escape(finding.name)}</span>'
        f"<p>{escape(finding.text)}</p><p>{page_link(finding.page)}</p></div>"
    )
    return (
        f'<li>{head}<table class="nb-table nb-finding-claims"><thead><tr>{columns}</tr></thead>'
        f"<tbody>{claims}</tbody></table></li>"
    )


def _plain(entry: Judged) -> str:
    real = f" (real images: {said_on_real(entry)})" if entry.real else ""
    return f"{entry.first.text}{real}"


def _claim(entry: Judged, book: "BookLedger") -> str:
    badges = [look.badge(v.word, v.text) for v in (entry.first, entry.second)]
    badges += [shift_badges(entry, book.real)] if book.real and entry.real else []
    live = escape(book.mask) if book.mask else look.badge("not run")
    if entry.live and not book.mask:
        live = look.badge(entry.live.word, entry.live.text)
    cells = "".join(
        f'<td data-label="{name}">{badge}</td>'
        for name, badge in zip(_columns(entry), (*badges, live), strict=True)
    )
    return f'<tr><th scope="row">{escape(entry.claim.text)}</th>{cells}</tr>'


def _columns(entry: Judged) -> tuple[str, ...]:
    """The runs that a claim is judged by, one verdict each."""
    return ("World 1", "World 2", *(["Real images"] if entry.real else []), "Live")


def answer(records: "pd.DataFrame") -> str:
    """The factors by the size of their leading recorded effect, beside the reader's order."""
    points = records[records["world"] == 1]
    table = effects.effect_table(points)
    if table.empty:
        return "none of these effects is recorded yet"
    ranked = effects.ranking(table)
    said = [f"{CHOICES[factor]} ({_gaps(value)})" for factor, value in ranked]
    absent = [CHOICES[f] for f in effects.FACTORS if f not in {factor for factor, _ in ranked}]
    rest = f"; not recorded yet: {', '.join(absent)}" if absent else ""
    return " > ".join(said) + rest


def _gaps(value: float) -> str:
    return f"{signed(value, 2).lstrip('+' + MINUS)} gaps"

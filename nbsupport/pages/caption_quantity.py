"""Appendix E: pre-training on fewer images with captions."""

from typing import TYPE_CHECKING, Any

from nbsupport.analysis.roles import FULL, SCRATCH
from nbsupport.display.html import Html, signed
from nbsupport.pages.captions import corpus_numbers as corpus_numbers
from nbsupport.pages.captions import pairs_grid as pairs_grid
from nbsupport.pages.captions import retrieval_table as retrieval_table
from nbsupport.pages.captions import whole_corpus
from nbsupport.pages.groups import reference_groups
from nbsupport.pages.page import Page
from nbsupport.study.study import CORPORA, Group, Study

if TYPE_CHECKING:
    from nbsupport.pages.open_page import OpenPage

SIZES = ("150K", "25K")


def quantity_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """Both corpora in full and at two smaller sizes, between the two reference lines."""
    groups = reference_groups(study, {})
    for corpus in CORPORA if study.has("captions") else ():
        sizes = SIZES if study.profile.simulated else ()  # published models come in one size
        parts = [part_of_corpus(study, corpus, size) for size in sizes]
        groups += [whole_corpus(study, corpus), *parts]
    return groups


def part_of_corpus(study: Study, corpus: str, size: str) -> Group:
    """As many pairs, drawn at random, as the ImageNet subset of that role has images."""
    images = study.imagenet.num_classes * study.profile.sizes[size]
    pairs = study.captions(corpus).take(images)
    role, label = f"captions/{corpus}-{size}", f"{images:,} {corpus} pairs"
    return Group(role, label, pairs, objective="captions")


def whole_or_part(page: "OpenPage") -> Html:
    """The reader's guess beside what the recorded runs say of a small part of the clean corpus."""
    from nbsupport.analysis.verdicts import contrast
    from nbsupport.display.widgets import compare_prediction

    points, whole, part = page.recorded(page.study.world), "captions/clean", "captions/clean-25K"
    if not {FULL, SCRATCH, whole, part} <= set(points["role"]):
        return compare_prediction("clip-quantity", "no runs of these groups are recorded yet")
    lost = contrast(points, whole, part, axis=page.axis)
    left = contrast(points, part, SCRATCH, axis=page.axis)
    right = "it stays" if -lost.margin < lost.low and lost.high < lost.margin else ""
    if lost.low > 0 and not right:
        right = "it falls a little" if left.low > 0 else "it falls to that of training from scratch"
    told = f"{signed(lost.estimate.value)} lost, {signed(left.estimate.value)} left over scratch"
    start = right or "these runs do not settle it"
    return compare_prediction("clip-quantity", f"{start} ({told})", right)


PAGE = Page("appendix_clip_quantity", "How many captioned images", "E", quantity_groups)

"""Appendix E: pre-training on fewer images with captions."""

from typing import Any

from nbsupport.pages.captions import corpus_numbers as corpus_numbers
from nbsupport.pages.captions import pairs_grid as pairs_grid
from nbsupport.pages.captions import retrieval_table as retrieval_table
from nbsupport.pages.captions import whole_corpus
from nbsupport.pages.groups import reference_groups
from nbsupport.pages.page import Page
from nbsupport.study.study import CORPORA, Group, Study

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


PAGE = Page("appendix_clip_quantity", "How many captioned images", "E", quantity_groups)

"""Section 5 and Appendix E: pre-training on images with captions, from two corpora."""

from typing import Any

from nbsupport.pages.groups import reference_groups
from nbsupport.study.study import CORPORA, Group, Study
from nbsupport.training.families import EXTRA_FAMILIES

SIZES = ("150K", "25K")


def corpora_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """Both corpora in full, between the two reference lines."""
    corpora = CORPORA if study.has("captions") else ()
    return [*reference_groups(study, {}), *(whole_corpus(study, corpus) for corpus in corpora)]


def quantity_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """Both corpora in full and at two smaller sizes, between the two reference lines."""
    groups = reference_groups(study, {})
    for corpus in CORPORA if study.has("captions") else ():
        sizes = SIZES if study.profile.simulated else ()  # published models come in one size
        parts = [part_of_corpus(study, corpus, size) for size in sizes]
        groups += [whole_corpus(study, corpus), *parts]
    return groups


def whole_corpus(study: Study, corpus: str) -> Group:
    """All pairs of a corpus, for the study's families and for those that only CLIP adds.

    A profile of real images has models that others trained on the whole corpus.
    """
    if not study.profile.simulated:
        models = study.published(corpus)
        named = ", ".join(models.values())
        return Group(f"clip/{corpus}", f"published: {named}", None, weights=models)
    pairs = study.captions(corpus)
    return Group(
        f"clip/{corpus}",
        f"all {len(pairs):,} {corpus} pairs",
        pairs,
        families=EXTRA_FAMILIES,
        objective="captions",
    )


def part_of_corpus(study: Study, corpus: str, size: str) -> Group:
    """As many pairs, drawn at random, as the ImageNet subset of that role has images."""
    images = study.imagenet.num_classes * study.profile.sizes[size]
    pairs = study.captions(corpus).take(images)
    return Group(f"clip/{corpus}-{size}", f"{images:,} {corpus} pairs", pairs, objective="captions")

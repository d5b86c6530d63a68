"""Groups that readers of the first version asked for: recorded, and too dear to be trained live."""

from dataclasses import replace
from typing import Any

from nbsupport.comparisons.common import present, sized_role, wholes
from nbsupport.study import Group, Study

LADDER = ("150K", "50K", "25K", "5K")
BITS_DEPTH = 2  # nearest on the pilot world to the share of bits of the paper's five labels


def asked_for_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """The sizes of Section 4.1 at equal updates; ten times as many fractals as generated images;
    five of 1,000 labels by their share of information."""
    if not study.profile.simulated:
        return []
    return [*_equal_updates(study), *_more_fractals(study), _by_bits(study)]


def _equal_updates(study: Study) -> list[Group]:
    """As many updates for each as for all of ImageNet, which itself is the same group as ever."""
    sizes = [
        sized_role(study, kind, role)
        for kind in present(study, "imagenet", "inaturalist")
        for role in LADDER
    ]
    return [
        replace(group, role=f"{group.role}-steps", budget="steps")
        for group in (*wholes(study, "inaturalist"), *sizes)
    ]


def _more_fractals(study: Study) -> list[Group]:
    if not study.has("more-fractals"):
        return []
    fractals = study.more_fractals
    return [Group("fractaldb/tenfold", f"{len(fractals):,} images", fractals)]


def _by_bits(study: Study) -> Group:
    """A label holds log2(5) of log2(1,000) bits in the paper; see records/rules.md."""
    subset = study.imagenet.superclasses(BITS_DEPTH)
    return Group(
        "imagenet/depth-2-bits", f"{subset.num_classes:,} labels (depth 2 by bits)", subset
    )

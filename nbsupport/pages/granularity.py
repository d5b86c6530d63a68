"""Section 4.2: the same images under coarser labels."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.analysis.roles import FULL, SCRATCH, role_of
from nbsupport.display.html import Html, signed, table
from nbsupport.display.where_possible import numbers_where_possible
from nbsupport.errors import UserError, said
from nbsupport.pages.groups import distinct, whole
from nbsupport.pages.page import Page
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    from nbsupport.analysis.contrasts import Contrast
    from nbsupport.data.subsets.subset import Subset
    from nbsupport.pages.open_page import OpenPage


def granularity_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """All labels and their ancestors at several depths; for iNaturalist all and coarse ones.

    `depths` (of the source's own tree) replaces the profile's roles where it is given.
    """
    labels = study.imagenet.num_classes
    roles = {depth: role for role, depth in study.profile.granularity.depths.items()}
    depths = _checked(study, parameters.get("depths", [])) or list(roles)
    return [
        study.scratch,
        replace(study.full, label=f"all {labels:,} labels"),
        *(_at_depth(study, depth, roles.get(depth)) for depth in depths),
        *_inaturalist(study),
    ]


def _checked(study: Study, depths: Any) -> list[int]:
    """Finest first; the last depth of a tree is its classes, which are there already."""
    deepest = study.imagenet.source.classes().filter(regex=r"^depth_\d+$").shape[1] - 1
    chosen = distinct("depths", depths)
    if chosen and chosen[0] > deepest:
        raise UserError(
            f"depths={said(depths)}: superclasses of the tree are at depths 1 (coarsest) "
            f"to {deepest}"
        )
    return chosen


def _at_depth(study: Study, depth: int, role: str | None) -> Group:
    subset = study.imagenet.superclasses(depth)
    place = role.replace("-", " ") if role else f"tree depth {depth}"
    label = f"{subset.num_classes:,} labels ({place})"
    return Group(f"imagenet/{role or f'tree-depth-{depth}'}", label, subset)


def _inaturalist(study: Study) -> list[Group]:
    if not study.has("inaturalist"):
        return []
    full = whole(study, "inaturalist")
    coarse = study.inaturalist.superclasses(study.profile.granularity.coarse)
    return [
        replace(full, label=f"all {study.inaturalist.num_classes:,} species"),
        Group("inaturalist/coarse", f"{coarse.num_classes:,} coarse labels", coarse),
    ]


def path_table(groups: Sequence[Group], source: str = "imagenet", count: int = 4) -> Html:
    """What each group that labels all of a source calls `count` of its classes.

    The classes are spread over the source's table; a row a group, a column a class.
    """
    own = [
        (g, g.subset) for g in groups if g.subset is not None and role_of(g.role).belongs(source)
    ]
    first = own[0][1].source.labels().searchsorted(_spread(own[0][1], count))
    rows = [
        (group.role, f"{subset.num_classes:,}", *_called(subset, first)) for group, subset in own
    ]
    header = ("group", "labels", *(f"class {i}" for i in range(1, len(first) + 1)))
    return table(header, rows, numeric=(1,))


def _spread(subset: "Subset", count: int) -> np.ndarray:
    """Numbers of `count` classes that lie in different parts of the tree: int64 [count]."""
    classes = len(subset.source.classes())
    return np.unique(((np.arange(count) + 0.5) / count * classes).astype(int))


def _called(subset: "Subset", ids: np.ndarray) -> list[str]:
    """The label of each image id in a subset that holds all of its source."""
    draw = subset.drawn
    labels = draw.labels[np.argsort(draw.ids)[ids]]
    return [draw.names[label] for label in labels]


@numbers_where_possible
def label_numbers(study: Study) -> dict[str, str]:
    """How many labels each role of Section 4.2 has, as text to glue."""
    granularity = study.profile.granularity
    numbers = {
        f"labels-{role}": study.imagenet.superclasses(depth).num_classes
        for role, depth in granularity.depths.items()
    }
    if study.has("inaturalist"):
        numbers["labels-coarse"] = study.inaturalist.superclasses(granularity.coarse).num_classes
    return {name: f"{value:,}" for name, value in numbers.items()}


PAPER_LABELS = (5, 1000)  # the paper's coarsest labels, and its classes


def bit_numbers(study: Study) -> dict[str, str]:
    """How many bits the coarsest labels hold by both readings, and in the paper, as text to glue.

    A label's bits are the entropy of its distribution; in the paper, of equally frequent labels.
    """
    few, all_labels = PAPER_LABELS
    texts = {"bits-full": bits(study.imagenet), "bits-depth-2": float("nan")}
    coarsest = study.profile.granularity.depths.get("depth-2")
    if coarsest is not None:
        texts["bits-depth-2"] = bits(study.imagenet.superclasses(coarsest))
    by_bits = study.imagenet.superclasses(BITS_DEPTH)
    texts |= {"bits-by-bits": bits(by_bits)}
    texts |= {"bits-paper-2": math.log2(few), "bits-paper-full": math.log2(all_labels)}
    found = {name: f"{value:.1f}" for name, value in texts.items()}
    return found | {"labels-by-bits": f"{by_bits.num_classes:,}"}


def bits(subset: "Subset") -> float:
    """The bits that a label of a subset holds: the entropy of how often each occurs."""
    share = subset.drawn.counts() / len(subset)
    share = share[share > 0]
    return float(-(share * np.log2(share)).sum())


STEPS = ("the first one", "one in the middle", "the last one")  # what a reader can guess
NONE = "none: labels do not matter"


def costliest_step(page: "OpenPage") -> Html:
    """The reader's guess beside the step towards coarser labels that costs most, as recorded."""
    from nbsupport.display.widgets import compare_prediction

    found = steps(page)
    if not found:
        return compare_prediction("granularity-order", "no runs of these groups are recorded yet")
    costs = [contrast.estimate.value for contrast in found]
    place = int(np.argmax(costs))
    low = found[place].low
    told = f"{found[place].name} costs most, {signed(costs[place])}"
    right = STEPS[0 if place == 0 else 2 if place == len(found) - 1 else 1] if low > 0 else ""
    if all(contrast.high < contrast.margin for contrast in found) and not right:
        right = NONE
    start = right or "no step is proven to cost anything"
    return compare_prediction("granularity-order", f"{start} ({told} of macro F1)", right)


def steps(page: "OpenPage") -> "list[Contrast]":
    """The contrasts of neighbouring depths, finest first; empty where a depth is not recorded."""
    from nbsupport.analysis.verdicts import contrast

    points = page.recorded(page.study.world)
    roles = [FULL, *(f"imagenet/{role}" for role in page.study.profile.granularity.depths)]
    if not {*roles, SCRATCH} <= set(points["role"]):
        return []
    return [contrast(points, a, b, axis=page.axis) for a, b in pairwise(roles)]


BITS_DEPTH = 2  # nearest on the pilot world to the share of bits of the paper's five labels


def labels_by_bits(study: Study, _: dict[str, Any]) -> list[Group]:
    """As few labels as hold the share of a class label's bits that the paper's five labels hold.

    log2(5) of log2(1,000) bits are 23 %; see records/rules.md. They are the labels of the role
    depth-4 as well: the same runs, read in two ways.
    """
    if not study.profile.simulated:
        return []
    subset = study.imagenet.superclasses(BITS_DEPTH)
    label = f"{subset.num_classes:,} labels (depth 2 by bits)"
    return [Group("imagenet/depth-2-bits", label, subset)]


PAGE = Page(
    "04_2_granularity", "Label granularity", "4.2", granularity_groups, recorded=labels_by_bits
)

"""What images are called: labels at each depth of a tree (Section 4.2)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.display.html import Html, table
from nbsupport.display.where_possible import numbers_where_possible
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    from nbsupport.data.subsets.subset import Subset


def path_table(groups: Sequence[Group], source: str, count: int) -> Html:
    """What each group that labels all of a source calls `count` of its classes.

    The classes are spread over the source's table; a row a group, a column a class.
    """
    own = [(g, g.subset) for g in groups if g.subset is not None and g.role.startswith(source)]
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

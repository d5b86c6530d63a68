"""What the groups of Sections 4.3 and 4.4 are made of: tables, grids and numbers of their pages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.display.html import Html, table
from nbsupport.display.where_possible import numbers_where_possible
from nbsupport.errors import NotHereError
from nbsupport.pages.groups import balanced
from nbsupport.pages.semantics import halves_of
from nbsupport.pages.within_class import REPEATED
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    from nbsupport.data.subsets.subset import Subset


# Section 4.3 --------------------------------------------------------------------------------------
def semantics_numbers(study: Study) -> dict[str, str]:
    """Classes and images of both halves of the source, as text to glue."""
    halves = dict(zip(("animal", "object"), halves_of(study), strict=True))
    share = study.profile.animal_share
    numbers = {"animal-share": f"{100 * share:.3g} %"}
    numbers["animals-among-objects"] = f"{round(share * len(halves['object'])):,}"
    for name, half in halves.items():
        numbers[f"{name}-classes"] = f"{half.num_classes:,}"
        numbers[f"{name}-images"] = f"{len(half):,}"
    return numbers


# Section 4.4.1 ------------------------------------------------------------------------------------
def trade_numbers(study: Study) -> dict[str, str]:
    """Of each total: images in all, and classes and images of each on both sides."""
    numbers = {}
    for role, trade in study.profile.trades.items():
        numbers[f"total-{role.lower()}"] = f"{trade.total:,}"
        for side, classes, each in zip(("many", "few"), trade.classes, trade.each, strict=True):
            numbers[f"{side}-{role.lower()}"] = f"{classes:,} classes of {each:,} images"
    return numbers


# Section 4.4.2 ------------------------------------------------------------------------------------
@numbers_where_possible
def within_numbers(study: Study) -> dict[str, str]:
    """Of each source: superclasses, their subclasses, images; and of the repeated images."""
    numbers = {
        "repeated-copies": f"{study.profile.sizes[REPEATED]:,}",
        "repeated-images": f"{study.profile.sizes[REPEATED] * study.imagenet.num_classes:,}",
        "repeated-different": f"{study.imagenet.num_classes:,}",
    }
    for source, setting in study.profile.within.items():
        least = int(balanced(study, source).drawn.counts().min())
        numbers |= {
            f"within-{source}-superclasses": f"{setting.superclasses:,}",
            f"within-{source}-subclasses": f"{setting.subclasses:,}",
            f"within-{source}-depth": f"{setting.depth}",
            f"within-{source}-each": f"{setting.images:,}",
            f"within-{source}-total": f"{setting.superclasses * setting.images:,}",
            f"within-{source}-least": f"{least:,}",
        }
    return numbers


def superclass_table(groups: Sequence[Group], source: str) -> Html:
    """The superclasses of a source, and which subclasses each share p adds to the smaller ones."""
    parts = _by_share(groups, source)
    if not parts:
        raise NotHereError(f"the page has no superclasses of {source} on this profile")
    used = [_subclasses(subset) for subset in parts.values()]
    tree = dict(parts[min(parts)].table()[["name", "tree"]].drop_duplicates().to_numpy())
    rows = []
    for node in used[0]:
        seen: set[str] = set()
        cells = []
        for subclasses in (by_node[node] for by_node in used):
            cells.append(", ".join(name for name in subclasses if name not in seen) or "the same")
            seen |= set(subclasses)
        rows.append((node, tree[node], *cells))
    first, *more = (f"p = {p:.3g}" for p in parts)
    return table(("superclass", "part of", first, *(f"more at {p}" for p in more)), rows)


def subclass_grids(groups: Sequence[Group], source: str, count: int) -> Html:
    """A grid of `count` images of the first superclass for each share p, from few to many."""
    from nbsupport.display import images as page_images
    from nbsupport.display import widgets

    grids = []
    for p, subset in _by_share(groups, source).items():
        name, subclasses = next(iter(_subclasses(subset).items()))
        images, titles = page_images.sample_of_subclasses(subset, 0, count)
        used = f"{len(subclasses)} subclass{'es' * (len(subclasses) > 1)}"
        caption = f"p = {p:.3g}: the superclass {name!r} from {used}"
        grids.append(widgets.image_grid(images, titles, caption, size=100))  # six to a row
    return Html("".join(g.html for g in grids), "\n".join(g.text for g in grids))


def _by_share(groups: Sequence[Group], source: str) -> "dict[float, Subset]":
    """The groups of a source that differ in the share p of subclasses: subsets by p, rising."""
    start = f"{source}/within-"
    found = {
        float(g.role.removeprefix(start)): g.subset
        for g in groups
        if g.role.startswith(start) and g.subset is not None
    }
    return dict(sorted(found.items()))


def _subclasses(subset: "Subset") -> dict[str, list[str]]:
    """The names of the source's classes below each label of a subset."""
    draw = subset.drawn
    own = subset.source.labels()[draw.ids]
    names = subset.source.classes()["name"].to_numpy(dtype=str)
    return {
        label: names[np.unique(own[draw.labels == i])].tolist()
        for i, label in enumerate(draw.names)
    }

"""Section 4.4.2: the same labels and totals, from fewer or more subclasses; one image repeated."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.analysis.roles import role_of
from nbsupport.display.html import Html, table
from nbsupport.display.where_possible import numbers_where_possible, shown_where_possible
from nbsupport.errors import NotHereError
from nbsupport.pages.groups import (
    balanced,
    distinct_shares,
    given_or,
    images_or_all,
    reference_groups,
    sized_role,
)
from nbsupport.pages.page import Page
from nbsupport.pages.shown import matching as matching
from nbsupport.pages.shown import room_to_lose
from nbsupport.study.profiles import WithinClass
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    from nbsupport.data.subsets.subset import Subset
    from nbsupport.pages.open_page import OpenPage


REPEATED = "25K"


def within_class_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """Superclasses from a share p of their subclasses, of two sources; and repeated images.

    `shares` (p) and `images` (of each superclass) replace the profile's where they are given. Of
    iNaturalist, only the balanced part is drawn from: its rare species have too few images.
    """
    given = given_or("shares", parameters, list(study.profile.diversity))
    images = images_or_all(parameters.get("images", 0), "the profile's of each superclass")
    groups = reference_groups(study, {})
    profile = study.profile
    for step, settings in (("within", profile.within), ("even-within", profile.within_even)):
        for kind, setting in settings.items():
            of = setting.subclasses or None
            shares = distinct_shares("shares", given, of=of, what="subclasses")
            asked = setting.asked(min(shares), images)
            drawn_from = _drawn_from(study, kind, setting)
            groups += [
                Group(
                    f"{kind}/{step}-{float(p)}",
                    _label(p, setting),
                    drawn_from.within_class(p, **asked),
                )
                for p in shares
            ]
    return groups + _repeated(study)


def _drawn_from(study: Study, kind: str, setting: WithinClass) -> "Subset":
    whole: Subset = getattr(study, kind)
    return balanced(study, kind) if setting.balanced else whole


def _label(p: float, setting: WithinClass) -> str:
    if not setting.subclasses:
        return f"p = {p:.3g} of all subclasses"
    used = round(p * setting.subclasses)
    return f"p = {p:.3g}: {used} of {setting.subclasses} subclasses"


def _repeated(study: Study) -> list[Group]:
    normal = sized_role(study, "imagenet", REPEATED)
    copies = study.profile.sizes[REPEATED]
    subset = balanced(study, "imagenet").per_class(copies).repeat_one_image()
    label = f"one image of each class, {copies} times"
    return [normal, Group(f"imagenet/repeated-{REPEATED}", label, subset)]


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
            f"within-{source}-subclasses": f"{setting.subclasses or 'all'}",
            f"within-{source}-depth": f"{setting.depth}",
            f"within-{source}-spread": _spread(study, source, setting),
            f"within-{source}-total": f"{setting.in_all:,}",
            f"within-{source}-least": f"{least:,}",
        }
    return numbers


def _spread(study: Study, kind: str, setting: WithinClass) -> str:
    """How many images the superclasses of a source have, and how far that is from even."""
    if not setting.total:
        return f"{setting.images:,} images each"
    asked = setting.asked(min(study.profile.diversity))
    drawn = _drawn_from(study, kind, setting).within_class(1.0, **asked).drawn
    fewest, most = int(drawn.counts().min()), int(drawn.counts().max())
    even = setting.total // setting.superclasses
    return (
        f"{setting.total:,} images in all, from {fewest:,} of the smallest superclass to {most:,} "
        f"where {even:,} each would be even: as even as the share of "
        f"{min(study.profile.diversity):.3g} of the smallest allows"
    )


@shown_where_possible
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


def room_numbers(page: "OpenPage") -> dict[str, str]:
    """Whether there is anything to lose with superclasses of either source, as text to glue."""
    return {
        f"room-{source}": room_to_lose(
            page, [f"{source}/within-{p}" for p in ("1.0", "0.67", "0.33")]
        )
        for source in ("imagenet", "inaturalist")
    }


@shown_where_possible
def subclass_grids(groups: Sequence[Group], source: str, count: int = 12) -> Html:
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
    found = {
        role_of(g.role).amount: g.subset
        for g in groups
        if role_of(g.role).belongs(f"{source}/within") and g.subset is not None
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


PAGE = Page("04_4_2_within_class", "Diversity within classes", "4.4.2", within_class_groups)

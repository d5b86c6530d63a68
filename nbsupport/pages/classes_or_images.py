"""Section 4.4.1: at a fixed total, more classes or more images of each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbsupport.analysis.roles import FULL, SCRATCH
from nbsupport.data.subsets.subset import Subset
from nbsupport.errors import UserError
from nbsupport.pages.groups import distinct, reference_groups
from nbsupport.pages.page import Page
from nbsupport.pages.shown import room_to_lose
from nbsupport.pages.worked_examples import trade_interval as trade_interval
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    from nbsupport.data.subsets.subset import Subset
    from nbsupport.pages.open_page import OpenPage


def classes_or_images_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """Many classes of few images and few classes of many, at each total.

    `classes` and `totals` (images in all) replace the profile's: every number of classes at every
    total. A total must be a multiple of each number of classes.
    """
    roles = _roles(study)
    classes = distinct("classes", parameters.get("classes", []))
    totals = distinct("totals", parameters.get("totals", []))
    if classes or totals:
        classes = classes or sorted({c for c, _ in roles}, reverse=True)
        totals = totals or sorted({c * n for c, n in roles}, reverse=True)
        pairs = [(c, _each(total, c)) for total in totals for c in classes]
    else:
        pairs = list(roles)
    own = [_group(study, c, each, roles.get((c, each))) for c, each in pairs]
    return [*reference_groups(study, {}), *own]


def trade_groups(study: Study, total: str) -> list[Group]:
    """Both sides of the profile's trade at a total ("60K" or "300K"): many classes, many images."""
    trade = study.profile.trades[total]
    pairs = zip(trade.classes, trade.each, strict=True)
    return [_group(study, c, each, _roles(study)[c, each]) for c, each in pairs]


def _roles(study: Study) -> dict[tuple[int, int], str]:
    """(classes, images of each) -> the role that it plays in the profile."""
    roles: dict[tuple[int, int], str] = {}
    for total, trade in study.profile.trades.items():
        many, few = zip(trade.classes, trade.each, strict=True)
        roles |= {many: f"classes-many-{total}", few: f"images-many-{total}"}
    return roles


def _each(total: int, classes: int) -> int:
    if total % classes:
        raise UserError(
            f"totals: {total:,} images are not a whole number for each of {classes:,} classes; "
            f"give a multiple of {classes:,}"
        )
    return total // classes


def _large_enough(source: Subset, each: int) -> Subset:
    """The source without classes that have fewer images: some of ImageNet's have only 732."""
    counts = source.drawn.counts()
    return source.with_at_least(each) if counts.min() < each <= counts.max() else source


def _group(study: Study, classes: int, each: int, role: str | None) -> Group:
    source = study.imagenet
    # all classes need no choice, and so share their runs with the subsets of Section 4.1
    if classes == source.num_classes:
        chosen = source
    else:
        chosen = _large_enough(source, each).choose_classes(classes)
    label = f"{classes:,} classes x {each:,} images"
    return Group(f"imagenet/{role or label}", label, chosen.per_class(each))


def trade_numbers(study: Study) -> dict[str, str]:
    """Of each total: images in all, and classes and images of each on both sides."""
    numbers = {}
    for role, trade in study.profile.trades.items():
        numbers[f"total-{role.lower()}"] = f"{trade.total:,}"
        for side, classes, each in zip(("many", "few"), trade.classes, trade.each, strict=True):
            numbers[f"{side}-{role.lower()}"] = f"{classes:,} classes of {each:,} images"
    return numbers


def room_numbers(page: "OpenPage") -> dict[str, str]:
    """Whether there is anything to lose at the smaller total, as text to glue."""
    return {
        "room-60k": room_to_lose(page, ["imagenet/classes-many-60K", "imagenet/images-many-60K"])
    }


def by_total(groups: Sequence[Group]) -> list[list[str]]:
    """The roles of each number of images in all, smallest first, between the reference lines.

    The full source is a reference line, and no total of its own.
    """
    sizes = {g.role: len(g.subset) for g in groups if g.subset and g.role != FULL}
    return [
        [FULL, *(role for role, size in sizes.items() if size == total), SCRATCH]
        for total in sorted(set(sizes.values()))
    ]


PAGE = Page(
    "04_4_1_classes_or_images", "More classes or more images", "4.4.1", classes_or_images_groups
)

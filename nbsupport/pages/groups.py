"""Groups that several pages share."""

from itertools import pairwise
from typing import Any

from nbsupport import arguments
from nbsupport.errors import UserError, said
from nbsupport.study.study import Group, Study


def reference_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """The paper's two reference lines: from scratch, and the full source."""
    return [study.scratch, study.full]


def whole(study: Study, kind: str) -> Group:
    """All of a source: "imagenet", "inaturalist" or "fractaldb"."""
    subset = getattr(study, kind)
    return Group(f"{kind}/full", f"all {len(subset):,} images", subset)


def present(study: Study, *kinds: str) -> list[str]:
    """Those of the sources that the study's profile has."""
    return [kind for kind in kinds if study.has(kind)]


def wholes(study: Study, *kinds: str) -> list[Group]:
    """All of each of these sources that the profile has."""
    return [whole(study, kind) for kind in present(study, *kinds)]


def balanced(study: Study, kind: str) -> Any:
    """The part of a source from which class-balanced subsets are drawn (Section 4.1)."""
    subset = getattr(study, kind)
    if kind == "inaturalist":
        return subset.most_frequent(study.profile.balanced_classes)
    return subset


def sized_role(study: Study, kind: str, role: str) -> Group:
    """A class-balanced subset of the size that a role ("150K" ... "5K") has in the profile."""
    subset = balanced(study, kind).per_class(study.profile.sizes[role])
    return Group(f"{kind}/{role}", f"{len(subset):,} images", subset)


def distinct(name: str, values: Any) -> list[int]:
    """Whole numbers of at least 1 that a reader gave, largest first. UserError else."""
    return sorted(arguments.wholes(name, values), reverse=True)


def distinct_shares(name: str, values: Any, *, of: int | None, what: str) -> list[float]:
    """Shares above 0 and at most 1 that a reader gave, largest first. UserError else.

    Nor may two of them come to the same number of the `of` things that they are shares of; None
    where these are not counted, so that only equal shares are the same.
    """
    listed = arguments.listed(name, values, "shares above 0, at most 1")
    given = sorted((arguments.share(name, value) for value in listed), reverse=True)
    for larger, smaller in pairwise(given):
        if of is None and larger == smaller:
            raise UserError(f"{name}={said(given)}: {larger:.6g} is there twice; leave one out")
        if of is not None and round(larger * of) == round(smaller * of):
            raise UserError(
                f"{name}={said(given)}: {larger:.6g} and {smaller:.6g} are both "
                f"{round(larger * of):,} of {of:,} {what}; leave one out"
            )
    return given


def given_or(name: str, parameters: dict[str, Any], otherwise: list[Any]) -> list[Any]:
    """The list that a reader gave for a parameter; where it is empty or missing, another."""
    return arguments.listed(name, parameters.get(name, [])) or otherwise


def images_or_all(value: Any, otherwise: str) -> int:
    """A number of images that a reader gave, or 0, which stands for something else."""
    number = arguments.plain(value)
    if type(number) is not int or not 0 <= number <= arguments.MOST:
        raise UserError(f"images={said(value)}: give a number of images, or 0 for {otherwise}")
    return number

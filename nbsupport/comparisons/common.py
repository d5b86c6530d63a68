"""Groups that several pages share."""

from typing import Any

from nbsupport.errors import UserError
from nbsupport.study import Group, Study


def reference_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """The paper's two reference lines: from scratch, and the full source."""
    return [study.scratch, study.full]


def no_groups(_: Study, __: dict[str, Any]) -> list[Group]:
    """For a page that compares nothing: it shows data, or runs recorded elsewhere."""
    return []


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


def distinct(name: str, values: list[int]) -> list[int]:
    """Whole numbers of at least 1 that a reader gave, largest first, each once. UserError else."""
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UserError(f"{name}={values!r}: give whole numbers of at least 1")
    return sorted(set(values), reverse=True)


def distinct_shares(name: str, values: list[float]) -> list[float]:
    """Shares above 0 and at most 1 that a reader gave, largest first, each once. UserError else."""
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            raise UserError(f"{name}={values!r}: give shares above 0, at most 1")
    return sorted(map(float, set(values)), reverse=True)

"""Section 4.2: the same images under coarser labels."""

from dataclasses import replace
from typing import Any

from nbsupport.errors import UserError, said
from nbsupport.pages.groups import distinct, whole
from nbsupport.study.study import Group, Study


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

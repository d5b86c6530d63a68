"""Section 4.4.2: the same labels and totals, from fewer or more subclasses; one image repeated."""

from typing import Any

from nbsupport.pages.groups import (
    balanced,
    distinct_shares,
    given_or,
    images_or_all,
    reference_groups,
    sized_role,
)
from nbsupport.study.study import Group, Study

REPEATED = "25K"


def within_class_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """Superclasses from a share p of their subclasses, of two sources; and repeated images.

    `shares` (p) and `images` (of each superclass) replace the profile's where they are given. Of
    iNaturalist, only the balanced part is drawn from: its rare species have too few images.
    """
    given = given_or("shares", parameters, list(study.profile.diversity))
    images = images_or_all(parameters.get("images", 0), "the profile's of each superclass")
    groups = reference_groups(study, {})
    for kind, setting in study.profile.within.items():
        shares = distinct_shares("shares", given, of=setting.subclasses, what="subclasses")
        groups += [_diverse(study, kind, p, images) for p in shares]
    return groups + _repeated(study)


def _diverse(study: Study, kind: str, p: float, images: int) -> Group:
    setting = study.profile.within[kind]
    source = balanced(study, kind) if setting.balanced else getattr(study, kind)
    subset = source.within_class(
        p,
        **setting.where(),
        superclasses=setting.superclasses,
        subclasses=setting.subclasses,
        images=images or setting.images,
    )
    used = round(p * setting.subclasses)
    label = f"p = {p:.3g}: {used} of {setting.subclasses} subclasses"
    return Group(f"{kind}/within-{float(p)}", label, subset)


def _repeated(study: Study) -> list[Group]:
    normal = sized_role(study, "imagenet", REPEATED)
    copies = study.profile.sizes[REPEATED]
    subset = balanced(study, "imagenet").per_class(copies).repeat_one_image()
    label = f"one image of each class, {copies} times"
    return [normal, Group(f"imagenet/repeated-{REPEATED}", label, subset)]

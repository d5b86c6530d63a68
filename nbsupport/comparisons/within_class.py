"""Section 4.4.2: the same labels and totals, from fewer or more subclasses; one image repeated."""

from typing import Any

from nbsupport.comparisons.common import balanced, distinct_shares, reference_groups, sized_role
from nbsupport.errors import UserError
from nbsupport.study import Group, Study

REPEATED = "25K"


def within_class_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """Superclasses from a share p of their subclasses, of two sources; and repeated images.

    `shares` (p) and `images` (of each superclass) replace the profile's where they are given. Of
    iNaturalist, only the balanced part is drawn from: its rare species have too few images.
    """
    shares = parameters.get("shares") or list(study.profile.diversity)
    images = parameters.get("images") or 0
    if images < 0:
        raise UserError(f"images={images}: give images of each superclass, or 0 for the profile's")
    groups = reference_groups(study, {})
    for kind in study.profile.within:
        groups += [_diverse(study, kind, p, images) for p in distinct_shares("shares", shares)]
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

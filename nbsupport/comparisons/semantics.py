"""Section 4.3: animal classes or object classes, for a task about animals."""

from typing import Any

from nbsupport.comparisons.common import distinct_shares, reference_groups
from nbsupport.data.subset import Subset
from nbsupport.errors import UserError
from nbsupport.study import Group, Study


def semantics_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """Animals, objects, and objects with some animals among them, between the reference lines.

    Both halves are taken in full, as in the paper, although their sizes differ; `images` takes as
    many of each. `shares` (of animals among the objects) replaces the profile's where it is given.
    """
    images = parameters.get("images") or 0
    shares = distinct_shares("shares", parameters.get("shares") or [study.profile.animal_share])
    animals, objects = (_as_many(half, images) for half in halves_of(study))
    return [
        *reference_groups(study, {}),
        Group("imagenet/animal", f"{animals.num_classes:,} animal classes", animals),
        Group("imagenet/object", f"{objects.num_classes:,} object classes", objects),
        *(_mixed(study, objects, share) for share in shares),
    ]


def halves_of(study: Study) -> tuple[Subset, Subset]:
    """Animal classes, and all others."""
    animal = study.profile.animal
    return study.imagenet.under(animal), study.imagenet.not_under(animal)


def _as_many(half: Subset, images: int) -> Subset:
    if images < 0:
        raise UserError(f"images={images}: give a number of images, or 0 for all of each half")
    return half.take(images) if images else half


def _mixed(study: Study, objects: Subset, share: float) -> Group:
    percent = f"{100 * share:.3g}"
    role = f"imagenet/object+animal-{percent}%"
    return Group(
        role, f"objects, {percent} % animals", objects.contaminate(share, study.profile.animal)
    )

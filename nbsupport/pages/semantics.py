"""Section 4.3: animal classes or object classes, for a task about animals."""

from typing import Any

from nbsupport.data.subsets.subset import Subset
from nbsupport.pages.groups import distinct_shares, given_or, images_or_all, reference_groups
from nbsupport.study.study import Group, Study


def semantics_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """Animals, objects, and objects with some animals among them, between the reference lines.

    Both halves are taken in full, as in the paper, although their sizes differ; `images` takes as
    many of each. `shares` (of animals among the objects) replaces the profile's where it is given.
    """
    images = images_or_all(parameters.get("images", 0), "all of each half")
    animals, objects = (_as_many(half, images) for half in halves_of(study))
    given = given_or("shares", parameters, [study.profile.animal_share])
    shares = distinct_shares("shares", given, of=len(objects), what="object images")
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
    return half.take(images) if images else half


def _mixed(study: Study, objects: Subset, share: float) -> Group:
    percent = f"{100 * share:.3g}"
    role = f"imagenet/object+animal-{percent}%"
    return Group(
        role, f"objects, {percent} % animals", objects.contaminate(share, study.profile.animal)
    )

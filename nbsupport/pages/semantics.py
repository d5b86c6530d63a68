"""Section 4.3: animal classes or object classes, for a task about animals."""

from typing import TYPE_CHECKING, Any

from nbsupport.data.subsets.subset import Subset
from nbsupport.display import images, widgets
from nbsupport.display.html import Html
from nbsupport.display.numbers import position_numbers as position_numbers
from nbsupport.pages.groups import (
    distinct_shares,
    given_or,
    images_or_all,
    reference_groups,
)
from nbsupport.pages.open_page import OpenPage
from nbsupport.pages.page import Page
from nbsupport.pages.shown import matching as matching
from nbsupport.pages.shown import plate as plate
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    from nbsupport.data.subsets.subset import Subset


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


def mixed_grid(page: OpenPage, *, count: int = 16, replaced: int = 4, caption: str = "") -> Html:
    """Images of the last group of objects with animals among them; titles say which are animals."""
    mixed = [group.role for group in page.groups if "+animal" in group.role]
    shown, titles = images.sample_with_replaced(page.subset(mixed[-1]), count, replaced)
    return widgets.image_grid(shown, titles, caption)


PAGE = Page("04_3_semantics", "Label semantics", "4.3", semantics_groups)

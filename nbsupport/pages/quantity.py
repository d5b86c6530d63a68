"""Section 4.1: fewer pre-training images, from two sources."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbsupport.display.numbers import example_sizes
from nbsupport.pages.groups import balanced, distinct, present, reference_groups, sized_role, wholes
from nbsupport.pages.page import Page
from nbsupport.pages.worked_examples import alone_numbers as alone_numbers
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    from nbsupport.pages.open_page import OpenPage

LADDER = ("150K", "50K", "25K", "5K")  # the sizes that the paper names; full comes first


def quantity_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """Both sources in full and at each size, between the two reference lines.

    `sizes` (images in all) replaces the profile's roles where it is given.
    """
    sizes = distinct("sizes", parameters.get("sizes", []))
    groups = [*reference_groups(study, {}), *wholes(study, "inaturalist")]
    for kind in present(study, "imagenet", "inaturalist"):
        if sizes:
            groups += [_sized(study, kind, images) for images in sizes]
        else:
            groups += [sized_role(study, kind, role) for role in study.profile.sizes]
    return groups


def _sized(study: Study, kind: str, images: int) -> Group:
    subset = balanced(study, kind).take(images)
    return Group(f"{kind}/{images:,} images", f"{images:,} images", subset)


def example(study: Study) -> dict[str, Any]:
    """Other parameters to try: sizes that fit the profile, three seeds, one family."""
    return {"sizes": example_sizes(study), "families": ["resnet"], "seeds": [0, 1, 2]}


def updates(page: "OpenPage") -> dict[str, str]:
    """Updates of pre-training at equal epochs of the full source and of its smallest size, as text
    to glue."""
    from nbsupport.training.recipe import Recipe

    counts = {
        len(run.group.subset): Recipe.from_spec(run.finetune.parent.spec["recipe"])
        for run in page.study.runs(page.groups)
        if run.group.subset is not None and run.finetune.parent is not None
    }
    found = {images: recipe.updates_for(images) for images, recipe in counts.items()}
    ends = {"full": len(page.study.imagenet), "least": min(found)}
    return {f"updates-{name}": f"{found[images]:,}" for name, images in ends.items()}


def equal_updates(study: Study, _: dict[str, Any]) -> list[Group]:
    """Each size of both sources with as many updates as all of ImageNet has.

    All of ImageNet itself has them under either budget, so it is no group of its own here.
    """
    sizes = [
        sized_role(study, kind, role)
        for kind in present(study, "imagenet", "inaturalist")
        for role in LADDER
    ]
    return [
        replace(group, role=f"{group.role}-steps", budget="steps")
        for group in (*wholes(study, "inaturalist"), *sizes)
        if study.profile.simulated
    ]


PAGE = Page("04_1_quantity", "Data quantity", "4.1", quantity_groups, recorded=equal_updates)

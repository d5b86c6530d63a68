"""Section 4.3: animal classes or object classes, for a task about animals."""

from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from nbsupport.data.real_labels import CoOccurrence, co_occurrence, real_labels
from nbsupport.data.subsets.subset import Subset
from nbsupport.display import images, widgets
from nbsupport.display.html import Html, signed, table
from nbsupport.display.kept import kept
from nbsupport.display.numbers import position_numbers as position_numbers
from nbsupport.display.said import headline
from nbsupport.display.where_possible import shown_where_possible
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
    from nbsupport.analysis.verdicts import Verdict
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


def textures_say(page: OpenPage) -> dict[str, str]:
    """What the control of objects with textures of their own adds to the claim, as text to glue."""
    profile, axis = page.study.profile, page.axis
    usual, own = (headline(profile, c, axis)[0] for c in ("semantics-same", "control-own-textures"))
    return {"textures-say": _textures_text(usual, own)}


def _textures_text(usual: "Verdict", own: "Verdict") -> str:
    if "not run" in (usual.word, own.word) or usual.contrast is None or own.contrast is None:
        return "One of the two is not recorded yet."
    words = (usual.word, own.word)
    if words == ("supported", "supported"):
        return "So the halves are alike for another reason than textures that both have."
    if words == ("supported", "contradicted"):
        return "So what the halves share is how this program draws, and not images in general."
    apart = own.contrast.estimate.value - usual.contrast.estimate.value
    told = f"The control's difference is {signed(apart)} from the claim's. "
    if words == ("contradicted", "contradicted"):
        return told + "Animals and objects part with and without textures in common."
    return told + "The two do not settle what the halves share."


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


@shown_where_possible
def mixed_grid(page: OpenPage, *, count: int = 16, replaced: int = 4, caption: str = "") -> Html:
    """Images of the last group of objects with animals among them; titles say which are animals."""
    mixed = [group.role for group in page.groups if "+animal" in group.role]
    shown, titles = images.sample_with_replaced(page.subset(mixed[-1]), count, replaced)
    return widgets.image_grid(shown, titles, caption)


# on ImageNet itself -------------------------------------------------------------------------------
PAPERS_SHARE = "1.1 % of 20,000 validation images"  # Section 4.3


def on_imagenet() -> Html:
    """The paper's share of images with an animal and an object, beside ours of the same images."""
    found = _on_imagenet()
    own = f"{_percent(found.both, found.images)} of {found.images:,} validation images"
    parts = (("The paper", PAPERS_SHARE), ("Measured here, on ImageNet itself", own))
    boxes = "".join(
        f'<div><span class="nb-kicker">{name}</span>{text}</div>' for name, text in parts
    )
    plain = "; ".join(f"{name}: {text}" for name, text in parts)
    return Html(f'<div class="nb-compare">{boxes}</div>', plain)


def denominators() -> Html:
    """The share of images with both kinds, of all images and of each kind of them."""
    found = _on_imagenet()
    of = {
        "all validation images": found.images,
        "those with any label": found.labelled,
        "those with more than one label": found.several,
        "those with an animal": found.animal,
        "those with an object": found.thing,
    }
    rows = [
        (name, f"{count:,}", f"{found.both:,}", _percent(found.both, count))
        for name, count in of.items()
    ]
    return table(("of", "images", "with both", "share"), rows, numeric=range(1, 4))


def common_pairs(count: int = 8) -> Html:
    """The animals and objects that are seen together most often."""
    pairs = _on_imagenet().named_pairs(count)
    rows = [(animal, thing, f"{found:,}") for animal, thing, found in pairs]
    return table(("animal", "object", "images"), rows, numeric=[2])


def real_numbers() -> dict[str, str]:
    """The counts on ImageNet itself, as text to glue."""
    found = _on_imagenet()
    return {
        "real-images": f"{found.images:,}",
        "real-labelled": f"{found.labelled:,}",
        "real-both": f"{found.both:,}",
        "real-of-all": _percent(found.both, found.images),
        "real-of-labelled": _percent(found.both, found.labelled),
        "real-pairs": f"{len(found.pairs):,}",
    }


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %"


@cache
def _on_imagenet() -> CoOccurrence:
    found = co_occurrences()
    pairs = tuple(((a, b), count) for a, b, count in found["pairs"])
    return CoOccurrence(**{**found, "pairs": pairs})


@kept
def co_occurrences() -> dict[str, Any]:
    """The counts of `CoOccurrence` on ImageNet itself, as JSON can hold them; they take timm."""
    found = co_occurrence(real_labels())
    pairs = [[int(a), int(b), count] for (a, b), count in found.pairs]
    return {**asdict(found), "pairs": pairs}


PAGE = Page("04_3_semantics", "Label semantics", "4.3", semantics_groups)

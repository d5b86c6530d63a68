"""What this world builds in: the controls of the book, and how the world was calibrated."""

from collections.abc import Callable
from typing import Any

from nbsupport import arguments
from nbsupport.analysis import claims
from nbsupport.display.calibration import calibration_table as calibration_table
from nbsupport.display.html import Html
from nbsupport.display.over_worlds import headline_column
from nbsupport.display.where_possible import shown_where_possible
from nbsupport.errors import NotHereError
from nbsupport.evidence import recorded
from nbsupport.evidence.judged import WORLDS
from nbsupport.pages.granularity import bit_numbers as bit_numbers
from nbsupport.pages.granularity import label_numbers as label_numbers
from nbsupport.pages.groups import given_or, reference_groups
from nbsupport.pages.open_page import OpenPage
from nbsupport.pages.page import Page
from nbsupport.pages.setup import setup_numbers as setup_numbers
from nbsupport.pages.shown import plate as plate
from nbsupport.study.profiles import profile_named
from nbsupport.study.study import Group, Study


def controls(profile: str) -> Html:
    """Every control of the verdict machinery with what the recorded runs of each world say."""
    from nbsupport.display.widgets import verdict_table

    runs = recorded.own(profile_named(profile))
    ids = [claim.id for claim in claims.load().values() if claim.control]
    worlds = {s.name: runs.verdicts(ids, n) for n, s in runs.settings.items() if n in WORLDS}
    return verdict_table(ids, headline_column(runs, ids, "linear") | worlds)


OTHER_SEEDS = 1000  # added to a cell's seed: far from any that a page or a reader gives


def control_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """The controls beside what they are compared with; `controls` names those to run."""
    possible = [control for control in CONTROLS if _possible(study, control)]
    chosen = given_or("controls", parameters, possible)
    for name in arguments.different("controls", chosen):
        arguments.chosen("control", name, CONTROLS)
    animals = study.imagenet.under(study.profile.animal)
    compared = Group("imagenet/animal", f"{animals.num_classes:,} animal classes", animals)
    own = [CONTROLS[name](study) for name in CONTROLS if name in chosen]
    beside = [compared] if "own-textures" in chosen else []
    return [*reference_groups(study, {}), *beside, *own]


def _possible(study: Study, control: str) -> bool:
    """Two of them need pictures that only a simulated world can draw."""
    needed = {"own-textures": "own-textures", "own-species": "species"}.get(control)
    return needed is None or study.has(needed)


def _full_again(study: Study) -> Group:
    label = "all images, other seeds"
    return Group("control/full-again", label, study.imagenet, seed_shift=OTHER_SEEDS)


def _shuffled_labels(study: Study) -> Group:
    return Group("control/shuffled-labels", "labels shuffled", study.imagenet.shuffled_labels())


def _noise(study: Study) -> Group:
    return Group("control/noise", "noise for images", study.imagenet.noise())


def _own_textures(study: Study) -> Group:
    objects = study.own_textures.not_under(study.profile.animal)
    label = f"{objects.num_classes:,} object classes, own textures"
    return Group("control/own-textures", label, objects)


def _own_species(study: Study) -> Group:
    label = f"{len(study.species):,} source pictures of the task's species"
    return Group("control/own-species", label, study.species)


CONTROLS: dict[str, Callable[[Study], Group]] = {
    "full-again": _full_again,
    "shuffled-labels": _shuffled_labels,
    "noise": _noise,
    "own-textures": _own_textures,
    "own-species": _own_species,
}


@shown_where_possible
def plate_elsewhere(page: OpenPage, split: str, *, count: int = 4) -> Any:
    """A split of the task in another world of the profile, large."""
    profile = page.study.profile
    others = [world for world in profile.worlds if world not in (0, page.study.world)]
    if not others:
        raise NotHereError(f"profile {profile.name} has no other world than {page.study.world}")
    caption = f"Camera traps of {profile.setting_name(others[0])}"
    other = OpenPage(page.request.other(world=others[0]))
    return plate(other, split, count=count, caption=caption)


PAGE = Page("builds_in", "What this world builds in", beside=control_groups)

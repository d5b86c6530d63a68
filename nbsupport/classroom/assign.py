"""Dealing the cells of a claim to students."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from nbsupport import arguments
from nbsupport.analysis import claims
from nbsupport.analysis.statistics import ENOUGH, enough
from nbsupport.classroom.plan import ClassCell, ClassPlan, Expected, different, rule_of
from nbsupport.errors import UserError
from nbsupport.evidence.sealed import now
from nbsupport.jobs.store import Store
from nbsupport.pages import all_groups, check_claims
from nbsupport.study.profiles import Profile, profile_named
from nbsupport.study.profiles.profile import THREE_FAMILIES
from nbsupport.study.study import Run, Study
from nbsupport.training.recipe import Recipe

FIRST_SEED = 100  # far from those that are recorded, calibrated with, or used in examples
Place = tuple[int, str, int]


def assign(
    claim_id: str,
    students: Sequence[str],
    *,
    profile: str = "demo",
    worlds: Sequence[int] = (),
    families: Sequence[str] = (),
    cells: int = 0,
    share: int = 1,
    first_seed: int = FIRST_SEED,
    judged_at: int = 0,
    until: str = "",
) -> ClassPlan:
    """Deal the cells of a claim: each to `share` students, to each student at least one.

    worlds: those that the cells are spread over (world 1). families: those of the profile's
    records; three of them where that leaves three seeds to each. cells: in all; by default as many
    as the students can fill. judged_at: the cells that have to be in for the verdict (all). until:
    a day (2026-12-14) from which it is judged anyway. Nothing is trained. Raises UserError.
    """
    check_claims()
    claim, own = claims.named(claim_id), profile_named(profile)
    names = different(students, "the names")
    share = arguments.whole("share", share)
    if share > len(names):
        raise UserError(f"share={share}: there are {len(names)} names; give at most that")
    count = arguments.whole("cells", cells or max(1, len(names) // share))
    if until:
        _checked_day(until)
    places = _places(own, count, list(worlds) or [1], families, first_seed)
    dealt = _dealt(places, names, share)
    needed = arguments.whole("judged_at", judged_at or count)
    if needed > count:
        raise UserError(f"judged_at={needed}: there are {count} cells; give at most that")
    found = tuple(_cell(profile, place, claim.roles, dealt[place]) for place in places)
    return ClassPlan(
        claim.id, claim.text, rule_of(claim), profile, now(), share, needed, until, found
    )


def _checked_day(day: str) -> None:
    try:
        date.fromisoformat(day)
    except ValueError:
        raise UserError(
            f"until={day!r}: give a day as year-month-day, such as 2026-12-14"
        ) from None


# which cells --------------------------------------------------------------------------------------
def _places(
    profile: Profile, count: int, worlds: Sequence[int], families: Sequence[str], first_seed: int
) -> list[Place]:
    """So many cells: spread over the worlds, and in each over families and seeds evenly."""
    worlds = arguments.wholes("worlds", worlds, least=0)
    first = arguments.whole("first_seed", first_seed, least=0)
    each = [count // len(worlds) + (place < count % len(worlds)) for place in range(len(worlds))]
    found = []
    for world, number in zip(worlds, each, strict=True):
        own = list(families) or _families(profile, number)
        found += [(world, own[i % len(own)], first + i // len(own)) for i in range(number)]
    if not all(each):
        raise UserError(f"{count} cells in {len(worlds)} worlds: give at least one to each world")
    return found


def _families(profile: Profile, count: int) -> list[str]:
    """As many of the recorded families as leave three seeds to each; at least three.

    Those come first that every world is recorded in.
    """
    recorded = next(iter(profile.recorded.values()), (THREE_FAMILIES, ()))[0]
    ordered = dict.fromkeys([*(f for f in THREE_FAMILIES if f in recorded), *recorded])
    return list(ordered)[: max(ENOUGH, count // ENOUGH)]


def settles(plan: ClassPlan) -> bool:
    """Whether its cells can give a verdict in some world, as three families of three seeds do."""
    for world in plan.worlds:
        if enough(np.array([cell.family for cell in plan.cells if cell.world == world])):
            return True
    return False


def trained_before(plan: ClassPlan, store: Store) -> int:
    """How many of its runs a store holds already, so that the plan was not first."""
    keys = {run.key for cell in plan.cells for run in cell.runs.values()}
    return sum(store.done(key) for key in keys)


def _dealt(places: Sequence[Place], names: Sequence[str], share: int) -> dict[Place, list[str]]:
    """Each cell to so many students, those with the fewest cells first; one to who has none."""
    held = dict.fromkeys(names, 0)
    dealt: dict[Place, list[str]] = {place: [] for place in places}

    def give(place: Place) -> None:
        free = [name for name in names if name not in dealt[place]]
        name = min(free, key=lambda name: (held[name], names.index(name)))
        dealt[place].append(name)
        held[name] += 1

    for place in places:
        for _ in range(share):
            give(place)
    while 0 in held.values():
        give(min(places, key=lambda place: len(dealt[place])))
    return dealt


# what their runs are ------------------------------------------------------------------------------
def _cell(profile: str, place: Place, roles: Sequence[str], students: Sequence[str]) -> ClassCell:
    study, runs = runs_in(profile, place, roles)
    expected = {
        run.group.role: Expected(
            run.finetune.key, run.finetune.about["versions"], _epochs(study, run)
        )
        for run in runs
    }
    return ClassCell(*place, tuple(students), expected)


def runs_in(profile: str, place: Place, roles: Sequence[str]) -> tuple[Study, list[Run]]:
    """The study of a cell, and its runs of these roles. UserError where one has none."""
    world, family, seed = place
    study = Study(profile, world=world, families=[family], seeds=[seed])
    groups = [group for group in all_groups(study) if group.role in roles]
    runs = [run for run in study.runs(groups) if run.family == family]
    if lacking := set(roles) - {run.group.role for run in runs}:
        raise UserError(
            f"profile {profile} has no runs of {', '.join(sorted(lacking))} in {family}: "
            "choose another claim, or other families"
        )
    return study, runs


def _epochs(study: Study, run: Run) -> tuple[int, ...]:
    """The epochs at which a run is evaluated."""
    recipe = Recipe.from_spec(run.finetune.spec["recipe"])
    return recipe.evaluated(len(study.task_of(run.group).table("train")))

"""Training and recording what the verdicts rest on, part by part: a cell of a setting."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nbsupport.errors import UserError
from nbsupport.evidence import provenance
from nbsupport.evidence.records import (
    add_records,
    missing_runs,
    read_records,
    under_other_names,
)
from nbsupport.pages import all_groups, check_claims
from nbsupport.study.profiles import PROFILES, Profile, profile_named
from nbsupport.study.study import Study
from nbsupport.training.families import FAMILIES

Part = tuple[int, int, str]  # a setting (world or shift), and its cell: seed, family


def record_profile(
    profile: str,
    world: int | None = None,
    seeds: Sequence[int] = (),
    families: Sequence[str] = (),
    *,
    train: bool = True,
) -> Iterator[str]:
    """Train and record what the pages' verdicts rest on; yields a line after each part.

    A part is one cell (seed and family) of one setting. A seed is recorded in every setting before
    the next seed begins, so that all settings hold the same cells. The CSV is written after each
    part: stopped, only the part under way is not recorded yet, and its finished jobs are in the
    store. `world`, `seeds` and `families` choose among the parts. train=False: only rows of groups
    whose runs are recorded already under the name of another group are added. Raises UserError
    where the profile records nothing, or none of these.
    """
    check_claims()
    chosen = parts(profile_named(profile), world, seeds, families)
    studies = [Study(profile, world=w, families=[f], seeds=[s]) for w, s, f in chosen]
    for study, (w, seed, family) in zip(studies, chosen, strict=True):
        count = _record_part(study, train=train)
        yield f"world {w}, seed {seed}, {family}: {count} runs recorded now"


def parts(
    profile: Profile,
    world: int | None = None,
    seeds: Sequence[int] = (),
    families: Sequence[str] = (),
) -> list[Part]:
    """The parts that a profile records, of the world, seeds and families asked for; seed by seed.

    Raises UserError where it records none of these.
    """
    recorded = profile.recorded or _trial(profile, world, seeds, families)
    _among(profile, "world", [] if world is None else [world], recorded)
    held = {number: recorded[number] for number in ([*recorded] if world is None else [world])}
    _among(profile, "family", families, {f for own, _ in held.values() for f in own})
    _among(profile, "seed", seeds, {seed for _, draws in held.values() for seed in draws})
    wanted = [
        (number, seed, family)
        for number, (own, draws) in held.items()
        for seed in draws
        for family in own
        if (not seeds or seed in seeds) and (not families or family in families)
    ]
    return sorted(wanted, key=lambda part: part[1])  # stable: worlds and families keep their order


def _trial(
    profile: Profile, world: int | None, seeds: Sequence[int], families: Sequence[str]
) -> dict[int, tuple[tuple[str, ...], tuple[int, ...]]]:
    """What a profile that is no evidence can record, as a trial: a build's cells, or any others.

    UserError where the profile is evidence, and what it records is not decided yet.
    """
    if profile.evidence:
        recording = ", ".join(p.name for p in PROFILES.values() if p.recorded)
        raise UserError(f"profile {profile.name} records nothing: give one of {recording}")
    _among(profile, "family", families, FAMILIES)
    drawn = tuple(dict.fromkeys(seeds)) or profile.seeds
    own = tuple(dict.fromkeys(families)) or profile.families
    return dict.fromkeys((1,) if world is None else profile.worlds, (own, drawn))


def _among(profile: Profile, what: str, given: Iterable[Any], allowed: Iterable[Any]) -> None:
    """UserError for the first that a profile does not record."""
    known = list(allowed)
    for value in given:
        if value not in known:
            ordered = ", ".join(map(str, sorted(known)))
            raise UserError(
                f"profile {profile.name} records no {what} {value}: give one of {ordered}"
            )


def _record_part(study: Study, *, train: bool) -> int:
    """Train and record what the records lack of a study's runs; how many that was.

    Two groups of the same subset are the same runs: what is recorded under one name is not trained
    again for the other.
    """
    profile, runs = study.profile.name, study.runs(all_groups(study))
    same = under_other_names(runs, read_records(profile), study.world)
    if len(same):
        add_records(profile, runs, same, study.world)
    named = same["key"].nunique() if len(same) else 0
    todo = missing_runs(runs, read_records(profile), study.world) if train else []
    if todo:
        new = provenance.with_places(study.execute(todo), study.store)
        add_records(profile, runs, new, study.world)
    return named + len(todo)

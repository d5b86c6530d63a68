"""Training and recording what the verdicts rest on, part by part: a cell of a setting."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nbsupport.errors import UserError
from nbsupport.evidence import provenance
from nbsupport.evidence.records import (
    add_records,
    missing_runs,
    read_records,
    under_other_names,
)
from nbsupport.jobs import runner
from nbsupport.jobs.progress import Progress
from nbsupport.jobs.store import Store
from nbsupport.pages import check_claims, possible_groups
from nbsupport.paths import store_dir
from nbsupport.study.profiles import PROFILES, Profile, profile_named
from nbsupport.study.profiles.profile import Block, cells_of
from nbsupport.study.study import Run, Study
from nbsupport.training.families import FAMILIES

Part = tuple[int, int, str]  # a setting (world or shift), and its cell: seed, family


def record_profile(
    profile: str,
    world: int | None = None,
    seeds: Sequence[int] = (),
    families: Sequence[str] = (),
    say: Callable[[str], None] = print,
    *,
    train: bool = True,
) -> list[str]:
    """Train and record what the pages' verdicts rest on; `say` is given a line for each part.

    A part is one cell (seed and family) of one setting. All their jobs are done by one pool of
    workers, so that none stands idle while a part comes to its end. Parts take turns: a seed is
    recorded in every setting before the next seed, so that all settings hold the same cells. The
    CSV is written as parts are complete: stopped, only those under way are not recorded yet, and
    their finished jobs are in the store. `world`, `seeds` and `families` choose among the parts.
    train=False: only rows of groups whose runs are recorded already under the name of another group
    are added.

    Returns a line for each part that cannot be planned, and so is not recorded. Raises UserError
    where the profile records nothing, or none of these.
    """
    check_claims()
    chosen = parts(profile_named(profile), world, seeds, families)
    recording = _Recording(profile, Store(store_dir()), say)
    for part in chosen:
        recording.plan(part)
    if train:
        recording.train()
    return recording.problems


@dataclass
class _Waiting:
    """A part that is being recorded: its runs, those to be recorded now, and the jobs lacking."""

    study: Study
    name: str
    runs: list[Run]
    todo: list[Run]
    lacking: set[str]


class _Recording:
    """Parts on their way from one pool of jobs into a profile's records."""

    def __init__(self, profile: str, store: Store, say: Callable[[str], None]) -> None:
        self.profile, self.store, self.say = profile, store, say
        self.recorded = read_records(profile)
        self.waiting: list[_Waiting] = []
        self.problems: list[str] = []
        self.said_without: set[int] = set()
        self.shown = Progress()

    def plan(self, part: Part) -> None:
        """Find out which runs of a part are to be recorded."""
        world, seed, family = part
        name = f"world {world}, seed {seed}, {family}"
        try:
            study = Study(self.profile, world=world, families=[family], seeds=[seed])
            groups, without = possible_groups(study)
            runs = study.runs(groups)
        except UserError as problem:
            self.problems.append(f"{name}: {problem}")
            self.say(f"{name}: not recorded: {problem}")
            return
        self._say_without(world, without)
        same = self._rename(runs, world)
        todo = missing_runs(runs, self.recorded, world)
        if todo:
            lacking = {run.finetune.key for run in todo}
            self.waiting.append(_Waiting(study, name, runs, todo, lacking))
        if same or not todo:
            self.say(f"{name}: {same} runs recorded now")

    def _say_without(self, world: int, without: dict[str, str]) -> None:
        """Say once for each world which groups it cannot have."""
        if world in self.said_without:
            return
        self.said_without.add(world)
        for problem in dict.fromkeys(without.values()):
            roles = ", ".join(role for role, why in without.items() if why == problem)
            self.say(f"world {world}: without {roles}: {problem}")

    def _rename(self, runs: list[Run], world: int) -> int:
        """Record under its name a group whose runs are recorded under another's; how many runs.

        Two groups of the same subset are the same runs, so nothing is trained for the second.
        """
        same = under_other_names(runs, self.recorded, world)
        if not len(same):
            return 0
        self.recorded = add_records(self.profile, runs, same, world)
        return int(same["key"].nunique())

    def train(self) -> None:
        """Have all jobs done, and record each part when it is complete."""
        jobs = [job for part in self.waiting for run in part.todo for job in run.jobs]
        turns: dict[str, int] = {}
        for number, part in enumerate(self.waiting):
            for job in (job for run in part.todo for job in run.jobs):
                turns.setdefault(job.key, number)
        if jobs:
            runner.run(jobs, self.store, turns=turns, on_event=self._take)

    def _take(self, event: dict[str, Any]) -> None:
        self.shown(event)
        if event["kind"] not in ("done", "found"):
            return
        for part in self.waiting:
            part.lacking.discard(event["job"])
        for part in [part for part in self.waiting if not part.lacking]:
            self.waiting.remove(part)
            self._record(part)

    def _record(self, part: _Waiting) -> None:
        jobs = {run.finetune.key: run.finetune for run in part.todo}
        results = {key: self.store.result(job) for key, job in jobs.items()}
        new = provenance.with_places(part.study.records(part.todo, results), self.store)
        add_records(self.profile, part.runs, new, part.study.world)
        self.shown.clear()
        self.say(f"{part.name}: {len(part.todo)} runs recorded now")


def parts(
    profile: Profile,
    world: int | None = None,
    seeds: Sequence[int] = (),
    families: Sequence[str] = (),
) -> list[Part]:
    """The parts that a profile records, of the world, seeds and families asked for; seed by seed.

    Raises UserError where it records none of these.
    """
    planned = {number: profile.blocks(number) for number in profile.recorded}
    planned = planned or _trial(profile, world, seeds, families)
    _among(profile, "world", [] if world is None else [world], planned)
    chosen = planned if world is None else {world: planned[world]}
    held = {number: cells_of(blocks) for number, blocks in chosen.items()}
    _among(profile, "family", families, {family for own in held.values() for family, _ in own})
    _among(profile, "seed", seeds, {seed for own in held.values() for _, seed in own})
    wanted = [
        (number, seed, family)
        for number, own in held.items()
        for family, seed in own
        if (not seeds or seed in seeds) and (not families or family in families)
    ]
    return sorted(wanted, key=lambda part: part[1])  # stable: worlds and families keep their order


def _trial(
    profile: Profile, world: int | None, seeds: Sequence[int], families: Sequence[str]
) -> dict[int, tuple[Block, ...]]:
    """What a profile that is no evidence can record, as a trial: a build's cells, or any others.

    UserError where the profile is evidence, and what it records is not decided yet.
    """
    if profile.evidence:
        recording = ", ".join(p.name for p in PROFILES.values() if p.recorded)
        raise UserError(f"profile {profile.name} records nothing: give one of {recording}")
    _among(profile, "family", families, FAMILIES)
    drawn = tuple(dict.fromkeys(seeds)) or profile.seeds
    own = tuple(dict.fromkeys(families)) or profile.families
    return dict.fromkeys((1,) if world is None else profile.worlds, ((own, drawn),))


def _among(profile: Profile, what: str, given: Iterable[Any], allowed: Iterable[Any]) -> None:
    """UserError for the first that a profile does not record."""
    known = list(allowed)
    for value in given:
        if value not in known:
            ordered = ", ".join(map(str, sorted(known)))
            raise UserError(
                f"profile {profile.name} records no {what} {value}: give one of {ordered}"
            )

"""Recorded runs: what they say in each setting of a profile, and what they lack.

A setting is a world of a simulated profile, or a shift of a profile of real images. `beside` of a
profile names the profiles whose records its pages show next to its own. Where records are missing
or not complete nothing here fails: `state` says what is missing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from nbsupport.analysis import claims
from nbsupport.analysis.claims import Compared
from nbsupport.analysis.roles import FULL, SCRATCH, role_of
from nbsupport.analysis.to_lose import with_room
from nbsupport.analysis.verdicts import Verdict
from nbsupport.analysis.worlds import ENOUGH_WORLDS
from nbsupport.evidence.of_runs import NOT_RUN, Judge, Judged, absent, sources_of
from nbsupport.evidence.records import evidence_profile, read_with_digest
from nbsupport.study.profiles import PROFILES, Profile
from nbsupport.study.profiles.profile import cells_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Setting:
    """What runs are made in: a world of a simulated profile, or a shift of a real one."""

    number: int
    name: str

    @property
    def short(self) -> str:
        """Of a shift the end of its name, where the images are new: "to sketch"."""
        _, to, new = self.name.rpartition(" to ")
        return f"{to}{new}".strip()


def is_headline(summary: Compared) -> bool:
    """Whether a claim has enough worlds for the verdict over them to stand first."""
    return summary.worlds >= ENOUGH_WORLDS


# a profile's records ------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class Recorded:
    """The recorded runs of a profile, setting by setting. What is found in them is kept: no table
    that it gives may be changed."""

    profile: Profile
    records: "pd.DataFrame"
    _cells: dict[int, claims.Cells] = field(default_factory=dict, init=False)
    _found: dict[tuple[str, int, str], Judged] = field(default_factory=dict, init=False)

    @property
    def data(self) -> tuple[str, str]:
        """What is pre-trained on and what is fine-tuned on, by name."""
        return self.profile.data

    @property
    def title(self) -> str:
        """What a reader chooses these runs by, beside those of another profile."""
        return f"Real images ({' to '.join(self.data)})"

    @property
    def command(self) -> str:
        """What trains and records the runs."""
        return f"make record PROFILE={self.profile.name}"

    @cached_property
    def settings(self) -> dict[int, Setting]:
        """Every shift, or every world with enough runs, by its number; the leading one first."""
        held = {int(world) for world in self.records["world"].unique()}
        enough = held if self.profile.shifts else {n for n in held if self._has_enough(n)} or held
        numbers = {*self.profile.shifts, *enough} or {1}
        return {n: Setting(n, self.profile.setting_name(n)) for n in sorted(numbers)}

    def _has_enough(self, number: int) -> bool:
        """Whether a world has two families with two seeds each, as an interval takes at least.

        Families that are trained for a few groups alone (ViT, on captions) have no line of their
        own from scratch, and do not count.
        """
        points = self.points(number)
        seeds = points[points["role"] == SCRATCH].groupby("family")["seed"].nunique()
        return int((seeds >= 2).sum()) >= 2

    @property
    def leading(self) -> Setting:
        """The first of its settings."""
        return next(iter(self.settings.values()))

    def points(self, number: int) -> "pd.DataFrame":
        """All recorded runs of a setting."""
        return self._points.get(number, self.records.iloc[:0])

    @cached_property
    def _points(self) -> "dict[int, pd.DataFrame]":
        table, numbers = self.records, map(int, self.records["world"].unique())
        return {n: table[table["world"] == n].reset_index(drop=True) for n in numbers}

    def cells(self, number: int) -> claims.Cells:
        """The same as arrays over cells."""
        if number not in self._cells:
            self._cells[number] = claims.Cells.of(self.points(number))
        return self._cells[number]

    @cached_property
    def sources(self) -> set[str]:
        """The sources that any of its runs is of, by name."""
        return sources_of(self.records)

    def verdicts(
        self, claim_ids: Iterable[str], number: int, axis: str = "linear"
    ) -> dict[str, Verdict]:
        """What a setting's runs say on each claim; "not run" names what there is none of."""
        return {key: each[1] for key, each in self.judged(claim_ids, number, axis).items()}

    def judged(
        self, claim_ids: Iterable[str], number: int, axis: str = "linear"
    ) -> dict[str, Judged]:
        """The contrasts and the verdict of each claim in a setting, by its id."""
        known = claims.load()
        return {key: self._held(known[key], number, axis) for key in claim_ids}

    def _held(self, claim: claims.Claim, number: int, axis: str) -> Judged:
        """Each claim is judged once in a setting, however many figures show the verdict."""
        points = self.points(number)
        if points.empty:
            return Compared(claim), NOT_RUN
        held = self._found.get((claim.id, number, axis))
        if held is None or held[0].claim != claim:
            profile = self.profile
            judge = Judge(self.cells(number), axis, profile.chances(number), profile.simulated)
            held = self._once(claim, number, judge.named(claim, points, self.sources))
            self._found[claim.id, number, axis] = held
        return held

    def _once(self, claim: claims.Claim, number: int, found: Judged) -> Judged:
        """Pairs of domains whose runs serve several settings are judged in one: the first that
        has the most of them."""
        roles = {role for part in claim.parts for role in part.compared}
        if not all(role_of(role).source.own_task for role in roles):
            return found
        own, each = self._keys(roles, number), {n: self._keys(roles, n) for n in self.settings}
        most = max(each, key=lambda n: len(each[n]))
        if most == number or not own or not own <= each[most]:
            return found
        return found[0], Verdict(
            "not run", f"the same runs as on {self.settings[most].name}, judged there"
        )

    def _keys(self, roles: set[str], number: int) -> set[str]:
        points = self.points(number)
        return set(points.loc[points["role"].isin(roles), "key"])

    # cells that confirm ---------------------------------------------------------------------------
    @cached_property
    def waves(self) -> "dict[int, Waves]":
        """By setting, the runs of its first cells and of those planned when these had been seen,
        each with all other settings; empty where no cell of the second kind is recorded."""
        found = {}
        for number in filter(self.profile.confirming_cells, self.settings):
            own = (self.records["world"] == number).to_numpy()
            cells = self.records.set_index(["family", "seed"]).index
            late = own & cells.isin(self.profile.confirming_cells(number))
            if late.any():
                first, confirming = self.records[~late], self.records[late | ~own]
                found[number] = Waves(
                    Recorded(self.profile, first), Recorded(self.profile, confirming)
                )
        return found

    # over worlds ----------------------------------------------------------------------------------
    def over_worlds(self, claim_ids: Iterable[str], axis: str = "linear") -> dict[str, Judged]:
        """Each claim summarised over the simulated worlds in which it counts; empty elsewhere."""
        if not self.profile.simulated:
            return {}
        ids = list(claim_ids)
        each = [self.judged(ids, n, axis) for n in self.settings if n > 0]
        found = {key: claims.over_worlds([worlds[key][0] for worlds in each]) for key in ids}
        return {key: (c, self._concluded(c, each, axis)) for key, c in found.items()}

    def _concluded(self, found: Compared, each: Sequence[dict[str, Judged]], axis: str) -> Verdict:
        """The verdict over worlds, with what it leaves room for in those that count."""
        worlds = zip((n for n in self.settings if n > 0), each, strict=True)
        held = [n for n, judged in worlds if judged[found.claim.id][0].counts]
        cells = [self.cells(n) for n in held]
        return with_room(found.claim, claims.conclude(found), cells, axis)

    @property
    def worlds_left(self) -> str:
        """How many of the worlds that were planned are recorded, where a verdict over worlds may
        still change with the others; nothing where all are, and of shifts."""
        if not self.profile.simulated or self.records.empty:
            return ""
        worlds, planned = self.profile.recorded, self._planned
        if planned <= self.held:
            return ""
        counted = len(worlds.keys() & self.settings.keys())
        return (
            f"{counted} of the {len(worlds)} worlds that were planned count by now, with "
            f"{len(planned & self.held)} of {len(planned)} cells (a family with a seed). A verdict "
            "over worlds may change with the others."
        )

    def headlines(self, claim_ids: Iterable[str], axis: str = "linear") -> dict[str, Verdict]:
        """The verdict over worlds of each claim that has enough of them for it."""
        found = self.over_worlds(claim_ids, axis)
        return {key: verdict for key, (c, verdict) in found.items() if is_headline(c)}

    def absent(self, roles: Iterable[str], number: int) -> list[str]:
        """Which of these roles a setting lacks: by its name a source that was never run."""
        return absent(roles, self.points(number), self.sources)

    # state ----------------------------------------------------------------------------------------
    def state(self, roles: Iterable[str] | None = None, number: int | None = None) -> str:
        """A sentence, with the command to give, where records of these roles (default: of any) are
        missing in a setting (None: in one of those that are shown); else nothing."""
        if self.records.empty:
            return f"No runs of this profile are recorded yet. To make them: {self.command}"
        done, cells = self._whole_cells(
            set(self.records["role"] if roles is None else roles), number
        )
        if done == cells:
            return ""
        return (
            f"Not complete yet: {done} of {cells} cells (a family with a seed, in each setting) "
            f"hold all of these groups. To go on: {self.command}"
        )

    def _whole_cells(self, roles: set[str], number: int | None) -> tuple[int, int]:
        """How many cells hold all of these roles that their setting has anywhere; and how many
        cells there are. (Groups that were added later are recorded on later worlds.)"""
        own = self.records[self.records["role"].isin(roles)]
        held = own.groupby(["world", "family", "seed"])["role"].nunique()
        every = self._expected(number) or set(held.index)
        wanted = own.groupby("world")["role"].nunique()
        whole = set(held.index[held == wanted[held.index.get_level_values("world")].to_numpy()])
        return (len(every & whole), len(every)) if len(own) else (0, 0)

    def _expected(self, number: int | None = None) -> set[tuple[int, str, int]]:
        """The cells that there should be of a setting, or of all that are shown."""
        shown = self.settings if number is None else {number} & self.settings.keys()
        return {cell for cell in self._planned if cell[0] in shown}

    @property
    def _planned(self) -> set[tuple[int, str, int]]:
        """The cells that there should be of all settings, whether shown yet or not."""
        profile = self.profile
        every = {world: cells_of(profile.blocks(world)) for world in profile.recorded}
        return {(world, *cell) for world, cells in every.items() for cell in cells}

    @cached_property
    def held(self) -> set[tuple[int, str, int]]:
        """The cells that have any run: setting, family, seed."""
        cells = self.records[["world", "family", "seed"]].drop_duplicates()
        return set(cells.itertuples(index=False, name=None))

    # words ----------------------------------------------------------------------------------------
    def words(self, number: int) -> str:
        """What a setting's runs are: images, task, domains, size, families and seeds."""
        return f"{self.training} ({self.settings[number].name}), {self.count(number)}"

    @property
    def training(self) -> str:
        """What was trained: "pre-trained on Tiny-ImageNet (50,000 images in full), fine-tuned on
        PACS at 32 px"."""
        source, task = self.data
        images = self.records.loc[self.records["role"] == FULL, "images"].max()
        whole = f" ({images:,.0f} images in full)" if images > 0 else ""
        return f"pre-trained on {source}{whole}, fine-tuned on {task} at {self.profile.px} px"

    def count(self, number: int) -> str:
        """How many families and seeds a setting's runs have: "3 families x 2 seeds"."""
        return families_by_seeds(self.points(number))

    def labels(
        self, roles: Sequence[str], number: int, source: str | None = None
    ) -> dict[str, str]:
        """Each role's text in a figure of a source, by its images and classes as recorded.

        source: None for a figure that compares sources, so that each role is named by its own.
        """
        points = self.points(number).drop_duplicates("role").set_index("role")
        counts = points[["images", "classes"]].astype(int)
        named = {"imagenet": self.data[0]}
        found = {}
        for role in map(role_of, roles):
            if source is None:
                found[role.text] = role.long(**named)
            elif role.belongs(source) or role.text == SCRATCH:
                found[role.text] = role.short(*counts.loc[role.text])
            else:
                found[role.text] = f"all of {named.get(role.source.name, role.source.label)}"
        return found

    def by_size(self, roles: Iterable[str]) -> list[str]:
        """These roles, those of the most images and classes first, those without runs last."""
        sizes = self.records.groupby("role")[["images", "classes"]].max()
        size = {r: tuple(-v for v in sizes.loc[r]) for r in sizes.index}
        return sorted(roles, key=lambda role: (*size.get(role, (1, 0)), role))

    def digest(self, roles: Iterable[str]) -> str:
        """A hash of all that is shown of these roles: their runs, and what is missing."""
        own = sorted(self._role_hashes.keys() & set(roles))
        rows = [f"{role} {self._role_hashes[role]}" for role in own]
        state = (self.title, self.settings, sorted(self._expected()), sorted(self.sources))
        return sha256("\n".join([str(state), *rows]).encode()).hexdigest()

    @cached_property
    def _role_hashes(self) -> dict[str, str]:
        """A hash of each role's rows, by the role: as CSV they would take fifty times as long."""
        from pandas.util import hash_pandas_object

        rows = hash_pandas_object(self.records, index=False).to_numpy()
        places = self.records.groupby("role").indices.items()
        return {str(role): sha256(rows[own].tobytes()).hexdigest() for role, own in places}


CELLS = ("first cells", "confirming cells")  # what the two kinds are called


class Waves(NamedTuple):
    """A setting's runs in two parts: of the cells seen before the others were planned, and of those
    others alone, which confirm what the first ones say or do not."""

    first: Recorded
    confirming: Recorded


def families_by_seeds(points: "pd.DataFrame") -> str:
    """ "1 family x 3 seeds"; where not every family has every seed, "7 cells of 3 families"."""
    families, seeds = points["family"].nunique(), points["seed"].nunique()
    cells = len(points[["family", "seed"]].drop_duplicates())
    named = f"{families} {'family' if families == 1 else 'families'}"
    if cells != families * seeds:
        return f"{cells} cells (a family with a seed) of {named}"
    return f"{named} x {seeds} {'seed' if seeds == 1 else 'seeds'}"


def own(profile: Profile) -> Recorded:
    """The recorded runs that a profile's verdicts rest on: its own, else those of the demo."""
    return _recorded(evidence_profile(profile.name))


def beside(profile: Profile) -> list[Recorded]:
    """What is shown beside a profile's own records, recorded or not."""
    return [_recorded(name) for name in profile.beside]


def _recorded(name: str) -> Recorded:
    """One object for as long as profile and file are the same, so that it keeps what it found."""
    records, digest = read_with_digest(name)
    held = _HELD.get(name)
    if held is None or held[0] != digest or held[1].profile is not PROFILES[name]:
        held = _HELD[name] = (digest, Recorded(PROFILES[name], records))
    return held[1]


_HELD: dict[str, tuple[str, Recorded]] = {}  # by profile, with the hash of the file


def same_runs(records: "pd.DataFrame") -> list[tuple[str, ...]]:
    """Roles that are the same runs under several names, each list in order of the alphabet."""
    if records.empty or "key" not in records.columns:
        return []
    keys = records.groupby("role")["key"].agg(frozenset)
    by_runs: dict[frozenset[str], list[str]] = {}
    for role, own in keys.items():
        by_runs.setdefault(own, []).append(str(role))
    return sorted(tuple(sorted(roles)) for roles in by_runs.values() if len(roles) > 1)

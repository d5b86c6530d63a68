"""Recorded runs on real images beside those of a simulated profile: what they hold, in what state.

A profile names in `beside` the profiles whose records its pages show next to its own. These may be
missing, or under way: nothing here fails then, `state` says so.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from nbsupport.analysis import claims
from nbsupport.analysis.verdicts import Verdict
from nbsupport.evidence.records import read_records
from nbsupport.study.profiles import PROFILES, Profile
from nbsupport.study.study import FULL

if TYPE_CHECKING:
    import pandas as pd

NOT_RUN = Verdict("not run", "nothing recorded")
# Of each profile: what is pre-trained on, and what is fine-tuned on.
DATA = {"pacs-32": ("Tiny-ImageNet", "PACS")}
KINDS = {
    "imagenet": "ImageNet",
    "inaturalist": "iNaturalist",
    "fractaldb": "fractals",
    "generated": "generated images",
    "clip": "captions",
    "pair": "pairs of domains",
    "no-gap": "a task without a bias of place",
    "control": "controls",
}


def kind_of(role: str) -> str:
    """What a role is about: "imagenet" of "imagenet/25K", "pair" of "pair-3/full"."""
    kind = role.partition("/")[0]
    return "pair" if kind.startswith("pair-") else kind


@dataclass(frozen=True, eq=False)
class Beside:
    """The records of a profile on real images. Its worlds are shifts between kinds of picture."""

    name: str
    records: "pd.DataFrame"

    @property
    def profile(self) -> Profile:
        """The profile itself."""
        return PROFILES[self.name]

    @property
    def data(self) -> tuple[str, str]:
        """What is pre-trained on and what is fine-tuned on, by name."""
        return DATA.get(self.name, (self.name, "its task"))

    @property
    def title(self) -> str:
        """What a reader chooses these runs by."""
        return f"Real images ({' to '.join(self.data)})"

    @property
    def command(self) -> str:
        """What trains and records the runs."""
        return f"make records PROFILE={self.name}"

    @cached_property
    def shifts(self) -> dict[int, str]:
        """Each shift's name by its number, the leading one first."""
        named = dict(self.profile.shifts)
        numbers = {*named, *(int(w) for w in self.records["world"].unique())} or {1}
        return {w: named.get(w, f"shift {w}") for w in sorted(numbers)}

    def short(self, shift: int) -> str:
        """The end of a shift's name, where the images are new: "to sketch"."""
        _, to, new = self.shifts[shift].rpartition(" to ")
        return f"{to}{new}".strip()

    def points(self, shift: int) -> "pd.DataFrame":
        """All recorded runs of a shift."""
        return self.records[self.records["world"] == shift].reset_index(drop=True)

    # verdicts -------------------------------------------------------------------------------------
    def verdicts(
        self, claim_ids: Iterable[str], shift: int, axis: str = "linear"
    ) -> dict[str, Verdict]:
        """What a shift's runs say on each claim; "not run" names what these images lack."""
        points = self.points(shift)
        if points.empty:
            return dict.fromkeys(claim_ids, NOT_RUN)
        cells = claims.Cells.of(points)
        return {c: self._verdict(c, cells, shift, axis) for c in claim_ids}

    def _verdict(self, claim_id: str, cells: claims.Cells, shift: int, axis: str) -> Verdict:
        simulated = self.profile.simulated
        found = claims.verdict(claim_id, cells, axis=axis, simulated=simulated)
        if found.word != "not run":
            return found
        claim = claims.load()[claim_id]
        remark = f"no runs of {', '.join(self.absent(claim.roles, shift))}"
        rest = replace(
            claim, parts=tuple(p for p in claim.parts if all(map(cells.has, p.compared)))
        )
        if rest.parts and rest.rule == "all":
            partial = claims.verdict(rest, cells, axis=axis, simulated=simulated)
            if partial.word != "not run":  # a line or the gap may be what is missing
                remark += f"; what there is of it: {partial.text}"
        return replace(found, remark=remark)

    def absent(self, roles: Iterable[str], shift: int) -> list[str]:
        """Which of these roles a shift lacks: a kind that was never run by its name, else roles."""
        held, kinds = set(self.points(shift)["role"]), self._kinds()
        lacking = (role for role in roles if role not in held)
        return list(
            dict.fromkeys(
                role if kind_of(role) in kinds else KINDS.get(kind_of(role), role)
                for role in lacking
            )
        )

    def _kinds(self) -> set[str]:
        return {kind_of(role) for role in self.records["role"].unique()}

    # state ----------------------------------------------------------------------------------------
    def state(self, roles: Iterable[str] | None = None) -> str:
        """Where records of these roles (default: of any) are missing: a sentence with the command
        that makes them; else nothing."""
        if self.records.empty:
            return f"No runs on these images are recorded yet. To make them: {self.command}"
        done, cells = self._cells(set(self.records["role"] if roles is None else roles))
        if done == cells:
            return ""
        return (
            f"Not complete yet: {done} of {cells} cells (a shift, a family, a seed) hold all of "
            f"these groups. To go on: {self.command}"
        )

    def _cells(self, roles: set[str]) -> tuple[int, int]:
        """Cells that hold each of these roles that any cell holds; and all cells."""
        own = self.records[self.records["role"].isin(roles)]
        held = own.groupby(["world", "family", "seed"])["role"].nunique()
        every = self._expected() or set(held.index)
        whole = set(held.index[held == own["role"].nunique()])
        return (len(every & whole), len(every)) if len(own) else (0, 0)

    def _expected(self) -> set[tuple[int, str, int]]:
        recorded = self.profile.recorded
        return {
            (world, family, seed)
            for world, (families, seeds) in recorded.items()
            for family in families
            for seed in seeds
        }

    # words ----------------------------------------------------------------------------------------
    def setting(self, shift: int) -> str:
        """What a shift's runs are: images, task, domains, size, families and seeds."""
        return f"{self.training} ({self.shifts[shift]}), {self.count(shift)}"

    @property
    def training(self) -> str:
        """What was trained: "pre-trained on Tiny-ImageNet (50,000 images in full), fine-tuned on
        PACS at 32 px"."""
        source, task = self.data
        images = self.records.loc[self.records["role"] == FULL, "images"].max()
        whole = f" ({images:,.0f} images in full)" if images > 0 else ""
        px = f" at {self.profile.px} px"
        return f"pre-trained on {source}{whole}, fine-tuned on {task}{px}"

    def count(self, shift: int) -> str:
        """How many families and seeds a shift's runs have: "3 families x 2 seeds"."""
        return families_by_seeds(self.points(shift))

    def labels(self, roles: Sequence[str], shift: int, *, sources: bool = False) -> dict[str, str]:
        """Each role's text in a figure, from its images and classes as recorded.

        sources: the figure compares sources, so each role is named by its own.
        """
        points = self.points(shift).drop_duplicates("role").set_index("role")
        rows = points[["images", "classes"]].astype(int).to_dict("index")
        names = KINDS | {"imagenet": self.data[0]}
        found = {}
        for role in roles:
            images, classes = rows[role]["images"], rows[role]["classes"]
            kind, _, rest = role.partition("/")
            named = f"{names.get(kind, kind)}, {rest}" if rest else "from scratch"
            plain = not sources and kind == "imagenet" and images
            found[role] = _label(rest, images, classes) if plain else named
        return found

    def by_size(self, roles: Iterable[str]) -> list[str]:
        """These roles, those of the most images and classes first, those without runs last."""
        sizes = self.records.groupby("role")[["images", "classes"]].max()
        size = {r: tuple(-v for v in sizes.loc[r]) for r in sizes.index}
        return sorted(roles, key=lambda role: (*size.get(role, (1, 0)), role))

    def digest(self, roles: Iterable[str]) -> str:
        """A hash of all that is shown of these roles: their runs, and what is missing."""
        own = self.records[self.records["role"].isin(set(roles))]
        state = (self.title, self.shifts, sorted(self._expected()), sorted(self._kinds()))
        return sha256(f"{state}\n{own.to_csv(index=False)}".encode()).hexdigest()


# How a role of the ImageNet stand-in reads, by how it begins: (images, classes, the rest) -> text.
_LABELS: dict[str, Callable[[int, int, str], str]] = {
    "full": lambda images, _, __: f"all {images:,} images",
    "depth-": lambda _, classes, rest: f"{classes:,} labels ({rest.replace('-', ' ')})",
    "classes-many": lambda images, classes, _: f"{classes:,} classes x {images // classes:,}",
    "images-many": lambda images, classes, _: f"{classes:,} classes x {images // classes:,}",
    "within-": lambda _, __, rest: f"p = {float(rest.removeprefix('within-')):.3g}",
    "animal": lambda _, classes, __: f"{classes:,} animal classes",
    "object+": lambda _, __, rest: f"objects, {rest.rpartition('-')[2]} animals",
    "object": lambda _, classes, __: f"{classes:,} object classes",
    "repeated": lambda _, __, rest: f"one image of each class ({rest.rpartition('-')[2]})",
}


def _label(rest: str, images: int, classes: int) -> str:
    write = next((w for start, w in _LABELS.items() if rest.startswith(start)), None)
    return write(images, classes, rest) if write else f"{images:,} images ({rest})"


def families_by_seeds(points: "pd.DataFrame") -> str:
    """ "1 family x 3 seeds"; where not every family has every seed, "7 cells of 3 families"."""
    families, seeds = points["family"].nunique(), points["seed"].nunique()
    cells = len(points[["family", "seed"]].drop_duplicates())
    named = f"{families} {'family' if families == 1 else 'families'}"
    if cells != families * seeds:
        return f"{cells} cells (a family with a seed) of {named}"
    return f"{named} x {seeds} {'seed' if seeds == 1 else 'seeds'}"


def of(profile: Profile) -> list[Beside]:
    """What is shown beside a profile's own records, recorded or not."""
    return [Beside(name, read_records(name)) for name in profile.beside]

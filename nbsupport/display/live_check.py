"""Live runs beside the recorded ones of the same key: the same where that can be asked, or another
draw.

On one model of processor, with one version of PyTorch, a job's scores are equal to the last digit.
Elsewhere sums are rounded otherwise, and a training that starts from other roundings ends at other
weights: such a run is compared as a run of another seed is. What other seeds do is in the records.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.evidence.provenance import PLACE, RunOrigin, place

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.jobs.store import Store

SAME = 1e-6  # the records hold six digits
CHANCE = 0.001  # how often runs of another seed would be called different, in each score
SCORES = {"id_macro_f1": "ID", "ood_macro_f1": "OOD"}
CELL = ["role", "family"]
HALF, MOST = 0.5, 0.9


@dataclass(frozen=True)
class Sizes:
    """How large differences are: their number, the size that half and nine in ten stay within, the
    largest, and the root of their mean square; NaN without any."""

    count: int
    half: float
    most: float
    largest: float
    rms: float

    @classmethod
    def of(cls, differences: np.ndarray) -> "Sizes":
        """Of differences [N], of which some may be missing."""
        sizes = abs(differences[np.isfinite(differences)])
        if not sizes.size:
            return cls(0, *[math.nan] * 4)
        half, most = np.quantile(sizes, [HALF, MOST])
        rms = math.sqrt(float((sizes**2).mean()))
        return cls(len(sizes), float(half), float(most), float(sizes.max()), rms)


@dataclass(frozen=True)
class Differences:
    """Live minus recorded, at the last epoch, in one score, against one seed minus another.

    `seeds` are all pairs of recorded seeds of the groups and families compared, `dof` the degrees
    of freedom of their spread: none where no group has two seeds.
    """

    score: str
    sizes: Sizes
    mean: float
    seeds: Sizes
    dof: int = 0

    @property
    def runs(self) -> int:
        """How many runs are compared."""
        return self.sizes.count

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """The largest root mean square, and the largest mean, that other seeds would give but once
        in 1,000 times (F and t quantiles); NaN without two seeds."""
        from scipy.special import fdtri, stdtrit

        if not self.dof:
            return math.nan, math.nan
        rms = math.sqrt(fdtri(self.runs, self.dof, 1 - CHANCE))
        mean = stdtrit(self.dof, 1 - CHANCE / 2) / math.sqrt(self.runs)
        return float(self.seeds.rms * rms), float(self.seeds.rms * mean)

    @property
    def unlike(self) -> bool:
        """Whether the runs differ by more than runs of another seed would."""
        rms, mean = self.bounds
        return self.sizes.rms > rms or abs(self.mean) > mean

    def __str__(self) -> str:
        size = f"{self.score} macro F1, root mean square {self.sizes.rms:.4f}"
        if self.dof:
            size += f" (one recorded seed minus another: {self.seeds.rms:.4f})"
        return f"{size}, mean {self.mean:+.4f}"

    def rows(self) -> list[str]:
        """Two rows of a Markdown table: live minus recorded, and what to expect of it."""
        told = [(f"{self.score}: live minus recorded", "runs", self.sizes)]
        told += [(f"{self.score}: one recorded seed minus another", "pairs", self.seeds)]
        return [
            f"| {name} | {s.count:,} {what} | {s.half:.4f} | {s.most:.4f} | {s.largest:.4f} |"
            for name, what, s in told
            if s.count
        ]


@dataclass(frozen=True)
class LiveCheck:
    """How many live runs have a recorded twin, how many of these were made in a place where they
    must be equal, how many of those are not, and how far apart the others are."""

    live: int
    found: int
    largest: float = 0.0
    alike: int = 0  # made with the processor and PyTorch of their twin
    unequal: int = 0  # of these
    live_place: str = ""
    recorded_place: str = ""
    others: tuple[Differences, ...] = field(default=())

    @property
    def agrees(self) -> bool:
        """Whether equal runs are equal, and the others no further apart than seeds are."""
        return not self.unequal and not any(d.unlike for d in self.others)

    def __str__(self) -> str:
        if not self.found:
            return (
                f"None of the {self.live} live runs is in the records: there is nothing to check."
            )
        start = f"{self.found} of the {self.live} live runs are in the records"
        if self.largest <= SAME:
            return f"{start}; their scores are the same to the last recorded digit."
        parts = [f"{start}.", *([self._alike()] if self.alike else [])]
        parts += [self._elsewhere()] if self.others else []
        return " ".join(parts)

    def _alike(self) -> str:
        """What is said of runs that must be equal."""
        start = f"{self.alike} of them were made on the same model of processor with the same "
        start += "PyTorch as the recorded ones, and must have the same scores: "
        if not self.unequal:
            return f"{start}they have, to the last recorded digit."
        return (
            f"{start}{self.unequal} of them **do not**, so something besides the processor "
            "differs: `python -m nbsupport doctor` looks for it."
        )

    def _elsewhere(self) -> str:
        """What is said of the others."""
        whom = f"{self.others[0].runs} of them" if self.alike else "They"
        start = f"{whom} cannot be asked for equal scores: live runs {self.live_place}; recorded "
        start += (
            f"runs {self.recorded_place}. Elsewhere sums are rounded otherwise, and a training "
        )
        start += "then ends otherwise, much as with another seed. Live minus recorded, at the last "
        return f"{start}epoch: {'; '.join(map(str, self.others))}. {self._judged()}"

    def _judged(self) -> str:
        if not all(d.dof for d in self.others):
            return "Fewer than two seeds are recorded, so there is nothing to compare that with."
        if not (unlike := [d for d in self.others if d.unlike]):
            return "That is **within what another seed gives**."
        where = " and in ".join(d.score for d in unlike)
        bounds = " and ".join(
            f"in {d.score} beyond {d.bounds[0]:.4f} in root mean square, or {d.bounds[1]:.4f} in "
            "the mean"
            for d in unlike
        )
        return (
            f"In {where} that is **more than another seed gives** ({bounds}, as chance alone is "
            "once in a thousand times), so something besides rounding differs."
        )

    def _table(self) -> str:
        """How the differences are spread, beside those between seeds, as a Markdown table."""
        heads = ["macro F1 at the last epoch", "of", "half within", "nine in ten within", "largest"]
        lines = [f"| {' | '.join(heads)} |", "|---|---|---|---|---|"]
        return "\n".join([*lines, *(row for d in self.others for row in d.rows())])

    def _repr_markdown_(self) -> str:
        return f"{self}\n\n{self._table()}" if self.others and self.largest > SAME else str(self)


def live_check(
    runs: "pd.DataFrame", recorded: "pd.DataFrame", store: "Store | None" = None
) -> LiveCheck:
    """Compare live runs with the recorded ones of the same role and key.

    recorded: all recorded runs of these groups in this world. store: where the live jobs lie, and
    with them the account of where they were made.
    """
    live = len(runs[["role", "key"]].drop_duplicates())
    both = runs.merge(recorded, on=["role", "key", "epoch"], suffixes=("", "_recorded"))
    if both.empty:
        return LiveCheck(live, 0)
    apart = np.stack(
        [both[s].to_numpy(float) - both[f"{s}_recorded"].to_numpy(float) for s in SCORES]
    )
    both = both.assign(apart=np.nanmax(abs(apart), axis=0, initial=0.0))
    made = {key: place(store, key) if store else RunOrigin() for key in both["key"].unique()}
    before = _places(recorded)
    equal = both["key"].map(lambda key: made[key].known and made[key] == before[key])
    equal &= both.get("device", "cpu") == "cpu"  # a GPU's sums have no fixed order
    ours, others = both[equal], both[~equal]
    return LiveCheck(
        live=live,
        found=_count(both),
        largest=float(both["apart"].max()),
        alike=_count(ours),
        unequal=_count(ours[ours["apart"] > SAME]),
        live_place=_told(made[key] for key in others["key"].unique()),
        recorded_place=_told(before[key] for key in others["key"].unique()),
        others=_differences(others, recorded),
    )


def _count(points: "pd.DataFrame") -> int:
    return len(points[["role", "key"]].drop_duplicates())


def _places(recorded: "pd.DataFrame") -> dict[str, RunOrigin]:
    """Where each recorded run was made, by key."""
    if not set(PLACE) <= set(recorded.columns):
        return dict.fromkeys(recorded["key"], RunOrigin())
    rows = recorded[["key", *PLACE[:2]]].drop_duplicates("key").astype(object).fillna("")
    return {key: RunOrigin(processor, torch) for key, processor, torch in rows.to_numpy()}


def _told(places: Iterable[RunOrigin]) -> str:
    """Where runs were made: the places, most runs first, or that they are not known."""
    counts = Counter(str(p) if p.known else "" for p in places)
    named = [f"on {name}" for name, _ in counts.most_common() if name]
    lost = ["in a place that was not noted"] if counts[""] else []
    return f"were made {' or '.join([*named, *lost])}"


def _differences(others: "pd.DataFrame", recorded: "pd.DataFrame") -> tuple[Differences, ...]:
    """The differences of runs at their last epoch, in each score; nothing without runs."""
    last = others.sort_values("epoch").drop_duplicates(["role", "key"], keep="last")
    final = recorded.sort_values("epoch").drop_duplicates(["role", "key"], keep="last")
    compared = final.merge(last[CELL].drop_duplicates(), on=CELL)
    found = []
    for score, name in SCORES.items():
        apart = (last[score] - last[f"{score}_recorded"]).to_numpy(float)
        if not np.isfinite(apart).any():
            continue
        between, dof = between_seeds(compared, score)
        mean = float(np.nanmean(apart))
        found.append(Differences(name, Sizes.of(apart), mean, Sizes.of(between), dof))
    return tuple(found)


def between_seeds(final: "pd.DataFrame", score: str) -> tuple[np.ndarray, int]:
    """One recorded seed minus another, each pair of a group and family once; and the degrees of
    freedom that these pairs have together."""
    found, dof = [], 0
    for _, cell in final.groupby(CELL):
        scores = cell[score].dropna().to_numpy(float)
        first, second = np.triu_indices(len(scores), 1)
        found.append(scores[first] - scores[second])
        dof += max(len(scores) - 1, 0)
    return np.concatenate([*found, np.array([])]), dof

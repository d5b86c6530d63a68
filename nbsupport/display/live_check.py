"""Live runs beside the recorded ones of the same key: the same where that can be asked, or another
draw.

On one model of processor, with one version of PyTorch, a job's scores are equal to the last digit.
Elsewhere sums are rounded otherwise, and a training that starts from other roundings ends at other
weights: such a run is compared as runs of another seed are, in units of the spread between seeds.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.evidence.provenance import PLACE, Place, place

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.jobs.store import Store

SAME = 1e-6  # the records hold six digits
FAR = 1.5  # root mean square of differences, in seed spreads
SHIFTED = 3.0  # their mean, in seed spreads over the root of the number of runs
SCORES = {"id_macro_f1": "ID", "ood_macro_f1": "OOD"}
CELL = ["role", "family"]


@dataclass(frozen=True)
class Differences:
    """Live minus recorded, at the last epoch, in one score: how large, against the seed spread.

    `spread` is the recorded standard deviation between seeds of the groups and families compared,
    NaN where fewer than two seeds are recorded.
    """

    score: str
    runs: int
    rms: float
    mean: float
    spread: float

    @property
    def unlike(self) -> bool:
        """Whether the runs differ by more than a rerun elsewhere should change them."""
        return self.rms > FAR * self.spread or (
            abs(self.mean) > SHIFTED * self.spread / math.sqrt(self.runs)
        )

    def __str__(self) -> str:
        size = f"{self.score} macro F1, root mean square {self.rms:.4f}"
        if self.spread > 0:
            share = self.rms / self.spread
            size += f" ({share:.2f} times the spread between recorded seeds, {self.spread:.4f})"
        return f"{size}, mean {self.mean:+.4f}"


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
        return f"{start}{self.unequal} of them **do not**."

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
        if any(math.isnan(d.spread) for d in self.others):
            return "Fewer than two seeds are recorded, so there is no spread to compare with."
        bounds = f"at most {FAR:g} spreads in root mean square, and in the mean {SHIFTED:g} "
        bounds += "spreads over the root of the number of runs"
        if unlike := [d.score for d in self.others if d.unlike]:
            where = " and in ".join(unlike)
            return f"In {where} that is **more than a rerun elsewhere should change** ({bounds})."
        return f"That is within what a rerun elsewhere may change ({bounds})."

    def _repr_markdown_(self) -> str:
        return str(self)


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
    made = {key: place(store, key) if store else Place() for key in both["key"].unique()}
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


def _places(recorded: "pd.DataFrame") -> dict[str, Place]:
    """Where each recorded run was made, by key."""
    if not set(PLACE) <= set(recorded.columns):
        return dict.fromkeys(recorded["key"], Place())
    rows = recorded[["key", *PLACE[:2]]].drop_duplicates("key").astype(object).fillna("")
    return {key: Place(processor, torch) for key, processor, torch in rows.to_numpy()}


def _told(places: Iterable[Place]) -> str:
    """Where runs were made: the places, most runs first, or that they are not known."""
    counts = Counter(str(p) if p.known else "" for p in places)
    named = [f"on {name}" for name, _ in counts.most_common() if name]
    lost = ["in a place that was not noted"] if counts[""] else []
    return f"were made {' or '.join([*named, *lost])}"


def _differences(others: "pd.DataFrame", recorded: "pd.DataFrame") -> tuple[Differences, ...]:
    """The differences of runs at their last epoch, in each score; nothing without runs."""
    last = others.sort_values("epoch").drop_duplicates(["role", "key"], keep="last")
    final = recorded.sort_values("epoch").drop_duplicates(["role", "key"], keep="last")
    found = []
    for score, name in SCORES.items():
        apart = (last[score] - last[f"{score}_recorded"]).to_numpy(float)
        known = np.isfinite(apart)
        if not known.any():
            continue
        variance = final.groupby(CELL)[score].var(ddof=1)
        of_runs = last[known].merge(variance.rename("seeds"), on=CELL, how="left")["seeds"]
        spread = float(np.sqrt(of_runs.mean()))
        rms = float(np.sqrt((apart[known] ** 2).mean()))
        found.append(Differences(name, int(known.sum()), rms, float(apart[known].mean()), spread))
    return tuple(found)

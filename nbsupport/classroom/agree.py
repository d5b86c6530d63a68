"""Whether students who trained the same cell found the same, as far as their processors allow.

On one model of processor with one version of PyTorch the scores must be equal. Elsewhere a training
ends as one with another seed does, so the two are compared as two seeds are: by the spread between
recorded seeds, or that of the class where none are recorded (see `display.live_check`). Compared
are the last ID and OOD scores of each run, and its height: OOD less what its ID scores let expect,
averaged over its epochs, which is what claims are about and moves less from seed to seed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.analysis.points import ID, OOD
from nbsupport.display.live_check import CELL, SAME, Differences, Sizes, between_seeds

if TYPE_CHECKING:
    import pandas as pd

RUN = ["role", "key", "epoch"]
SCORES = {ID: "ID", OOD: "OOD", "height": "height in"}
PLACE = ["processor", "torch"]


@dataclass(frozen=True)
class Agreement:
    """Two students' runs of one cell: whether they agree, and what was compared."""

    one: str
    other: str
    agree: bool
    told: str


def compare(one: "pd.DataFrame", other: "pd.DataFrame", spread: "pd.DataFrame") -> Agreement:
    """The rows of two students for one cell. spread: runs of the same groups with other seeds."""
    names = str(one["student"].iloc[0]), str(other["student"].iloc[0])
    both = one.merge(other, on=RUN, suffixes=("", "_other"))
    apart = max(float(np.nanmax(abs(both[s] - both[f"{s}_other"]), initial=0.0)) for s in (ID, OOD))
    if apart <= SAME:
        return Agreement(*names, True, "equal to the last digit")
    if _one_place(one, other):
        text = f"differ by up to {apart:.4f} on the same model of processor, where all are equal"
        return Agreement(*names, False, text)
    found = differences(one, other, spread)
    unlike = [d for d in found if d.unlike]
    text = "; ".join(map(str, unlike or found))
    if unlike:
        return Agreement(*names, False, f"differ by more than another seed does: {text}")
    known = all(d.dof for d in found)
    how = "as another seed does" if known else "and there are no seeds to compare that with"
    return Agreement(*names, True, f"differ {how}: {text}")


def differences(
    one: "pd.DataFrame", other: "pd.DataFrame", spread: "pd.DataFrame"
) -> list[Differences]:
    """One student's runs minus another's, beside one seed minus another of the same groups."""
    slope = _slope(spread if len(spread) else other)
    mine, theirs, seeds = (_runs(table, slope) for table in (one, other, spread))
    apart = mine.merge(theirs, on=CELL, suffixes=("", "_other"))
    seeds = seeds.merge(mine[CELL], on=CELL)
    found = []
    for score, name in SCORES.items():
        own = (apart[score] - apart[f"{score}_other"]).to_numpy(float)
        between, dof = between_seeds(seeds, score)
        mean = float(np.nanmean(own))
        found.append(Differences(name, Sizes.of(own), mean, Sizes.of(between), dof))
    return found


def _slope(table: "pd.DataFrame") -> float:
    """How OOD scores move with ID scores within a group and family."""
    centred = table[[ID, OOD]] - table.groupby(CELL)[[ID, OOD]].transform("mean")
    squares = float((centred[ID] ** 2).sum())
    return float((centred[ID] * centred[OOD]).sum()) / squares if squares > 0 else 0.0


def _runs(table: "pd.DataFrame", slope: float) -> "pd.DataFrame":
    """A row for each run: its last scores and its height."""
    ordered = table.assign(height=table[OOD] - slope * table[ID]).sort_values("epoch")
    runs = ordered.groupby([*CELL, "seed"], as_index=False)
    return runs.agg({ID: "last", OOD: "last", "height": "mean"})


def _one_place(one: "pd.DataFrame", other: "pd.DataFrame") -> bool:
    """Whether all of both was made on one known model of processor with one PyTorch, not a GPU."""
    places = {tuple(row) for rows in (one, other) for row in rows[PLACE].to_numpy()}
    on_cpu = all((rows["device"] == "cpu").all() for rows in (one, other))
    return len(places) == 1 and on_cpu and all(next(iter(places)))


def largest_group(names: Sequence[str], pairs: Iterable[Agreement]) -> list[str]:
    """The most of these students who all agree with one another: at least two, else none.

    Of two groups of one size neither is believed, so there is none either.
    """
    agreeing = {frozenset((p.one, p.other)) for p in pairs if p.agree}
    for size in range(len(names), 1, -1):
        groups = [
            group
            for group in combinations(names, size)
            if all(frozenset(two) in agreeing for two in combinations(group, 2))
        ]
        if groups:
            return list(groups[0]) if len(groups) == 1 else []
    return []

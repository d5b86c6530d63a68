"""Whether students who trained the same cell found the same, as far as their processors allow.

On one model of processor with one version of PyTorch the scores must be equal. Elsewhere a training
ends as one with another seed does, so the two are compared as two seeds are: by the spread between
recorded seeds, or that of the class where none are recorded (see `display.live_check`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.analysis.points import ID, OOD
from nbsupport.display.live_check import SAME, live_check

if TYPE_CHECKING:
    import pandas as pd

RUN = ["role", "key", "epoch"]
PLACE = ["processor", "torch"]


@dataclass(frozen=True)
class Pair:
    """Two students' runs of one cell: whether they agree, and what was compared."""

    one: str
    other: str
    agree: bool
    told: str


def compare(one: "pd.DataFrame", other: "pd.DataFrame", spread: "pd.DataFrame") -> Pair:
    """The rows of two students for one cell. spread: runs of the same groups with other seeds."""
    import pandas as pd

    names = str(one["student"].iloc[0]), str(other["student"].iloc[0])
    both = one.merge(other, on=RUN, suffixes=("", "_other"))
    apart = max(float(np.nanmax(abs(both[s] - both[f"{s}_other"]), initial=0.0)) for s in (ID, OOD))
    if apart <= SAME:
        return Pair(*names, True, "equal to the last digit")
    if _one_place(one, other):
        text = f"differ by up to {apart:.4f} on the same model of processor, where all are equal"
        return Pair(*names, False, text)
    known = pd.concat([other, spread], ignore_index=True)
    found = live_check(one, known.drop(columns=PLACE))
    unlike = [d for d in found.others if d.unlike]
    text = "; ".join(map(str, unlike or found.others))
    if unlike:
        return Pair(*names, False, f"differ by more than another seed does: {text}")
    known_spread = all(d.dof for d in found.others)
    how = "as another seed does" if known_spread else "and there are no seeds to compare that with"
    return Pair(*names, True, f"differ {how}: {text}")


def _one_place(one: "pd.DataFrame", other: "pd.DataFrame") -> bool:
    """Whether all of both was made on one known model of processor with one PyTorch, not a GPU."""
    places = {tuple(row) for rows in (one, other) for row in rows[PLACE].to_numpy()}
    on_cpu = all((rows["device"] == "cpu").all() for rows in (one, other))
    return len(places) == 1 and on_cpu and all(next(iter(places)))


def largest_group(names: Sequence[str], pairs: Iterable[Pair]) -> list[str]:
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

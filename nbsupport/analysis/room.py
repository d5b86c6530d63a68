"""What a verdict of "the same" leaves room for, in words: a remark, which changes no verdict.

Groups that gain nothing over scratch are alike whatever was done to them. So beside "the same"
stands the smallest difference that its interval excludes, and whether there was anything to lose.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from nbsupport.analysis.intervals import Contrast, signed

NOTHING, LITTLE, UNKNOWN, SOMETHING = "nothing", "little", "unknown", "something"
STATES = (NOTHING, LITTLE, UNKNOWN, SOMETHING)  # the weakest first


@dataclass(frozen=True)
class Room:
    """Of a supported "same": what its interval excludes, and what lies above scratch beside it.

    `excluded`: the end of the interval that is farther from 0. `gain`: the mean of the two groups
    over scratch in the same setting; where one of the two is scratch, of the full source
    (`of_full`); None where nothing of the kind can be compared. `parts`: of how many comparisons
    this is the weakest.
    """

    excluded: float
    gain: Contrast | None = None
    of_full: bool = False
    what: str = "difference"
    parts: int = 1

    @property
    def state(self) -> str:
        """Whether there was something to lose: more than the margin, clearly."""
        c = self.gain
        if c is None or math.isnan(c.estimate.value):
            return UNKNOWN
        if not c.low > 0:
            return NOTHING
        return SOMETHING if self.of_full or c.minus.low > 0 else LITTLE

    @property
    def short(self) -> str:
        """The state in a few words."""
        if self.of_full and self.state == SOMETHING:
            return "seen between other groups"
        return {UNKNOWN: "no difference to compare with"}.get(self.state, f"{self.state} to lose")

    @property
    def sentence(self) -> str:
        """Both, for a reader."""
        start = f"A {self.what} of more than {self.excluded:.4f} is excluded"
        if self.state == UNKNOWN or self.gain is None:
            return f"{start}; nothing in the same setting shows that one would have been seen."
        return f"{start}{self._told(self.gain)}."

    def _told(self, gain: Contrast) -> str:
        ends = f"{signed(gain.low)} to {signed(gain.high)}"
        number = f"{signed(gain.estimate.value)} ({ends})"
        where = "over these worlds" if gain.worlds else "here"
        if self.of_full:
            seen, lies = "a difference was", "lies"
            if self.state == NOTHING:
                seen, lies = "none was", "is not shown to lie"
            where = where if gain.worlds else "in the same setting"
            return (
                f"; {where} {seen} seen between other groups: the full source {lies} {number} "
                "above scratch"
            )
        groups = "the two groups" if self.parts == 1 else "the two groups that gain least"
        if self.state == NOTHING:
            return (
                f", but nothing could have been lost {where}, as far as these runs tell: {groups} "
                f"are not shown to lie above scratch, on average {number}"
            )
        lie = f"{groups} lie on average {number} above scratch"
        if self.state == SOMETHING:
            return f", and there was something to lose {where}: {lie}, clearly more than the margin"
        than = "not clearly more than the margin"
        if gain.minus.high < 0:
            than = "clearly less than the margin, so that losing all of it would count as nothing"
        return f", but there was little to lose {where}: {lie}, {than}"


def weakest(rooms: list[Room]) -> Room:
    """Of several comparisons the one with least to lose, and what all of them exclude."""
    first = min(rooms, key=_strength)
    return replace(first, excluded=max(room.excluded for room in rooms), parts=len(rooms))


def _strength(room: Room) -> tuple[int, float]:
    gain = room.gain.low if room.gain is not None else math.inf
    return STATES.index(room.state), gain if math.isfinite(gain) else math.inf

"""A verdict by hand, on three cells: every number between the runs and the word."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from nbsupport.analysis import claims
from nbsupport.analysis.cells import Cells, Replicates
from nbsupport.analysis.charts.look import family_name
from nbsupport.analysis.contrasts import GAP, MARGIN, contrast
from nbsupport.analysis.intervals import Contrast, Interval, t_quantile
from nbsupport.analysis.verdicts import judge
from nbsupport.display.html import Html, signed, table
from nbsupport.errors import NotHereError
from nbsupport.evidence import recorded
from nbsupport.evidence.recorded import Recorded
from nbsupport.study.profiles import profile_named

EXAMPLES = "demo"
CLAIM, FAMILY, CELLS, WORLD = "small-subset-helps", "resnet", 3, 1


@dataclass(frozen=True, eq=False)
class HandMade:
    """Three cells of one family, and all that a contrast of two roles makes of them."""

    a: str
    b: str
    reps: Replicates
    found: Contrast
    whole: Contrast  # of all recorded cells
    label: str

    @property
    def seeds(self) -> list[int]:
        """The seed of each cell."""
        return [int(seed) for seed in self.reps.cells.seeds]

    @property
    def heights(self) -> tuple[np.ndarray, np.ndarray]:
        """ER of each run of a and of b, by what is left out: [1 + cells, cells] each."""
        lines = self.reps.lines(self.b)
        return self._cut(self.reps.er(self.a, lines)), self._cut(self.reps.er(self.b, lines))

    @property
    def differences(self) -> np.ndarray:
        """The mean difference [1 + cells]: of all, then without each cell."""
        over, under = self.heights
        return self._cut(self.reps.mean(self._uncut(over - under))[0])

    @property
    def gaps(self) -> np.ndarray:
        """The gap, likewise."""
        return self._cut(self.reps.gap(*GAP))

    def _cut(self, stack: np.ndarray) -> np.ndarray:
        """Without the last of a stack: there is one family, and nothing is left without it."""
        return stack[: 1 + len(self.reps.cells.seeds)]

    def _uncut(self, stack: np.ndarray) -> np.ndarray:
        return np.concatenate([stack, stack[-1:]])

    @property
    def numbers(self) -> dict[str, str]:
        """What the prose quotes."""
        d, c = self.differences, self.found
        squares = float(((d[1:] - d[1:].mean()) ** 2).sum())
        return {
            "hand-family": self.label,
            "hand-a": self.a,
            "hand-d": signed(c.estimate.value, 4),
            "hand-mean": signed(float(d[1:].mean()), 4),
            "hand-squares": f"{squares:.3g}",
            "hand-se": f"{c.estimate.se:.4f}",
            "hand-dof": f"{c.estimate.dof}",
            "hand-t": f"{t_quantile(c.estimate.dof):.2f}",
            "hand-low": signed(c.low, 4),
            "hand-high": signed(c.high, 4),
            "hand-margin": f"{c.margin:.4f}",
            "hand-share": f"{MARGIN:g}",
            "hand-word": judge("higher", c).text,
            "all-cells": f"{self.whole.cells}",
            "all-d": signed(self.whole.estimate.value, 4),
            "all-low": signed(self.whole.low, 4),
            "all-high": signed(self.whole.high, 4),
            "all-t": f"{t_quantile(self.whole.estimate.dof):.2f}",
            "all-word": judge("higher", self.whole).text,
        }


def records_of_examples() -> Recorded:
    """The recorded runs of the demo, whatever is built; NotHereError where there are none."""
    runs = recorded.own(profile_named(EXAMPLES))
    if runs.profile.name != EXAMPLES or WORLD not in runs.settings or runs.points(WORLD).empty:
        raise NotHereError(f"nothing is recorded of profile {EXAMPLES} on world {WORLD}")
    return runs


@cache
def by_hand() -> HandMade:
    """The first part of the claim on small subsets, on the first three seeds of a family."""
    part = claims.load()[CLAIM].parts[0]
    a, b = str(part.a), str(part.b)
    points = records_of_examples().points(WORLD)
    own = points[points["family"] == FAMILY]
    seeds = sorted(own["seed"].unique())[:CELLS]
    few = own[own["seed"].isin(seeds)].reset_index(drop=True)
    roles = tuple(dict.fromkeys((a, b, *GAP)))
    reps = Replicates(Cells.of(few), roles)
    return HandMade(a, b, reps, contrast(few, a, b), contrast(points, a, b), family_name(FAMILY))


def runs_table() -> Html:
    """The effective robustness of each run, and the difference in each cell."""
    own = by_hand()
    over, under = own.heights
    rows = [
        (f"seed {seed}", *(signed(v, 4) for v in (a, b, a - b)))
        for seed, a, b in zip(own.seeds, over[0], under[0], strict=True)
    ]
    rows.append(("mean", *(signed(float(v[0].mean()), 4) for v in (over, under, over - under))))
    header = (f"{own.label}", f"ER of {own.a}", f"ER of {own.b}", "difference")
    return table(header, rows, numeric=[1, 2, 3])


def left_out_table() -> Html:
    """Everything refitted without each cell in turn."""
    own = by_hand()
    lines = own.reps.lines(own.b)
    rows = []
    for place, name in enumerate(["none", *(f"seed {seed}" for seed in own.seeds)]):
        d, gap = own.differences[place], own.gaps[place]
        margin = MARGIN * gap
        line = (f"{lines.slope[place]:.3f}", signed(float(lines.intercept[place]), 4))
        rest = (signed(d, 4), f"{gap:.4f}", f"{margin:.4f}", signed(d - margin, 4))
        rows.append((name, *line, *rest, signed(d + margin, 4)))
    header = ("left out", "slope", "intercept", "d", "gap", "m", "d − m", "d + m")
    return table(header, rows, numeric=range(1, 8))


def interval_table() -> Html:
    """From the last table's columns to intervals: of these three cells, and of all."""
    own = by_hand()
    rows = [
        (f"{name}, {cells}", *_told(interval))
        for c, cells in ((own.found, f"{CELLS} cells"), (own.whole, f"all {own.whole.cells}"))
        for name, interval in (("d", c.estimate), ("d − m", c.minus), ("d + m", c.plus))
    ]
    header = ("statistic", "value", "standard error", "degrees", "t", "low", "high")
    return table(header, rows, numeric=range(1, 7))


def _told(interval: Interval) -> tuple[str, ...]:
    ends = (signed(interval.low, 4), signed(interval.high, 4))
    value, t = signed(interval.value, 4), f"{t_quantile(interval.dof):.2f}"
    return (value, f"{interval.se:.4f}", f"{interval.dof}", t, *ends)

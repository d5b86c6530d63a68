"""What a comparison found: estimates with intervals, and what each interval is about.

An interval is about a population. *These families in this setting*: delete-one-cell jackknife,
cells minus families as degrees of freedom, which is F (S - 1) for F families of S seeds each.
*Architectures like these*: delete-one-family jackknife, F - 1 degrees. *Worlds of these rules*: see
`worlds`. At 0 degrees there is no interval (NaN).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

LEVEL = 0.95


@lru_cache(maxsize=256)
def t_quantile(dof: int, level: float = LEVEL) -> float:
    """The two-sided t quantile; NaN at 0 degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(dof, (1 + level) / 2)) if dof > 0 else float("nan")


@dataclass(frozen=True)
class Interval:
    """An estimate with its standard error and degrees of freedom."""

    value: float
    se: float
    dof: int

    @property
    def half(self) -> float:
        """Half the width of the 95 % interval; NaN where there is none."""
        return t_quantile(self.dof) * self.se

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.value - self.half

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.value + self.half

    def p_below(self) -> float:
        """One-sided p value against "the true value is at most 0"; NaN without an interval."""
        from scipy.special import stdtr

        if self.dof < 1 or not np.isfinite(self.se) or np.isnan(self.value):
            return float("nan")
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(stdtr(self.dof, -np.divide(self.value, self.se)))

    def p_above(self) -> float:
        """One-sided p value against "the true value is at least 0"."""
        return replace(self, value=-self.value).p_below()

    @classmethod
    def jackknife(cls, stack: np.ndarray, dof: int) -> Interval:
        """From a stack [N + 1]: the full-sample value, then each value with one of N deleted."""
        replicates = stack[1:]
        count = len(replicates)
        if dof < 1 or count < 2:
            return cls(float(stack[0]), float("nan"), max(dof, 0))
        spread = ((replicates - replicates.mean()) ** 2).sum()
        return cls(float(stack[0]), float(np.sqrt((count - 1) / count * spread)), dof)


NO_INTERVAL = Interval(float("nan"), float("nan"), 0)


def signed(value: float) -> str:
    """A number in a remark, with a real minus sign."""
    return f"{value:+.4f}".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class Spread:
    """The four intervals of a contrast, all about one population."""

    estimate: Interval
    minus: Interval  # estimate - margin, as one statistic: the margin is estimated too
    plus: Interval  # estimate + margin
    gap: Interval


@dataclass(frozen=True)
class Contrast:
    """One comparison: the estimate, and all that a verdict needs. In scores.

    `estimate`, `minus`, `plus` and `gap` are about these families in this setting; of a summary
    over worlds, about worlds of these rules.
    """

    name: str
    estimate: Interval
    minus: Interval  # estimate - margin, jackknifed as one statistic: the margin is estimated too
    plus: Interval  # estimate + margin
    margin: float
    gap: Interval
    cells: int  # cells in the estimate
    families: int
    settled: bool  # as much as 3 families with 3 seeds each can say: `statistics.enough`
    off_line: int  # runs of the groups compared that lie off the reference line
    dropped: int  # points missing, or infinite on the axis
    axis: str
    unpaired: int = 0  # cells in which some of the groups compared have a run and some have none
    reason: str = ""  # why there is no estimate, where it is not that ID ranges do not overlap
    gap_reason: str = ""  # the same of the gap
    gap_settled: bool = True  # as `settled`, of the cells that the gap is measured in
    replicated: bool = False  # at least 2 families with 2 seeds each: it counts over worlds
    floor: str = ""  # why the two lines are not compared, though there is an estimate
    by_family: Spread | None = None  # the same four, about architectures like these
    family_means: Mapping[str, float] = field(default_factory=dict)
    shares: tuple[float, float, float] = (0.0, 0.0, 1.0)  # of variance: family, seed, the rest
    ratio: Interval = NO_INTERVAL  # of two effects: their difference in gaps
    worlds: int = 0  # of a summary over worlds: how many it is made of
    tau: float = float("nan")  # the spread between worlds
    prediction: tuple[float, float] = (float("nan"), float("nan"))  # for a new world

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval of the estimate."""
        return self.estimate.low

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval of the estimate."""
        return self.estimate.high

    def over_families(self) -> Contrast:
        """The same contrast with the intervals that are about architectures like these."""
        own = self.by_family
        if own is None:
            return self
        return replace(self, estimate=own.estimate, minus=own.minus, plus=own.plus, gap=own.gap)

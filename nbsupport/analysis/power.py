"""What a study of so many families and seeds can settle, from the spread between recorded cells.

The spread of a comparison has a part of the family, one of the seed and the rest (see
`statistics.shares_of_variance`). An interval about these families grows with all three, because
cells of different families differ in it; the estimate itself moves with seed and rest alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nbsupport.analysis.intervals import Contrast, t_quantile
from nbsupport.analysis.statistics import enough

OFTEN = 0.8  # how often a difference is to be found
Z_OFTEN = 0.8416212335729143  # the standard normal quantile of OFTEN


@dataclass(frozen=True)
class CellSpread:
    """Variances of the value of one cell: of its family, of its seed, and of the rest.

    `ratio`: how much wider the interval of the distance to the margin is than that of the estimate.
    """

    family: float
    seed: float
    rest: float
    ratio: float = 1.0

    def of_cells(self, families: int, seeds: int) -> float:
        """The variance between cells that is expected of so many families and seeds, crossed."""
        count = families * seeds
        of_family, of_seed = count - seeds, count - families
        return (self.family * of_family + self.seed * of_seed) / (count - 1) + self.rest

    def of_mean(self, families: int, seeds: int) -> float:
        """The variance of their mean, were the same families run with other seeds."""
        return self.seed / seeds + self.rest / (families * seeds)


@dataclass(frozen=True)
class Power:
    """What so many families and seeds can settle, in scores.

    `half`: the half width of the 95 % interval to be expected. `found`: the true difference from
    which on 8 of 10 such studies say "higher". `same`: the true difference up to which 8 of 10 say
    "the same"; NaN where fewer do even if there is none.
    """

    families: int
    seeds: int
    half: float
    found: float
    same: float
    margin: float

    @property
    def cells(self) -> int:
        """Families times seeds."""
        return self.families * self.seeds

    @property
    def settles(self) -> bool:
        """Whether there are cells enough for more than a verdict that leans."""
        return enough(np.repeat(np.arange(self.families), self.seeds))


def spread_of(contrast: Contrast) -> CellSpread | None:
    """The spread that a contrast was made with; None where it has no interval.

    Its cells count as crossed: so many families with equally many seeds each.
    """
    se, count = contrast.estimate.se, contrast.cells
    if not math.isfinite(se) or se <= 0 or count < 2:
        return None
    families, seeds = contrast.families, count / contrast.families
    parts = contrast.shares[0] * families, contrast.shares[1] * seeds, contrast.shares[2] * count
    unit = CellSpread(*parts).of_cells(families, round(seeds))
    scale = se**2 * count / unit
    wider = max(contrast.minus.se, contrast.plus.se) / se
    ratio = wider if math.isfinite(wider) else 1.0
    family, seed, rest = (part * scale for part in parts)
    return CellSpread(family, seed, rest, ratio)


def power(spread: CellSpread, families: int, seeds: int, margin: float) -> Power:
    """What so many families of so many seeds each can settle; NaN below two seeds."""
    if seeds < 2:
        return Power(families, seeds, math.nan, math.nan, math.nan, margin)
    count = families * seeds
    quantile = t_quantile(count - families)
    half = quantile * math.sqrt(spread.of_cells(families, seeds) / count)
    moved = math.sqrt(spread.of_mean(families, seeds))
    found = half + Z_OFTEN * moved
    same = _alike(margin - half * spread.ratio, moved * spread.ratio)
    return Power(families, seeds, half, found, same, margin)


def _alike(room: float, moved: float) -> float:
    """The true difference up to which an estimate that moves so much (standard deviation) stays
    within `room` of 0 often enough; NaN where it does not even at no difference."""

    def inside(true: float) -> float:
        return _normal((room - true) / moved) - _normal((-room - true) / moved)

    if room <= 0 or inside(0.0) < OFTEN:
        return math.nan
    low, high = 0.0, room  # at the upper end half of the estimates are outside
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if inside(middle) >= OFTEN else (low, middle)
    return low


def _normal(z: float) -> float:
    """The standard normal distribution."""
    return (1 + math.erf(z / math.sqrt(2))) / 2

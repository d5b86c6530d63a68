"""How often the rules say each word where the truth is known: many simulated studies at once.

A cell's difference between two groups is drawn as a number, in units of the gap, and so is its gap;
no lines are fitted. An interval is then the jackknife's of a mean over cells, as `intervals` has
it. The words are those of `verdicts.judge` and, for a ladder by version 1, of `rules_1`, said for
all studies at once; tests hold them against these two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nbsupport.analysis.contrasts import MARGIN
from nbsupport.analysis.intervals import t_quantile
from nbsupport.analysis.verdicts import ONE_SIDED

HIGHER = ("supported", "negligible", "inconclusive", "contradicted")
SAME = ("supported", "inconclusive", "contradicted", "not testable")
GAP = 1.0  # the unit
STUDIES = 2000  # a share near 2.5 % is then right to within 0.7 % (two standard errors)


@dataclass(frozen=True)
class Design:
    """Cells of a study; the spread of a cell's difference, and of families, in gaps."""

    families: int
    seeds: int
    spread: float
    by_family: float = 0.0

    @property
    def cells(self) -> int:
        """Cells in all."""
        return self.families * self.seeds

    @property
    def dof(self) -> int:
        """Degrees of freedom of a verdict's interval."""
        return self.cells - self.families

    def drawn(self, rng: np.random.Generator, studies: int) -> np.ndarray:
        """Differences of cells around 0 [studies, cells]."""
        own = rng.normal(0, self.by_family, (studies, self.families, 1))
        run = rng.normal(0, self.spread, (studies, self.families, self.seeds))
        return (own + run).reshape(studies, self.cells)


@dataclass(frozen=True)
class Ends:
    """Intervals of many means [studies]: value, standard error, and both ends."""

    value: np.ndarray
    se: np.ndarray
    dof: int

    @property
    def low(self) -> np.ndarray:
        """Lower ends."""
        return self.value - t_quantile(self.dof) * self.se

    @property
    def high(self) -> np.ndarray:
        """Upper ends."""
        return self.value + t_quantile(self.dof) * self.se


def ends(values: np.ndarray, dof: int) -> Ends:
    """The jackknife's intervals of means over cells [studies, cells]."""
    return Ends(values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(values.shape[1]), dof)


def words(differences: np.ndarray, gaps: np.ndarray, dof: int) -> dict[str, np.ndarray]:
    """The words on "higher" and on "same" [studies], by cells' differences and gaps."""
    d, gap = ends(differences, dof), ends(gaps, dof)
    inside = ends(differences - MARGIN * gaps, dof).high < 0
    inside &= ends(differences + MARGIN * gaps, dof).low > 0
    outside = ends(differences - MARGIN * gaps, dof).low > 0
    outside |= ends(differences + MARGIN * gaps, dof).high < 0
    known = gap.low > 0
    higher = [d.low > 0, d.high < 0, known & inside]
    same = [~known, inside, outside]
    return {
        "higher": np.select(higher, ["supported", "contradicted", "negligible"], "inconclusive"),
        "same": np.select(same, ["not testable", "supported", "contradicted"], "inconclusive"),
    }


def rates(
    true: Sequence[float], design: Design, studies: int = STUDIES, seed: int = 0
) -> dict[str, dict[str, list[float]]]:
    """How often each word is said: kind -> word -> a share for each true difference, in margins.

    The same noise is drawn for all true differences, so that only these tell two shares apart.
    """
    rng = np.random.default_rng(seed)
    noise, gaps = design.drawn(rng, studies), GAP + design.drawn(rng, studies)
    found: dict[str, dict[str, list[float]]] = {
        "higher": {word: [] for word in HIGHER},
        "same": {word: [] for word in SAME},
    }
    for margins in true:
        said = words(noise + margins * MARGIN * GAP, gaps, design.dof)
        for kind, shares in found.items():
            for word, share in shares.items():
                share.append(float((said[kind] == word).mean()))
    return found


# ladders ------------------------------------------------------------------------------------------
def ladder_words(
    steps: Sequence[float], design: Design, studies: int = STUDIES, seed: int = 0
) -> dict[int, np.ndarray]:
    """The words on a ladder of these true steps [studies], by version of the rules.

    steps: how far each group lies above the next, in gaps; design.spread: of a step in a cell.
    Neighbouring steps share a group, so the spread of a group is a root of two smaller.
    """
    rng = np.random.default_rng(seed)
    rungs = -np.cumsum([0.0, *steps])
    own = np.stack([rung + design.drawn(rng, studies) / np.sqrt(2) for rung in rungs])
    gaps = GAP + design.drawn(rng, studies)
    compared = [own[0] - own[-1], *(a - b for a, b in pairwise(own))]
    return {1: _by_rules_1(compared, gaps, design.dof), 2: _by_rules_2(compared, gaps, design.dof)}


def _by_rules_1(compared: Sequence[np.ndarray], gaps: np.ndarray, dof: int) -> np.ndarray:
    """Version 1: an interval inside the margin contradicts "higher", and so does any step."""
    said = [words(each, gaps, dof)["higher"] for each in compared]
    against = np.any([(w == "contradicted") | (w == "negligible") for w in said], axis=0)
    return np.select([against, said[0] == "supported"], ["contradicted", "supported"], "open")


def _by_rules_2(compared: Sequence[np.ndarray], gaps: np.ndarray, dof: int) -> np.ndarray:
    """Version 2: the ends decide, and a step contradicts where it is proven to be reversed."""
    from scipy.special import stdtr

    top = words(compared[0], gaps, dof)["higher"]
    steps = [ends(each, dof) for each in compared[1:]]
    least = np.min([stdtr(dof, step.value / step.se) for step in steps], axis=0)
    reversed_ = least * len(steps) < ONE_SIDED  # the first step of Holm's correction
    against = (top == "contradicted") | reversed_
    return np.select([against, top == "supported"], ["contradicted", "supported"], "open")


# bands --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Coverage:
    """How often an interval for the height of a line holds the true one, and its median width."""

    share: float
    width: float


METHODS = ("epochs", "bootstrap", "jackknife")


def band_coverage(
    runs: Sequence[np.ndarray], count: int, studies: int = 1000, draws: int = 400, seed: int = 0
) -> dict[str, Coverage]:
    """Studies of `count` runs drawn from `runs`, whose line, at their mean ID score, is the truth.

    runs: of each the (ID, OOD) scores of its epochs [E, 2]. epochs: least squares, every epoch
    taken as independent. bootstrap: percentiles over runs drawn again. jackknife: a run left out
    at a time, Student's t with one degree less than runs.
    """
    rng = np.random.default_rng(seed)
    centre = float(np.concatenate(runs)[:, 0].mean())
    sums = np.stack([_sums(run[:, 0] - centre, run[:, 1]) for run in runs])
    truth = float(_height(sums.sum(axis=0)))
    own = sums[rng.integers(len(runs), size=(studies, count))]  # [studies, count, 6]
    whole = own.sum(axis=1)
    weights = rng.multinomial(count, np.full(count, 1 / count), size=(studies, draws))
    again = _height(np.einsum("sdc,sck->sdk", weights, own))
    without = _height(whole[:, None] - own)
    spread = ((without - without.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    se = np.sqrt((count - 1) / count * spread)
    found = {
        "epochs": _by_least_squares(whole),
        "bootstrap": _percentiles(again),
        "jackknife": _around(_height(whole), t_quantile(count - 1) * se),
    }
    return {name: _covered(*found[name], truth) for name in METHODS}


def _sums(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Sums of 1, x, y, xx, xy, yy."""
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]).sum(axis=1)


def _height(sums: np.ndarray) -> np.ndarray:
    """The height at x = 0 of the lines of sums [..., 6]."""
    n, sx, sy, sxx, sxy, _ = np.moveaxis(sums, -1, 0)
    slope = (sxy - sx * sy / n) / (sxx - sx * sx / n)
    height: np.ndarray = (sy - slope * sx) / n
    return height


def _by_least_squares(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The textbook's interval for the height at x = 0, each epoch an observation of its own."""
    from scipy.special import stdtrit

    n, sx, sy, sxx, sxy, syy = np.moveaxis(sums, -1, 0)
    spread, mixed = sxx - sx * sx / n, sxy - sx * sy / n
    residual = (syy - sy * sy / n - mixed**2 / spread) / (n - 2)
    se = np.sqrt(residual * (1 / n + (sx / n) ** 2 / spread))
    return _around(_height(sums), stdtrit(n - 2, 1 - ONE_SIDED) * se)


def _percentiles(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle 95 % of draws [studies, draws]."""
    low, high = np.percentile(drawn, [100 * ONE_SIDED, 100 * (1 - ONE_SIDED)], axis=1)
    return low, high


def _around(value: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return value - half, value + half


def _covered(low: np.ndarray, high: np.ndarray, truth: float) -> Coverage:
    inside = (low < truth) & (truth < high)
    return Coverage(float(inside.mean()), float(np.median(high - low)))

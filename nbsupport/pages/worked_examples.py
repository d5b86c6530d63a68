"""Numbers of recorded runs for exercises that are solved with a pencil.

The same two things are worked out on three pages each, with less help from page to page: effective
robustness, and an interval of three cells. All are taken from the demo's recorded runs of world 1,
whatever is built, and are worked out from the numbers as they are printed, as a reader does it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.analysis.charts.look import family_name
from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.intervals import Contrast, t_quantile
from nbsupport.analysis.roles import FULL, SCRATCH
from nbsupport.analysis.trends import Line, fit_line, role_line
from nbsupport.analysis.verdicts import judge
from nbsupport.display.html import MINUS, signed
from nbsupport.errors import UserError
from nbsupport.pages import page_named
from nbsupport.pages.by_hand import CELLS, WORLD, by_hand, records_of_examples

if TYPE_CHECKING:
    import pandas as pd

ID, OOD = "id_macro_f1", "ood_macro_f1"
DASH = "\N{EN DASH}"
TRADE = ("imagenet/classes-many-60K", "imagenet/images-many-60K")
CAPTIONS = ("captions/clean", FULL)
THREE_CELLS_OF = "densenet"  # of the two intervals after the one on the page about statistics
RESIDUAL_OF = ("alexnet", 0)  # a family and a seed; its last evaluated epoch
ALONE_OF = ("resnext", 2)  # some of its epochs lie outside the range of the scratch line
FIVE_EACH = "imagenet/5K"


Numbers = Callable[[], Mapping[str, str]]


def _or_dashes(page_id: str, prefix: str) -> Callable[[Numbers], Numbers]:
    """Dashes for the numbers of a page that begin so, where the recorded runs give none: too few,
    or points that make no line."""

    def wrapped(function: Numbers) -> Numbers:
        @cache
        @wraps(function)
        def give() -> Mapping[str, str]:
            try:
                return function()
            except (UserError, IndexError):
                text = page_named(page_id).notebook.read_text(encoding="utf-8")
                names = re.findall(rf"{{glue:text}}`({prefix}-[\w-]+)`", text)
                return dict.fromkeys(names, DASH)

        return give

    return wrapped


def _points() -> "pd.DataFrame":
    return records_of_examples().points(WORLD)


def _run(points: "pd.DataFrame", role: str, of: tuple[str, int]) -> "pd.DataFrame":
    """The evaluated epochs of one run, in order."""
    family, seed = of
    own = (points["role"] == role) & (points["family"] == family) & (points["seed"] == seed)
    return points[own].sort_values("epoch")


def _line(prefix: str, line: Line) -> dict[str, str]:
    return {
        f"{prefix}-slope": f"{line.slope:.3f}",
        f"{prefix}-intercept": f"{line.intercept:.3f}".replace("-", MINUS),
    }


def _expected(line: Line, x: float) -> float:
    """What the line expects, to three digits, from its printed numbers and a printed score."""
    return round(round(line.intercept, 3) + round(line.slope, 3) * x, 3)


# effective robustness -----------------------------------------------------------------------------
@_or_dashes("02_residuals", "residual")
def residual_numbers() -> Mapping[str, str]:
    """One point against the line of the other families, with the margin: text to glue."""
    points = _points()
    full = points[points["role"] == FULL]
    family, seed = RESIDUAL_OF
    others = full[full["family"] != family]
    line = fit_line(others[ID], others[OOD])
    last = _run(points, FULL, RESIDUAL_OF).iloc[-1]
    x, y = round(float(last[ID]), 3), round(float(last[OOD]), 3)
    expected = _expected(line, x)
    margin = contrast(points, FULL, FULL, statistic="epoch-trend").margin
    return _line("residual", line) | {
        "residual-family": family_name(family),
        "residual-seed": f"{seed}",
        "residual-epoch": f"{last['epoch']:g}",
        "residual-id": f"{x:.3f}",
        "residual-ood": f"{y:.3f}",
        "residual-expected": f"{expected:.3f}",
        "residual-value": signed(y - expected),
        "residual-margin": f"{margin:.3f}",
        "residual-place": "inside" if abs(y - expected) < round(margin, 3) else "outside",
    }


@_or_dashes("04_1_quantity", "alone")
def alone_numbers() -> Mapping[str, str]:
    """All epochs of one run of five images of each class, and the scratch line: text to glue."""
    points = _points()
    line = role_line(points, SCRATCH)
    family, seed = ALONE_OF
    run = _run(points, FIVE_EACH, ALONE_OF)
    scores = [(round(float(x), 3), round(float(y), 3)) for x, y in run[[ID, OOD]].to_numpy()]
    low, high = round(line.low, 3), round(line.high, 3)
    heights = [round(y - _expected(line, x), 3) for x, y in scores if low <= x <= high]
    return _line("alone", line) | {
        "alone-family": family_name(family),
        "alone-seed": f"{seed}",
        "alone-points": _listed([f"({x:.3f}, {y:.3f})" for x, y in scores]),
        "alone-low": f"{low:.3f}",
        "alone-high": f"{high:.3f}",
        "alone-inside": f"{len(heights)}",
        "alone-heights": _listed([signed(height) for height in heights]),
        "alone-er": signed(float(np.mean(heights))),
    }


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


# intervals ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Replicated:
    """A statistic of three cells, to four digits, and what it is without each of them."""

    value: float
    without: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean of the replicates."""
        return round(float(np.mean(self.without)), 4)

    @property
    def squares(self) -> float:
        """The sum of their squared distances from it."""
        return float(((np.array(self.without) - self.mean) ** 2).sum())

    @property
    def se(self) -> float:
        """The standard error, by the jackknife."""
        count = len(self.without)
        return round(sqrt((count - 1) / count * self.squares), 4)

    @property
    def half(self) -> float:
        """Half the width of the 95 % interval."""
        return round(round(t_quantile(len(self.without) - 1), 2) * self.se, 4)

    @property
    def low(self) -> float:
        """Its lower end."""
        return self.value - self.half

    @property
    def high(self) -> float:
        """Its upper end."""
        return self.value + self.half

    def numbers(self, prefix: str) -> dict[str, str]:
        """Each of these as text to glue."""
        replicates = {f"{prefix}-{i}": signed(v, 4) for i, v in enumerate(self.without, start=1)}
        return replicates | {
            f"{prefix}-d": signed(self.value, 4),
            f"{prefix}-mean": signed(self.mean, 4),
            f"{prefix}-squares": f"{self.squares:.7f}",
            f"{prefix}-se": f"{self.se:.4f}",
            f"{prefix}-half": f"{self.half:.4f}",
            f"{prefix}-low": signed(self.low, 4),
            f"{prefix}-high": signed(self.high, 4),
        }


@dataclass(frozen=True, eq=False)
class ThreeCells:
    """A comparison in three recorded cells of one family, and without each of them."""

    found: Contrast
    without: tuple[Contrast, ...]

    @property
    def d(self) -> Replicated:
        """The difference."""
        return self._replicated(lambda c: c.estimate.value)

    @property
    def m(self) -> Replicated:
        """The margin."""
        return self._replicated(lambda c: c.margin)

    @property
    def plus(self) -> Replicated:
        """The difference and the margin added up, as printed."""
        return _sum(self.d, self.m, 1)

    @property
    def minus(self) -> Replicated:
        """The difference less the margin, as printed."""
        return _sum(self.d, self.m, -1)

    def _replicated(self, of: Callable[[Contrast], float]) -> Replicated:
        return Replicated(round(of(self.found), 4), tuple(round(of(c), 4) for c in self.without))


def _sum(one: Replicated, other: Replicated, sign: int) -> Replicated:
    pairs = zip(one.without, other.without, strict=True)
    without = tuple(round(a + sign * b, 4) for a, b in pairs)
    return Replicated(round(one.value + sign * other.value, 4), without)


def three_cells(a: str, b: str, reference: str = SCRATCH) -> ThreeCells:
    """Role a against role b in the first three recorded seeds of one family."""
    points = _points()
    own = points[points["family"] == THREE_CELLS_OF]
    seeds = sorted(own["seed"].unique())[:CELLS]
    few = own[own["seed"].isin(seeds)]
    parts = [few, *(few[few["seed"] != seed] for seed in seeds)]
    found, *without = (contrast(part, a, b, reference=reference) for part in parts)
    return ThreeCells(found, tuple(without))


@_or_dashes("04_4_1_classes_or_images", "trade")
def trade_interval() -> Mapping[str, str]:
    """Many classes against many images of each, in three cells: text to glue."""
    cells = three_cells(*TRADE)
    d, margin = cells.d, cells.m.value
    inside = -margin < d.low and d.high < margin
    beyond = "on both sides" if d.low < -margin and d.high > margin else "on one side"
    return d.numbers("trade") | {
        "trade-family": family_name(THREE_CELLS_OF),
        "trade-t": f"{t_quantile(CELLS - 1):.2f}",
        "trade-margin": f"{margin:.4f}",
        "trade-inside": "The interval lies inside the margin."
        if inside
        else f"No: the interval reaches beyond the margin {beyond}.",
        "trade-word": judge("same", cells.found).text,
    }


@_or_dashes("05_self_supervised", "captions")
def captions_interval() -> Mapping[str, str]:
    """Clean captions against labels, in three cells: text to glue."""
    cells = three_cells(*CAPTIONS, reference=FULL)
    plus = cells.plus
    margins = {f"captions-m-{i}": f"{v:.4f}" for i, v in enumerate(cells.m.without, start=1)}
    beyond = (
        "It lies below 0: the difference is larger than the margin, downwards."
        if plus.high < 0
        else "It reaches 0: the difference may be smaller than the margin."
    )
    return (
        cells.d.numbers("captions")
        | plus.numbers("captions-plus")
        | margins
        | {
            "captions-family": family_name(THREE_CELLS_OF),
            "captions-margin": f"{cells.m.value:.4f}",
            "captions-t": f"{t_quantile(CELLS - 1):.2f}",
            "captions-beyond": beyond,
            "captions-word": judge("same", cells.found).text,
        }
    )


@cache
def plus_numbers() -> Mapping[str, str]:
    """The column d + m of the example on the page about statistics, as text to glue."""
    own = by_hand()
    sums = [round(float(v), 4) for v in own.differences + own.found.margin / own.gaps[0] * own.gaps]
    return Replicated(sums[0], tuple(sums[1:])).numbers("plus")

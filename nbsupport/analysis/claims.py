"""The paper's claims as data (`claims.toml`), and what a table of records says about each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport import errors
from nbsupport.analysis import worlds
from nbsupport.analysis.cells import Cells
from nbsupport.analysis.claims_file import Claim, Part, parse, places
from nbsupport.analysis.contrasts import MARGIN, Chances
from nbsupport.analysis.intervals import Contrast, Interval, signed
from nbsupport.analysis.roles import SCRATCH
from nbsupport.analysis.statistics import above_line, per_halving
from nbsupport.analysis.trends import AXES
from nbsupport.analysis.verdicts import (
    SETTLED,
    Verdict,
    combine,
    contrast,
    effects,
    judge,
    ladder,
    left_out,
    some_of_each,
)
from nbsupport.reading import read_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Cells", "Claim", "Part", "load", "parse", "sensitivity", "verdict"]
MARGINS = (0.15, 0.25, 0.33)
FILE = Path(__file__).with_name("claims.toml")


def place(claim_id: str) -> str:
    """File and line of a claim that ships with the project."""
    text = read_text(FILE)
    ids = list(_shipped())
    return places(text, FILE.name, len(ids))[ids.index(claim_id)]


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Claim]:
    return parse(read_text(FILE), FILE.name)


def load() -> dict[str, Claim]:
    """All claims and controls of the book by id, in the paper's order."""
    return dict(_shipped())


def of_page(page: str) -> tuple[str, ...]:
    """The ids of the claims that a page settles, in the paper's order; controls are left out."""
    return tuple(c.id for c in load().values() if c.page == page and not c.control)


def of_finding(factor: str) -> tuple[str, ...]:
    """The ids of the claims that are a part of the paper's finding on a factor."""
    return tuple(c.id for c in load().values() if c.finding == factor)


# one setting --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Compared:
    """What the runs of a setting, or of several, give to judge a claim by.

    `contrasts` are those of the claim's parts; there are none where a role has no points, and
    `remark` says so. `halving`: of a ladder, how ER changes as the images are halved.
    """

    claim: Claim
    contrasts: tuple[Contrast, ...] = ()
    halving: Interval | None = None
    remark: str = ""
    worlds: int = 0  # of a summary: how many worlds count

    @property
    def counts(self) -> bool:
        """Whether a summary over worlds counts this one (see `worlds.counts`)."""
        return bool(self.contrasts) and all(worlds.counts(c) for c in self.contrasts)


def named(claim: Claim | str) -> Claim:
    """A claim, or the one of this id. Raises UserError for an unknown one."""
    if not isinstance(claim, str):
        return claim
    if claim not in _shipped():
        raise errors.unknown("claim", claim, _shipped())
    return _shipped()[claim]


def compare(
    claim: Claim | str,
    points: pd.DataFrame | Cells,
    *,
    axis: str = "linear",
    margin: float = MARGIN,
    chances: Chances | None = None,
) -> Compared:
    """The contrasts of a claim's parts. chances: see `contrasts.contrast`."""
    claim = named(claim)
    if axis not in AXES:
        raise errors.unknown("axis", axis, AXES)
    cells = Cells.of(points)
    if absent := [role for role in claim.roles if not cells.has(role)]:
        return Compared(claim, remark=f"no runs of {', '.join(absent)}")
    settings = {"gap": claim.gap, "axis": axis, "margin": margin, "chances": chances}
    found = tuple(_part(claim, part, cells, settings) for part in claim.parts)
    halving = per_halving(cells, claim.ladder, claim.reference, axis) if claim.ladder else None
    return Compared(claim, found, halving, _without_partner(claim, cells, axis))


def _part(claim: Claim, part: Part, cells: Cells, settings: dict[str, Any]) -> Contrast:
    if isinstance(part.a, tuple) and isinstance(part.b, tuple):
        return effects(cells, part.a, part.b, reference=part.reference, **settings)
    sides = str(part.a), str(part.b)
    return contrast(cells, *sides, reference=part.reference, statistic=claim.statistic, **settings)


def _without_partner(claim: Claim, cells: Cells, axis: str) -> str:
    """Families that only one of two groups has, beside the line of the other (CLIP's ViTs)."""
    told = []
    for part in claim.parts:
        if part.b == part.reference != SCRATCH and claim.statistic == "er":
            families, interval = above_line(cells, str(part.a), part.reference, axis)
            if families:
                told.append(f"{part.a} {in_words(interval)}")
    return (
        f"{', '.join(families)} alone, above {claim.reference}: {', '.join(told)}" if told else ""
    )


def in_words(interval: Interval) -> str:
    """ "+0.012 (-0.003 to +0.027)": an estimate and its interval, where it has one."""
    if math.isnan(interval.value):
        return "off the line"
    value = signed(interval.value)
    if math.isnan(interval.half):
        return value
    return f"{value} ({signed(interval.low)} to {signed(interval.high)})"


def over_worlds(found: Sequence[Compared]) -> Compared:
    """A claim's parts summarised over the worlds that count; nothing where fewer than two do."""
    claim = found[0].claim
    able = [each for each in found if each.counts]
    if len(able) < 2:
        return Compared(claim, remark="fewer than two worlds have enough runs")
    parts = zip(*(each.contrasts for each in able), strict=True)
    contrasts = tuple(worlds.over_worlds(part) for part in parts)
    steps = [(each.halving, each.contrasts[0].cells) for each in able if each.halving]
    if not steps:
        return Compared(claim, contrasts, worlds=len(able))
    intervals, cells = zip(*steps, strict=True)
    halving = worlds.summarised(intervals, cells).mean
    return Compared(claim, contrasts, halving, worlds=len(able))


# verdicts -----------------------------------------------------------------------------------------
def conclude(found: Compared, *, simulated: bool = True) -> Verdict:
    """The verdict on a claim by its contrasts; "not run" where there are none.

    simulated: the points come from the simulated world, on which a calibrated claim is no evidence.
    """
    claim = found.claim
    if not found.contrasts:
        return Verdict("not run", found.remark)
    result = _judged(claim, found.contrasts)
    if found.contrasts[0].by_family and result.word in (*SETTLED, "inconclusive"):
        result = _beside_other_families(claim, found, result)
    if claim.calibrated and simulated:
        return _with_expectation(claim, _calibrated(result))
    notes = [result.remark, found.remark]
    if found.halving:
        notes.append(f"ER per halving of the images: {in_words(found.halving)}")
    return _with_expectation(claim, replace(result, remark="; ".join(filter(None, notes))))


def verdict(
    claim: Claim | str,
    points: pd.DataFrame | Cells,
    *,
    axis: str = "linear",
    margin: float = MARGIN,
    simulated: bool = True,
    chances: Chances | None = None,
) -> Verdict:
    """What the points say about a claim (or its id): `compare`, then `conclude`."""
    found = compare(claim, points, axis=axis, margin=margin, chances=chances)
    return conclude(found, simulated=simulated)


def _judged(claim: Claim, found: Sequence[Contrast]) -> Verdict:
    if claim.rule == "some-of-each":
        return some_of_each(found)
    parts = [judge(part.kind, c) for part, c in zip(claim.parts, found, strict=True)]
    return ladder(parts[0], parts[1:]) if claim.kind == "ladder" else combine(parts)


def _beside_other_families(claim: Claim, found: Compared, result: Verdict) -> Verdict:
    """The verdict, and where it would be another for architectures like these."""
    other = _judged(claim, [c.over_families() for c in found.contrasts])
    differs = f"for architectures like these: {other.text}" if other.word != result.word else ""
    remark = "; ".join(filter(None, [result.remark, differs]))
    return replace(result, remark=remark, alike=other.text)


def families_alike(result: Verdict) -> tuple[int, int]:
    """In how many families the part that decided says the same as over all, and of how many."""
    c = result.contrast
    if c is None or not c.family_means:
        return 0, 0
    kind = next((p.kind for p in result.parts if p.contrast is c), result.kind)
    means, d = c.family_means.values(), c.estimate.value
    if kind == "same":
        alike = [(abs(mean) < c.margin) == (abs(d) < c.margin) for mean in means]
    else:
        alike = [mean * d > 0 for mean in means]
    return sum(alike), len(alike)


def _calibrated(result: Verdict) -> Verdict:
    """The same numbers, as no evidence; the remark tells how they would have read."""
    notes = [
        f"by its numbers {result.text}",
        *(left_out(result.contrast) if result.contrast else []),
    ]
    return Verdict("calibrated", "; ".join(notes), contrast=result.contrast)


def _with_expectation(claim: Claim, result: Verdict) -> Verdict:
    """A control's verdict, with a remark where it is not among those that would be in order."""
    if not claim.expect or result.word in (*claim.expect, "leans", "not run"):
        return result
    return replace(result, remark="; ".join(filter(None, ["not as expected", result.remark])))


def sensitivity(claim: Claim | str, points: pd.DataFrame | Cells, **options: Any) -> pd.DataFrame:
    """The verdict on the three axes, then on linear axes at the other margins; a row for each.

    Columns axis, margin, verdict, statistic, low, high. A table to look at, not a second chance.
    """
    import pandas as pd

    cells = Cells.of(points)
    settings = [(axis, MARGIN) for axis in AXES]
    settings += [("linear", margin) for margin in MARGINS if margin != MARGIN]
    rows = []
    for axis, margin in settings:
        result = verdict(claim, cells, axis=axis, margin=margin, **options)
        rows.append((axis, margin, result.text, *_numbers(result)[:3]))
    return pd.DataFrame(rows, columns=["axis", "margin", "verdict", "statistic", "low", "high"])


def _numbers(result: Verdict) -> tuple[float, float, float, int]:
    c = result.contrast
    if c is None:
        return float("nan"), float("nan"), float("nan"), 0
    return c.estimate.value, c.low, c.high, c.cells

"""What a contrast says about a statement: the words, fixed before any result was looked at.

higher: supported where the interval lies above 0; contradicted where it lies below 0, or inside
(-m, m) with its lower end at or below 0. same: supported where the interval lies inside (-m, m);
contradicted where it lies outside. The margin m is a share of an estimated gap, so it is itself
uncertain, and often correlated with the estimate d. Whether d lies beyond m or -m is therefore
read off the jackknife intervals of d - m and d + m, each one statistic.

Simulated (tests/analysis/test_error_rates.py; 4,000 replicates a case, seed spread 1/8 and 1/4 of
the gap), with 9, 15 and 25 cells: false "higher" between equal groups 1.6 to 2.9 %, false "same" at
a true difference of m 0.7 to 2.8 %. Taking the estimated m as known makes that 0.6 to 4.1 %, at
its worst where d and the gap share the full source: still below 5 %, but no longer the 2.5 % that
the interval says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nbsupport import errors
from nbsupport.analysis.contrasts import Contrast, Interval, contrast, effects

__all__ = [
    "WORDS",
    "Contrast",
    "Interval",
    "Verdict",
    "adjusted_pairs",
    "combine",
    "contrast",
    "effects",
    "holm",
    "judge",
    "left_out",
    "some_of_each",
]
WORDS = (
    "supported",
    "contradicted",
    "inconclusive",
    "leans",
    "not testable",
    "measured",
    "calibrated",
    "not run",
)
KINDS = ("higher", "same", "composite", "measured")
MOST_CELLS = 999


@dataclass(frozen=True)
class Verdict:
    """One word on a statement, what it rests on, and for a composite the verdicts of its parts."""

    word: str
    remark: str = ""
    direction: str = ""  # of a verdict that leans: "towards" the statement or "against" it
    contrast: Contrast | None = None  # of a composite: the part that decided
    more_cells: int | None = None  # an estimate of how many more cells would settle it
    parts: tuple[Verdict, ...] = ()

    @property
    def text(self) -> str:
        """The verdict as it is printed: the word, and where it leans to."""
        return f"{self.word} {self.direction}".strip()

    def __str__(self) -> str:
        return f"{self.text} ({self.remark})" if self.remark else self.text


def more_cells(c: Contrast, kind: str) -> int:
    """About how many more cells would settle an inconclusive contrast, at most 999.

    n (h / distance)^2 - n for n cells, half-width h and the boundary that settles it first. same:
    the nearer of -m and m, with the half-width of the distance to it. higher: 0, or where the
    estimate lies nearer to 0 than to m, the margin (an interval inside it settles the matter too).
    """
    d, m = c.estimate.value, c.margin
    to_margin = c.minus if d > 0 else c.plus
    ways = [to_margin]
    if kind == "higher":
        ways = [c.estimate, to_margin] if abs(d) < m else [c.estimate]
    needed = MOST_CELLS
    for way in ways:
        if math.isfinite(way.half) and way.value != 0:
            more = c.cells * (way.half / way.value) ** 2 - c.cells
            needed = min(needed, max(1, math.ceil(min(more, MOST_CELLS))))
    return needed


def _untestable(c: Contrast, gap_needed: bool) -> str:
    """Why a contrast cannot be tested, or nothing."""
    if c.cells == 0:
        none = "no cell has both groups on the reference line: the ID ranges do not overlap"
        return c.reason or none
    if not gap_needed:
        return ""
    if math.isnan(c.gap.value):
        return c.gap_reason or "the ID ranges of the full source and of scratch do not overlap"
    if c.gap.value <= 0:
        return "the full source does not lie above scratch"
    if c.settled and not c.gap.low > 0:
        return "the interval of the gap touches 0"
    return ""


def _higher(c: Contrast) -> tuple[str, str]:
    if c.low > 0:
        return "supported", "below the margin" if c.minus.high < 0 else ""
    if c.high < 0:
        return "contradicted", ""
    if c.minus.high < 0 and c.plus.low > 0:
        return "contradicted", "the same, within the margin"
    return "inconclusive", ""


def _same(c: Contrast) -> tuple[str, str]:
    if c.minus.high < 0 and c.plus.low > 0:
        return "supported", ""
    if c.minus.low > 0 or c.plus.high < 0:
        return "contradicted", ""
    return "inconclusive", "differs, size unsettled" if c.low > 0 or c.high < 0 else ""


def left_out(c: Contrast) -> list[str]:
    """Remarks on what a contrast could not use."""
    counts = (
        (c.unpaired, "cell", "without a partner"),
        (c.off_line, "run", "off the line"),
        (c.dropped, "point", "dropped"),
    )
    return [f"{n} {what}{'s' * (n > 1)} {why}" for n, what, why in counts if n]


def judge(kind: str, c: Contrast, *, gap_needed: bool = True) -> Verdict:
    """The verdict on "a is higher than b" or "a and b are the same" (or "measured": no statement).

    gap_needed=False for the gap's own claim. With fewer than 3 families of 3 seeds each it leans,
    whatever the interval; a gap with so few cells makes it untestable only where it is not above 0.
    """
    if kind not in ("higher", "same", "measured"):
        raise errors.unknown("kind", kind, ("higher", "same", "measured"))
    notes = left_out(c)
    reason = _untestable(c, gap_needed and kind != "measured")
    if reason:
        return Verdict("not testable", "; ".join([reason, *notes]), contrast=c)
    if kind == "measured":
        return Verdict("measured", "; ".join(notes), contrast=c)
    if not c.settled or math.isnan(c.estimate.half):
        d = c.estimate.value
        towards = d > 0 if kind == "higher" else abs(d) < c.margin
        return Verdict("leans", "; ".join(notes), "towards" if towards else "against", c)
    word, remark = _higher(c) if kind == "higher" else _same(c)
    more = more_cells(c, kind) if word == "inconclusive" else None
    if more is not None:
        number = f"about {more}" if more < MOST_CELLS else f"{MOST_CELLS} or"
        notes.append(f"{number} more cell{'s' * (more > 1)} would settle it")
    return Verdict(word, "; ".join([*filter(None, [remark]), *notes]), "", c, more)


ORDER = ("contradicted", "not testable", "leans", "inconclusive", "measured", "supported")


def combine(parts: Sequence[Verdict], require: Sequence[str] | None = None) -> Verdict:
    """A composite's verdict: contradicted with any part, supported where all requirements are met.

    require: per part "supported" (default) or "not contradicted", which an inconclusive part meets.
    The part that decided lends its contrast; a supported composite shows its first part's.
    """
    require = require or ["supported"] * len(parts)
    if len(parts) == 1 and require[0] == "supported":
        return parts[0]
    seen = [
        "supported" if need == "not contradicted" and part.word == "inconclusive" else part.word
        for part, need in zip(parts, require, strict=True)
    ]
    word = min(seen, key=ORDER.index)
    deciding = [part for part, s in zip(parts, seen, strict=True) if s == word]
    direction = ""
    if word == "leans":
        hard = [p for p, need in zip(parts, require, strict=True) if need == "supported"]
        against = [p for p in hard if p.direction == "against"]
        direction = "against" if against else "towards"
        deciding = against or [p for p in hard if p.word == "leans"] or deciding
    more = max((p.more_cells for p in deciding if p.more_cells), default=None)
    first = deciding[0]
    remark = "" if word == "supported" else _because(first)
    return Verdict(
        word,
        remark,
        direction,
        first.contrast,
        more if word == "inconclusive" else None,
        tuple(parts),
    )


def _because(part: Verdict) -> str:
    name = part.contrast.name if part.contrast else ""
    return f"{name}: {part.remark}" if part.remark else name


def holm(p: Sequence[float]) -> np.ndarray:
    """Holm's adjusted p values, same order; NaN counts as 1."""
    values = np.where(np.isnan(np.asarray(p, dtype=float)), 1.0, np.asarray(p, dtype=float))
    order = np.argsort(values)
    steps = np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(values[order] * steps))
    return adjusted


def some_of_each(contrasts: Sequence[Contrast], level: float = 0.025) -> Verdict:
    """Of several pairs, at least one is higher and at least one the same.

    Supported where each of the two is found at the one-sided level of the 95 % intervals, Holm
    corrected over the pairs. A pair is one or the other: higher by less than the margin, it is the
    same. Contradicted where no pair is higher (each contradicts it, or is the same), or every pair
    contradicts "same" (no correction: all must). Remark and parts show all pairs.
    """
    higher = [judge("higher", c) for c in contrasts]
    same = [judge("same", c) for c in contrasts]
    found = adjusted_pairs(contrasts)
    found_higher, found_same = (found[kind] < level for kind in ("higher", "same"))
    found_higher &= ~found_same
    remark = f"{found_higher.sum()} higher and {found_same.sum()} same of {len(contrasts)} pairs"
    lacking = [v for v in higher if v.word in ("not testable", "leans")]
    none_higher = all(
        h.word == "contradicted" or s.word == "supported" for h, s in zip(higher, same, strict=True)
    )
    direction = ""
    if none_higher or all(v.word == "contradicted" for v in same):
        word = "contradicted"
    elif lacking:
        word = "not testable" if any(v.word == "not testable" for v in lacking) else "leans"
        direction = "" if word != "leans" else _leaning(higher, same)
    else:
        word = "supported" if found_higher.any() and found_same.any() else "inconclusive"
    shown = tuple(
        s if adjusted else h for h, s, adjusted in zip(higher, same, found_same, strict=True)
    )
    strongest = contrasts[int(np.argmin(found["higher"]))]
    return Verdict(word, remark, direction, strongest, None, shown)


def adjusted_pairs(contrasts: Sequence[Contrast]) -> dict[str, np.ndarray]:
    """One-sided p values of "higher" and of "same" for each pair, Holm-adjusted over the pairs."""
    return {
        "higher": holm([c.estimate.p_below() for c in contrasts]),
        "same": holm([max(c.plus.p_below(), _above(c.minus)) for c in contrasts]),
    }


def _leaning(higher: Sequence[Verdict], same: Sequence[Verdict]) -> str:
    """Towards "some of each" where one pair leans to higher than the margin and one to the same."""
    apart = any(
        h.direction == "towards" and s.direction == "against"
        for h, s in zip(higher, same, strict=True)
    )
    return "towards" if apart and any(s.direction == "towards" for s in same) else "against"


def _above(interval: Interval) -> float:
    """One-sided p value against "the true value is at least 0"."""
    return replace(interval, value=-interval.value).p_below()

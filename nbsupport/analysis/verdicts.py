"""What contrasts say about a statement: version 2 of the rules, in the words of records/rules.md.

higher: supported where the interval lies above 0, contradicted where it lies below; negligible
where it reaches 0 and lies inside (-m, m). same: supported where the interval lies inside (-m, m),
contradicted where it lies outside. The margin m is a share of an estimated gap, so it is itself
uncertain, and often correlated with the estimate d. Whether d lies beyond m or -m is therefore
read off the jackknife intervals of d - m and d + m, each one statistic.

Every word is decided one-sided at 2.5 %, the level of one end of a 95 % interval. How often each is
wrong is simulated in tests/analysis/test_error_rates.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nbsupport import errors
from nbsupport.analysis.contrasts import contrast, effects
from nbsupport.analysis.intervals import LEVEL, Contrast, Interval
from nbsupport.analysis.multiplicity import holm
from nbsupport.analysis.room import Room

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
    "ladder",
    "left_out",
    "some_of_each",
]
WORDS = (
    "supported",
    "contradicted",
    "negligible",
    "inconclusive",
    "leans",
    "at the floor",
    "not testable",
    "measured",
    "calibrated",
    "not run",
)
KINDS = ("higher", "same", "ladder", "composite", "measured")
JUDGED = ("higher", "same", "measured")  # what one contrast can be judged as
SETTLED = ("supported", "contradicted", "negligible")
MOST_CELLS = 999
ONE_SIDED = (1 - LEVEL) / 2
NAN = float("nan")


@dataclass(frozen=True)
class Verdict:
    """One word on a statement, what it rests on, and for a composite the verdicts of its parts.

    `p` and `p_against` are one-sided p values for the statement and against it, Holm-corrected over
    parts where any of these would do; NaN where nothing is tested.
    """

    word: str
    remark: str = ""
    direction: str = ""  # of a verdict that leans: "towards" the statement or "against" it
    contrast: Contrast | None = None  # of a composite: the part that decided
    more_cells: int | None = None  # an estimate of how many more cells would settle it
    parts: tuple[Verdict, ...] = ()
    p: float = NAN
    p_against: float = NAN
    kind: str = ""  # of a part: what it was judged as
    alike: str = ""  # the verdict for architectures like these, where one was sought
    room: Room | None = None  # of a supported "same": whether there was anything to lose

    @property
    def text(self) -> str:
        """The verdict as it is printed: the word, and where it leans to."""
        return f"{self.word} {self.direction}".strip()

    def __str__(self) -> str:
        return f"{self.text} ({self.remark})" if self.remark else self.text


# how many more ------------------------------------------------------------------------------------
def more_cells(c: Contrast, kind: str) -> int:
    """About how many more cells would settle an inconclusive contrast, at most 999.

    Of a summary over worlds: how many more worlds. The boundary that settles it first counts. same:
    the nearer of -m and m, with the half-width of the distance to it. higher: 0, or where the
    estimate lies nearer to 0 than to m, the margin (an interval inside it settles the matter too).
    More seeds of the same families shrink the parts of seed and rest of the variance; more families
    with the same seeds those of family and rest; whichever takes fewer cells is told.
    """
    d, m = c.estimate.value, c.margin
    to_margin = c.minus if d > 0 else c.plus
    ways = [to_margin]
    if kind == "higher":
        ways = [c.estimate, to_margin] if abs(d) < m else [c.estimate]
    return min([MOST_CELLS, *(_needed(c, way) for way in ways)])


def _needed(c: Contrast, way: Interval) -> int:
    if not math.isfinite(way.half) or way.value == 0 or way.half == 0:
        return MOST_CELLS
    short = (way.value / way.half) ** 2  # to what share of itself the variance has to fall
    family, seed, rest = (0.0, 0.0, 1.0) if c.worlds else c.shares
    more = [
        (c.worlds or c.cells) * ((shrinking / (short - fixed)) - 1)
        for shrinking, fixed in ((seed + rest, family), (family + rest, seed))
        if short > fixed
    ]
    return max(1, math.ceil(min([MOST_CELLS, *more])))


def _more(c: Contrast, kind: str) -> tuple[int, str]:
    more, what = more_cells(c, kind), "world" if c.worlds else "cell"
    if more >= MOST_CELLS:
        return more, f"no number of {what}s that could be run would settle it"
    return more, f"about {more} more {what}{'s' * (more > 1)} would settle it"


# one contrast -------------------------------------------------------------------------------------
def no_gap(c: Contrast) -> str:
    """Why there is no gap to measure a margin by, or nothing."""
    if math.isnan(c.gap.value):
        return c.gap_reason or "the ID ranges of the full source and of scratch do not overlap"
    if c.gap.value <= 0:
        return "the full source does not lie above scratch"
    if c.gap_settled and not c.gap.low > 0:
        return "the interval of the gap touches 0"
    return ""


def no_estimate(c: Contrast) -> str:
    """Why there is nothing to judge, or nothing."""
    none = "no cell has both groups on the reference line: the ID ranges do not overlap"
    return "" if c.cells else c.reason or none


def _higher(c: Contrast) -> tuple[str, str]:
    known = not no_gap(c) and c.gap.low > 0
    if c.low > 0:
        return "supported", "below the margin" if known and c.minus.high < 0 else ""
    if c.high < 0:
        return "contradicted", ""
    if known and c.minus.high < 0 and c.plus.low > 0:
        return "negligible", ""
    return "inconclusive", ""


def _same(c: Contrast) -> tuple[str, str]:
    if c.minus.high < 0 and c.plus.low > 0:
        return "supported", ""
    if c.minus.low > 0 or c.plus.high < 0:
        return "contradicted", ""
    return "inconclusive", "differs, size unsettled" if c.low > 0 or c.high < 0 else ""


def p_values(kind: str, c: Contrast) -> tuple[float, float]:
    """One-sided p values for "higher" or "same", and against it."""
    if kind == "higher":
        return c.estimate.p_below(), c.estimate.p_above()
    return max(c.plus.p_below(), c.minus.p_above()), min(c.minus.p_below(), c.plus.p_above())


def left_out(c: Contrast) -> list[str]:
    """Remarks on what a contrast could not use."""
    counts = (
        (c.unpaired, "cell", "without a partner"),
        (c.off_line, "run", "off the line"),
        (c.dropped, "point", "dropped"),
    )
    return [f"{n} {what}{'s' * (n > 1)} {why}" for n, what, why in counts if n]


def judge(kind: str, c: Contrast) -> Verdict:
    """The verdict on "a is higher than b" or "a and b are the same" (or "measured": no statement).

    With less than 3 families of 3 seeds each it leans, whatever the interval. "same" needs a gap
    whose interval lies above 0; of "higher" only the word "negligible" does.
    """
    if kind not in JUDGED:
        raise errors.unknown("kind", kind, JUDGED)
    notes = left_out(c)
    if reason := no_estimate(c):
        return Verdict("not testable", "; ".join([reason, *notes]), contrast=c, kind=kind)
    if kind == "measured":
        return Verdict("measured", "; ".join(notes), contrast=c, kind=kind)
    if c.floor:
        return Verdict("at the floor", "; ".join([c.floor, *notes]), contrast=c, kind=kind)
    if kind == "same" and (reason := no_gap(c)):
        return Verdict("not testable", "; ".join([reason, *notes]), contrast=c, kind=kind)
    if _leans(kind, c):
        d = c.estimate.value
        towards = "towards" if (d > 0 if kind == "higher" else abs(d) < c.margin) else "against"
        return Verdict("leans", "; ".join(notes), towards, c, kind=kind)
    word, remark = _higher(c) if kind == "higher" else _same(c)
    more = None
    if word == "inconclusive":
        more, told = _more(c, kind)
        notes.append(told)
    p, against = p_values(kind, c)
    remark = "; ".join([*filter(None, [remark]), *notes])
    return Verdict(word, remark, "", c, more, p=p, p_against=against, kind=kind)


def _leans(kind: str, c: Contrast) -> bool:
    few = not c.settled or (kind == "same" and not c.gap_settled)
    return few or math.isnan(c.estimate.half)


# several ------------------------------------------------------------------------------------------
ORDER = (
    "contradicted",
    "negligible",
    "not testable",
    "at the floor",
    "leans",
    "inconclusive",
    "measured",
    "supported",
)


def combine(parts: Sequence[Verdict]) -> Verdict:
    """A composite's verdict: contradicted with any part, Holm-corrected over the parts; else
    negligible with any part that is "higher"; else supported where every part is.

    The part that decided lends its contrast; a supported composite shows its first part's.
    """
    if len(parts) == 1:
        return parts[0]
    against = holm([part.p_against for part in parts])
    seen = [
        "inconclusive" if part.word == "contradicted" and p >= ONE_SIDED else part.word
        for part, p in zip(parts, against, strict=True)
    ]
    word = min(seen, key=ORDER.index)
    deciding = [part for part, s in zip(parts, seen, strict=True) if s == word]
    direction = ""
    if word == "leans":
        leaning = [p for p in deciding if p.direction == "against"]
        direction, deciding = "against" if leaning else "towards", leaning or deciding
    more = max((p.more_cells for p in deciding if p.more_cells), default=None)
    first = deciding[0]
    return Verdict(
        word,
        "" if word == "supported" else _because(first, alone=first.word != word),
        direction,
        first.contrast,
        more if word == "inconclusive" else None,
        tuple(parts),
        float(np.max([part.p for part in parts])),  # NaN where any is
        float(against.min()),
    )


def _because(part: Verdict, *, alone: bool = False) -> str:
    name = part.contrast.name if part.contrast else ""
    remark = "contradicted alone, and not among all parts" if alone else part.remark
    return f"{name}: {remark}" if remark else name


def ladder(ends: Verdict, steps: Sequence[Verdict]) -> Verdict:
    """Of groups in order: supported where the first is higher than the last and no neighbours are
    reversed, contradicted where either fails. A step is reversed where its interval lies below 0,
    Holm-corrected over the steps. One that points the right way never contradicts.
    """
    reversed_ = holm([step.p_against for step in steps])
    word, remark, shown = ends.word, ends.remark, ends.contrast
    if word != "contradicted" and reversed_.min() < ONE_SIDED:
        shown = steps[int(reversed_.argmin())].contrast
        word, remark = "contradicted", f"{shown.name if shown else 'a step'} is reversed"
    return Verdict(
        word,
        remark,
        ends.direction if word == ends.word else "",
        shown,
        ends.more_cells if word == "inconclusive" else None,
        (ends, *steps),
        ends.p,
        float(np.nanmin([ends.p_against, reversed_.min()])),
    )


def some_of_each(contrasts: Sequence[Contrast], level: float = ONE_SIDED) -> Verdict:
    """Of several pairs, at least one is higher and at least one the same.

    Supported where each of the two is found at the one-sided level of the 95 % intervals, Holm
    corrected over the pairs. A pair is one or the other: higher by less than the margin, it is the
    same. A pair at the floor is neither. Contradicted where no pair is higher (each contradicts it,
    or is the same), or every pair contradicts "same" (no correction: all must). Remark and parts
    show all pairs.
    """
    higher = [judge("higher", c) for c in contrasts]
    same = [judge("same", c) for c in contrasts]
    found = adjusted_pairs(contrasts)
    found_higher, found_same = (found[kind] < level for kind in ("higher", "same"))
    found_higher &= ~found_same
    remark = _counted(higher, found_higher, found_same)
    none_higher, none_same = _all_one_way(higher, same)
    direction = ""
    if none_higher or none_same:
        word = "contradicted"
    elif found_higher.any() and found_same.any():
        word = "supported"
    else:
        word = _why_open(higher, same)
        direction = _leaning(higher, same) if word == "leans" else ""
    shown = tuple(
        s if adjusted else h for h, s, adjusted in zip(higher, same, found_same, strict=True)
    )
    strongest = contrasts[int(np.argmin(found["higher"]))]
    p = float(max(found["higher"].min(), found["same"].min()))
    against = _p_all_one_way(higher, same)
    return Verdict(word, remark, direction, strongest, None, shown, p, against)


def _counted(higher: Sequence[Verdict], found: np.ndarray, same: np.ndarray) -> str:
    floored = sum(v.word == "at the floor" for v in higher)
    kinds = [f"{found.sum()} higher", f"{same.sum()} same"]
    kinds += [f"{floored} at the floor"] if floored else []
    return f"{', '.join(kinds[:-1])} and {kinds[-1]} of {len(higher)} pairs"


def _all_one_way(higher: Sequence[Verdict], same: Sequence[Verdict]) -> tuple[bool, bool]:
    """Whether no pair is higher, and whether none is the same."""
    pairs = list(zip(higher, same, strict=True))
    none_higher = all(
        h.word in ("contradicted", "negligible") or s.word == "supported" for h, s in pairs
    )
    return none_higher, all(s.word == "contradicted" for s in same)


def _p_all_one_way(higher: Sequence[Verdict], same: Sequence[Verdict]) -> float:
    """One-sided p value against "some of each": that of the pair which says least for one way."""

    def known(p: float) -> float:
        return 1.0 if math.isnan(p) else p

    pairs = zip(higher, same, strict=True)
    none_higher = max(min(known(s.p), known(h.p_against)) for h, s in pairs)
    return min(none_higher, max(known(s.p_against) for s in same))


def _why_open(higher: Sequence[Verdict], same: Sequence[Verdict]) -> str:
    """The word where pairs support neither "some of each" nor "all one way"."""
    for word in ("not testable", "leans"):
        if any(v.word == word for v in (*higher, *same)):
            return word
    return "at the floor" if all(v.word == "at the floor" for v in higher) else "inconclusive"


def adjusted_pairs(contrasts: Sequence[Contrast]) -> dict[str, np.ndarray]:
    """One-sided p values of "higher" and of "same" for each pair, Holm-adjusted over the pairs.

    1 where a pair is not judged as one: at the floor, or without a gap to measure "same" by.
    """
    found = {}
    for kind in ("higher", "same"):
        judged = (judge(kind, c) for c in contrasts)
        found[kind] = holm([v.p for v in judged])
    return found


def _leaning(higher: Sequence[Verdict], same: Sequence[Verdict]) -> str:
    """Towards "some of each" where one pair leans to higher than the margin and one to the same."""
    apart = any(
        h.direction == "towards" and s.direction == "against"
        for h, s in zip(higher, same, strict=True)
    )
    return "towards" if apart and any(s.direction == "towards" for s in same) else "against"

"""On which side of a line each kind of evidence puts a claim's groups, in a sentence.

Two kinds of evidence may contradict a claim alike and yet point apart: above the line in one, below
it in the other. A word such as "contradicted" does not tell that, so it is told here.
"""

from collections.abc import Iterable, Mapping, Sequence

from nbsupport.analysis.claims import Claim
from nbsupport.analysis.verdicts import Verdict
from nbsupport.display.sides import listed
from nbsupport.evidence.judged import Judged
from nbsupport.evidence.published.verdicts import FOR, PublishedVerdict

ABOVE, ON, BELOW, OPEN = "above", "on", "below", "open"
PUBLISHED, REAL = "published models", "real images"
Kinds = Mapping[str, Sequence[str]]  # kind of evidence: a side for each of its comparisons


def side_of_line(low: float, high: float, *, same: bool = False) -> str:
    """The side of an interval; `same`: it was found to be on the line."""
    if same:
        return ON
    return ABOVE if low > 0 else BELOW if high < 0 else OPEN


def _of_verdict(verdict: Verdict) -> list[str]:
    parts = [v for v in (verdict.parts or (verdict,)) if v.contrast is not None]
    return [
        side_of_line(v.contrast.low, v.contrast.high, same=v.word == "supported")
        for v in parts
        if v.contrast is not None
    ]


def kinds(entry: Judged, published: PublishedVerdict | None, own: str) -> Kinds:
    """The sides by kind of evidence, of a claim that says that groups lie on a line.

    own: what the profile's settings are called; all that count are told. Kinds without a comparison
    are empty.
    """
    counted = [entry.worlds[n] for n in entry.counted] or [entry.first]
    simulated = [side for v in counted for side in _of_verdict(v)]
    real = [side for v in entry.real.values() for side in _of_verdict(v)]
    found = published.found if published else ()
    others = [side_of_line(f.estimate.low, f.estimate.high, same=f.same() == FOR) for f in found]
    return {own: simulated, REAL: real, PUBLISHED: others}


def _settled(sides: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(side for side in sides if side != OPEN))


def apart(found: Kinds) -> bool:
    """Whether one kind of evidence lies above the line and another below it, each without a
    comparison that lies elsewhere."""
    only = [_settled(sides) for sides in found.values()]
    return [ABOVE] in only and [BELOW] in only


def sentence(claim: Claim, found: Kinds) -> str:
    """Where each kind of evidence puts the groups; nothing for a claim about no line."""
    if not claim.beside or not any(found.values()):
        return ""
    groups, line = claim.beside
    told = [_told(kind, sides) for kind, sides in found.items() if sides]
    text = f"{groups[0].upper()}{groups[1:]}, beside {line}: {listed(told)}"
    absent = [kind for kind, sides in found.items() if not sides]
    return f"{text}; on {listed(absent)} not run." if absent else f"{text}."


def _told(kind: str, sides: Sequence[str]) -> str:
    settled = _settled(sides)
    if not settled:
        return f"not settled in {kind}"
    of = f" of {len(sides)} comparisons" if len(sides) > 1 else ""
    each = [f"{side} it in {sides.count(side)}" if of else f"{side} it" for side in settled]
    return f"{listed(each)}{of} in {kind}"


def short(claim: Claim, found: Kinds) -> str:
    """Where kinds of evidence point apart, in a few words; else nothing."""
    if not claim.beside or not apart(found):
        return ""
    groups, line = claim.beside
    by_side = {
        side: [kind for kind, sides in found.items() if _settled(sides) == [side]]
        for side in (BELOW, ABOVE)
    }
    told = [f"{side} it in {listed(kinds)}" for side, kinds in by_side.items()]
    return f"{groups[0].upper()}{groups[1:]}, beside {line}: {listed(told)}."

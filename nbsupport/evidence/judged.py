"""Every claim judged by all recorded runs: in each setting, over worlds, by both sets of rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite, nan
from typing import TYPE_CHECKING, NamedTuple

from nbsupport.analysis import claims, rules_1, worlds
from nbsupport.analysis.contrasts import MARGIN
from nbsupport.analysis.multiplicity import benjamini_hochberg
from nbsupport.analysis.verdicts import SETTLED, Verdict
from nbsupport.evidence import recorded
from nbsupport.evidence.of_runs import verdicts
from nbsupport.evidence.recorded import CELLS, Recorded

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.claims import Claim, Compared
    from nbsupport.analysis.intervals import Contrast

WORLDS = (1, 2)  # what version 1 of the rules was made for; shown whether recorded or not
TESTED = (*SETTLED, "inconclusive", "leans")


@dataclass(frozen=True)
class Before:
    """What version 1 of the rules said in a setting, and why version 2 says another word."""

    word: str = ""
    why: str = ""


class Confirmed(NamedTuple):
    """A claim by a setting's first cells, and by those alone that were planned to confirm it."""

    first: Verdict
    confirming: Verdict

    @property
    def text(self) -> str:
        """Both words: "first cells supported, confirming cells inconclusive"."""
        return ", ".join(f"{cells} {verdict.text}" for cells, verdict in self.named.items())

    @property
    def named(self) -> dict[str, Verdict]:
        """Both by the kind of cells, as everything that shows them calls these."""
        return dict(zip(CELLS, self, strict=True))


@dataclass(frozen=True)
class Judged:
    """A claim and what runs say of it: recorded on worlds 1 and 2, and live where there are any.

    `others` are the verdicts on world 1 on other axes and at other margins, by setting. `further`
    are those of the profile's worlds from 3 on, `real` those on real images by shift, the leading
    one first; empty where nothing is shown beside the profile. `confirmed`: on the shifts that have
    cells of two kinds, what each kind says by itself. `before` and `real_before`: by
    version 1 of the rules. `compared`: how each world from 2 on differs from world 1. `summary` is
    the verdict over `counted` worlds, None where fewer than two count. `q`: the p value of the
    headline among those of all claims (Benjamini and Hochberg).
    """

    claim: "Claim"
    first: Verdict
    second: Verdict
    others: Mapping[str, str] = field(default_factory=dict)
    live: Verdict | None = None
    further: Mapping[int, Verdict] = field(default_factory=dict)
    real: Mapping[int, Verdict] = field(default_factory=dict)
    confirmed: Mapping[int, Confirmed] = field(default_factory=dict)
    before: Mapping[int, Before] = field(default_factory=dict)
    real_before: Mapping[int, Before] = field(default_factory=dict)
    compared: Mapping[int, str] = field(default_factory=dict)
    counted: tuple[int, ...] = ()
    summary: Verdict | None = None
    q: float = nan

    @property
    def worlds(self) -> dict[int, Verdict]:
        """The verdict on each world."""
        return {WORLDS[0]: self.first, WORLDS[1]: self.second, **self.further}

    @property
    def over_worlds(self) -> bool:
        """Whether enough worlds count for the verdict over them to be the headline."""
        return self.summary is not None and len(self.counted) >= worlds.ENOUGH_WORLDS

    @property
    def headline(self) -> Verdict:
        """The verdict over worlds, or where too few count that on world 1."""
        return self.summary if self.summary is not None and self.over_worlds else self.first

    @property
    def mean(self) -> "Contrast | None":
        """The mean over worlds of the part that the headline shows; None where there is none."""
        if self.summary is None or self.over_worlds or self.headline.contrast is None:
            return self.summary.contrast if self.summary else None
        shown = self.headline.contrast.name
        parts = (part.contrast for part in self.summary.parts)
        found = (c for c in parts if c is not None and c.name == shown)
        return next(found, self.summary.contrast)

    @property
    def supporting(self) -> int:
        """On how many of the worlds that count the claim is supported, or leans towards it."""
        said = [self.worlds[n] for n in self.counted]
        return sum(v.word == "supported" or v.direction == "towards" for v in said)

    @property
    def on_real(self) -> Verdict | None:
        """The verdict on the leading shift between real images."""
        return next(iter(self.real.values()), None)

    @property
    def alike_on_real(self) -> bool:
        """Whether all shifts between real images have the same verdict."""
        return len({v.text for v in self.real.values()}) <= 1

    @property
    def replication(self) -> str:
        """How world 2 differs from world 1: "alike", "differs in size" or "reversed", by a test of
        the difference; nothing where there is none."""
        return self.compared.get(WORLDS[1], "")

    @property
    def fragile(self) -> list[str]:
        """The settings under which the verdict on world 1 reads differently."""
        return [name for name, word in self.others.items() if word != self.first.text]


def judge_all(
    own: Recorded, live: "pd.DataFrame | None" = None, *, real: Recorded | None = None
) -> list[Judged]:
    """Every claim, then every control, against recorded runs (and live ones, and those on real
    images, if given)."""
    known, profile = claims.load(), own.profile
    entries = judge_some(own, known, real=real)
    worlds_of = [*WORLDS, *entries[0].further]
    found = {
        world: own.judged(known, world) for world in worlds_of
    }  # kept: nothing is judged twice
    others = _others(own, {e.claim.id: e.first for e in entries})
    now = {}
    if live is not None:
        chances = profile.chances(WORLDS[0])
        now = verdicts(live, known, simulated=profile.simulated, chances=chances)
    before = {world: _before(own, world, found[world]) for world in WORLDS}
    on_real = {n: _before(real, n, real.judged(known, n)) for n in real.settings} if real else {}
    entries = [
        replace(
            entry,
            others=others.get(key, {}),
            live=now.get(key),
            before={world: each[key] for world, each in before.items() if key in each},
            real_before={shift: each[key] for shift, each in on_real.items() if key in each},
            compared=_differences({world: each[key][0] for world, each in found.items()}),
        )
        for key, entry in zip(known, entries, strict=True)
    ]
    return _corrected(entries, recorded.same_runs(own.records))


def judge_some(own: Recorded, ids: Iterable[str], *, real: Recorded | None = None) -> list[Judged]:
    """Some claims by their recorded verdicts alone: without other axes, version 1 of the rules, and
    what depends on all claims. A tenth of the time of `judge_all`.

    Of a profile of real images its first two shifts stand in place of worlds 1 and 2.
    """
    keys = list(ids)
    further = sorted({n for n in own.settings if n > 0}.difference(WORLDS))
    found = {world: own.judged(keys, world) for world in (*WORLDS, *further)}
    shifts = {n: real.judged(keys, n) for n in real.settings} if real else {}
    confirmed = _confirmed(real, keys) if real else {}
    over = own.over_worlds(keys)
    return [
        Judged(
            claims.load()[key],
            found[1][key][1],
            found[2][key][1],
            further={world: found[world][key][1] for world in further},
            real={shift: each[key][1] for shift, each in shifts.items()},
            confirmed={shift: each[key] for shift, each in confirmed.items()},
            counted=tuple(world for world, each in found.items() if each[key][0].counts),
            summary=over[key][1] if key in over and over[key][0].worlds else None,
        )
        for key in keys
    ]


def _confirmed(runs: Recorded, ids: Sequence[str]) -> dict[int, dict[str, Confirmed]]:
    """By the shifts that have cells of two kinds, each claim by either kind."""
    told = {}
    for number, (first, confirming) in runs.waves.items():
        early, late = first.verdicts(ids, number), confirming.verdicts(ids, number)
        told[number] = {key: Confirmed(early[key], late[key]) for key in ids}
    return told


def _before(
    runs: Recorded, number: int, judged: "Mapping[str, tuple[Compared, Verdict]]"
) -> dict[str, Before]:
    """By version 1 of the rules, the claims that it knew and that have runs."""
    points = runs.points(number)
    if points.empty:
        return {}
    cells, told = claims.Cells.of(points), {}
    for key, (found, verdict) in judged.items():
        if not found.contrasts or found.claim.since > 1:
            continue
        word = rules_1.word(found.claim, cells, found.contrasts, runs.profile.simulated)
        told[key] = Before(word, rules_1.why(found.claim, word, verdict.text, found.contrasts))
    return told


def _differences(found: "Mapping[int, Compared]") -> dict[int, str]:
    """How each world from the second on differs from the first."""
    first, *others = found.items()
    return {
        world: worlds.replication(first[1].contrasts, each.contrasts)
        for world, each in others
        if first[1].contrasts and each.contrasts
    }


def _others(own: Recorded, judged: Mapping[str, Verdict]) -> dict[str, dict[str, str]]:
    """The sensitivity table of each claim that has runs: verdict by "logit" ... "margin 0.33"."""
    points, tables = own.points(WORLDS[0]), {}
    settings = {"simulated": own.profile.simulated, "chances": own.profile.chances(WORLDS[0])}
    cells = claims.Cells.of(points) if len(points) else None
    for key, verdict in judged.items():
        if verdict.word == "not run" or cells is None:
            continue
        table = claims.sensitivity(key, cells, **settings)
        tables[key] = {
            (axis if axis != "linear" else f"margin {margin:g}"): word
            for axis, margin, word in table[["axis", "margin", "verdict"]].to_numpy()
            if (axis, margin) != ("linear", MARGIN)
        }
    return tables


# how many claims there are ------------------------------------------------------------------------
def _corrected(entries: Sequence[Judged], alike: Iterable[tuple[str, ...]]) -> list[Judged]:
    """With q: over the paper's claims that are tested, those by the same runs counted once."""
    name = {role: roles[0] for roles in alike for role in roles}
    p: dict[tuple[object, ...], float] = {}
    for entry in entries:
        if not entry.claim.control:
            p.setdefault(_test(entry.claim, name), _p_value(entry.headline))
    q = dict(zip(p, benjamini_hochberg(list(p.values())), strict=True))
    return [replace(e, q=float(q.get(_test(e.claim, name), nan))) for e in entries]


def _test(claim: "Claim", name: Mapping[str, str]) -> tuple[object, ...]:
    """What a claim tests, whatever its groups are called: claims that test the same share it."""

    def sides(roles: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.get(role, role) for role in roles)

    parts = (
        (p.kind, sides(p.compared), name.get(p.reference, p.reference), p.require)
        for p in claim.parts
    )
    return (claim.statistic, claim.rule, claim.control, sides(claim.gap), *parts)


def _p_value(verdict: Verdict) -> float:
    """Two-sided: either the statement or its contradiction might have been found. NaN where
    nothing was tested."""
    if verdict.word not in (*SETTLED, "inconclusive"):
        return nan
    found = [p for p in (verdict.p, verdict.p_against) if isfinite(p)]
    return min(1.0, 2 * min(found)) if found else nan

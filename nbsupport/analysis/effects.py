"""The paper's five factors as effects in units of the gap, and where groups stand on the line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbsupport.analysis.cells import Cells
from nbsupport.analysis.contrasts import GAP, contrast, effects
from nbsupport.analysis.roles import role_of

if TYPE_CHECKING:
    import pandas as pd

FACTORS = ("quantity", "granularity", "semantics", "diversity", "source")


@dataclass(frozen=True)
class Effect:
    """One intervention: group a against group b. `leads`: the one that stands for its factor."""

    factor: str
    text: str
    a: str
    b: str
    leads: bool = False


EFFECTS = (
    Effect("quantity", "all images over 25K", "imagenet/full", "imagenet/25K", leads=True),
    Effect("quantity", "all images over 5K", "imagenet/full", "imagenet/5K"),
    Effect("granularity", "all labels over depth 2", "imagenet/full", "imagenet/depth-2", True),
    Effect("granularity", "all labels over depth 5", "imagenet/full", "imagenet/depth-5"),
    Effect("granularity", "species over coarse labels", "inaturalist/full", "inaturalist/coarse"),
    Effect("semantics", "animals over objects", "imagenet/animal", "imagenet/object", leads=True),
    Effect("diversity", "p = 1 over p = 0.33", "imagenet/within-1.0", "imagenet/within-0.33", True),
    Effect(
        "diversity",
        "more classes over more images",
        "imagenet/classes-many-60K",
        "imagenet/images-many-60K",
    ),
    Effect("source", "iNaturalist over ImageNet, 150K", "inaturalist/150K", "imagenet/150K", True),
    Effect("source", "ImageNet over generated, 150K", "imagenet/150K", "generated/150K"),
    Effect("source", "ImageNet over fractals, in full", "imagenet/full", "fractaldb/full"),
)


def effect_table(points: pd.DataFrame, axis: str = "linear") -> pd.DataFrame:
    """Each effect that the points hold both groups of, in units of the gap; rows as in EFFECTS.

    Columns factor, effect, a, b, leads, value, low, high, cells; empty without the two groups of
    the gap.
    """
    import pandas as pd

    columns = ["factor", "effect", "a", "b", "leads", "value", "low", "high", "cells"]
    rows = []
    for effect in held(points):
        # Against nothing: scratch minus scratch. `effects` divides by the gap in each replicate.
        found = effects(points, (effect.a, effect.b), ("scratch", "scratch"), axis=axis)
        told, ratio = (effect.factor, effect.text, effect.a, effect.b, effect.leads), found.ratio
        rows.append((*told, ratio.value, ratio.low, ratio.high, found.cells))
    return pd.DataFrame(rows, columns=columns)


def held(points: pd.DataFrame) -> list[Effect]:
    """The effects whose groups, and those of the gap, have points."""
    present = set(points["role"])
    if not set(GAP) <= present:
        return []
    return [effect for effect in EFFECTS if {effect.a, effect.b} <= present]


def missing(points: pd.DataFrame) -> list[str]:
    """The effects that the points lack a group of, in words."""
    here = held(points)
    return [f"{e.factor}: {e.text}" for e in EFFECTS if e not in here]


def ranking(table: pd.DataFrame) -> list[tuple[str, float]]:
    """The factors that have a leading effect, by its size, largest first."""
    leading = table[table["leads"].astype(bool) & table["value"].notna()]
    pairs = zip(leading["factor"], leading["value"].abs(), strict=True)
    return sorted(pairs, key=lambda pair: -pair[1])


def positions(points: pd.DataFrame, axis: str = "linear") -> pd.DataFrame:
    """Two statistics of every pre-trained group, the most robust first.

    Columns role, er, low, high (effective robustness over scratch), position, position_low,
    position_high (ID score minus the full source's at equal epochs), cells. Groups of other tasks
    are left out: they have lines of their own. So is a group whose runs all stand there under
    another group's name. Empty without the two reference groups.
    """
    import pandas as pd

    full, scratch = GAP
    rows = []
    if {full, scratch} <= set(points["role"]):
        cells = Cells.of(points)
        for text in _different(points):
            if text == scratch or role_of(text).source.own_task:
                continue
            er = contrast(cells, text, scratch, axis=axis)
            place = contrast(cells, text, full, axis=axis, statistic="id-position")
            estimates = (er.estimate.value, er.low, er.high)
            places = (place.estimate.value, place.low, place.high)
            rows.append((text, *estimates, *places, er.cells))
    columns = ["role", "er", "low", "high", "position", "position_low", "position_high", "cells"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("er", ascending=False, ignore_index=True)


def _different(points: pd.DataFrame) -> list[str]:
    """The roles, without those that are the very runs of an earlier one."""
    roles = list(map(str, dict.fromkeys(points["role"])))
    if "key" not in points:
        return roles
    keys = {role: frozenset(own) for role, own in points.groupby("role")["key"]}
    seen: dict[frozenset[str], str] = {}
    return [role for role in roles if seen.setdefault(keys[role], role) == role]

"""The ledger as rows and as a document: what is told of each judged claim."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbsupport.analysis.claims import families_alike
from nbsupport.analysis.verdicts import Verdict
from nbsupport.evidence.judged import Before, Confirmed, Judged

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.claims import Claim

_NUMBERS = ("statistic", "low", "high", "cells", "verdict")
_BEFORE = ("rules_1", "why")
_FAMILIES = ("alike", "alike_low", "alike_high", "alike_verdict")
_WORLDS = (
    "worlds",
    "worlds_supported",
    "worlds_statistic",
    "worlds_low",
    "worlds_high",
    "tau",
    "prediction_low",
    "prediction_high",
    "worlds_verdict",
)
COLUMNS = (
    *("id", "section", "kind", "headline", "over", "q"),
    *(*_NUMBERS, *_BEFORE, *_FAMILIES),
    *(f"{name}_2" for name in (*_NUMBERS, *_BEFORE, "against_1")),
    *_WORLDS,
)
REAL_COLUMNS = tuple(f"real_{name}" for name in (*_NUMBERS, *_BEFORE))
CONFIRMED_COLUMNS = tuple(
    f"real_{cells}_{name}" for cells in Confirmed._fields for name in _NUMBERS
)


def numbers(verdict: Verdict | None) -> dict[str, Any]:
    """statistic, low, high (NaN where there is none), cells, and the verdict as it is printed."""
    found = verdict.contrast if verdict else None
    estimate = (math.nan, math.nan, math.nan, 0)
    if found is not None:
        estimate = (found.estimate.value, found.low, found.high, found.cells)
    return dict(zip(_NUMBERS, (*estimate, verdict.text if verdict else "not run"), strict=True))


def about_families(verdict: Verdict) -> dict[str, Any]:
    """In how many families the estimate says the same, and the interval for others like these."""
    same, families = families_alike(verdict)
    spread = verdict.contrast.by_family if verdict.contrast else None
    ends = (spread.estimate.low, spread.estimate.high) if spread else (math.nan, math.nan)
    told = f"{same} of {families}" if families else ""
    return dict(zip(_FAMILIES, (told, *ends, verdict.alike), strict=True))


def about_worlds(entry: Judged) -> dict[str, Any]:
    """The summary over worlds; NaN and nothing where fewer than two count."""
    c = entry.mean
    values = (math.nan,) * 6
    if c is not None and c.worlds:
        values = (c.estimate.value, c.low, c.high, c.tau, *c.prediction)
    counted = (len(entry.counted), entry.supporting)
    word = entry.headline.text if entry.over_worlds else ""
    return dict(zip(_WORLDS, (*counted, *values, word), strict=True))


def over(entry: Judged) -> str:
    """What the headline is about."""
    return f"{len(entry.counted)} worlds" if entry.over_worlds else "world 1"


def _before(before: Mapping[int, Before], number: int) -> dict[str, str]:
    own = before.get(number, Before())
    return {"rules_1": own.word, "why": own.why}


def ledger_table(judged: Sequence[Judged]) -> "pd.DataFrame":
    """A row for each claim: COLUMNS, those of further worlds, and REAL_COLUMNS of each shift."""
    import pandas as pd

    return pd.DataFrame([_row(entry) for entry in judged])


def _row(entry: Judged) -> dict[str, Any]:
    claim = entry.claim
    row: dict[str, Any] = {"id": claim.id, "section": claim.section, "kind": claim.kind}
    row |= {"headline": entry.headline.text, "over": over(entry), "q": entry.q}
    row |= numbers(entry.first) | _before(entry.before, 1) | about_families(entry.first)
    second = numbers(entry.second) | _before(entry.before, 2) | {"against_1": entry.replication}
    row |= _ending(second, "_2") | about_worlds(entry)
    for world, verdict in entry.further.items():
        told = numbers(verdict) | {"against_1": entry.compared.get(world, "")}
        row |= _ending(told, f"_{world}")
    for place, (shift, verdict) in enumerate(entry.real.items()):
        told = numbers(verdict) | _before(entry.real_before, shift)
        for cells, each in _cells_of(entry, shift).items():
            told |= {f"{cells}_{name}": value for name, value in numbers(each).items()}
        row |= _ending({f"real_{k}": v for k, v in told.items()}, f"_{shift}" if place else "")
    return row


def _cells_of(entry: Judged, shift: int) -> dict[str, Verdict]:
    """What a shift's first cells and those that confirm say by themselves, where it has both."""
    found = entry.confirmed.get(shift)
    return found._asdict() if found else {}


def _ending(values: Mapping[str, Any], end: str) -> dict[str, Any]:
    return {name + end: value for name, value in values.items()}


def as_csv(table: "pd.DataFrame") -> str:
    """A table as the project writes it."""
    return table.to_csv(index=False, float_format="%.6g", lineterminator="\n")


def as_dict(entry: Judged) -> dict[str, Any]:
    """All of an entry, JSON-able: null where there is no number."""
    claim = entry.claim
    told = {
        "id": claim.id,
        "section": claim.section,
        "figure": claim.figure,
        "kind": claim.kind,
        "control": claim.control,
        "claim": claim.text,
        "paper": claim.paper,
        "page": claim.page,
        "unit": unit(claim),
        "headline": {"verdict": entry.headline.text, "over": over(entry), "q": _plain(entry.q)},
        "worlds": _plain_values(about_worlds(entry)),
    }
    for world, verdict in entry.worlds.items():
        told[f"world {world}"] = _told(verdict) | _of_world(entry, world)
    told["replication"] = entry.replication
    if entry.real:
        told["real images"] = {
            f"shift {n}": _told(v)
            | _before(entry.real_before, n)
            | {f"{cells} cells": _told(v) for cells, v in _cells_of(entry, n).items()}
            for n, v in entry.real.items()
        }
    return told | ({"live": _told(entry.live)} if entry.live else {})


def _of_world(entry: Judged, world: int) -> dict[str, Any]:
    """What is told of one world besides its verdict."""
    own: dict[str, Any] = _before(entry.before, world) if world in entry.before else {}
    own |= {"otherwise": dict(entry.others)} if world == 1 else {}
    compared = entry.compared.get(world)
    return own | ({"against world 1": compared} if compared else {})


def _told(verdict: Verdict) -> dict[str, Any]:
    told = _plain_values(numbers(verdict))
    if verdict.contrast is not None and verdict.contrast.by_family:
        told |= _plain_values(about_families(verdict))
    return told | {"remark": verdict.remark, "more_cells": verdict.more_cells}


def _plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    """A number as JSON has it: six digits, None where there is none."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None


def unit(claim: "Claim") -> str:
    """What the claim's statistic counts."""
    return {
        "id-position": "ID macro F1",
        "epoch-trend": "OOD macro F1 over all epochs",
    }.get(claim.statistic, "OOD macro F1")

"""A claim world by world, and over worlds: the rows of a figure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbsupport.analysis.intervals import Contrast
from nbsupport.analysis.verdicts import Verdict
from nbsupport.evidence.recorded import Recorded

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 3  # worlds that make a figure: two are told in a table


@dataclass(frozen=True)
class WorldRows:
    """One part of a claim on each world that counts, their mean, and where a new world would lie.

    `table`: group, er, low, high, cells. `verdict` is that over worlds, a headline from five on.
    """

    part: str
    table: "pd.DataFrame"
    margin: float
    tau: float
    worlds: int
    verdict: Verdict


def world_rows(
    runs: Recorded, claim_ids: Iterable[str], axis: str = "linear"
) -> dict[str, WorldRows]:
    """The rows of each claim that at least three worlds count for: of the part that decided."""
    found = {}
    for key, (summary, verdict) in runs.over_worlds(claim_ids, axis).items():
        if summary.worlds >= FEWEST and verdict.contrast is not None and verdict.contrast.worlds:
            found[key] = _rows(runs, key, verdict, verdict.contrast, axis)
    return found


def _rows(runs: Recorded, claim_id: str, verdict: Verdict, over: Contrast, axis: str) -> WorldRows:
    import pandas as pd

    place = _place(runs, claim_id, over, axis)
    rows = []
    for number, setting in runs.settings.items():
        each = runs.judged([claim_id], number, axis)[claim_id][0]
        if number > 0 and each.counts:
            c = each.contrasts[place]
            rows.append((setting.name, c.estimate.value, c.low, c.high, c.cells))
    value, cells = over.estimate.value, over.cells
    rows.append((f"mean of {over.worlds} worlds", value, over.low, over.high, cells))
    rows.append(("a new world", value, *over.prediction, cells))
    table = pd.DataFrame(rows, columns=["group", "er", "low", "high", "cells"])
    return WorldRows(over.name, table, over.margin, over.tau, over.worlds, verdict)


def _place(runs: Recorded, claim_id: str, over: Contrast, axis: str) -> int:
    """Which part of the claim a contrast over worlds is of."""
    parts = runs.over_worlds([claim_id], axis)[claim_id][0].contrasts
    return [part.name for part in parts].index(over.name)

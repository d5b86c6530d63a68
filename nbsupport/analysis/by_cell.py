"""One comparison cell by cell: what each family with a seed adds to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nbsupport.analysis.cells import Cells, Replicates
from nbsupport.analysis.statistics import epoch_trend, er_sum, id_position

if TYPE_CHECKING:
    from nbsupport.analysis.claims_file import Claim, Part


def by_cell(claim: Claim, part: Part, points: pd.DataFrame | Cells) -> pd.DataFrame:
    """The value of a claim's part in each cell: family, seed, er (in scores).

    On linear axes. The mean of `er` is the estimate of the part's contrast; cells in which a run is
    missing or lies off the line are left out. Raises UserError for a role without points.
    """
    compared = part.compared
    line = {"er": part.reference, "effects": part.reference, "epoch-trend": compared[0]}
    lines = [line[claim.statistic]] if claim.statistic in line else []
    every = Cells.of(points).select((*compared, *lines, *claim.gap))
    reps = Replicates(every, every.roles, paired=compared, lines=(*lines, *claim.gap))
    if claim.statistic == "epoch-trend":
        found = epoch_trend(reps, compared[0])
    elif claim.statistic == "id-position":
        found = id_position(reps, *compared)
    else:
        found = er_sum(reps, _terms(part), part.reference)
    used = np.isfinite(found.values)
    return pd.DataFrame(
        {
            "family": reps.cells.families[used],
            "seed": reps.cells.seeds[used],
            "er": found.values[used],
        }
    )


def _terms(part: Part) -> list[tuple[float, str]]:
    """The weighted sum of effective robustness that a part is: a - b, or (a - a') - (b - b')."""
    if isinstance(part.a, tuple) and isinstance(part.b, tuple):
        return [(1.0, part.a[0]), (-1.0, part.a[1]), (-1.0, part.b[0]), (1.0, part.b[1])]
    return [(1.0, str(part.a)), (-1.0, str(part.b))]

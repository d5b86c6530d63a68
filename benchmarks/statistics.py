"""Bands and jackknives on the recorded runs, beside the loops that one writes first.

Both use the recorded runs of world 1. The plain bootstrap draws runs, puts their points together
and fits NumPy's polyfit; the plain jackknife deletes a cell and calls the package's own functions
for lines and effective robustness on the rest, whose result is compared with ours.
"""

import argparse
from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.entry import Entry, compared, thread_rate
from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.points import ID, OOD
from nbsupport.analysis.trends import bootstrap_band, effective_robustness, role_line
from nbsupport.evidence.records import read_records

REPLICATES, ROLE = 1000, "imagenet/full"
PAIR = ("imagenet/full", "imagenet/50K")
CLOSE = 1e-9  # the same sums in another order


def plain_band(points: pd.DataFrame, grid: np.ndarray) -> np.ndarray:
    """Runs drawn, their points put together, a line fitted: the band [2, n]."""
    rng = np.random.default_rng(0)
    of_role = points[points["role"] == ROLE]
    runs = [run for _, run in of_role.groupby(["family", "seed"])]
    lines = []
    for _ in range(REPLICATES):
        drawn = pd.concat([runs[i] for i in rng.integers(0, len(runs), len(runs))])
        slope, intercept = np.polyfit(drawn[ID], drawn[OOD], 1)
        lines.append(slope * grid + intercept)
    return np.percentile(lines, [2.5, 97.5], axis=0)


def plain_jackknife(points: pd.DataFrame) -> tuple[float, float]:
    """The difference in effective robustness between two groups, and its standard error."""

    def difference(rows: pd.DataFrame) -> float:
        line = role_line(rows, "scratch")
        robust = effective_robustness(rows[rows["role"].isin(PAIR)], line)
        table = robust.pivot(index=["family", "seed"], columns="role", values="er").dropna()
        return float((table[PAIR[0]] - table[PAIR[1]]).mean())

    cells = points[["family", "seed"]].drop_duplicates().itertuples(index=False)
    without = [
        difference(points[(points["family"] != family) | (points["seed"] != seed)])
        for family, seed in cells
    ]
    count = len(without)
    return difference(points), float(np.sqrt((count - 1) * np.var(without)))


def entries(options: argparse.Namespace) -> Iterator[Entry]:
    """The band of one group, and one contrast."""
    records = read_records("demo")
    points = records[(records["world"] == 1) & records["role"].isin((*PAIR, "scratch"))]
    line = role_line(points, ROLE)
    grid = np.linspace(line.low, line.high, 50)
    _agree(points)
    yield from compared(
        "bootstrap band",
        "bands a thread-second",
        thread_rate(1, lambda: bootstrap_band(points, ROLE, grid, replicates=REPLICATES)),
        {"a loop of polyfit": thread_rate(1, lambda: plain_band(points, grid))},
        rounds=options.rounds,
        target=30,
        remark=f"{REPLICATES:,} replicates",
    )
    yield from compared(
        "jackknifed contrast",
        "contrasts a thread-second",
        thread_rate(1, lambda: contrast(points, *PAIR)),
        {"a loop that leaves a cell out": thread_rate(1, lambda: plain_jackknife(points))},
        rounds=options.rounds,
        target=30,
        remark="ours also has the gap, the margin and the intervals over families",
    )


def _agree(points: pd.DataFrame) -> None:
    """RuntimeError where the plain jackknife finds another estimate or standard error."""
    found = contrast(points, *PAIR).estimate
    value, error = plain_jackknife(points)
    if abs(found.value - value) > CLOSE or abs(found.se - error) > CLOSE:
        raise RuntimeError(f"jackknife: {found.value}, {found.se} here, {value}, {error} there")

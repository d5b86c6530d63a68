"""What the checks of recorded runs cost: reading them beside pandas, which checks nothing.

python benchmarks/records.py [--rounds N]
"""

import argparse
import time
from collections.abc import Callable

import pandas as pd

from nbsupport.evidence import records, sums
from nbsupport.reading import csv_lines


def best(rounds: int, work: Callable[[], object]) -> float:
    """The least seconds of this thread that the work takes."""
    taken = []
    for _ in range(rounds):
        began = time.thread_time()
        work()
        taken.append(time.thread_time() - began)
    return min(taken)


def main() -> None:
    """Print rows, and each step as a multiple of `pandas.read_csv` on the same file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    path = records.records_path("demo")
    lines = csv_lines(path.read_bytes(), "records")

    def whole() -> object:
        records._parsed.cache_clear()
        return records.read_records("demo")

    peer = best(rounds, lambda: pd.read_csv(path))
    steps = {
        "checksums of all cells": lambda: sums.cell_sums(lines, records.COLUMNS),
        "read_records, all checks": whole,
    }
    print(f"{len(lines.rows):,} rows; pandas.read_csv takes {peer * 1000:.0f} ms")
    for name, work in steps.items():
        print(f"{name}: {best(rounds, work) / peer:.2f} x pandas.read_csv")


if __name__ == "__main__":
    main()

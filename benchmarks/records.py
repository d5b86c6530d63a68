"""Reading the recorded runs with all checks, beside pandas, which checks nothing."""

import argparse
from collections.abc import Iterator

import pandas as pd

from benchmarks.entry import Entry, compared, thread_rate
from nbsupport.evidence import records


def entries(options: argparse.Namespace) -> Iterator[Entry]:
    """The records of the profile that a book is built on by default."""
    path = records.records_path("demo")

    def read() -> pd.DataFrame:
        records._parsed.cache_clear()
        return records.read_records("demo")

    rows = len(read())
    yield from compared(
        "reading records",
        "rows a thread-second",
        thread_rate(rows, read),
        {"pandas.read_csv, no checks": thread_rate(rows, lambda: pd.read_csv(path))},
        rounds=options.rounds,
        remark="each row's text, numbers, duplicates and the checksum of its cell are checked",
    )

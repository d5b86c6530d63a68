"""python -m benchmarks: what this project does fast, beside who else does it.

Each row pairs us with a named peer on the same work, in turns in one run. A ratio above 1 says that
we are the faster; the range is that of the rounds. The rows go to benchmarks/latest.json, where the
book reads them; what was not measured this time stays there.
"""

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.entry import Entry
from nbsupport.machine import cpu_count, processor

LATEST = Path(__file__).parent / "latest.json"
NAMES = (
    "training",
    "loading",
    "fractals",
    "render",
    "statistics",
    "records",
    "jobs",
    "engines",
    "book",
)
HEADER = ("", "peer", "ours", "theirs", "ratio", "range", "target")
ROW = "{:<34} {:<36} {:>10} {:>10} {:>7} {:>14} {:>7}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a row as soon as it is known, and keep all rows."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: {' '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="less work a round, fewer rows")
    parser.add_argument("--json", type=Path, default=LATEST, help="where the rows go")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"unknown benchmark {unknown[0]!r}: allowed are {', '.join(NAMES)}")
    print(ROW.format(*HEADER))
    for name in options.names or NAMES:
        for entry in importlib.import_module(f"benchmarks.{name}").entries(options):
            print(told(entry), flush=True)
            keep(entry, name, options.json)


def told(entry: Entry) -> str:
    """A row of the terminal."""
    return ROW.format(
        entry.name,
        entry.peer,
        f"{entry.ours:,.4g}",
        f"{entry.theirs:,.4g}",
        f"{entry.ratio:.3g}",
        f"{entry.least:.3g} to {entry.most:.3g}",
        ("" if entry.target is None else f"{entry.target:g}") + ("" if entry.met else " !"),
    )


def keep(entry: Entry, measurement: str, path: Path) -> None:
    """Write a row in the place of an older one of that name and peer."""
    rows = json.loads(path.read_text("utf-8")) if path.exists() else []
    row = {"measurement": measurement, **asdict(entry), "machine": machine()}
    same = [i for i, old in enumerate(rows) if _names(old) == _names(row)]
    if same:
        rows[same[0]] = row
    else:
        rows.append(row)
    rows.sort(key=lambda kept: NAMES.index(kept["measurement"]))  # stable: else as they came
    path.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def _names(row: dict[str, Any]) -> tuple[str, str]:
    return row["name"], row["peer"]


def machine() -> dict[str, Any]:
    """What a row was measured on."""
    return {
        "processor": processor(),
        "cores": cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
    }


if __name__ == "__main__":
    sys.exit(main())

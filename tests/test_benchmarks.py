"""Rows of benchmarks: ratios of turns, kept by name, all peers of the page measured."""

import json
import subprocess
import sys
from argparse import Namespace

import pytest

from benchmarks import __main__ as bench
from benchmarks import entry, records
from nbsupport.building.sphinx.measured import latest, measured
from nbsupport.paths import root

ROW = entry.Entry("sums", "a loop", "sums a second", 6.0, 2.0, 3.0, 2.5, 4.0, 4.0)


def test_ratios_are_medians_over_turns_in_which_all_take_part():
    calls = []

    def way(name, rates):
        left = iter(rates)

        def rate():
            calls.append(name)
            return next(left)

        return rate

    ours, slow = way("ours", [99, 2, 4, 9]), way("slow", [99, 1, 1, 3])
    (row,) = entry.compared("sums", "sums", ours, {"slow": slow}, rounds=3, target={"slow": 3.5})
    assert calls == ["ours", "slow"] * 4  # the first turn warms up
    assert (row.ours, row.theirs, row.ratio, row.least, row.most) == (4, 1, 3, 2, 4)
    assert not row.met


def test_a_row_takes_the_place_of_an_older_one(tmp_path):
    path = tmp_path / "rows.json"
    bench.keep(ROW, "records", path)
    bench.keep(ROW.__class__(**{**vars(ROW), "peer": "another"}), "training", path)
    bench.keep(ROW.__class__(**{**vars(ROW), "ratio": 5.0}), "records", path)
    rows = json.loads(path.read_text())
    assert [(row["peer"], row["ratio"]) for row in rows] == [("another", 3.0), ("a loop", 5.0)]


def test_a_missed_target_is_said_on_the_page_and_in_the_terminal():
    row = {"measurement": "records", **vars(ROW), "machine": bench.machine()}
    text = measured([row, row | {"ratio": 4.5}])
    assert text.count("(missed)") == 1
    assert "| a loop | 6 | 2 | **3** | 2.50 to 4.00 | 4 (missed) |" in text
    assert text.count("**Sums**: sums a second") == 1  # both rows are of one thing
    assert text.count("Measured on") == 1
    assert bench.told(ROW).endswith("4 !")


def test_the_page_has_rows_of_every_benchmark():
    rows = json.loads(latest().read_text("utf-8"))
    assert {row["measurement"] for row in rows} == set(bench.NAMES)
    assert measured(rows).count("\n| ") == len(rows) + measured(rows).count("| beside |")


def test_an_unknown_benchmark_is_named(capsys):
    with pytest.raises(SystemExit):
        bench.main(["sorting"])
    assert "unknown benchmark 'sorting': allowed are training" in capsys.readouterr().err


def test_a_benchmark_measures_both():
    (row,) = records.entries(Namespace(rounds=1, quick=True))
    assert row.ours > 0
    assert row.ratio == pytest.approx(row.ours / row.theirs)


@pytest.mark.parametrize("name", ["processors", "generator"])
def test_what_is_no_row_of_the_page_runs_as_it_says(name: str) -> None:
    """As a module: a script's own folder comes first on the path, and its statistics.py with it."""
    module = root() / "benchmarks" / f"{name}.py"
    command = f"python -m benchmarks.{name}"
    assert f"    {command} [" in module.read_text("utf-8")
    said = [sys.executable, *command.split()[1:], "--help"]
    done = subprocess.run(said, cwd=root(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

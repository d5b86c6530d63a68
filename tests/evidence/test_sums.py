"""The checksums beside the records: an edited row is named, and the two files never disagree."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from nbsupport.cli import judge, main
from nbsupport.errors import UserError
from nbsupport.evidence import records, sums
from nbsupport.paths import root
from nbsupport.reading import Lines, csv_lines

COMMITTED = ("demo", "pacs-32")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two cells of the committed demo and their checksums, in files that may be edited."""
    table = records.read_records("demo").query("world == 1 and seed == 0")
    monkeypatch.setattr(records, "records_path", lambda profile: tmp_path / f"{profile}.csv")
    monkeypatch.setattr(judge, "judge", lambda options: None)  # it would write the real ledger
    few = table[table["family"].isin(["alexnet", "resnet"]) & table["role"].isin(ROLES)]
    return records.write_records("demo", few)


ROLES = ("scratch", "imagenet/full", "imagenet/25K", "imagenet/5K")


def edit(path: Path, change: Callable[[list[str]], object]) -> None:
    """Change the lines of a file, the header being the first."""
    lines = path.read_text().splitlines()
    change(lines)
    path.write_text("".join(f"{line}\n" for line in lines))


def set_value(line: int, column: str, value: str) -> Callable[[list[str]], object]:
    def change(lines: list[str]) -> None:
        fields = lines[line - 1].split(",")
        fields[lines[0].split(",").index(column)] = value
        lines[line - 1] = ",".join(fields)

    return change


def refused() -> str:
    with pytest.raises(UserError) as caught:
        records.read_records("demo")
    assert "\n" not in str(caught.value)
    return str(caught.value)


# what is committed --------------------------------------------------------------------------------
@pytest.mark.parametrize("profile", COMMITTED)
def test_committed_records_have_checksums_and_agree(profile: str) -> None:
    path = records.records_path(profile)
    lines = csv_lines(path.read_bytes(), "records")
    noted = sums.parsed_sums(sums.sums_path(path).read_bytes(), "sums")
    assert list(sums.edits(lines, records.COLUMNS, noted)) == []
    assert sum(found.rows for _, found in noted) == len(lines.rows)


# edits --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("column", ["id_macro_f1", "ood_accuracy", "seconds", "versions", "images"])
def test_any_plausible_edit_of_a_row_is_named_with_its_line(path: Path, column: str) -> None:
    lines = path.read_text().splitlines()
    family, seed, role, epoch = (
        lines[6].split(",")[records.COLUMNS.index(name)]
        for name in ("family", "seed", "role", "epoch")
    )
    edit(path, set_value(7, column, "1"))
    said = refused()
    assert said.startswith(f"{path}, line 7: the row of {role} at epoch {epoch} was changed")
    assert f"(world 1, {family}, seed {seed})" in said
    assert "git checkout" in said
    assert "nbsupport judge --profile demo --accept" in said


def test_a_row_that_is_gone_or_came_is_named(path: Path) -> None:
    whole = path.read_text()
    gone = dict(zip(records.COLUMNS, whole.splitlines()[6].split(","), strict=True))
    edit(path, lambda lines: lines.pop(6))
    assert f"the row of {gone['role']} at epoch {gone['epoch']} is missing" in refused()
    path.write_text(whole)
    edit(path, lambda lines: lines.append(lines[6].replace(f",{gone['epoch']},", ",97,", 1)))
    assert f"the row of {gone['role']} at epoch 97 was added" in refused()


def test_several_rows_of_a_cell_and_several_cells_are_counted(path: Path) -> None:
    last = len(path.read_text().splitlines())
    for line in (3, 4, last):
        edit(path, set_value(line, "id_accuracy", "0.5"))
    said = refused()
    assert "several rows were changed (world 1, alexnet, seed 0)" in said
    assert "(and 1 more cells)" in said


def test_a_cell_that_came_from_elsewhere_or_went_is_named(path: Path) -> None:
    noted = sums.sums_path(path)
    whole = noted.read_text()
    edit(noted, lambda lines: lines.pop())
    assert "all rows of a cell were added (world 1, resnet, seed 0)" in refused()
    noted.write_text(whole + whole.splitlines()[-1].replace("1,", "2,", 1) + "\n")
    assert "all rows of a cell were lost (world 2, resnet, seed 0)" in refused()


def test_names_of_columns_that_were_exchanged_are_an_edit(path: Path) -> None:
    def exchange(lines: list[str]) -> None:
        names = lines[0].split(",")
        i, j = names.index("id_macro_f1"), names.index("ood_macro_f1")
        names[i], names[j] = names[j], names[i]
        lines[0] = ",".join(names)

    edit(path, exchange)
    assert "several rows were changed" in refused()


def test_the_order_of_rows_and_empty_last_columns_are_no_edit(path: Path) -> None:
    before = records.read_records("demo")
    edit(path, lambda lines: lines.__setitem__(slice(1, None), lines[:0:-1]))
    assert len(records.read_records("demo")) == len(before)
    older = len(records.PLACE)
    edit(path, lambda lines: lines.__setitem__(slice(None), [cut(line, older) for line in lines]))
    assert path.read_text().startswith("profile,world")
    assert "processor" not in path.read_text()
    assert len(records.read_records("demo")) == len(before)


def cut(line: str, columns: int) -> str:
    """A line without its last columns."""
    return line.rsplit(",", columns)[0]


def test_a_damaged_file_of_checksums_is_one_line_and_can_be_made_anew(path: Path) -> None:
    noted = sums.sums_path(path)
    whole = noted.read_text()
    conflict, other, cut_off = f"<<< ours\n{whole}", whole.replace("sum,", "sun,"), whole[:-20]
    for damaged in (conflict, other, cut_off, f"{cut_off}\n", ""):
        noted.write_text(damaged)
        said = refused()
        assert "demo.sums" in said
        assert "--accept" in said
        with pytest.raises(UserError, match=r"demo\.sums"):
            records.write_records("demo", pd.DataFrame(columns=records.COLUMNS))
    assert main(["judge", "--accept"]) == 0
    assert noted.read_text() == whole


def test_what_is_meant_can_be_accepted(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(path, set_value(7, "id_macro_f1", "0.5"))
    refused()
    assert main(["judge", "--accept"]) == 0
    said = capsys.readouterr().out
    assert "accepted: line 7: the row of " in said
    assert "1 cells accepted" in said
    assert 0.5 in set(records.read_records("demo")["id_macro_f1"])


def test_what_no_run_gives_is_not_accepted(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sums.sums_path(path).read_bytes()
    edit(path, set_value(7, "id_macro_f1", "35.0"))
    assert main(["judge", "--accept"]) == 2
    assert "line 7, column id_macro_f1" in capsys.readouterr().err
    assert sums.sums_path(path).read_bytes() == before


# writing ------------------------------------------------------------------------------------------
def test_new_rows_bring_their_checksums_and_leave_the_others(path: Path) -> None:
    before = sums.sums_path(path).read_text().splitlines()
    old = records.read_records("demo")
    new = old.assign(seed=77, key=old["key"] + "77", processor="P", torch="2", finished="now")
    records.add_records("demo", [], new, 1)
    after = sums.sums_path(path).read_text().splitlines()
    assert [line for line in after if ",77," not in line] == before
    assert len(after) == len(before) + 2
    assert len(records.read_records("demo")) == 2 * len(old)


def test_an_edit_is_not_taken_in_with_new_rows(path: Path) -> None:
    old = records.read_records("demo")
    edit(path, set_value(7, "id_macro_f1", "0.5"))
    content = path.read_bytes()
    with pytest.raises(UserError, match="line 7: the row of"):
        records.add_records("demo", [], old.assign(seed=77, key=old["key"] + "77"), 1)
    assert path.read_bytes() == content


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_who_stops_between_two_steps_leaves_a_pair_in_order(
    path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, first: bool
) -> None:
    """Old rows or new ones, and the same call goes on; also where no checksums are there yet."""
    old = records.read_records("demo")
    if first:
        sums.sums_path(path).unlink()
    changed = old.assign(id_macro_f1=0.25)
    write, left = records.replace_file, steps

    def stopped(*given: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(records, "replace_file", stopped)
    if steps < (2 if first else 3):
        with pytest.raises(KeyboardInterrupt):
            records.write_records("demo", changed)
    monkeypatch.setattr(records, "replace_file", write)
    assert len(records.read_records("demo")) == len(old)
    records.write_records("demo", changed)
    assert set(records.read_records("demo")["id_macro_f1"]) == {0.25}
    assert len(sums.sums_path(path).read_text().splitlines()) == 3


READER = """
import sys
from pathlib import Path
from nbsupport.evidence import records

folder = Path(sys.argv[1])
records.records_path = lambda profile: folder / f"{profile}.csv"
while not (folder / "over").exists():
    records.read_records("demo")
"""


def test_who_reads_while_another_writes_is_not_told_of_edits(path: Path) -> None:
    old = records.read_records("demo").head(40)
    reader = subprocess.Popen([sys.executable, "-c", READER, str(path.parent)], cwd=root())
    for step in range(60):
        records.write_records("demo", old.assign(id_macro_f1=step / 100))
    (path.parent / "over").touch()
    assert reader.wait(60) == 0


def test_exported_runs_need_no_checksums(path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "runs.csv"
    shutil.copy(path, elsewhere)
    edit(elsewhere, set_value(7, "id_macro_f1", "0.5"))
    assert len(records.read_records(elsewhere)) == len(records.read_records("demo"))


def test_the_place_of_a_row_is_found_among_many() -> None:
    """Every single edit of a made-up cell, by itself."""
    header = ["world", "family", "seed", "role", "epoch", "score"]
    rows = [["1", "f", "0", f"r{i}", str(e), f"{i}{e}"] for i in range(9) for e in range(9)]
    lines = Lines("x", header, rows, list(range(2, 2 + len(rows))))
    noted = list(sums.cell_sums(lines, header).items())
    for i, row in enumerate(rows):
        changed = [*rows[:i], [*row[:-1], "new"], *rows[i + 1 :]]
        told = list(sums.edits(replace(lines, rows=changed), header, noted))
        assert told == [
            f"line {i + 2}: the row of {row[3]} at epoch {row[4]} was changed (world 1, f, seed 0)"
        ]

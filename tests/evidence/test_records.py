"""The files of records: edited by hand, written by several processes, tried without evidence."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nbsupport import sharing
from nbsupport.building import record
from nbsupport.cli import main
from nbsupport.errors import UserError
from nbsupport.evidence import records
from nbsupport.evidence.ledger import read_ledger, write_ledger
from nbsupport.evidence.provenance import RunOrigin, place, places, with_places
from nbsupport.jobs.store import Store
from nbsupport.paths import root
from nbsupport.study.profiles import PROFILES, profile_named

FEW = 40  # rows of the committed records, a run after the other


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first committed rows of the demo, in a file that may be edited."""
    from nbsupport.evidence import ledger

    lines = records.records_path("demo").read_text().splitlines(keepends=True)
    found = tmp_path / "demo.csv"
    found.write_text("".join(lines[: FEW + 1]))
    for module in (records, ledger):
        monkeypatch.setattr(module, "records_path", lambda profile: tmp_path / f"{profile}.csv")
    return found


# edited by hand -----------------------------------------------------------------------------------
def edited(path: Path, row: int, column: str, value: str) -> None:
    """Write a value into a row (the first has number 0) of the file."""
    lines = path.read_text().splitlines()
    fields = lines[row + 1].split(",")
    fields[lines[0].split(",").index(column)] = value
    lines[row + 1] = ",".join(fields)
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("ood_macro_f1", "35.0", "a number from 0 to 1, with a decimal point, or nothing"),
        ("ood_macro_f1", "35%", "a number from 0 to 1"),
        ("id_macro_f1", "n/a", "a number from 0 to 1"),
        ("id_accuracy", '"0;35"', "a number from 0 to 1"),
        ("family", "resnet ", "one of alexnet, densenet"),
        ("family", "resnett", "one of alexnet, densenet"),
        ("role", " captions/clean", "text without blanks around it"),
        ("source", "", "text without blanks around it"),
        ("seed", "zero", "a whole number of at least 0"),
        ("seed", "0 ", "a whole number of at least 0"),
        ("seed", "-1", "a whole number of at least 0"),
        ("epoch", "3.5", "a whole number of at least 0"),
        ("world", "-1", "a whole number of at least 0"),
        ("profile", "pacs-32", "demo"),
        ("n_ood", "many", "a whole number of at least 0, or nothing"),
        ("seconds", "-3", "a number of at least 0"),
        ("key", "", "text without blanks around it"),
    ],
)
def test_an_edited_value_is_named_with_its_place(
    path: Path, capsys: pytest.CaptureFixture[str], column: str, value: str, allowed: str
) -> None:
    edited(path, 4, column, value)
    assert main(["judge"]) == 2
    said = capsys.readouterr().err
    assert f"demo.csv, line 6, column {column}: {value.strip(chr(34))!r} is given" in said
    assert allowed in said
    assert said.count("\n") == 1
    assert not (path.parent / "claims-demo.json").exists()


def test_a_decimal_comma_is_a_value_too_many(path: Path) -> None:
    edited(path, 4, "ood_macro_f1", "0,35")
    with pytest.raises(
        UserError,
        match=f"line 6: {1 + len(records.COLUMNS)} values under {len(records.COLUMNS)} columns",
    ):
        records.read_records("demo")


@pytest.mark.parametrize("kept", [0, 1, 100, 300, 1000, 5000])
def test_a_file_that_was_cut_off_is_one_line(
    path: Path, capsys: pytest.CaptureFixture[str], kept: int
) -> None:
    whole = path.read_bytes()
    assert kept < len(whole)
    path.write_bytes(whole[:kept])
    assert main(["judge"]) == 2
    said = capsys.readouterr().err
    assert "demo.csv" in said
    assert said.count("\n") == 1


def test_a_byte_that_is_not_utf8_is_one_line(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"alexnet", b"alexn\xe9t", 1))
    with pytest.raises(UserError, match="line 2: byte 0xe9 is not UTF-8"):
        records.read_records("demo")


def test_a_point_that_stands_twice_names_both_lines(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines, lines[3]]))
    with pytest.raises(UserError, match=rf"lines 4 and {FEW + 2}: the same point twice"):
        records.read_records("demo")


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("seed", "3", "two cells of one key"),
        ("family", "vit", "two cells of one key"),
        ("key", "another", "two keys of one run"),
        ("role", "captions/cleen", "roles of one key with unlike epochs"),
        ("world", "2", "lines"),
    ],
)
def test_rows_that_contradict_each_other_about_a_run_are_refused(
    path: Path, column: str, value: str, told: str
) -> None:
    edited(path, 4, column, value)
    if column == "world":  # a run may stand in several worlds, whole
        assert len(records.read_records("demo")) == FEW
        return
    with pytest.raises(UserError, match=told):
        records.read_records("demo")


def test_the_committed_records_are_read_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for profile in ("demo", "pacs-32"):
        found = records.read_records(profile)
        plain = pd.read_csv(records.records_path(profile), keep_default_na=False)
        assert found["ood_macro_f1"].tolist() == plain["ood_macro_f1"].tolist()
        assert found["key"].tolist() == plain["key"].tolist()
        assert found.columns.tolist() == records.COLUMNS


def test_a_change_to_what_was_read_is_not_read_again(path: Path) -> None:
    found = records.read_records("demo")
    found.loc[:, "seed"] = 99
    assert 99 not in set(records.read_records("demo")["seed"])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (None, "", "line 1: not valid JSON"),
        ('"made": {', '"made": 3, "was": {', "'made' is 3, not a JSON object"),
        ('"noted": 0', '"noted": "none"', "no number of noted of pretrain"),
        ('"first": ""', '"first": 0', "no first"),
        ('"claims": [', '"claim": [', "'claims' is None, not a JSON list"),
    ],
)
def test_a_damaged_account_is_one_line_and_stays(
    path: Path, tmp_path: Path, old: str | None, new: str, told: str
) -> None:
    store = Store(tmp_path / "store")
    write_ledger("demo", store)
    document = path.with_name("claims-demo.json")
    content = document.read_text()
    damaged = new if old is None else content.replace(old, new, 1)
    assert damaged != content
    document.write_text(damaged)
    for read in (lambda: read_ledger("demo"), lambda: write_ledger("demo", store)):
        with pytest.raises(UserError, match=told):
            read()
    assert document.read_text() == damaged


# several processes --------------------------------------------------------------------------------
WRITER = """
import sys
from pathlib import Path
from nbsupport.evidence import records
import pandas as pd

folder, family = Path(sys.argv[1]), sys.argv[2]
records.records_path = lambda profile: folder / f"{profile}.csv"
(folder / family).touch()
while len(list(folder.glob("*net"))) < 2:  # both begin together
    pass
for seed in range(25):
    row = dict.fromkeys(records.COLUMNS, 0) | {
        "profile": "smoke", "role": "scratch", "world": 1,
        "family": family, "seed": seed, "epoch": 1,
        "key": f"{family}{seed}", "parent_key": "", "source": "none",
    }
    records.add_records("smoke", [], pd.DataFrame([row]), 1)
"""


def test_two_processes_that_record_lose_nothing(tmp_path: Path) -> None:
    families = ("resnet", "alexnet")
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), family], cwd=root())
        for family in families
    ]
    assert [process.wait(120) for process in running] == [0, 0]
    found = pd.read_csv(tmp_path / "smoke.csv")
    held = set(zip(found["family"], found["seed"], strict=True))
    assert held == {(family, seed) for family in families for seed in range(25)}
    assert list(tmp_path.glob("*.partial")) == []


def test_neither_lock_nor_draft_is_committed() -> None:
    names = ["records/demo.csv.lock", "records/claims-demo.csv.lock", "records/demo.csv.1.partial"]
    command = ["git", "check-ignore", *names]
    done = subprocess.run(command, cwd=root(), capture_output=True, text=True, check=False)
    if done.returncode == 128:
        pytest.skip("not a git checkout")
    assert done.stdout.split() == names


def test_records_that_cannot_be_locked_are_one_line(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(sharing.FileLock, "acquire", refuse)
    with pytest.raises(UserError, match=r"demo.csv cannot be locked .*No locks available"):
        records.add_records("demo", [], records.read_records("demo"), 1)


def test_a_write_that_fails_leaves_the_old_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before, table = path.read_bytes(), records.read_records("demo")
    monkeypatch.setattr(records.os, "fsync", full)
    with pytest.raises(UserError, match="cannot be written"):
        records.write_records("demo", table.iloc[:3])
    assert path.read_bytes() == before
    assert list(path.parent.glob("*.partial")) == []


# where and when -----------------------------------------------------------------------------------
def noted(store: Store, stage: str, key: str, parent: str | None, **environment: Any) -> None:
    """A finished job in the store, made in some place."""
    from nbsupport.jobs.work import _finish, _write

    folder = store.root / stage / key
    folder.mkdir(parents=True)
    _write(folder / "spec.json", {"parent": parent})
    _finish(folder, {"seconds": 1.0, "device": "cpu"}, 1.0)
    import json

    whole = json.loads((folder / "environment.json").read_text()) | environment
    _write(folder / "environment.json", whole)


TORCH = {"versions": {"torch": "2.15"}, "threads": 1}


def test_a_job_notes_the_processor_it_ran_on(tmp_path: Path) -> None:
    from nbsupport.machine import processor

    store = Store(tmp_path)
    noted(store, "finetune", "a" * 64, None, **TORCH)
    assert place(store, "a" * 64) == (
        RunOrigin(processor(), "2.15") if processor() else RunOrigin()
    )


def test_a_run_was_made_where_all_its_trainings_were(tmp_path: Path) -> None:
    store, one, other = Store(tmp_path), {"processor": "one"} | TORCH, {"processor": "two"} | TORCH
    noted(store, "pretrain", "a" * 64, None, **one)
    noted(store, "finetune", "b" * 64, "a" * 64, **one)
    noted(store, "finetune", "c" * 64, "a" * 64, **other)
    noted(store, "finetune", "d" * 64, "f" * 64, **one)  # its parent is lost
    noted(store, "finetune", "e" * 64, None, **(one | {"threads": 2}))
    runs = pd.DataFrame({"key": [letter * 64 for letter in "bcde"]})
    found = with_places(runs, store)
    assert found["processor"].tolist() == ["one", "", "", "one, 2 threads"]
    assert found["torch"].tolist() == ["2.15", "", "", "2.15"]
    assert found["finished"].str.match(r"\d{4}-\d\d-\d\dT").all()
    told = places(found)
    assert (told["runs"], told["noted"]) == (4, 2)
    assert told["processor"] == ["one", "one, 2 threads"]


def test_a_damaged_account_in_the_store_is_one_that_is_lost(tmp_path: Path) -> None:
    store = Store(tmp_path)
    noted(store, "finetune", "a" * 64, None, **TORCH)
    (store.root / "finetune" / ("a" * 64) / "environment.json").write_text("{")
    assert place(store, "a" * 64) == RunOrigin()


def test_old_rows_stay_and_new_ones_say_where_they_were_made(path: Path) -> None:
    old = records.read_records("demo")
    new = old.assign(
        seed=77, key=old["key"] + "77", processor="P", torch="2", finished="2026-01-02T03:04:05"
    )
    records.add_records("demo", [], new, 1)
    found = records.read_records("demo")
    assert set(found.loc[found["seed"] == 77, "processor"]) == {"P"}
    assert set(found.loc[found["seed"] != 77, "processor"]) == {""}
    pd.testing.assert_frame_equal(found[found["seed"] != 77].reset_index(drop=True), old)


# which cells, and the way without evidence --------------------------------------------------------
def test_worlds_seeds_and_families_choose_among_the_cells() -> None:
    demo = profile_named("demo")
    own = demo.recorded.values()
    assert len(record.parts(demo)) == sum(len(families) * len(seeds) for families, seeds in own)
    assert record.parts(demo, 2, [1, 0], ["alexnet"]) == [(2, 0, "alexnet"), (2, 1, "alexnet")]
    with pytest.raises(UserError, match="demo records no family mobilenetv3: give one of alexnet"):
        record.parts(demo, 2, [], ["mobilenetv3"])


def test_a_profile_without_evidence_records_whatever_cell_is_asked_for() -> None:
    smoke = profile_named("smoke")
    assert record.parts(smoke) == [(1, 0, "resnet")]
    assert record.parts(smoke, 2, [9, 9], ["alexnet"]) == [(2, 9, "alexnet")]
    with pytest.raises(UserError, match="records no family vit"):
        record.parts(smoke, families=["vit"])
    with pytest.raises(UserError, match="records no world 7: give one of 0, 1, 2"):
        record.parts(smoke, 7)


def test_what_is_no_evidence_is_recorded_in_the_store_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path))
    for name, profile in PROFILES.items():
        folder = records.records_path(name).parent
        assert folder == (root() if profile.evidence else tmp_path) / "records"


def test_the_ledger_of_what_is_no_evidence_has_no_verdict(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pd.read_csv(root() / "records" / "demo.csv", keep_default_na=False)
    records.write_records("smoke", table[table["world"] == 1].assign(profile="smoke"))
    assert main(["judge", "--profile", "smoke"]) == 0
    assert "smoke: not evidence" in capsys.readouterr().out
    judged = pd.read_csv(path.with_name("claims-smoke.csv"))
    assert set(judged["verdict"]) == set(judged["verdict_2"]) == {"smoke: not evidence"}
    told = path.with_name("claims-smoke.json").read_text()
    for word in ("supported", "contradicted", "inconclusive", "replicated"):
        assert f'"verdict": "{word}' not in told
        assert f'"replication": "{word}' not in told


@pytest.mark.slow
def test_the_way_can_be_tried_on_smoke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Trained, recorded with its place, judged without a verdict, and found again by a page."""
    from nbsupport.machine import processor
    from nbsupport.pages.open_page import open_page

    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path))
    committed = [path for path in (root() / "records").glob("*.*") if path.is_file()]
    before = [path.read_bytes() for path in committed]
    assert main(["record", "--profile", "smoke", "--seed", "3"]) == 0
    assert "world 1, seed 3, resnet" in capsys.readouterr().out
    found = records.read_records("smoke")
    assert set(found["seed"]) == {3}
    assert all(name.startswith(processor().partition(",")[0]) for name in found["processor"])
    written = {path.name for path in (tmp_path / "records").iterdir() if path.suffix != ".lock"}
    assert written == {"smoke.csv", "smoke.sums", "claims-smoke.csv", "claims-smoke.json"}
    assert [path.read_bytes() for path in committed] == before
    page = open_page("02_background", {"profile": "smoke", "seeds": [3]})
    check = page.live_check(page.study.run(page.groups, progress=False))
    assert (check.live, check.found) == (2, 2)
    assert "the same to the last recorded digit" in str(check)

"""`nbsupport export`: the runs of a store as records."""

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import nbsupport as nb
from nbsupport.cli import main
from nbsupport.errors import UserError
from nbsupport.evidence.export import exported
from nbsupport.evidence.provenance import PLACE
from nbsupport.evidence.records import COLUMNS, csv_text
from nbsupport.jobs.job import Job
from nbsupport.jobs.store import Store

SCORED = [name for name in COLUMNS if name not in PLACE]  # a study does not name the place


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    return Store(tmp_path / "store")


def result(job: Job) -> dict[str, Any]:
    """What a stage returns, made up from the job's key."""
    score = int(job.key[:4], 16) / 2**16
    names = ("id_macro_f1", "ood_macro_f1", "id_accuracy", "ood_accuracy")
    records = [
        dict.fromkeys(names, score * epoch / 2) | {"epoch": epoch, "n_id": 9, "n_ood": 9}
        for epoch in (1, 2)
    ]
    ran = {"device": "cpu", "precision": "float32", "seconds": 1.5, "images_per_second": 10.0}
    return ran | {"records": records}


@pytest.fixture
def trained(store: Store, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Three groups in two seeds, as `Study.run` returns them, with nothing really trained."""
    study = nb.Study("smoke", families=["alexnet"], seeds=[0, 1])
    few = study.imagenet.per_class(5)
    runs = study.runs({"from scratch": None, "five of each": few, "all": study.imagenet})
    for run in runs:
        for job in run.jobs:
            made_up(store, job)
    return study.records(runs, {run.finetune.key: result(run.finetune) for run in runs})


def made_up(store: Store, job: Job) -> None:
    from nbsupport.jobs.request import Request
    from nbsupport.jobs.work import _finish, _write

    folder = store.folder(job)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "spec.json", Request.of(job, store.root).record)
    _finish(folder, result(job), 1.5)


def sorted_rows(table: pd.DataFrame) -> pd.DataFrame:
    return table[SCORED].sort_values(["role", "seed", "epoch"]).reset_index(drop=True)


def test_every_run_comes_out_as_the_study_returned_it(
    store: Store, trained: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    path = tmp_path / "runs.csv"
    path.write_text(said.out)
    for given in (path, str(path)):
        table = nb.read_records(given)
        assert list(table.columns) == COLUMNS
        expected = pd.read_csv(io.StringIO(csv_text(trained)), keep_default_na=False)
        expected = sorted_rows(expected)
        pd.testing.assert_frame_equal(sorted_rows(table), expected, check_dtype=False)
    assert nb.Comparison(nb.read_records(path)).reference == "from scratch"


def test_only_the_runs_of_a_profile_or_none(
    store: Store, trained: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(exported(store, "smoke").table) == len(trained)
    assert exported(store, "demo").table.empty
    assert main(["export", "--profile", "dmo"]) == 2
    assert "did you mean 'demo'" in capsys.readouterr().err


def test_an_empty_store_has_a_header_only(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export"]) == 0
    assert capsys.readouterr().out == ",".join(COLUMNS) + "\n"


def test_damaged_runs_and_those_that_name_no_group_are_left_out_and_counted(
    store: Store, trained: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = trained["key"].unique()[:2]
    (store.folder(first) / "result.json").write_text("{}")
    spec = store.folder(second) / "spec.json"
    spec.write_text(spec.read_text().replace('"about"', '"other"'))
    assert main(["export"]) == 0
    said = capsys.readouterr()
    assert first not in said.out
    assert second not in said.out
    assert said.out.count("\n") == 1 + 2 * (trained["key"].nunique() - 2)
    assert "1 run, damaged" in said.err
    assert "1 run, trained before" in said.err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("dmo", "did you mean 'demo'"),
        ("nowhere/runs.csv", "no file of records at nowhere/runs.csv"),
        (Path("nowhere"), "no file of records at nowhere"),
    ],
)
def test_records_that_are_not_there_are_told(given: str | Path, told: str) -> None:
    with pytest.raises(UserError, match=told):
        nb.read_records(given)


def test_what_a_job_is_about_does_not_move_its_key() -> None:
    study = nb.Study("smoke", families=["alexnet"])
    one, other = (study.runs({name: study.imagenet})[0].finetune for name in ("one", "other"))
    assert one.about["role"] == "one"
    assert one.key == other.key

"""What goes into a store and out of it where jobs are done elsewhere."""

from pathlib import Path

import pytest
from toy_jobs import toy

from nbsupport.jobs import depot
from nbsupport.jobs.depot import FolderDepot, packed, unpack
from nbsupport.jobs.problems import StoreError
from nbsupport.jobs.request import Request, data_of
from nbsupport.jobs.runner import run
from nbsupport.jobs.store import Store
from nbsupport.study.study import Study


def test_a_job_travels_from_a_store_to_another(store: Store, tmp_path: Path) -> None:
    job, other = toy("a"), FolderDepot(tmp_path / "other")
    run([job], store, engine="serial")
    other.publish("toy", job.key, store.fetch("toy", job.key))
    assert Store(other.root).check(job, full=True)
    assert other.done(job)
    assert other.fetch("toy", job.key) == store.fetch("toy", job.key)
    assert other.fetch("toy", "0" * 64) == {}


def test_the_result_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    replace = Path.replace

    def noted(self: Path, target: Path) -> Path:
        order.append(Path(target).name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    unpack({"result.json": b"{}", "weights.safetensors": b"1", "a/deep.txt": b"2"}, tmp_path)
    assert sorted(order[:2]) == ["deep.txt", "weights.safetensors"]
    assert order[2:] == [depot.RESULT]
    (tmp_path / "checkpoint.safetensors.partial").touch()
    assert set(packed(tmp_path)) == {"result.json", "weights.safetensors", "a/deep.txt"}


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="is in the way"):
        FolderDepot(tmp_path / "file").publish("toy", "0" * 64, {"a": b"1"})


def test_a_request_says_what_it_needs(tmp_path: Path) -> None:
    plan = Study("paper", families=["resnet"], seeds=[0], nominal=True)
    (run_,) = plan.runs({"all": plan.imagenet})
    asked = Request.of(run_.finetune, tmp_path)
    assert (asked.gpus, asked.data) == (1, data_of(run_.finetune))
    assert asked.data is not None
    assert asked.data["fingerprint"] == run_.finetune.data
    assert asked.data["task"] == run_.finetune.spec["task"]
    parent = run_.finetune.parent
    assert parent is not None
    assert (data_of(parent) or {})["source"] == parent.spec["subset"]["source"]
    assert Request.from_json(asked.to_json()) == asked


def test_what_is_simulated_needs_no_data() -> None:
    study = Study("smoke", families=["alexnet"], seeds=[0])
    assert [data_of(job) for run_ in study.runs({"all": study.imagenet}) for job in run_.jobs] == [
        None,
        None,
    ]

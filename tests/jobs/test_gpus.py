"""Workers that use GPUs, and what becomes of the others when one fails."""

from pathlib import Path

import pytest
import toy_stages
from toy_jobs import toy

from nbsupport.errors import UserError
from nbsupport.jobs import devices
from nbsupport.jobs.devices import Devices
from nbsupport.jobs.engines import local
from nbsupport.jobs.job import Job
from nbsupport.jobs.runner import JobsFailed, run
from nbsupport.jobs.store import Store


def kinds(events: list[dict], job: Job) -> list[str]:
    return [event["kind"] for event in events if event.get("job") == job.key]


@pytest.mark.parametrize(
    "error",
    [
        "named an illegal memory access was encountered",
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: device-side assert triggered",
        "CUDA driver error: unspecified launch failure",
        "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
        "HIP error: an illegal memory access was encountered",
    ],
)
def test_a_worker_that_lost_its_gpu_does_no_other_job(store: Store, error: str) -> None:
    bad, others = toy("bad", spoil=error, cost=99), [toy(f"{i}") for i in range(12)]
    events: list[dict] = []
    with pytest.raises(JobsFailed) as caught:
        run([bad, *others], store, workers=2, on_event=events.append)
    told = error.removeprefix("named ")
    assert f"{told}, 2 times; log: {store.folder(bad) / 'log.txt'}" in str(caught.value)
    assert set(caught.value.results) == {job.key for job in others}
    assert kinds(events, bad) == ["started", "retried", "started", "failed"]
    assert all(kinds(events, job)[-1] == "done" for job in others)
    assert not {"retried", "failed"} & {kind for job in others for kind in kinds(events, job)}
    assert (store.folder(bad) / "log.txt").read_text().count("Traceback") == 2


def test_a_process_that_lost_its_gpu_ends_its_run(store: Store) -> None:
    bad, late = toy("bad", spoil="CUDA error: misaligned address", cost=9), toy("late")
    try:
        with pytest.raises(UserError, match=r"misaligned address: this process .* a new process"):
            run([bad, late], store, engine="serial")
    finally:
        toy_stages.SPOILT.clear()
    assert not store.done(late)
    assert run([late], store, engine="serial")


def test_a_full_gpu_is_shared_by_fewer(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Devices(("0",), kind="a GPU")
    monkeypatch.setattr(devices, "choose", lambda jobs: one)
    flag = str(tmp_path / "full")
    tight, other = toy("tight", full=3, flag=flag, cost=9), toy("other", epochs=3)
    events: list[dict] = []
    results = run([tight, other, toy("third")], store, workers=3, on_event=events.append)
    assert results[tight.key]["total"] == 3.0
    # Twice a worker left, once the last one tried again.
    assert kinds(events, tight).count("retried") == 3
    assert kinds(events, other)[-1] == "done"
    hopeless = toy("hopeless", full=9, flag=str(tmp_path / "again"))
    with pytest.raises(JobsFailed, match=r"CUDA out of memory.*, 2 times"):
        run([hopeless], store, workers=3)
    with pytest.raises(JobsFailed, match="CUDA out of memory"):
        run([hopeless, toy("more")], store, engine="serial")
    assert store.check(toy("more"))


def test_a_full_gpu_gives_up_its_own_worker_and_no_other(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = Devices(("0", "1"), kind="GPUs")
    monkeypatch.setattr(devices, "choose", lambda jobs: two)
    engine = local.LocalEngine(5, [toy(f"{i}") for i in range(9)], lambda message: None)
    full = {"memory": True, "how": "CUDA out of memory"}
    assert engine._gave_way(2, full)  # slots 0, 2, 4 share the first
    assert engine._gave_way(0, full)
    assert not engine._gave_way(4, full)  # the last one: the job is too large
    assert (engine._slots, engine.slots) == ([1, 3, 4], 3)
    assert [engine._gpu(slot) for slot in engine._slots] == ["1", "1", "0"]


@pytest.mark.parametrize("broken", ["0", "1"])
def test_a_gpu_that_works_no_more_fails_no_job(
    store: Store, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """It would be idle at once each time, and take job after job."""
    two = Devices(("0", "1"), kind="GPUs")
    monkeypatch.setattr(devices, "choose", lambda jobs: two)
    monkeypatch.setattr(devices, "works", lambda gpu: gpu != broken)
    jobs = [toy(f"{i}", epochs=3, pause=0.05, fails_on=broken) for i in range(8)]
    events: list[dict] = []
    results = run(jobs, store, on_event=events.append)
    assert set(results) == {job.key for job in jobs}
    assert [event["kind"] for event in events].count("retried") == 1
    monkeypatch.setattr(devices, "choose", lambda jobs: Devices((broken,), kind="a GPU"))
    with pytest.raises(UserError, match=rf"GPU {broken} works no more \(.*unspecified launch"):
        run([toy("late", fails_on=broken)], store)


def test_whether_a_gpu_works_is_looked_at_on_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def look(more: dict) -> dict:
        seen.append(more)
        return {"torch": "2", "why": "", "gpus": [{"works": more[devices.VISIBLE] == "5"}]}

    monkeypatch.setattr(devices, "_look", look)
    assert devices.works("5")
    assert not devices.works("6")
    assert seen == [{devices.VISIBLE: "5"}, {devices.VISIBLE: "6"}]

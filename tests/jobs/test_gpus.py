"""Workers that use GPUs, and what becomes of the others when one fails."""

from pathlib import Path

import pytest
import toy_stages
from toy_jobs import toy

from nbsupport.errors import UserError
from nbsupport.jobs import devices
from nbsupport.jobs.devices import Devices
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

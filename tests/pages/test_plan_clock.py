"""What a plan takes on several numbers of workers: the engine's own order, played through."""

from pathlib import Path

import pytest

from nbsupport import cli
from nbsupport.building.sphinx.catalogue_tables import study_clock
from nbsupport.jobs.job import STAGES, Job
from nbsupport.jobs.problems import JobsFailed
from nbsupport.jobs.runner import run
from nbsupport.jobs.schedule import WORKER_SECONDS, in_order, makespan
from nbsupport.jobs.store import Store
from nbsupport.pages.plan import plan_book


def job(name: str, cost: float, parent: Job | None = None) -> Job:
    return Job("toy", 1, {"name": name}, "", parent, name, cost)


def test_a_free_worker_does_not_wait_for_a_parent_while_others_can_begin() -> None:
    parent = job("parent", 10)
    jobs = [parent, job("child", 3, parent), job("a", 4), job("b", 4)]
    assert makespan(jobs, 2) - WORKER_SECONDS == 13  # a and b beside the parent
    assert makespan(jobs, 1) - WORKER_SECONDS == 21
    assert makespan(jobs, 99) - WORKER_SECONDS == 13
    assert makespan([], 8) == 0
    assert makespan([jobs[1]], 8) - WORKER_SECONDS == 3  # its parent is in the store


def test_the_runner_begins_jobs_in_the_order_that_is_played(tmp_path: Path) -> None:
    parents = [job(f"parent{i}", 5 + i) for i in range(2)]
    jobs = [job(f"child{i}", 1 + i, parents[i % 2]) for i in range(4)]
    played = [j.spec["name"] for j in in_order([*jobs, *parents])]
    begun: list[str] = []

    class Noting:
        """An engine that ends each job at once."""

        slots = 1

        def __init__(self, *_: object) -> None:
            self.key = ""

        def submit(self, request) -> None:
            begun.append(request.record["spec"]["name"])
            self.key = request.job

        def result(self, timeout: float) -> dict:
            return {"kind": "failed", "job": self.key, "error": "no"}

        def cancel(self) -> None:
            """Nothing is held."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nbsupport.jobs.runner.engine_named", lambda name: Noting)
        patch.setattr("nbsupport.jobs.runner._Run._skip", lambda *_: None)
        patch.setitem(STAGES, "toy", "toy:toy")
        with pytest.raises(JobsFailed):
            run([*jobs, *parents], Store(tmp_path))
    assert begun == played


def test_more_gpus_take_less_time_and_stand_idle_more(tmp_path: Path) -> None:
    whole = plan_book("paper", Store(tmp_path), [8, 32, 64])[-1]
    assert [on.slots for on in whole.clock] == [8, 32, 64]
    hours = [on.hours for on in whole.clock]
    assert hours == sorted(hours, reverse=True)
    for on in whole.clock:
        assert on.used * on.hours * on.slots == pytest.approx(
            whole.compute_seconds / 3600, rel=0.01
        )
    assert 1.0 >= whole.clock[0].used > whole.clock[-1].used


def test_the_book_s_table_is_the_plan_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path))
    assert cli.main(["plan", "--profile", "paper", "--slots", "8", "64"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "h " in line]
    shown = [line for line in lines if line.startswith("the recorded study")]
    rows = [line.split("|") for line in study_clock([8, 64]).splitlines()[2:4]]
    assert len(shown) == 2
    for line, row in zip(shown, rows, strict=True):
        assert row[2].strip() in line
        assert row[4].strip() in line


@pytest.mark.parametrize("given", ["0", "many", "10000"])
def test_wrong_numbers_of_slots(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plan", "--profile", "smoke", "--slots", given]) == 2
    assert capsys.readouterr().err.startswith("error: --slots ")

"""Drivers and nodes killed at random moments: nothing finished is lost or done twice."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from toy_jobs import environment, toy

from nbsupport.jobs.engines import ADDRESS
from nbsupport.jobs.job import Job
from nbsupport.jobs.runner import run
from nbsupport.jobs.store import Store

pytest.importorskip("ray", reason="Ray is not installed here: make ray")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

from ray.cluster_utils import Cluster  # noqa: E402

SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_ray_kills import sweep
from nbsupport.jobs import job as spec, runner, store
spec.STAGES["toy"] = "toy_stages:grow"
runner.run(sweep(Path(sys.argv[2])), store.Store(Path(sys.argv[1])), engine="ray")
"""


def sweep(diary: Path) -> list[Job]:
    """Sixty-six jobs that write a diary."""
    told: dict[str, Any] = {"diary": str(diary), "pause": 0.15}
    parents = [toy(f"parent{i}", cost=5, **told) for i in range(6)]
    return [toy(f"child{i}", parents[i % 6], epochs=4, **told) for i in range(60)]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    handler = signal.getsignal(signal.SIGTERM)  # Ray puts its own in its place
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
    monkeypatch.setenv(ADDRESS, cluster.address)
    monkeypatch.setenv("NBSUPPORT_SCRATCH", str(tmp_path / "scratch"))
    for _ in range(2):
        cluster.add_node(num_cpus=2)
    yield cluster
    cluster.shutdown()
    signal.signal(signal.SIGTERM, handler)


def begun(diary: Path) -> list[str]:
    lines = diary.read_text().splitlines() if diary.exists() else []
    return [line.split()[1] for line in lines if line.startswith("begin ")]


def check_the_end(store: Store, diary: Path, tmp_path: Path) -> None:
    """All is there, and equal to what the serial engine makes."""
    jobs = sweep(diary)
    expected = run(jobs, Store(tmp_path / "serial"), engine="serial")
    assert {key: store.result(key) for key in expected} == expected
    assert all(store.check(key, full=True) for key in expected)


def test_drivers_killed_at_random_moments(cluster: Cluster, store: Store, tmp_path: Path) -> None:
    diary, chance = tmp_path / "diary", random.Random(1)
    for _ in range(4):
        done = {job.spec["name"] for job in all_jobs(sweep(diary)) if store.check(job)}
        before = len(begun(diary))
        driver = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(store.root), str(diary), str(Path(__file__).parent)],
            env=environment(**{ADDRESS: cluster.address}),
            stderr=subprocess.DEVNULL,
        )
        while len(begun(diary)) == before and driver.poll() is None:
            time.sleep(0.05)
        time.sleep(chance.uniform(0.2, 4))
        driver.kill()
        driver.wait()
        assert not done & set(begun(diary)[before:])  # what was finished was not begun again
    finished = {job.key for job in all_jobs(sweep(diary)) if store.check(job)}
    assert finished
    events: list[dict[str, Any]] = []
    run(sweep(diary), store, engine="ray", on_event=events.append)
    trained = {event["job"] for event in events if event["kind"] == "started"}
    assert not trained & finished
    check_the_end(store, diary, tmp_path)


def all_jobs(jobs: list[Job]) -> set[Job]:
    return {other for job in jobs for other in (job, *job.ancestors())}


def test_nodes_killed_at_random_moments(cluster: Cluster, store: Store, tmp_path: Path) -> None:
    diary, chance = tmp_path / "diary", random.Random(2)
    done: list[str] = []
    events: list[dict[str, Any]] = []
    state = {"next": 0.0, "kills": 0}

    def disturb(event: dict[str, Any]) -> None:
        events.append(event)
        done.extend([event["job"]] if event["kind"] == "done" else [])
        ready = len(done) >= 6 and time.monotonic() > state["next"]  # the sweep is under way
        if event["kind"] == "tick" and state["kills"] < 4 and ready:
            cluster.remove_node(sorted(cluster.worker_nodes, key=id)[0], allow_graceful=False)
            cluster.add_node(num_cpus=2)
            state["kills"] += 1
            state["next"] = time.monotonic() + chance.uniform(1, 4)

    run(sweep(diary), store, engine="ray", on_event=disturb)
    assert state["kills"] >= 2
    assert len(done) == len(set(done)) == 66
    for key in set(done):  # none is begun once it is done
        own = [event["kind"] for event in events if event.get("job") == key]
        assert "started" not in own[own.index("done") :]
    check_the_end(store, diary, tmp_path)

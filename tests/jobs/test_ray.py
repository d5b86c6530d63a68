"""The engine of a cluster: nodes that come and go, and a store that only the driver sees."""

import os
import signal
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from toy_jobs import toy

from nbsupport.errors import UserError
from nbsupport.jobs.engines import ADDRESS, chosen
from nbsupport.jobs.job import Job
from nbsupport.jobs.problems import JobsFailed, StoreWarning
from nbsupport.jobs.request import Request
from nbsupport.jobs.runner import run
from nbsupport.jobs.store import Store

pytest.importorskip("ray", reason="Ray is not installed here: make ray")
pytestmark = pytest.mark.filterwarnings("default")  # Ray's own are its makers'

from ray.cluster_utils import Cluster  # noqa: E402

from nbsupport.jobs.engines import ray as engine  # noqa: E402
from nbsupport.jobs.engines import ray_cluster as seats  # noqa: E402


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three nodes of two cores each, all of them on this machine."""
    handler = signal.getsignal(signal.SIGTERM)  # Ray puts its own in its place
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
    before = dict(os.environ)
    os.environ[ADDRESS] = cluster.address
    os.environ["NBSUPPORT_SCRATCH"] = str(tmp_path_factory.mktemp("scratch"))
    for _ in range(2):
        cluster.add_node(num_cpus=2)
    yield cluster
    os.environ.clear()
    os.environ.update(before)
    cluster.shutdown()
    signal.signal(signal.SIGTERM, handler)


def sweep(**more: Any) -> list[Job]:
    """Forty-four jobs, eight of which the others start from."""
    parents = [toy(f"parent{i}", cost=5, **more) for i in range(8)]
    return [toy(f"child{i}", parents[i % 8], **more) for i in range(36)]


def contents(store: Store) -> dict[str, tuple[Any, bytes]]:
    """What is kept of each done job, but for times."""
    return {
        folder.name: (store.result(folder.name), (folder / "weights.safetensors").read_bytes())
        for folder in store.folders()
    }


def test_a_sweep_survives_a_node_that_dies_and_uses_one_that_comes(
    cluster: Cluster, store: Store, tmp_path: Path
) -> None:
    """Every record is there once, equal to those of the serial engine."""
    done: Counter[str] = Counter()
    slots: list[int] = []

    def disturb(event: dict[str, Any]) -> None:
        done.update([event["job"]] if event["kind"] == "done" else [])
        if event["kind"] == "planned":
            slots.append(event["workers"])
        if event["kind"] == "done" and sum(done.values()) == 10:
            cluster.remove_node(cluster.worker_nodes.copy().pop(), allow_graceful=False)
        if event["kind"] == "done" and sum(done.values()) == 16:
            cluster.add_node(num_cpus=2)

    jobs = sweep(pause=0.1)
    results = run(jobs, store, engine="ray", on_event=disturb)
    expected = Store(tmp_path / "serial")
    assert results == run(jobs, expected, engine="serial")
    assert slots == [6]
    assert len(done) == 44
    assert set(done.values()) == {1}
    assert contents(store) == contents(expected)
    assert not any(store.locked(key) for key in results)


def test_a_worker_that_dies_goes_on_elsewhere_and_a_failure_stops_its_children_only(
    cluster: Cluster, store: Store
) -> None:
    again, bad = toy("again", trouble="die once", epochs=3), toy("bad", trouble="raise")
    child = toy("child", bad)
    events: list[dict[str, Any]] = []
    with pytest.raises(JobsFailed) as caught:
        run([again, child, toy("good")], store, engine="ray", on_event=events.append)
    log = store.folder(bad) / "log.txt"
    assert f"the numbers do not add up; log: {log}" in str(caught.value)
    assert "Traceback" in log.read_text()
    assert caught.value.results[again.key]["total"] == 6.0
    own = [event for event in events if event.get("job") == again.key]
    assert [event["kind"] for event in own].count("retried") == 1
    # What the dead worker had written went with the job.
    assert [event["resumed"] for event in own if event["kind"] == "started"] == [False, True]


def test_a_worker_is_as_the_local_engine_s(cluster: Cluster, store: Store) -> None:
    jobs = [Job("surroundings", 1, {}, ""), toy("a", damaged="kept images in x.npy: 0 bytes")]
    with pytest.warns(StoreWarning, match="kept images"):
        results = run(jobs, store, engine="ray")
    expected = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "torch": False, "device": "cpu"}
    assert results[jobs[0].key] == expected


def test_what_a_job_has_written_is_kept_when_the_driver_is_told_to_stop(
    cluster: Cluster, store: Store
) -> None:
    tidy = Job("toy_stages:keeps", 1, {}, "")

    def interrupt(event: dict[str, Any]) -> None:
        if event["kind"] == "epoch":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="the same command goes on"):
        run([tidy], store, engine="ray", on_event=interrupt)
    assert (store.folder(tidy) / "kept").exists()  # written after it was told to end
    assert not store.locked(tidy)


def test_two_drivers_on_one_store_do_a_job_once(cluster: Cluster, store: Store) -> None:
    held, free = toy("held", cost=9), toy("free")
    lock = store.lock(held)
    lock.acquire()
    events: list[dict[str, Any]] = []

    def release(event: dict[str, Any]) -> None:
        events.append(event)
        if event["kind"] == "done" and event["job"] == free.key:
            lock.release()

    run([held, free], store, engine="ray", on_event=release)
    ends = [event["label"] for event in events if event["kind"] == "done"]
    assert ends == ["toy free", "toy held"]


def test_a_damaged_parent_is_made_again(cluster: Cluster, store: Store) -> None:
    parent = toy("parent")
    run([parent], store, engine="serial")
    (store.folder(parent) / "weights.safetensors").write_text("4.0")
    with pytest.warns(StoreWarning, match="does not match its checksum"):
        results = run([toy("child", parent)], store, engine="ray")
    assert results[toy("child", parent).key]["total"] == 6.0


def of_pacs(fingerprint: str) -> Job:
    """A job that reads a data set which is not on this machine."""
    spec = {
        "task": {"name": "pacs", "px": 32, "train": ["photo"], "ood": "sketch"},
        "name": "reader",
    }
    return Job("toy", 1, spec, fingerprint, None, "toy on pacs")


def test_a_node_without_the_data_gets_no_job_that_needs_them_and_is_named(
    cluster: Cluster, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PRESENT", "toy_stages:present")
    lacking = cluster.add_node(num_cpus=2, env_vars={"TOY_LACKS": "1"})
    task = {"task": {"name": "pacs", "px": 32}, "pause": 0.3}
    reading = [Job("toy_stages:whereabouts", 1, task | {"n": i}, "") for i in range(16)]
    free = [Job("toy_stages:whereabouts", 1, {"pause": 0.3, "n": i}, "") for i in range(16)]
    try:
        with pytest.warns(StoreWarning, match=r"node .* gets no job that needs it: not in /data"):
            results = run([*reading, *free], store, engine="ray")
    finally:
        cluster.remove_node(lacking)
    assert not any(results[job.key]["lacks"] for job in reading)
    assert any(results[job.key]["lacks"] for job in free)


def test_a_sweep_without_its_data_anywhere_ends(
    cluster: Cluster, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path))
    with (
        pytest.warns(StoreWarning, match=r"node .* gets no job that needs it: .*[Pp][Aa][Cc][Ss]"),
        pytest.raises(UserError, match="no node of the cluster has the data of toy on pacs"),
    ):
        run([of_pacs("of the driver's"), toy("free")], store, engine="ray")
    assert not store.done(of_pacs("of the driver's"))


def test_no_cluster_at_an_address(store: Store) -> None:
    with (
        chosen("ray", address="127.0.0.1:1"),
        pytest.raises(UserError, match=r"no Ray cluster at 127\.0\.0\.1:1 .*give --address"),
    ):
        run([toy("a")], store)


def test_a_gpu_that_no_node_has(cluster: Cluster, store: Store) -> None:
    with (
        chosen("ray", device="cuda"),
        pytest.raises(UserError, match="device cuda: no node of the cluster has a GPU"),
    ):
        run([toy("a")], store)


def seated(px: int) -> tuple[seats.Cluster, seats.Node]:
    """Seats on a node of two GPUs and sixteen cores, which is not there."""
    node = seats.Node("n", "node", cpus=16, gpus=2)
    made = seats.Cluster(99, gpu=True, mixed=False, kept_seconds=60, px=px)
    made.nodes["n"] = node
    for gpu in made._lacking(node):
        made.seats.append(seats.Seat(node, gpu, None, None, ready=True))
    return made, node


@pytest.mark.parametrize(("px", "workers"), [(32, 16), (224, 6)])
def test_workers_share_the_gpus_of_a_node(px: int, workers: int) -> None:
    made, node = seated(px)
    assert len(made.seats) == workers
    assert made._lacking(node) == []
    assert made.said() == f"on 2 GPUs of 1 node shared by {workers} workers"
    shares = [seats._share(count) for count in range(1, 9)]
    assert all(0.99 < count * share <= 1 for count, share in enumerate(shares, 1))


def test_a_full_gpu_of_a_node_is_shared_by_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = seated(224)
    driver = object.__new__(engine.RayEngine)
    driver._cluster, driver._leases, driver._ends = made, {}, deque()
    again = []
    for seat in made.seats:
        seat.job = Request("key", "", "", {})
        driver._end(seat, {"kind": "died", "how": "CUDA out of memory", "full": True})
        again.append(driver._ends.popleft().get("again", False))
    assert again == [True] * 4 + [False] * 2  # one a GPU is left, and the job is too large
    assert [seat.given_up for seat in made.seats] == again


def test_ray_s_handler_does_not_take_the_place_of_ours(cluster: Cluster) -> None:
    before = signal.getsignal(signal.SIGTERM)
    engine.RayEngine(1, [toy("a")], lambda message: None).cancel()
    assert signal.getsignal(signal.SIGTERM) is before

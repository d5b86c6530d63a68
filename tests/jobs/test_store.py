"""What is kept, what is noticed when it was damaged, what is told when it cannot be kept."""

import errno
import fcntl
import json
import os
from pathlib import Path

import pytest
from toy_jobs import toy

from nbsupport.errors import UserError
from nbsupport.jobs import work
from nbsupport.jobs.job import Job
from nbsupport.jobs.problems import StoreError, StoreWarning
from nbsupport.jobs.runner import run
from nbsupport.jobs.store import Store


def train(store: Store, *jobs: Job) -> dict:
    return run(jobs, store, engine="serial")


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def test_a_done_job_has_its_files(store: Store) -> None:
    job = toy("a")
    results = train(store, job)
    assert results == {job.key: {"total": 3.0, "seconds": 0.1, "device": "cpu", "odd": None}}
    names = {path.name for path in store.folder(job).iterdir()}
    assert names == {
        "spec.json",
        "environment.json",
        "log.txt",
        "result.json",
        "weights.safetensors",
    }
    assert store.folder(job) == store.root / "toy" / job.key == store.folder(job.key)
    assert store.done(job)
    assert store.check(job.key, full=True)
    environment = json.loads((store.folder(job) / "environment.json").read_text())
    names = {"python", "platform", "processor", "versions", "threads", "device"}
    assert set(environment) == names
    spec = json.loads((store.folder(job) / "spec.json").read_text())
    assert (spec["key"], spec["spec"], spec["label"]) == (job.key, job.spec, "toy a")


def test_the_log_has_what_was_printed(store: Store) -> None:
    job = toy("a")
    train(store, job)
    log = (store.folder(job) / "log.txt").read_text()
    for text in ("printed by a", "complained by a", "INFO toy: logged by a"):
        assert text in log


def test_what_is_not_done_is_told(store: Store) -> None:
    job = toy("a")
    assert not store.done(job)
    assert not store.done(job.key)
    assert store.problem(job) is None
    with pytest.raises(UserError, match="is not done"):
        store.result(job)
    with pytest.raises(UserError, match="no job"):
        store.result("0" * 64)


@pytest.mark.parametrize("length", [0, 10, -1])
@pytest.mark.parametrize("name", ["result.json", "weights.safetensors"])
def test_a_truncated_file_is_noticed(store: Store, name: str, length: int) -> None:
    job = toy("a")
    train(store, job)
    path = store.folder(job) / name
    path.write_bytes(path.read_bytes()[:length] if name == "result.json" else b"")
    assert not store.check(job)
    with pytest.raises(UserError, match="is damaged"):
        store.result(job)


def test_a_changed_number_in_the_result_is_noticed(store: Store) -> None:
    job = toy("a")
    train(store, job)
    path = store.folder(job) / "result.json"
    path.write_text(path.read_text().replace('"total": 3.0', '"total": 4.0'))
    assert "checksum" in str(store.problem(job))


def test_a_flipped_bit_in_the_weights_is_noticed_in_full(store: Store) -> None:
    job = toy("a")
    train(store, job)
    flip(store.folder(job) / "weights.safetensors", 0)
    assert store.check(job)
    assert not store.check(job, full=True)


def test_a_damaged_job_is_set_aside_and_trained_again(store: Store) -> None:
    job = toy("a")
    before = train(store, job)
    for number in (1, 2):
        (store.folder(job) / "result.json").write_text("{")
        with pytest.warns(StoreWarning, match=rf"set aside as {job.key}.broken-{number}"):
            assert train(store, job) == before
        assert store.check(job, full=True)
    assert len(list((store.root / "toy").iterdir())) == 3


def test_missing_weights_are_trained_again(store: Store) -> None:
    job = toy("a")
    train(store, job)
    (store.folder(job) / "weights.safetensors").unlink()
    with pytest.warns(StoreWarning, match="weights.safetensors is missing"):
        train(store, job)


def test_damaged_weights_of_a_parent_are_noticed_when_used(store: Store) -> None:
    parent = toy("parent")
    train(store, parent)
    flip(store.folder(parent) / "weights.safetensors", 0)
    child = toy("child", parent)
    with pytest.warns(StoreWarning, match="weights.safetensors does not match"):
        results = train(store, child)
    assert results[child.key]["total"] == 6.0
    assert store.check(parent, full=True)


def test_an_unreadable_checkpoint_is_set_aside(store: Store) -> None:
    job = toy("a")
    folder = store.folder(job)
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text("{}")
    (folder / "state.json").write_text('{"epoch": 1')
    with pytest.warns(StoreWarning, match="an unreadable checkpoint"):
        assert train(store, job)[job.key]["total"] == 3.0


def test_the_list_of_jobs(store: Store) -> None:
    done, partial, broken = toy("done"), toy("partial"), toy("broken")
    train(store, done, broken)
    (store.folder(broken) / "result.json").write_text("")
    store.folder(partial).mkdir()
    (store.folder(partial) / "spec.json").write_text('{"label": "toy partial"}')
    (store.root / "images" / "world-1").mkdir(parents=True)
    entries = {entry.key: entry for entry in store.jobs()}
    assert {key: entry.state for key, entry in entries.items()} == {
        done.key: "done",
        partial.key: "partial",
        broken.key: "broken",
    }
    entry = entries[done.key]
    assert (entry.stage, entry.label) == ("toy", "toy done")
    assert entry.seconds is not None
    assert entry.seconds < 5
    assert entry.size == sum(path.stat().st_size for path in store.folder(done).iterdir())
    assert store.size() >= sum(entry.size for entry in entries.values())
    with store.lock(partial):
        assert store.locked(partial)
        assert {e.key: e.state for e in store.jobs()}[partial.key] == "running"


def test_an_empty_store_has_no_jobs(store: Store) -> None:
    assert store.jobs() == []
    assert store.size() == 0


def test_a_key_is_found_by_its_beginning(store: Store) -> None:
    jobs = [toy(str(number)) for number in range(20)]
    train(store, *jobs)
    assert store.find(jobs[0].key[:16]) == jobs[0].key
    assert store.find(jobs[0].key) == jobs[0].key
    # 20 keys, 16 digits: two begin alike.
    firsts = [job.key[0] for job in jobs]
    twice = next(first for first in firsts if firsts.count(first) > 1)
    with pytest.raises(UserError, match=f"keys begin with {twice}"):
        store.find(twice)
    with pytest.raises(UserError, match="has a key that begins with"):
        store.find("0123456789abcdef")
    for wrong in ("", "xyz", "../..", "*"):
        with pytest.raises(UserError, match="is no key"):
            store.find(wrong)


def test_a_job_can_be_removed_unless_it_is_being_trained(store: Store) -> None:
    job = toy("a")
    train(store, job)
    with store.lock(job), pytest.raises(UserError, match="is being trained"):
        store.remove(job)
    assert store.done(job)
    assert store.remove(job.key) > 0
    assert not store.folder(job).exists()
    with pytest.raises(UserError, match="no job"):
        store.remove(job.key)


def test_a_store_with_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", tmp_path / "file" / "store"):
        with pytest.raises(StoreError, match=f"store {root} cannot be written.*NBSUPPORT_STORE"):
            train(Store(root), toy("a"))


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_store_that_may_not_be_written(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(number, "refused", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreError, match=f"the store {store.root} cannot be written"):
        train(store, toy("a"))


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
@pytest.mark.parametrize("engine", ["serial", "local"])
def test_a_disk_without_locks_is_told_before_the_first_job(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int, engine: str
) -> None:
    def refuse(file: int, how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    events: list[dict] = []
    with pytest.raises(StoreError) as caught:
        run([toy("a"), toy("b")], store, engine=engine, on_event=events.append)
    told = str(caught.value)
    assert f"the disk of the store {store.root} has no file locks" in told
    assert os.strerror(number) in told
    assert "NBSUPPORT_STORE" in told
    assert "\n" not in told
    assert [event["kind"] for event in events] == ["finished"]
    assert list(store.root.rglob("*")) == []


def test_locks_that_are_lost_on_the_way_end_the_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "require_writable", lambda: None)

    def refuse(file: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreError, match="has no file locks"):
        train(store, toy("a"), toy("b"))
    assert [entry.state for entry in store.jobs()] == []


def test_a_full_store_needs_no_writing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job = toy("a")
    train(store, job)

    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "refused", str(path))

    for name in ("mkdir", "write_bytes", "write_text", "replace"):
        monkeypatch.setattr(Path, name, refuse)
    assert train(store, job)[job.key]["total"] == 3.0


def test_a_disk_that_fills_up_keeps_what_is_done(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = toy("first", cost=2.0), toy("second", cost=1.0)
    write = work._write

    def full(path: Path, content: dict) -> None:
        if path.name == "result.json" and content["result"]["total"] != 3.0:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, content)

    monkeypatch.setattr(work, "_write", full)
    third = toy("third", epochs=3, cost=1.5)
    with pytest.raises(StoreError, match=r"disk of the store .* is full.*NBSUPPORT_STORE"):
        train(store, first, second, third)
    assert store.check(first, full=True)
    assert not store.done(third)
    assert not store.done(second)
    monkeypatch.setattr(work, "_write", write)
    assert len(train(store, first, second, third)) == 3


def test_the_error_of_safetensors_on_a_full_disk_is_understood(tmp_path: Path) -> None:
    problem = RuntimeError("Error while serializing: I/O error: No space left (os error 28)")
    assert "is full" in str(work.store_error(problem, tmp_path))
    assert work.store_error(ValueError("no"), tmp_path) is None
    elsewhere = PermissionError(errno.EACCES, "no", "/elsewhere/data.csv")
    assert work.store_error(elsewhere, tmp_path) is None


def test_the_list_of_a_store_that_may_only_be_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = toy("a")
    train(store, job)
    (store.folder(job) / "result.json").unlink()

    def refuse(path: object, *_: object, **__: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr("os.open", refuse)
    assert [entry.state for entry in store.jobs()] == ["partial"]
    with pytest.raises(StoreError, match="cannot be written"):
        store.remove(job)

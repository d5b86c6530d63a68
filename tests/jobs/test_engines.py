"""Order, sharing, failures: the same from both engines."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from toy_jobs import environment, toy

from nbsupport import cli
from nbsupport.errors import UserError
from nbsupport.jobs import engines, work
from nbsupport.jobs.engines import VARIABLE, local
from nbsupport.jobs.job import Job
from nbsupport.jobs.problems import StoreError, StoreWarning
from nbsupport.jobs.runner import JobsFailed, run
from nbsupport.jobs.store import Store

BOTH = pytest.mark.parametrize("engine", ["serial", "local"])


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    return tmp_path / "diary"


def entries(diary: Path, what: str) -> list[str]:
    """Names of the jobs in the diary's lines of a kind, in order."""
    lines = [line.split() for line in diary.read_text().splitlines()]
    return [line[1] for line in lines if line[0] == what]


def kinds(events: list[dict], job: Job) -> list[str]:
    return [event["kind"] for event in events if event.get("job") == job.key]


@BOTH
def test_parents_come_first_then_the_longest(store: Store, diary: Path, engine: str) -> None:
    lone = toy("lone", cost=9, diary=str(diary))
    few, many = toy("few", cost=5, diary=str(diary)), toy("many", cost=1, diary=str(diary))
    short = toy("short", few, cost=1, diary=str(diary))
    others = [toy(f"other{i}", many, cost=4 + i, diary=str(diary)) for i in range(3)]
    run([short, lone, *others], store, engine=engine, workers=1)
    assert entries(diary, "end") == ["many", "few", "lone", "other2", "other1", "other0", "short"]


@BOTH
def test_a_job_is_done_once(store: Store, diary: Path, engine: str) -> None:
    parent = toy("parent", diary=str(diary))
    same = [Job("toy", 1, parent.spec, "toy-data", None, f"label {i}") for i in range(3)]
    children = [toy(f"child{i}", same[i], diary=str(diary)) for i in range(3)]
    results = run([*same, *children, *children], store, engine=engine)
    assert sorted(entries(diary, "begin")) == ["child0", "child1", "child2", "parent"]
    assert set(results) == {job.key for job in (parent, *children)}
    assert results[parent.key]["total"] == 3.0
    assert results[children[0].key]["total"] == 6.0


@BOTH
def test_what_is_in_the_store_is_not_done_again(store: Store, diary: Path, engine: str) -> None:
    jobs = [toy(f"{i}", diary=str(diary)) for i in range(2)]
    first = run(jobs, store, engine=engine)
    events: list[dict] = []
    more = [*jobs, toy("new", diary=str(diary))]
    second = run(more, store, engine=engine, on_event=events.append)
    assert {key: second[key] for key in first} == first
    assert sorted(entries(diary, "begin")) == ["0", "1", "new"]
    assert kinds(events, jobs[0]) == ["found"]
    assert kinds(events, more[2]) == ["started", "epoch", "epoch", "done"]
    assert events[0]["kind"] == "planned"
    assert (events[0]["found"], events[0]["to_train"], events[0]["jobs"]) == (2, 1, 3)
    end = events[-1]
    assert (end["kind"], end["trained"], end["found"], end["failed"]) == ("finished", 1, 2, 0)


def test_a_full_store_starts_no_worker(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run([toy("a")], store, engine="serial")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert len(run([toy("a")], store)) == 1


def test_no_more_workers_than_jobs(store: Store) -> None:
    events: list[dict] = []
    run([toy("a")], store, workers=7, on_event=events.append)
    assert events[0]["workers"] == 1
    assert local.LocalEngine(3, [toy(f"{i}") for i in range(9)], events.append).slots == 3


def test_a_parent_nobody_needs_is_not_trained(store: Store) -> None:
    parent = toy("parent")
    child = toy("child", parent)
    run([child], store, engine="serial")
    store.remove(parent)
    assert set(run([child], store, engine="serial")) == {child.key}
    assert set(run([child, parent], store, engine="serial")) == {child.key, parent.key}


@BOTH
def test_what_several_parents_start_from_is_made_first_and_once(
    store: Store, diary: Path, engine: str
) -> None:
    images = toy("images", diary=str(diary))
    parents = [toy(f"parent{i}", images, diary=str(diary)) for i in range(2)]
    children = [toy(f"child{i}", parents[i], diary=str(diary)) for i in range(2)]
    results = run(children, store, engine=engine)
    assert entries(diary, "begin")[0] == "images"
    assert len(entries(diary, "begin")) == 5
    assert [results[child.key]["total"] for child in children] == [9.0, 9.0]
    for child in children:
        store.remove(child)
    store.remove(images)  # whose work is done: the parents are there
    assert set(run(children, store, engine=engine)) == {j.key for j in (*children, *parents)}


@BOTH
def test_a_failure_stops_its_children_only(store: Store, engine: str) -> None:
    bad, good = toy("bad", trouble="raise"), toy("good")
    child = toy("child", bad)
    grandchild = toy("grandchild", child)
    events: list[dict] = []
    with pytest.raises(JobsFailed) as caught:
        run([good, grandchild, bad], store, engine=engine, on_event=events.append)
    told = str(caught.value).splitlines()
    log = store.folder(bad) / "log.txt"
    assert told == [
        "1 of 4 jobs failed, 2 that need them skipped; the others are done and kept:",
        f"  toy bad ({bad.key[:12]}): ValueError: the numbers do not add up; log: {log}",
    ]
    assert "Traceback" in log.read_text()
    assert kinds(events, bad)[-1] == "failed"
    assert kinds(events, child) == kinds(events, grandchild) == ["skipped"]
    assert store.check(good)
    assert set(caught.value.results) == {good.key}
    assert {key for key, _ in caught.value.skipped} == {child.key, grandchild.key}


@BOTH
def test_a_user_error_comes_back_as_it_was(store: Store, engine: str) -> None:
    jobs = [toy(f"{i}", trouble="user") for i in range(2)]
    with pytest.raises(UserError) as caught:
        run(jobs, store, engine=engine)
    assert str(caught.value) == "sizes holds 7000: the source has 5000 images; give at most that"


@BOTH
def test_a_full_disk_ends_the_run(store: Store, engine: str) -> None:
    good, bad = toy("good", cost=3), toy("bad", trouble="full", cost=2)
    with pytest.raises(StoreError, match=r"disk of the store .* is full"):
        run([good, bad, toy("late", cost=1)], store, engine=engine, workers=1)
    assert store.check(good)
    assert not store.done(toy("late"))


def test_a_killed_worker_is_replaced_and_the_job_goes_on(store: Store, diary: Path) -> None:
    job = toy("a", trouble="die once", epochs=3, diary=str(diary))
    events: list[dict] = []
    results = run([job, toy("b")], store, on_event=events.append)
    assert results[job.key]["total"] == 6.0
    expected = ["started", "epoch", "epoch", "retried", "started", "epoch", "done"]
    assert kinds(events, job) == expected
    why = next(event["why"] for event in events if event["kind"] == "retried")
    assert why == "its worker was killed by SIGKILL (out of memory?)"
    assert [e["resumed"] for e in events if e["kind"] == "started" and e["job"] == job.key] == [
        False,
        True,
    ]
    # No epoch is done twice.
    assert [entries(diary, f"epoch{i}") for i in (1, 2, 3)] == [["a"]] * 3


def test_a_job_that_kills_its_workers_fails(store: Store) -> None:
    bad = toy("bad", trouble="die")
    with pytest.raises(JobsFailed, match=r"killed by SIGKILL \(out of memory\?\), 2 times; log"):
        run([bad, toy("good")], store)
    assert store.check(toy("good"))


@BOTH
def test_a_stage_s_warning_of_the_store_reaches_the_user(store: Store, engine: str) -> None:
    told = "kept images in x.npy: the file has 0 bytes; they are drawn again"
    with pytest.warns(StoreWarning) as caught:
        run([toy("a", damaged=told)], store, engine=engine)
    assert [str(warning.message) for warning in caught] == [told]


def test_a_job_that_fails_before_it_has_a_log_names_none(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_has_remains", lambda folder: 1 / 0)
    with pytest.raises(JobsFailed) as caught:
        run([toy("a"), toy("b", epochs=3)], store, engine="serial")
    assert "ZeroDivisionError" in str(caught.value)
    assert "log" not in str(caught.value)


def test_a_worker_that_cannot_start(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(UserError, match="a worker process cannot start: its worker ended with"):
        run([toy("a")], store)


@BOTH
def test_a_damaged_parent_is_made_again(store: Store, engine: str) -> None:
    parent = toy("parent")
    run([parent], store, engine=engine)
    weights = store.folder(parent) / "weights.safetensors"
    weights.write_text(weights.read_text().replace("3", "4"))
    events: list[dict] = []
    child = toy("child", parent)
    with pytest.warns(StoreWarning, match="does not match its checksum"):
        results = run([child], store, engine=engine, on_event=events.append)
    assert results[child.key]["total"] == 6.0
    assert "added" in kinds(events, parent)
    assert (events[-1]["trained"], events[-1]["found"]) == (2, 0)


def test_a_damaged_parent_that_fails_now(store: Store, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    parent = toy("parent", trouble="flag", flag=str(flag))
    run([parent], store, engine="serial")
    (store.folder(parent) / "weights.safetensors").write_text("9.0")
    flag.touch()
    with (
        pytest.warns(StoreWarning, match="does not match its checksum"),
        pytest.raises(JobsFailed, match=r"the flag is up") as caught,
    ):
        run([toy("child", parent), toy("good")], store, engine="serial")
    assert set(caught.value.results) == {toy("good").key}


def test_a_worker_uses_one_thread_and_imports_torch_only_when_asked(store: Store) -> None:
    job = Job("surroundings", 1, {}, "")
    expected = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "torch": False, "device": "cpu"}
    assert run([job], store)[job.key] == expected


@BOTH
@pytest.mark.parametrize("module", ["toy_stages", "toy_torch"])
def test_torch_has_one_thread(store: Store, engine: str, module: str) -> None:
    # In a process of its own: this one may have imported torch already.
    code = (
        "import sys; from pathlib import Path\n"
        "from nbsupport.jobs import job as spec, runner, store\n"
        "root, engine, module = sys.argv[1:]\n"
        "spec.STAGES['threads'] = f'{module}:threads'\n"
        "job = spec.Job('threads', 1, {}, '')\n"
        "runner.run([job], store.Store(Path(root)), engine=engine)\n"
    )
    arguments = [sys.executable, "-c", code, str(store.root), engine, module]
    subprocess.run(arguments, env=environment(), check=True, timeout=120)
    result = store.result(Job("threads", 1, {}, ""))
    assert result["threads"] == 1
    if (engine, module) == ("local", "toy_torch"):
        assert result["interop"] == 1


def test_wrong_arguments(store: Store) -> None:
    with pytest.raises(UserError, match=r"unknown engine 'locl'.*did you mean 'local'"):
        run([toy("a")], store, engine="locl")
    with pytest.raises(UserError, match="workers is 0"):
        run([toy("a")], store, workers=0)
    with pytest.raises(JobsFailed, match="No module named 'no_such_module'"):
        run([Job("no_such_module:nothing", 1, {}, "")], store, engine="serial")


OWN_ENGINE = """
from nbsupport.jobs.engines.serial import SerialEngine
made = []
def open_it(workers, jobs, on_message):
    made.append((workers, len(jobs)))
    return SerialEngine(workers, jobs, on_message)
"""


@pytest.fixture
def own_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an engine in a module outside the package."""
    (tmp_path / "its_lab").mkdir()
    (tmp_path / "its_lab" / "cluster.py").write_text(OWN_ENGINE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("its_lab", "its_lab.cluster"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return "its_lab.cluster"


def test_an_engine_may_be_a_module_of_the_user_s_own(store: Store, own_engine: str) -> None:
    run([toy("a"), toy("b")], store, engine=own_engine, workers=4)
    with engines.chosen(own_engine):
        run([toy("c")], store)
    assert sys.modules[own_engine].made == [(4, 2), (None, 1)]
    assert VARIABLE not in os.environ


@pytest.mark.parametrize("command", ["build", "run 04_1_quantity", "record"])
def test_the_command_line_takes_an_engine(
    command: str, own_engine: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    chosen, verb = [], command.split()[0]
    called = f"nbsupport.cli.{verb}._{verb}"
    monkeypatch.setattr(called, lambda _: chosen.append(os.environ[VARIABLE]))
    assert cli.main([*command.split(), "--engine", own_engine]) == 0
    assert chosen == [own_engine]
    assert cli.main([*command.split(), "--engine", "its_lab.grid"]) == 2
    assert "unknown engine 'its_lab.grid'" in capsys.readouterr().err
    assert chosen == [own_engine]


def test_the_light_parts_do_not_import_torch() -> None:
    code = (
        "import sys, nbsupport.jobs.runner, nbsupport.jobs.progress; "
        "import nbsupport.jobs.engines.worker; "
        "print([name for name in ('torch', 'pandas', 'numpy', 'IPython') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_two_that_ask_at_once_train_once(store: Store, diary: Path) -> None:
    shared = toy("shared", diary=str(diary), pause=0.4)
    code = (
        "import sys, json; from pathlib import Path; import toy_jobs\n"
        "from nbsupport.jobs import job as spec, runner, store\n"
        "spec.STAGES['toy'] = 'toy_stages:grow'\n"
        "root, diary = sys.argv[1:]\n"
        "job = toy_jobs.toy('shared', diary=diary, pause=0.4)\n"
        "other = toy_jobs.toy('other', diary=diary, cost=0)\n"
        "seen = []\n"
        "tell = lambda e: seen.append(e['kind'])\n"
        "runner.run([job, other], store.Store(Path(root)), workers=1, on_event=tell)\n"
        "print(json.dumps(seen))\n"
    )
    arguments = [sys.executable, "-c", code, str(store.root), str(diary)]
    twins = [
        subprocess.Popen(arguments, env=environment(), stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [json.loads(twin.communicate(timeout=30)[0]) for twin in twins]
    assert sorted(entries(diary, "end")) == ["other", "shared"]
    assert sorted(entries(diary, "begin")) == ["other", "shared"]
    assert store.check(shared)
    assert sum("waiting" in kinds for kinds in told) >= 1


def test_the_second_does_other_work_while_it_waits(store: Store, diary: Path) -> None:
    held, free = toy("held", cost=9, diary=str(diary)), toy("free", diary=str(diary))
    lock = store.lock(held)
    lock.acquire()
    events: list[dict] = []

    def release(event: dict) -> None:
        events.append(event)
        if event["kind"] == "done" and event["job"] == free.key:
            lock.release()

    run([held, free], store, workers=1, on_event=release)
    assert entries(diary, "end") == ["free", "held"]
    assert kinds(events, held).count("waiting") == 1


def test_parts_of_the_work_take_turns_and_leave_no_worker_idle(store: Store, diary: Path) -> None:
    """With one worker part by part; a parent that two parts need belongs to the first of them."""
    kept = {"diary": str(diary)}
    shared, late = toy("shared", cost=1, **kept), toy("late", cost=9, **kept)
    jobs = {
        0: [toy("a", cost=1, **kept), toy("child", shared, cost=2, **kept)],
        1: [toy("b", late, cost=50, **kept), toy("c", shared, cost=40, **kept)],
    }
    turns = {job.key: turn for turn, part in jobs.items() for job in part}
    turns |= {late.key: 1, shared.key: 1}
    run([*jobs[1], *jobs[0]], store, engine="serial", turns=turns)
    assert entries(diary, "end") == ["shared", "a", "child", "late", "b", "c"]


def test_a_later_part_begins_where_an_earlier_has_nothing_to_begin(
    store: Store, diary: Path
) -> None:
    kept = {"diary": str(diary)}
    parent = toy("parent", pause=0.5, **kept)
    child, other = toy("child", parent, **kept), toy("other", **kept)
    run([child, other], store, workers=2, turns={parent.key: 0, child.key: 0, other.key: 1})
    assert entries(diary, "end") == ["other", "parent", "child"]

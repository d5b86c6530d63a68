"""Killed or interrupted: what is done stays, what was begun goes on, nobody works on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy_jobs import environment, toy

from nbsupport.jobs.job import Job
from nbsupport.jobs.runner import run
from nbsupport.jobs.store import Store

# No guard: a worker that imported this module again would start over without end.
SCRIPT = """
import sys
from pathlib import Path
import toy_jobs
from nbsupport.jobs import job as spec, runner, store
spec.STAGES["toy"] = "toy_stages:grow"
root, diary, engine = sys.argv[1:]
jobs = [toy_jobs.toy("quick", diary=diary, cost=9), toy_jobs.toy("long", diary=diary,
        pause=0.15, epochs=9)]
try:
    runner.run(jobs, store.Store(Path(root)), engine=engine, workers=1)
except KeyboardInterrupt as problem:
    print(problem)
    sys.exit(130)
"""


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    return tmp_path / "diary"


def start(tmp_path: Path, store: Store, diary: Path, engine: str = "local") -> subprocess.Popen:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, str(script), str(store.root), str(diary), engine],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a process group of its own, as a terminal gives
    )


def jobs(diary: Path) -> tuple[Job, Job]:
    return toy("quick", diary=str(diary)), toy("long", diary=str(diary), pause=0.15, epochs=9)


def wait_for(diary: Path, what: str) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if diary.exists() and what in diary.read_text():
            return
        time.sleep(0.02)
    raise AssertionError(f"no {what!r} in the diary")


def workers_of(diary: Path) -> set[int]:
    return {int(line.split()[2]) for line in diary.read_text().splitlines()}


def gone(process: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def wait_until_gone(processes: set[int]) -> None:
    end = time.monotonic() + 5
    while not all(gone(process) for process in processes):
        assert time.monotonic() < end, "a worker goes on without its engine"
        time.sleep(0.05)


def check_that_it_goes_on(store: Store, diary: Path) -> None:
    """The second run does the rest, each epoch once, with the result of an undisturbed one."""
    quick, long = jobs(diary)
    assert store.check(quick, full=True)
    assert not store.done(long)
    assert not store.locked(long)
    events: list[dict] = []
    results = run([quick, long], store, on_event=events.append)
    told = {event["job"]: event for event in events if event["kind"] in ("found", "started")}
    assert told[quick.key]["kind"] == "found"
    assert told[long.key]["resumed"] is True
    assert results[long.key]["total"] == sum(range(10))
    lines = diary.read_text().splitlines()
    for epoch in range(1, 10):
        # The epoch under way when the process ended may have been written down, not kept.
        assert 1 <= sum(line.startswith(f"epoch{epoch} long ") for line in lines) <= 2


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize("engine", ["local", "serial"])
def test_ctrl_c_keeps_what_is_done(tmp_path: Path, store: Store, diary: Path, engine: str) -> None:
    process = start(tmp_path, store, diary, engine)
    wait_for(diary, "epoch2 long")
    os.killpg(process.pid, signal.SIGINT)
    told, _ = process.communicate(timeout=10)
    assert process.returncode == 130
    expected = f"interrupted: 1 of 2 jobs are done and kept in {store.root}; the same command"
    assert told.splitlines()[-1].startswith(expected)
    wait_until_gone(workers_of(diary))
    check_that_it_goes_on(store, diary)


def test_what_the_tests_are_told_to_ignore_their_programs_do_not() -> None:
    """As under nohup, or in a shell's background."""
    test = f"{__file__}::test_ctrl_c_keeps_what_is_done[serial]"
    ignoring = ["sh", "-c", "trap '' INT TERM HUP; exec \"$@\"", "sh"]
    command = [*ignoring, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_engine(
    tmp_path: Path, store: Store, diary: Path, number: signal.Signals
) -> None:
    process = start(tmp_path, store, diary)
    wait_for(diary, "epoch2 long")
    process.send_signal(number)
    process.communicate(timeout=10)
    assert process.returncode == -number
    wait_until_gone(workers_of(diary))
    check_that_it_goes_on(store, diary)


def test_a_script_without_a_guard_runs_once(tmp_path: Path, store: Store, diary: Path) -> None:
    process = start(tmp_path, store, diary)
    process.communicate(timeout=30)
    assert process.returncode == 0
    lines = [line.split()[:2] for line in diary.read_text().splitlines()]
    assert [name for what, name in lines if what == "begin"] == ["quick", "long"]


def test_workers_are_all_told_at_once_and_have_time_to_keep_their_work(
    store: Store, diary: Path
) -> None:
    tidy = [Job("toy_stages:tidy", 1, {"diary": str(diary), "takes": 4 - i}, "") for i in range(3)]
    under_way: set[str] = set()

    def interrupt(event: dict) -> None:
        if event["kind"] == "epoch" and len(under_way) < 3:
            under_way.add(event["job"])
            if len(under_way) == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tidy, store, workers=3, on_event=interrupt)
    kept = [float(line.split()[1]) for line in diary.read_text().splitlines()]
    assert len(kept) == 3
    assert kept[-1] - kept[0] < 3.5  # one after the other they would take 9 seconds
    assert not any(store.locked(job) for job in tidy)

"""TERM, HUP and Ctrl-C end pages under way and all that they started."""

import os
import signal
import subprocess
import sys
import threading
import time
from argparse import Namespace
from pathlib import Path

import pytest

from nbsupport.building.execute import execute_pages, read_sources
from nbsupport.cli import main
from nbsupport.cli.parsing import time_limit
from nbsupport.paths import root
from nbsupport.stopping import GO_ON, put_off, stopping

SCRIPT = """
import sys
from pathlib import Path
from nbsupport import cli
from nbsupport.building import build, execute
def pages(profile, results, edition):
    notebooks = folder / "notebooks"
    texts = execute.read_sources(sys.argv[2:], notebooks)
    execute.execute_pages(texts, {"profile": profile}, folder / "out", notebooks=notebooks,
                          workers=2, on_event=build._say)
folder = Path(sys.argv[1])
build.build_book = pages
sys.exit(cli.main(["build", "--profile", "smoke"]))
"""
# A page that starts a process of its own, as one that trains does, and goes on.
WORKS = """import subprocess, sys, time, os, pathlib
worker = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=-1)
pathlib.Path({pids!r}).write_text(f"{{os.getppid()}} {{os.getpid()}} {{worker.pid}}")
time.sleep(60)"""


def start(tmp_path: Path, *pages: str, ignore: int = 0) -> subprocess.Popen:
    def handlers() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if ignore:
            signal.signal(ignore, signal.SIG_IGN)

    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path), *pages],
        env={**os.environ, "PYTHONPATH": str(root())},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=handlers,
        start_new_session=True,
    )


def wait_for(what) -> None:
    end = time.monotonic() + 40
    while not what():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


def gone(process: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")


@linux
@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGTERM, 143),
        (signal.SIGHUP, 129),
        (signal.SIGINT, 130),
        (signal.SIGKILL, -signal.SIGKILL),
    ],
)
def test_everything_ends_and_what_was_finished_is_kept(tmp_path, write_page, number, status):
    pids = tmp_path / "pids"
    write_page("short", "print('done')")
    write_page("long", WORKS.format(pids=str(pids)))
    process = start(tmp_path, "short", "long")
    wait_for(lambda: pids.exists() and len(pids.read_text().split()) == 3)
    wait_for((tmp_path / "out" / "short.key.json").exists)
    process.send_signal(number)
    said = process.communicate(timeout=20)[1]
    assert process.returncode == status
    wait_for(lambda: all(gone(int(pid)) for pid in pids.read_text().split()))
    if number != signal.SIGKILL:
        assert said.splitlines()[-1].startswith("stopped; what was finished is kept")
        assert "Traceback" not in said
        assert "long" not in said  # it did not fail
    notebooks = tmp_path / "notebooks"
    texts = read_sources(["short"], notebooks)
    again = execute_pages(texts, {"profile": "smoke"}, tmp_path / "out", notebooks=notebooks)
    assert not again[0].executed
    assert not (tmp_path / "out" / "long.ipynb").exists()


def test_what_is_ignored_stays_ignored():
    """nohup leaves HUP ignored: a build goes on when the terminal is closed."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


HANGS_UP = """
import os, signal, sys, time
from nbsupport import cli
from nbsupport.building import build
def work(profile, results, edition):
    print("at work", flush=True)
    try:
        time.sleep(30)
    finally:
        print("after the terminal has gone", flush=True)
build.build_book = work
sys.exit(cli.main(["build"]))
"""


@linux
def test_a_terminal_that_closes_ends_the_command_without_an_error():
    import pty

    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", HANGS_UP],
        env={**os.environ, "PYTHONPATH": str(root())},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    assert b"at work" in os.read(leader, 100)
    os.close(leader)
    process.send_signal(signal.SIGHUP)
    assert process.wait(20) == 129


LIMITED = """
import sys, time
from nbsupport import cli
from nbsupport.building import build
def work(profile, results, edition):
    time.sleep(30)
build.build_book = work
sys.exit(cli.main(["build", "--time-limit", sys.argv[1]]))
"""


def test_a_time_limit_ends_a_command_with_a_status_that_says_go_on():
    command = [sys.executable, "-c", LIMITED, "1s"]
    environment = {**os.environ, "PYTHONPATH": str(root())}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=25)
    assert done.returncode == GO_ON == 75
    said = "the time limit is reached; what was finished is kept, the same command goes on\n"
    assert done.stderr == said


@pytest.mark.parametrize(("given", "seconds"), [("7h30m", 27000.0), ("90m", 5400.0), ("45s", 45.0)])
def test_a_time_limit_is_hours_minutes_and_seconds(given, seconds):
    assert time_limit(Namespace(time_limit=given)) == seconds


@pytest.mark.parametrize("given", ["", "0s", "90", "1d", "m", "1.5h", "-1s", "2m1h"])
def test_another_time_limit_is_refused_in_one_line(given, capsys):
    assert main(["build", f"--time-limit={given}"]) == 2
    assert f"--time-limit {given!r}: give hours, minutes or seconds" in capsys.readouterr().err


def test_no_time_limit_is_left_behind():
    with stopping(3600):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert time_limit(Namespace(time_limit=None)) is None


def test_a_signal_that_is_put_off_comes_afterwards():
    steps = []

    def work() -> None:
        with put_off() as came:
            signal.raise_signal(signal.SIGTERM)
            steps.append(came())
            signal.raise_signal(signal.SIGTERM)  # a scheduler's and the engine's
            steps.append(came())

    with stopping() as state, pytest.raises(KeyboardInterrupt):
        work()
    assert steps == [True, True]
    assert state.status == 143


def test_what_is_ignored_is_not_put_off_either():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with put_off() as came:
            signal.raise_signal(signal.SIGHUP)
            assert not came()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_puts_nothing_off():
    told = []

    def work() -> None:
        with put_off() as came:
            told.append((came(), signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert told == [(False, signal.SIG_DFL)]

"""What is shown of a run: in a terminal, in a log, in a notebook and in the rendered page."""

import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from toy_jobs import environment, toy

from nbsupport.jobs import progress
from nbsupport.jobs.progress import Progress, Tally, duration
from nbsupport.jobs.runner import JobsFailed, run
from nbsupport.jobs.store import Store


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def event(kind: str, job: str = "", **more: Any) -> dict:
    return {"kind": kind, **({"job": job, "label": job, "cost": 10.0} if job else {}), **more}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (192, "3 min 12 s"), (7500, "2 h 5 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_final_line() -> None:
    tally = Tally(noun="run")
    tally.take(event("planned", jobs=39, cost=250.0, workers=2))
    for i in range(14):
        tally.take(event("found", f"f{i}"))
    for i in range(25):
        tally.take(event("started", f"t{i}"))
        tally.take(event("done", f"t{i}"))
    tally.take(event("finished", seconds=192.0, interrupted=False))
    assert tally.final() == "39 runs: 25 trained, 14 from the store, 3 min 12 s"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test sets."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def planned(cost: float, jobs: int, workers: int = 2) -> Tally:
    tally = Tally()
    tally.take(event("planned", jobs=jobs, cost=cost, workers=workers))
    return tally


def test_the_line_on_the_way(clock: list[float]) -> None:
    tally = planned(40.0, jobs=5)
    tally.take(event("found", "a"))
    # Nothing known yet: 40 thread-seconds on two workers, which need 5 s to start.
    assert tally.now() == "1/5 jobs, 0 running, 1 from the store, about 25 s left"
    tally.take(event("started", "b"))
    tally.take(event("started", "c"))
    assert tally.now() == "1/5 jobs, 2 running, 1 from the store, about 25 s left: b; c"
    # All goes as planned, and so it is foreseen.
    clock[0] = 10.0
    tally.take(event("epoch", "b", epoch=1, epochs=2))
    assert tally.now().endswith(", 2 running, 1 from the store, about 15 s left: b (1 of 2); c")
    clock[0] = 15.0
    tally.take(event("done", "c", seconds=15.0))
    assert tally.now() == "2/5 jobs, 1 running, 1 from the store, about 10 s left: b (1 of 2)"
    tally.take(event("failed", "b"))
    tally.take(event("skipped", "d"))
    assert tally.now().startswith("4/5 jobs, 0 running, 1 from the store, 2 failed or skipped")
    assert tally.left() == pytest.approx(10 / 2, rel=0.3)  # one is left


def simulate(clock: list[float], costs: list[float], truth: float, epochs: int) -> list[float]:
    """Estimated over true time left, at each event of jobs that take `truth` times their cost."""
    tally = planned(sum(costs), jobs=len(costs))
    waiting, running, ratios, free = list(enumerate(costs)), {}, [], 2
    told: list[tuple[float, float]] = []
    while waiting or running:
        while waiting and free:
            number, cost = waiting.pop(0)
            start = clock[0] + (truth * progress.WORKER_SECONDS if number < 2 else 0)
            tally.take(event("started", str(number)) | {"cost": cost})
            ends = [start + truth * cost * (e + 1) / max(1, epochs) for e in range(max(1, epochs))]
            running[number], free = (cost, clock[0], ends), free - 1
        number = min(running, key=lambda n: running[n][2][0])
        cost, began, ends = running[number]
        clock[0] = ends.pop(0)
        if epochs:
            done = epochs - len(ends)
            tally.take(event("epoch", str(number), epoch=done, epochs=epochs))
        if not ends:
            took = clock[0] - began
            tally.take(event("done", str(number), seconds=took) | {"cost": cost})
            del running[number]
            free += 1
        told.append((clock[0], tally.left() or 0.0))
    for when, left in told:
        if (true := clock[0] - when) > 0.2 * clock[0]:
            ratios.append(left / true)
    return ratios


@pytest.mark.parametrize("truth", [0.5, 1.0, 3.0, 30.0])
@pytest.mark.parametrize("epochs", [0, 10])
def test_the_time_left_follows_what_is_seen(clock: list[float], truth: float, epochs: int) -> None:
    """Jobs all of which take three times what was planned: soon the estimate does, too."""
    ratios = simulate(clock, [12.0, 10.0, 11.0, 9.0] * 5, truth, epochs)
    assert len(ratios) > 10
    late = ratios[len(ratios) // 4 :]
    assert min(late) > 0.8, late
    assert max(late) < 1.25, late


def test_three_long_trainings_say_so_from_their_first_epoch_on(clock: list[float]) -> None:
    tally = planned(39.0, jobs=3, workers=3)
    for name in "abc":
        tally.take(event("started", name) | {"cost": 13.0})
    assert ", about 18 s left" in tally.now()
    clock[0] = 60.0
    assert ", longer than planned: a; b; c" in tally.now()
    clock[0] = 132.0
    for name in "abc":
        tally.take(event("epoch", name, epoch=1, epochs=10))
    left = tally.left()
    assert left is not None
    assert 0.5 < left / (9 * 132) < 1.1
    clock[0] = 264.0
    for name in "abc":
        tally.take(event("epoch", name, epoch=2, epochs=10))
    assert ", about 17 min 36 s left: a (2 of 10); b (2 of 10); c (2 of 10)" in tally.now()


def test_what_hangs_is_never_about_to_end(clock: list[float]) -> None:
    tally = planned(20.0, jobs=2, workers=1)
    tally.take(event("started", "a"))
    clock[0] = 500.0
    assert "longer than planned, about 4 min" in tally.now()
    tally.take(event("done", "a", seconds=500.0))
    tally.take(event("started", "b"))
    tally.take(event("epoch", "b", epoch=1, epochs=2))
    clock[0] = 5000.0
    assert tally.now() == "1/2 jobs, 1 running, 0 from the store, longer than planned: b (1 of 2)"


def test_a_resumed_job_is_foreseen_by_the_epochs_that_are_left(clock: list[float]) -> None:
    tally = planned(100.0, jobs=2, workers=1)
    for name in "ab":  # the first job's worker starts, too
        tally.take(event("started", name, resumed=True) | {"cost": 50.0})
    clock[0] = 30.0
    tally.take(event("done", "a", seconds=30.0))
    tally.take(event("epoch", "b", epoch=8, epochs=10))
    assert tally.left() == pytest.approx(60.0)


def test_only_some_of_many_running_jobs_are_named() -> None:
    tally = planned(80.0, jobs=8, workers=8)
    for name in "abcdefgh":
        tally.take(event("started", name))
    assert tally.now().endswith(" left: a; b; c; 5 more")


def test_without_costs_no_time_is_promised() -> None:
    tally = Tally(3)
    assert tally.now() == "0/3 jobs, 0 running, 0 from the store"


def test_a_log_gets_a_line_now_and_then(store: Store) -> None:
    stream = io.StringIO()
    shown = Progress(stream=stream)
    run([toy("a")], store, engine="serial", on_event=shown)
    where, last = stream.getvalue().splitlines()
    assert where.startswith("training on 1 CPU thread: ")
    assert last == shown.text
    assert re.fullmatch(r"1 job: 1 trained, 0 from the store, \d s", shown.text)
    stream = io.StringIO()
    run([toy("a"), toy("b")], store, engine="serial", on_event=Progress(stream=stream, every=0))
    lines = stream.getvalue().splitlines()
    assert any(line.startswith("1/2 jobs, 1 running, 1 from the store, about ") for line in lines)
    assert re.fullmatch(r"2 jobs: 1 trained, 1 from the store, \d s", lines[-1])


def test_a_terminal_gets_one_line_redrawn(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    shown = Progress(stream=stream)
    run([toy("a", pause=0.15)], store, engine="serial", on_event=shown)
    text = stream.getvalue()
    assert text.endswith(f"\r\x1b[K{shown.text}\n")
    assert text.count("\n") == 2  # the first says on what is trained
    drawn = text.split("\r\x1b[K")[1:-1]
    assert drawn
    assert all(len(line) < 60 and line[0] in "█░" for line in drawn)


def test_failures_are_in_the_final_line(store: Store) -> None:
    bad = toy("bad", trouble="raise")
    shown = Progress(stream=io.StringIO())
    with pytest.raises(JobsFailed):
        run([toy("child", bad), toy("a")], store, engine="serial", on_event=shown)
    assert shown.text.startswith("3 jobs: 1 trained, 0 from the store, 1 failed, 1 skipped, ")


def test_in_a_real_terminal(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    code = (
        "import sys; from pathlib import Path; import toy_jobs\n"
        "from nbsupport.jobs import job as spec, runner, store, progress\n"
        "spec.STAGES['toy'] = 'toy_stages:grow'\n"
        "runner.run([toy_jobs.toy('a')], store.Store(Path(sys.argv[1])),\n"
        "            on_event=progress.Progress())\n"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "store")]
    subprocess.run(arguments, env=environment(TERM="xterm"), stderr=slave, check=True, timeout=30)
    os.close(slave)
    shown = os.read(master, 10_000).decode()
    os.close(master)
    last = shown.split("\r\x1b[K")[-1]
    assert re.fullmatch(r"1 job: 1 trained, 0 from the store, \d+ s\r\n", last)


NOTEBOOK = """
from pathlib import Path
import toy_jobs
from nbsupport.jobs import job as spec, runner, store, progress
spec.STAGES["toy"] = "toy_stages:grow"
jobs = [toy_jobs.toy(str(i), pause=0.4) for i in range(4)]
results = runner.run(jobs, store.Store(Path(root)), on_event=progress.Progress(noun="run"))
"""


def test_an_executed_notebook_keeps_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    papermill = pytest.importorskip("papermill")
    nbformat = pytest.importorskip("nbformat")
    cells = [nbformat.v4.new_code_cell("root = ''"), nbformat.v4.new_code_cell(NOTEBOOK)]
    cells[0].metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    source, executed = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    source.write_text(nbformat.writes(book))
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    parameters = {"root": str(tmp_path / "store")}
    papermill.execute_notebook(source, executed, parameters=parameters, progress_bar=False)
    outputs = json.loads(executed.read_text())["cells"][-1]["outputs"]
    assert [output["output_type"] for output in outputs] == ["display_data"]
    text = "".join(outputs[0]["data"]["text/plain"])
    assert text.startswith("4 runs: 4 trained, 0 from the store, ")
    assert "".join(outputs[0]["data"]["text/html"]) == f'<p class="nb-progress">{text}</p>'

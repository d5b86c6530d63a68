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
from nbsupport.jobs.engines import JobsFailed, run
from nbsupport.jobs.progress import Progress, Tally, duration
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


def test_the_line_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    tally = Tally()
    tally.take(event("planned", jobs=5, cost=40.0, workers=2))
    tally.take(event("found", "a"))
    tally.take(event("started", "b"))
    tally.take(event("started", "c"))
    # Nothing known yet: 40 thread-seconds on two workers.
    assert tally.now() == "1/5 jobs, 2 running, 1 from the store, about 20 s left"
    clock[0] = 30.0
    tally.take(event("epoch", "b", epoch=1, epochs=2))
    tally.take(event("done", "c"))
    # 15 of 40 done in 30 s, blended with the plan's 20 in 10 s: (40 - 15) / (35 / 40).
    assert tally.now() == "2/5 jobs, 1 running, 1 from the store, about 29 s left"
    tally.take(event("failed", "b"))
    tally.take(event("skipped", "d"))
    assert tally.now().startswith("4/5 jobs, 0 running, 1 from the store, 2 failed or skipped")


def test_without_costs_no_time_is_promised() -> None:
    tally = Tally(3)
    assert tally.now() == "0/3 jobs, 0 running, 0 from the store"


def test_a_log_gets_a_line_now_and_then(store: Store) -> None:
    stream = io.StringIO()
    shown = Progress(stream=stream)
    run([toy("a")], store, engine="serial", on_event=shown)
    assert stream.getvalue() == f"{shown.text}\n"
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
    assert text.count("\n") == 1
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
        "from nbsupport.jobs import engines, progress, spec, store\n"
        "spec.register_stage('toy', 'toy_stages:grow')\n"
        "engines.run([toy_jobs.toy('a')], store.Store(Path(sys.argv[1])),\n"
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
from nbsupport.jobs import engines, progress, spec, store
spec.register_stage("toy", "toy_stages:grow")
jobs = [toy_jobs.toy(str(i), pause=0.4) for i in range(4)]
results = engines.run(jobs, store.Store(Path(root)), on_event=progress.Progress(noun="run"))
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

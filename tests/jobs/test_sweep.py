"""What a run tells of itself, and how it is shown to those who watch."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy_jobs import environment, toy

from nbsupport.cli import main
from nbsupport.cli.sweeps import shown
from nbsupport.jobs import sweep
from nbsupport.jobs.problems import JobsFailed
from nbsupport.jobs.runner import run
from nbsupport.jobs.store import Store
from nbsupport.jobs.sweep import sweeps

SCRIPT = """
import sys
from pathlib import Path
import toy_jobs
from nbsupport.jobs import job as spec, runner, store, sweep
spec.STAGES["toy"] = "toy_stages:grow"
sweep.EVERY = 0.05
jobs = [toy_jobs.toy("quick"), toy_jobs.toy("long", pause=0.2, epochs=500)]
runner.run(jobs, store.Store(Path(sys.argv[1])), engine="serial")
"""


def test_a_run_is_seen_from_another_process(store: Store) -> None:
    command = [sys.executable, "-c", SCRIPT, str(store.root)]
    training = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while "3 of 500" not in shown(store) and time.monotonic() < end:
            time.sleep(0.1)
        head, counts, titles, _, line = shown(store).splitlines()
        assert f"process {training.pid}: for " in head
        assert counts.startswith("1 of 2 jobs done, 0 of them from the store, 1 running, about ")
        assert titles.split() == ["running", "epoch", "loss", "for", "what"]
        assert toy("long", pause=0.2, epochs=500).key[:12] in line
        assert line.endswith("toy long")
    finally:
        training.kill()
        training.wait()
    told = next((store.root / "sweeps").glob("*.json"))
    told.write_text(json.dumps(json.loads(told.read_text()) | {"told": time.time() - 120}))
    assert "no word for 2 min 0 s; it was killed" in shown(store)


def test_what_failed_is_shown_with_its_log_s_last_line(store: Store) -> None:
    bad = toy("bad", trouble="raise")
    with pytest.raises(JobsFailed):
        run([bad, toy("child", bad), toy("good")], store, engine="serial")
    text = shown(store)
    assert "ended 0 s ago" in text
    assert "1 of 3 jobs done, 0 of them from the store, 1 failed, 1 skipped" in text
    last = f"failed: {bad.key[:12]} toy bad: ValueError: the numbers do not add up"
    assert text.splitlines()[-1] == last


def test_speed_and_loss_are_told(store: Store) -> None:
    told = sweep.Told(store)
    job = {"job": "0" * 64, "label": "a", "stage": "toy", "cost": 1.0}
    planned = {"kind": "planned", "jobs": 2, "cost": 2.0, "workers": 1, "found": 0, "to_train": 2}
    told({**planned, "where": "on 1 GPU"})
    told({"kind": "started", "resumed": False, **job})
    told({"kind": "epoch", "epoch": 1, "epochs": 4, "loss": 0.123456, **job})
    told._write(ended=False)
    (state,) = sweeps(store)
    assert state["running"][0]["loss"] == 0.123456
    assert "1 of 4  0.1235" in shown(store)
    result = store.root / "toy" / job["job"] / "result.json"
    result.parent.mkdir(parents=True)
    result.write_text('{"result": {"images_per_second": 1234.4}}')
    told({"kind": "done", "seconds": 1.0, **job})
    told({"kind": "finished", "interrupted": False, "seconds": 1.0})
    assert "1,234 images a second and worker" in shown(store)


def test_a_run_that_trains_nothing_tells_nothing(store: Store) -> None:
    assert shown(store) == f"nothing has trained into {store.root} yet"
    run([toy("a")], store, engine="serial")
    before = sweeps(store)
    run([toy("a")], store, engine="serial")
    assert sweeps(store) == before


def test_old_runs_are_forgotten_and_damaged_files_left_out(store: Store) -> None:
    folder = store.root / "sweeps"
    folder.mkdir(parents=True)
    old, torn = folder / "old-1-1.json", folder / "torn-1-1.json"
    for path in (old, torn):
        path.write_text("{")
    os.utime(old, (0, 0))
    run([toy("a")], store, engine="serial")
    assert not old.exists()
    assert torn.exists()
    assert len(sweeps(store)) == 1


def test_the_command(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: object) -> None:
    monkeypatch.setenv("NBSUPPORT_STORE", str(store.root))
    run([toy("a")], store, engine="serial")
    assert main(["watch", "--once"]) == 0
    assert "1 of 1 jobs done" in capsys.readouterr().out


def test_a_store_that_cannot_be_told_to_stops_no_training(store: Store) -> None:
    store.root.mkdir()
    Path(store.root, "sweeps").touch()
    assert len(run([toy("a")], store, engine="serial")) == 1

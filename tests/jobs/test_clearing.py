"""What is removed from a store is what the store made, whatever else lies in its folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toy_jobs import toy

from nbsupport.cli import main
from nbsupport.cli.listing import reruns_table
from nbsupport.data.pictures.cache import cached_images
from nbsupport.data.pictures.listings import remembered
from nbsupport.errors import UserError
from nbsupport.jobs import clearing
from nbsupport.jobs import job as spec
from nbsupport.jobs.job import Job
from nbsupport.jobs.runner import run
from nbsupport.jobs.store import Store

DAY = 86400.0


def train(store: Store, *jobs: Job) -> None:
    run(jobs, store, engine="serial")


@pytest.fixture
def store(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with jobs of a stage of the project's, one of them broken, images and a listing."""
    monkeypatch.setenv("NBSUPPORT_STORE", str(store.root))
    monkeypatch.setitem(spec.STAGES, "pretrain", "toy_stages:grow")
    made = [Job("pretrain", 1, {"name": f"{i}"}, "", None, f"job {i}") for i in range(3)]
    train(store, *made, toy("own stage"))
    monkeypatch.setitem(spec.STAGES, "pretrain", "nbsupport.training.stages.labels:pretrain")
    (store.folder(made[2]) / "result.json").write_text("{")
    cached_images("toy", 5, 4, lambda rows: torch.zeros(len(rows), 3, 4, 4, dtype=torch.uint8))
    remembered("a list", lambda kept: True, list)
    for name in ("checkpoint.safetensors", "weights.safetensors.partial", ".tmpA1b2C3"):
        (store.folder(made[0]) / name).write_bytes(b"x")
    for name in ("3.partial", "journal", "preparing", "seal.7.partial", "skipped.csv"):
        (store.root / "images" / f"{'0' * 24}.{name}").write_bytes(b"x")
    trial = [f"records/{name}" for name in ("smoke.csv", "smoke.sums", "claims-smoke.json")]
    for name in (f"paces/{'0' * 24}.json", *trial):
        (store.root / name).parent.mkdir(exist_ok=True)
        (store.root / name).write_bytes(b"x")
    return store


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def strangers(store: Store, elsewhere: Path) -> dict[str, bytes]:
    """Put other things wherever the store works, and links; what they are."""
    key = store.jobs()[0].key
    job = store.folder(key)
    copy = store.root / "backup" / key
    shutil.copytree(job, copy)
    files = (
        "thesis.txt",
        "photos/cat.jpg",
        "images/holiday.npy",
        "images/cat.jpg",
        "listings/shopping.json",
        "records/mine.csv",
        f"listings/broken-{'1' * 64}.json",
        "locks/bicycle.lock",
        "pretrain/notes.txt",
        "pretrain/mine/spec.json",
        f"{job.relative_to(store.root)}/notes.txt",
        f"{job.relative_to(store.root)}/plots/result.json",
        f"pretrain/{'2' * 64}/diary.txt",
        "rehearsal/picture.png",
        ".hidden",
    )
    for name in files:
        (store.root / name).parent.mkdir(parents=True, exist_ok=True)
        (store.root / name).write_text(name)
    linked = elsewhere / "linked"
    shutil.copytree(store.folder(store.jobs()[1].key), linked)
    (store.root / "pretrain" / ("3" * 64)).symlink_to(linked)
    (store.root / "images" / f"{'4' * 24}.npy").symlink_to(linked / "weights.safetensors")
    (store.root / "link").symlink_to(elsewhere)
    found = tree(store.root)
    kept = {*files, *(str(path.relative_to(store.root)) for path in copy.iterdir())}
    return {name: content for name, content in found.items() if name in kept}


def test_clearing_removes_what_the_store_made(store: Store) -> None:
    size = store.size()
    done = clearing.clear(store)
    assert (len(done.jobs), done.busy, done.left, done.freed) == (4, [], [], size)
    assert not store.root.exists()


def test_clearing_leaves_all_else(store: Store, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    others = strangers(store, elsewhere)
    outside = tree(elsewhere)
    done = clearing.clear(store)
    assert tree(store.root) == others
    assert tree(elsewhere) == outside
    told = {str(path.relative_to(store.root)) for path in done.left}
    assert {"thesis.txt", "photos", "backup", "images/cat.jpg", "listings/shopping.json"} <= told
    assert {"link", f"images/{'4' * 24}.npy", "rehearsal", ".hidden", "pretrain/mine"} <= told
    assert not any("safetensors" in name for name in tree(store.root) if "backup" not in name)
    assert store.jobs() == []


def test_removing_a_job_leaves_all_else(store: Store, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    others = strangers(store, elsewhere)
    outside = tree(elsewhere)
    removed = clearing.remove_jobs(store, store.jobs())
    left = tree(store.root)
    assert {name: left.get(name) for name in others} == others
    assert tree(elsewhere) == outside
    assert len(removed.left) == 1  # the job's folder that holds notes
    assert not (store.root / "pretrain" / ("3" * 64)).is_symlink()


@pytest.mark.parametrize("place", ["root", "stage"])
def test_a_link_in_a_folder_s_place_stays(store: Store, tmp_path: Path, place: str) -> None:
    """A store, or a part of it, on another disk."""
    folder = store.root if place == "root" else store.root / "images"
    there = tmp_path / "another disk"
    folder.rename(there)
    folder.symlink_to(there)
    (there / "cat.jpg").write_text("cat")
    done = clearing.clear(store)
    assert folder.is_symlink()
    assert tree(there) == {"cat.jpg": b"cat"}
    assert [path.name for path in done.left] == ["cat.jpg"]


def test_a_folder_made_for_several_stays(store: Store) -> None:
    store.root.chmod(0o2770)
    clearing.clear(store)
    assert store.root.is_dir()
    assert list(store.root.iterdir()) == []


def test_what_is_in_use_stays(store: Store) -> None:
    busy = store.jobs()[0]
    image = next((store.root / "images").glob("*.seal.json"))
    held = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(store.root / "locks" / f"{busy.key}.lock"), str(image)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    with held:
        assert held.stdout.readline() == "held\n"
        done = clearing.clear(store)
        held.stdin.close()
    assert [entry.key for entry in done.busy] == [busy.key]
    assert done.left == []
    assert store.done(busy.key)
    assert image.exists()
    assert image.with_name(image.name.replace("seal.json", "npy")).exists()
    assert [entry.key for entry in store.jobs()] == [busy.key]


HOLDING = """
import sys
from filelock import FileLock
job, image = sys.argv[1:]
with FileLock(job), FileLock(image.replace(".seal.json", ".lock")):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_jobs_are_chosen_by_age_and_damage(store: Store) -> None:
    entries = store.jobs()
    for days, entry in enumerate(entries):
        when = entry.when - DAY * days - 10
        os.utime(store.root / entry.stage / entry.key, (when, when))
    keys = [entry.key for entry in entries]
    broken = [entry.key for entry in entries if entry.state == "broken"]
    assert len(broken) == 1

    def found(key: str = "", **how: object) -> list[str]:
        return [entry.key for entry in clearing.chosen(store, key, **how)]  # type: ignore[arg-type]

    assert found() == keys
    assert found(older=2 * DAY) == keys[2:]
    assert found(older=99 * DAY) == []
    assert found(state="broken") == broken
    assert found(broken[0], state="broken") == broken
    assert found(keys[-1], state="broken") == []
    assert found(state="broken", older=99 * DAY) == []
    whole = next(entry.key for entry in entries if entry.state == "done")
    store.set_aside(whole, "damage")
    assert found(whole) == [f"{whole}.broken-1"]
    assert set(found(state="broken")) == {f"{whole}.broken-1", *broken}


@pytest.mark.parametrize(
    ("text", "seconds"), [("12h", 43200), ("30d", 30 * DAY), ("1.5w", 10.5 * DAY), ("0d", 0)]
)
def test_ages(text: str, seconds: float) -> None:
    assert clearing.age(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "30", "d", "-3d", "3 d", "3m", "1e3d", "nan d", "٣d"])
def test_what_is_no_age(text: str) -> None:
    with pytest.raises(UserError, match="give a number and a unit") as caught:
        clearing.age(text)
    assert "\n" not in str(caught.value)


# on the command line ------------------------------------------------------------------------------
def test_jobs_rm_says_what_it_removed(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    broken = next(entry for entry in store.jobs() if entry.state == "broken")
    with store.lease(broken.key):
        assert main(["jobs", "rm", "--broken"]) == 0
        assert f"left, being trained: {broken.key[:12]} pretrain" in capsys.readouterr().out
        assert main(["jobs", "rm", broken.key]) == 2
        assert "is being trained" in capsys.readouterr().err
    assert main(["jobs", "rm", "--broken"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith(f"removed {broken.key[:12]} pretrain job ")
    assert told[1].startswith("1 job removed, ")
    assert len(store.jobs()) == 3
    assert main(["jobs", "rm", "--older", "1d"]) == 0
    assert capsys.readouterr().out.startswith("0 jobs removed")
    assert main(["jobs", "rm", "--older", "0h"]) == 0
    assert store.jobs() == []
    for wrong in (["jobs", "rm"], ["jobs", "rm", "--older", "soon"]):
        assert main(wrong) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_jobs_clear_asks_for_a_word(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    (store.root / "thesis.txt").write_text("x")
    before = tree(store.root)
    assert main(["jobs", "clear"]) == 0
    assert "4 jobs and " in capsys.readouterr().out
    assert tree(store.root) == before
    assert main(["jobs", "clear", "--yes"]) == 0
    assert f"left, not made by the store: {store.root / 'thesis.txt'}" in capsys.readouterr().out
    assert tree(store.root) == {"thesis.txt": b"x"}


def test_the_epochs_of_a_job_under_way_are_shown(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    job = Job("pretrain", 1, {"name": "long"}, "")
    store.folder(job).mkdir()
    (store.folder(job) / "spec.json").write_text('{"stage": "pretrain"}')
    assert main(["jobs", "show", job.key[:12]]) == 0
    assert "not done, nobody works on it: no epoch yet" in capsys.readouterr().out
    rows = [
        '{"epoch": 1, "epochs": 9, "loss": 2.34567}',
        '{"epoch": 2, "epochs": 9, "loss": 1.2, "id_macro_f1": 0.5, "ood_macro_f1": 0.25}',
        '{"epoch": 3, "epo',
    ]
    (store.folder(job) / "metrics.jsonl").write_text("\n".join(rows))
    with store.lease(job):
        assert main(["jobs", "show", job.key[:12]]) == 0
    told = capsys.readouterr().out.splitlines()
    begin = told.index("running: epoch 2 of 9")
    assert [line.split() for line in told[begin + 1 : begin + 5]] == [
        ["epoch", "loss", "id_macro_f1", "ood_macro_f1"],
        ["-----", "-----", "-----------", "------------"],
        ["1", "2.346"],
        ["2", "1.2", "0.5", "0.25"],
    ]


def test_images_are_drawn_again_after_clearing(store: Store) -> None:
    clearing.clear(store)
    rows: list[int] = []

    def draw(given: np.ndarray) -> torch.Tensor:
        rows.extend(given.tolist())
        return torch.zeros(len(given), 3, 4, 4, dtype=torch.uint8)

    assert cached_images("toy", 5, 4, draw).shape == (5, 3, 4, 4)
    assert rows == [0, 1, 2, 3, 4]


def test_rerun_pages_are_listed_with_their_parameters(tmp_path: Path) -> None:
    def rerun(name: str, text: str | None, when: float) -> None:
        folder = tmp_path / "rerun" / name
        folder.mkdir(parents=True)
        if text is not None:
            (folder / f"{name.rpartition('-')[0]}.ipynb").write_text(text)
        os.utime(folder, (when, when))

    source = ["# Parameters\n", 'profile = "smoke"\n', "seeds = [5]\n", "\n"]
    cells = [{"id": "a", "source": []}, {"id": "injected-parameters", "source": source}]
    rerun("scale-0123456789", "{", 3e9)
    rerun("02_background-0123456789", json.dumps({"cells": cells}), 1e9)
    rerun("claims-0123456789", None, 2e9)
    rerun("mine", None, 0)
    (tmp_path / "rerun" / "notes-1.txt").write_text("")
    lines = reruns_table(tmp_path / "rerun").splitlines()[2:]
    assert [line.split("  ")[0] for line in lines] == [
        "02_background-0123456789",
        "claims-0123456789",
        "scale-0123456789",
    ]
    assert lines[0].endswith("profile 'smoke', seeds [5]")
    assert lines[1].endswith("(not executed)")
    assert lines[2].endswith("(cannot be read)")
    assert reruns_table(tmp_path / "nothing") == reruns_table(tmp_path / "rerun" / "mine") == ""


def test_jobs_are_chosen_by_stage_and_state(store: Store, capsys: Any) -> None:
    assert {e.stage for e in clearing.chosen(store, stage="toy")} == {"toy"}
    assert {e.state for e in clearing.chosen(store, state="done")} == {"done"}
    both = clearing.chosen(store, stage="pretrain", state="broken")
    assert [(e.stage, e.state) for e in both] == [("pretrain", "broken")]
    assert clearing.chosen(store, state="partial") == []
    with pytest.raises(UserError, match=r"unknown stage 'pretrian'.*did you mean 'pretrain'"):
        clearing.chosen(store, stage="pretrian")
    with pytest.raises(UserError, match="unknown state 'running': allowed are broken, done"):
        clearing.chosen(store, state="running")
    assert main(["jobs", "rm", "--broken", "--state", "done"]) == 2
    assert "name no job: give one" in capsys.readouterr().err
    assert main(["jobs", "rm", "--stage", "toy", "--state", "done"]) == 0
    assert "1 job removed" in capsys.readouterr().out

"""The two stages: what they leave behind, and that a kill changes nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from toy_lab import spec

from nbsupport.training import checkpoint
from nbsupport.training.families import NAMES
from nbsupport.training.stages import labels
from nbsupport.training.stages.labels import finetune, pretrain

HERE = Path(__file__).parent
SCORES = {"id_macro_f1", "ood_macro_f1", "id_accuracy", "ood_accuracy", "n_id", "n_ood"}
SUMMARY = {
    "train_accuracy",
    "loss",
    "epochs",
    "updates",
    "images_per_second",
    "seconds",
    "device",
    "precision",
}


def folder(tmp_path: Path, name: str) -> Path:
    made = tmp_path / name
    made.mkdir()
    return made


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize("family", NAMES)
def test_a_run_is_a_pretraining_and_a_finetuning(tmp_path, family):
    parent, child = folder(tmp_path, "parent"), folder(tmp_path, "child")
    reports = []
    outcome = pretrain(spec(family), parent, report=reports.append)
    assert set(outcome) == SUMMARY
    assert outcome["epochs"] == 3
    assert [row["epoch"] for row in reports] == [1, 2, 3]
    result = finetune(spec(family, evaluate_at=[1, 2]), child, parent)
    assert set(result) == SUMMARY | {"records"}
    assert [record["epoch"] for record in result["records"]] == [1, 2, 3]
    for record in result["records"]:
        assert set(record) == SCORES | {"epoch"}
        assert (record["n_id"], record["n_ood"]) == (60, 50)
    for made in (parent, child):
        assert {p.name for p in made.iterdir()} == {"weights.safetensors", "metrics.jsonl"}


@pytest.mark.usefixtures("toys")
def test_finetuning_starts_from_the_parent(tmp_path):
    parent = folder(tmp_path, "parent")
    pretrain(spec("resnet"), parent)
    start = spec("resnet", epochs=1, lr=0.0, weight_decay=0.0)
    finetune(start, folder(tmp_path, "child"), parent)
    finetune(start, folder(tmp_path, "scratch"))
    name = "features.1.conv1.weight"
    weights = {
        kind: load_file(tmp_path / kind / "weights.safetensors")
        for kind in ("parent", "child", "scratch")
    }
    assert torch.equal(weights["child"][name], weights["parent"][name])
    assert not torch.equal(weights["scratch"][name], weights["parent"][name])
    assert weights["parent"]["head.weight"].shape[0] == 7
    assert weights["child"]["head.weight"].shape[0] == 5


@pytest.mark.usefixtures("toys")
def test_from_scratch_is_a_finetuning_without_a_parent(tmp_path):
    made = folder(tmp_path, "scratch")
    one = finetune(spec("resnet"), made)
    again = finetune(spec("resnet"), folder(tmp_path, "again"))
    assert one["records"] == again["records"]
    other = finetune(spec("resnet") | {"seed": 5}, folder(tmp_path, "other"))
    assert one["loss"] != other["loss"]


@pytest.mark.usefixtures("toys")
def test_validation_is_looked_at_only_when_asked_for(tmp_path):
    result = finetune(spec("resnet") | {"id_val": True}, folder(tmp_path, "calibration"))
    assert set(result["records"][-1]) == SCORES | {"epoch", "id_val_macro_f1"}


@pytest.mark.usefixtures("toys")
def test_a_parent_of_a_pretraining_is_where_its_images_lie(tmp_path, monkeypatch):
    seen = []
    from_spec = labels.Subset.from_spec
    monkeypatch.setattr(labels.Subset, "from_spec", lambda s: seen.append(s) or from_spec(s))
    given = spec("resnet", epochs=1) | {"subset": {"source": {"name": "toy"}}}
    with_parent = pretrain(given, folder(tmp_path, "with"), tmp_path / "images")
    without = pretrain(given, folder(tmp_path, "without"))
    assert seen[0] == {"source": {"name": "toy", "folder": str(tmp_path / "images")}}
    assert seen[1] == {"source": {"name": "toy"}} == given["subset"]
    assert with_parent["loss"] == without["loss"]  # the model starts from nothing all the same


def start(made: Path, between: float = 0.0) -> subprocess.Popen:
    command = [sys.executable, str(HERE / "toy_lab.py"), str(made), "alexnet", str(between)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def read_epochs(process: subprocess.Popen, last: int) -> None:
    assert process.stdout is not None
    assert any(int(line) == last for line in process.stdout)


def test_told_to_end_it_keeps_what_it_has_trained(tmp_path):
    """No checkpoint is due for an hour."""
    whole, cut = folder(tmp_path, "whole"), folder(tmp_path, "cut")
    with start(whole, 3600) as process:
        assert len(process.communicate()[0].split()) == 40
    with start(cut, 3600) as process:
        read_epochs(process, 9)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == -signal.SIGTERM
    assert (cut / checkpoint.NAME).exists()
    with start(cut, 3600) as process:
        epochs = process.communicate()[0].split()
    assert process.returncode == 0
    assert int(epochs[0]) >= 10
    for name in ("weights.safetensors", "metrics.jsonl"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.slow
def test_killed_and_started_again_it_ends_with_the_same_weights(tmp_path):
    whole, cut = folder(tmp_path, "whole"), folder(tmp_path, "cut")
    with start(whole) as process:
        assert len(process.communicate()[0].split()) == 40
    with start(cut) as process:
        for line in process.stdout:
            if int(line) == 9:
                os.kill(process.pid, signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    assert not (cut / "weights.safetensors").exists()
    with start(cut) as process:
        epochs = process.communicate()[0].split()
    assert process.returncode == 0
    assert len(epochs) < 40  # it went on where it was
    for name in ("weights.safetensors", "metrics.jsonl"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes()

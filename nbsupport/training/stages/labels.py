"""The two stages of a run, as the jobs call them: pre-training and fine-tuning (Section 3)."""

from pathlib import Path
from typing import Any

import torch

from nbsupport.data.subsets.subset import Subset
from nbsupport.data.tasks import open_task
from nbsupport.training import checkpoint, loop
from nbsupport.training.device import given_device, precision
from nbsupport.training.evaluation import TestSets
from nbsupport.training.loop import Report, train
from nbsupport.training.models import WEIGHTS, build, load_weights, replace_head, save_weights
from nbsupport.training.recipe import Recipe

__all__ = ["WEIGHTS", "finetune", "pretrain"]

STAGES = {"pretrain": 1, "finetune": 1}  # versions: new code makes new results, under new keys

Spec = dict[str, Any]


def pretrain(
    spec: Spec, folder: Path, parent: Path | None = None, report: Report | None = None
) -> Spec:
    """Train a new model on a subset; its weights are left in `folder`.

    `spec` has subset, family, px, recipe and seed. `parent` is the folder of the job that made the
    subset's images, where one did; the model always starts from nothing. Returns train_accuracy (of
    the last epoch, on augmented images), loss, epochs, updates, images_per_second, seconds, device,
    precision.
    """
    device = given_device()
    data = Subset.from_spec(_with_images(spec["subset"], parent)).load(device)
    model = build(spec["family"], data.num_classes, spec["px"], spec["seed"])
    recipe = Recipe.from_spec(spec["recipe"])
    done = train(model, data, recipe, seed=spec["seed"], folder=folder, report=report)
    save_weights(model, folder / WEIGHTS)
    checkpoint.remove(folder)
    return summary(done, device)


def finetune(
    spec: Spec, folder: Path, parent: Path | None = None, report: Report | None = None
) -> Spec:
    """Train on the downstream task from a parent's weights, or from scratch without a parent.

    `spec` has task, family, px, recipe and seed, `architecture` where the parent's weights are of
    another than the family's own, and `id_val: true` where recipes are being chosen.
    Returns what `pretrain` does, and `records`: the scores after each evaluated epoch.
    """
    device = given_device()
    task = open_task(spec["task"])
    data = task.load("train", device)
    tests = TestSets.of(task, device, id_val=spec.get("id_val", False))
    model = _starting_model(spec, data.num_classes, parent)
    recipe = Recipe.from_spec(spec["recipe"])
    evaluated = recipe.evaluated(len(data))

    def after_epoch(epoch: int, epochs: int) -> dict[str, Any]:
        return tests.scores(model) if epoch in evaluated else {}

    seed = spec["seed"]
    done = train(
        model, data, recipe, seed=seed, folder=folder, after_epoch=after_epoch, report=report
    )
    save_weights(model, folder / WEIGHTS)
    checkpoint.remove(folder)
    return {"records": _records(done), **summary(done, device)}


def _with_images(subset: Spec, parent: Path | None) -> Spec:
    """The subset's spec, its source told where the parent has left the images."""
    if parent is None:
        return subset
    return subset | {"source": subset["source"] | {"folder": str(parent)}}


def _starting_model(spec: Spec, num_classes: int, parent: Path | None) -> torch.nn.Module:
    family, px, architecture = spec["family"], spec["px"], spec.get("architecture", "")
    if parent is None:
        return build(family, num_classes, px, spec["seed"], architecture)
    model = load_weights(family, px, parent / WEIGHTS, architecture)
    return replace_head(model, num_classes, spec["seed"])


def _records(done: loop.Progress) -> list[dict[str, Any]]:
    training = ("epochs", "loss", "train_accuracy")
    scored = [row for row in done.rows if "id_macro_f1" in row]
    return [{k: v for k, v in row.items() if k not in training} for row in scored]


def summary(done: loop.Progress, device: torch.device) -> dict[str, Any]:
    """What every stage returns of a training."""
    last = done.rows[-1]
    return {
        "train_accuracy": last["train_accuracy"],
        "loss": last["loss"],
        "epochs": done.epoch,
        "updates": done.updates,
        "images_per_second": done.images_per_second,
        "seconds": done.seconds,
        "device": device.type,
        "precision": precision(device),
    }

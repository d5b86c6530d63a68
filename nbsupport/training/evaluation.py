"""Predictions and scores. Macro F1 is that of `wilds` ("F1-macro_all")."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from nbsupport.data.loading.batches import ImageSet, normalise
from nbsupport.training.device import autocast

if TYPE_CHECKING:
    from nbsupport.data.tasks import Task

BATCH = 512


def macro_f1(y_true: Any, y_pred: Any) -> float:
    """Mean over the labels present in `y_true` of the F1 of each; both int [n].

    Equals scikit-learn's f1_score(average="macro", labels=unique(y_true), zero_division=0), which
    `wilds` uses. Raises ValueError where the lengths differ or are 0.
    """
    true, predicted = np.asarray(y_true), np.asarray(y_pred)
    if true.shape != predicted.shape or true.size == 0:
        raise ValueError(f"labels {true.shape} and predictions {predicted.shape} do not match")
    labels, code = np.unique(true, return_inverse=True)
    place = np.searchsorted(labels, predicted).clip(max=len(labels) - 1)
    known = labels[place] == predicted  # a prediction outside the labels present counts for none
    hits = np.bincount(code[predicted == true], minlength=len(labels))
    claimed = np.bincount(place[known], minlength=len(labels))
    return float((2 * hits / (np.bincount(code) + claimed)).mean())


def predict(model: nn.Module, data: ImageSet) -> torch.Tensor:
    """The most probable class of each image: int64 [n] on the CPU. Leaves the model as it was."""
    training = model.training
    model.eval()
    parts = []
    with torch.inference_mode(), autocast(data.device):
        for images in data.in_turn(BATCH):
            parts.append(model(normalise(images)).argmax(1))
    model.train(training)
    return torch.cat(parts).cpu()


@dataclass(frozen=True)
class Score:
    """Macro F1, accuracy, and the number of images they rest on."""

    macro_f1: float
    accuracy: float
    n: int


def score(model: nn.Module, data: ImageSet) -> Score:
    """The model's score on a labelled set."""
    true, predicted = data.labels.cpu(), predict(model, data)
    accuracy = (true == predicted).double().mean().item()
    return Score(macro_f1(true, predicted), accuracy, len(data))


@dataclass(frozen=True)
class TestSets:
    """The test sets of a task on a device; `id_val` only where recipes are being chosen on it."""

    __test__ = False  # not a test, whatever pytest makes of the name

    id_test: ImageSet
    ood_test: ImageSet
    id_val: ImageSet | None = None

    @classmethod
    def of(cls, task: "Task", device: str | torch.device, *, id_val: bool = False) -> "TestSets":
        """Load them."""
        validation = task.load("id_val", device) if id_val else None
        return cls(task.load("id_test", device), task.load("ood_test", device), validation)

    def scores(self, model: nn.Module) -> dict[str, float | int]:
        """id_macro_f1, ood_macro_f1, id_accuracy, ood_accuracy, n_id, n_ood (, id_val_macro_f1)."""
        within, outside = score(model, self.id_test), score(model, self.ood_test)
        found: dict[str, float | int] = {
            "id_macro_f1": within.macro_f1,
            "ood_macro_f1": outside.macro_f1,
            "id_accuracy": within.accuracy,
            "ood_accuracy": outside.accuracy,
            "n_id": within.n,
            "n_ood": outside.n,
        }
        if self.id_val is not None:
            found["id_val_macro_f1"] = score(model, self.id_val).macro_f1
        return found


def scores(model: nn.Module, task: "Task") -> dict[str, float | int]:
    """The model's scores on a task's test sets, on the model's device."""
    return TestSets.of(task, next(model.parameters()).device).scores(model)

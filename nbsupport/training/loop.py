"""The training loop: one device, uint8 images on it, resumable at the end of an epoch."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from nbsupport.data.loading.batches import ImageSet, batches
from nbsupport.errors import UserError
from nbsupport.training import checkpoint
from nbsupport.training.device import autocast, clock
from nbsupport.training.recipe import Recipe
from nbsupport.training.seeds import mix, seeded

AfterEpoch = Callable[[int, int], dict[str, Any]]
Report = Callable[[dict[str, Any]], None]
# (model, images, labels, label smoothing) -> the mean loss, and which predictions are right [b]
Objective = Callable[
    [nn.Module, torch.Tensor, torch.Tensor, float], tuple[torch.Tensor, torch.Tensor]
]

METRICS = "metrics.jsonl"
CHECKPOINT_UPDATES = 30  # about a second; epochs of tiny subsets are shorter than a checkpoint


@dataclass
class Progress:
    """What a checkpoint holds besides tensors: epochs and updates done, metrics, seconds."""

    epoch: int = 0
    updates: int = 0
    images: int = 0
    seconds: float = 0.0
    training_seconds: float = 0.0
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def images_per_second(self) -> float:
        """Throughput of training alone, evaluation left out."""
        return self.images / max(self.training_seconds, 1e-9)


def classification(
    model: nn.Module, images: torch.Tensor, labels: torch.Tensor, label_smoothing: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy of the model's logits [b, K] with labels int64 [b]."""
    logits = model(images)
    loss = F.cross_entropy(logits, labels, label_smoothing=label_smoothing)
    return loss, logits.detach().argmax(1) == labels


def train(
    model: nn.Module,
    data: ImageSet,
    recipe: Recipe,
    *,
    seed: int,
    folder: Path,
    objective: Objective = classification,
    after_epoch: AfterEpoch | None = None,
    report: Report | None = None,
) -> Progress:
    """Train `model` in place on the device of `data`, and return what was done.

    `objective` is what is minimised, given the model and a batch; it is called under autocast.
    `after_epoch(epoch, epochs)` returns what to add to the epoch's row of metrics.jsonl (scores);
    `report` is given each new row. A checkpoint in `folder` is resumed from; the caller removes it
    when what the training was for is safely written. All draws come from (seed, epoch), so a
    resumed training equals an uninterrupted one, bit for bit on a CPU thread. Raises UserError
    where the loss is no number.
    """
    return _Training(model, data, recipe, seed, folder, objective, after_epoch, report).run()


class _Training:
    def __init__(
        self,
        model: nn.Module,
        data: ImageSet,
        recipe: Recipe,
        seed: int,
        folder: Path,
        objective: Objective,
        after_epoch: AfterEpoch | None,
        report: Report | None,
    ) -> None:
        self.data, self.recipe, self.seed, self.folder = data, recipe, seed, folder
        self.objective, self.after_epoch, self.report = objective, after_epoch, report
        self.model = model.to(data.device)
        self.model.to(memory_format=torch.channels_last)
        self.optimizer = make_optimizer(self.model, recipe)
        self.epochs = recipe.epochs_for(len(data))
        self.rates = learning_rates(recipe, recipe.updates_for(len(data)))
        self.saved_at = 0

    def run(self) -> Progress:
        self.progress = self._resume()
        self.started = clock(self.data.device) - self.progress.seconds
        self._write_metrics()
        while self.progress.epoch < self.epochs:
            self._epoch(self.progress.epoch + 1)
        return self.progress

    def _resume(self) -> Progress:
        state = checkpoint.load(self.folder, self.model, self.optimizer)
        progress = Progress(**state) if state else Progress()
        self.saved_at = progress.updates
        return progress

    def _epoch(self, epoch: int) -> None:
        began = clock(self.data.device)
        row = {"epoch": epoch, "epochs": self.epochs, **self._updates(epoch)}
        self.progress.training_seconds += clock(self.data.device) - began
        if self.after_epoch:
            row |= self.after_epoch(epoch, self.epochs)
        self.progress.epoch = epoch
        self.progress.rows.append(row)
        self.progress.seconds = clock(self.data.device) - self.started
        self._write_metrics()
        if self.progress.updates - self.saved_at >= CHECKPOINT_UPDATES or epoch == self.epochs:
            checkpoint.save(self.folder, self.model, self.optimizer, asdict(self.progress))
            self.saved_at = self.progress.updates
        if self.report:
            self.report(row)

    def _updates(self, epoch: int) -> dict[str, float]:
        """One pass over the data, or what is left of the updates: mean loss, training accuracy."""
        self.model.train()
        losses, hits, seen = [], [], 0
        with seeded(self.seed, "dropout", epoch):
            for images, labels in self._batches(epoch):
                if self.progress.updates == len(self.rates):
                    break
                batch_loss, right = self._update(images, labels)
                losses.append(batch_loss)
                hits.append(right.sum())
                seen += len(labels)
        self.progress.images += seen
        loss = torch.stack(losses).mean().item()
        if not math.isfinite(loss):
            raise UserError(
                f"training diverged in epoch {epoch} (loss {loss}): "
                f"give a learning rate below {self.recipe.lr:g}, or clip"
            )
        return {
            "loss": loss,
            "train_accuracy": torch.stack(hits).sum().item() / seen,
        }

    def _batches(self, epoch: int) -> Any:
        recipe = self.recipe
        return batches(
            self.data,
            recipe.batch_size,
            seed=mix(self.seed, "batches"),
            epoch=epoch,
            flip=recipe.flip,
            shift=recipe.shift,
            colour=recipe.colour,
            area=recipe.area,
            crop=recipe.crop,
        )

    def _update(
        self, images: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        for group in self.optimizer.param_groups:
            group["lr"] = self.rates[self.progress.updates]
        with autocast(self.data.device):
            loss, right = self.objective(self.model, images, labels, self.recipe.label_smoothing)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self.recipe.clip:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimizer.step()
        self.progress.updates += 1
        return loss.detach(), right

    def _write_metrics(self) -> None:
        """All rows anew: after a kill the file may hold rows later than the checkpoint."""
        text = "".join(json.dumps(row) + "\n" for row in self.progress.rows)
        (self.folder / METRICS).write_text(text, encoding="utf-8")


def make_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimizer in its fused form; no weight decay on biases and normalisations."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if recipe.optimizer == "sgd":
        momentum = recipe.momentum
        return torch.optim.SGD(
            groups, lr=recipe.lr, momentum=momentum, nesterov=momentum > 0, fused=True
        )
    return torch.optim.AdamW(groups, lr=recipe.lr, fused=True)


def learning_rates(recipe: Recipe, updates: int) -> list[float]:
    """The learning rate of each update [updates]."""
    rising = max(1, round(recipe.warmup * updates))
    falling = max(1, updates - rising)

    def rate(update: int) -> float:
        if update < rising:
            return (update + 1) / rising
        left = 1 - (update - rising + 1) / (falling + 1)
        if recipe.schedule == "cosine":
            return 0.5 - 0.5 * math.cos(math.pi * left)
        return left if recipe.schedule == "linear" else 1.0

    return [recipe.lr * rate(update) for update in range(updates)]

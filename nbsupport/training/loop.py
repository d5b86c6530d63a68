"""The training loop: one device, uint8 images on it, resumable after any update."""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from nbsupport.data.loading.batches import ImageSet, batches
from nbsupport.errors import UserError
from nbsupport.stopping import put_off
from nbsupport.training import checkpoint
from nbsupport.training.device import autocast, clock, precision, with_graphs
from nbsupport.training.graphs import Replayed
from nbsupport.training.recipe import Recipe
from nbsupport.training.seeds import mix, seeded

AfterEpoch = Callable[[int, int], dict[str, Any]]
Report = Callable[[dict[str, Any]], None]
# (model, images, labels, label smoothing) -> the mean loss, and which predictions are right [b]
Objective = Callable[
    [nn.Module, torch.Tensor, torch.Tensor, float], tuple[torch.Tensor, torch.Tensor]
]

METRICS = "metrics.jsonl"
CHECKPOINT_SECONDS = 60.0  # between two: one of a large model is half a gigabyte on a shared disk


@dataclass
class Progress:
    """What a checkpoint holds besides tensors: epochs and updates done, metrics, seconds.

    `epoch` and `rows` are of whole epochs; the others count the one under way as well.
    """

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
    `report` is given each new row. A checkpoint is written into `folder` once a minute, and when
    the process is told to end (TERM); one that is there is resumed from, and the caller removes it
    when what the training was for is safely written. A resumed training equals an uninterrupted
    one, bit for bit on a CPU thread. Raises UserError where the loss is no number.
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
        in_half = precision(data.device) == "float16"  # whose small gradients would be 0
        graphs = with_graphs(data.device) and not in_half  # a scaler looks at gradients
        self.optimizer = make_optimizer(self.model, recipe, recorded=graphs)
        self.step = Replayed(self._step, self._state, print) if graphs else self._step
        self.scaler = torch.amp.GradScaler(data.device.type, enabled=in_half)
        self.epochs = recipe.epochs_for(len(data))
        self.rates = learning_rates(recipe, recipe.updates_for(len(data)))
        # Of the epoch under way: each update's loss and count of right predictions, on the device.
        self.losses: list[torch.Tensor] = []
        self.hits: list[torch.Tensor] = []
        self.random: dict[str, torch.Tensor] = {}

    def run(self) -> Progress:
        self.progress = self._resume()
        self.saved, self.mark = time.monotonic(), clock(self.data.device)
        self.started = self.mark - self.progress.seconds
        self._write_metrics()
        with put_off() as self.told_to_end:
            while self.progress.epoch < self.epochs:
                self._epoch(self.progress.epoch + 1)
        return self.progress

    def _epoch(self, epoch: int) -> None:
        row = {"epoch": epoch, "epochs": self.epochs, **self._updates(epoch)}
        if self.after_epoch:
            row |= self.after_epoch(epoch, self.epochs)
        self.progress.epoch = epoch
        self.progress.rows.append(row)
        self.losses, self.hits = [], []
        self.progress.seconds = clock(self.data.device) - self.started
        self._write_metrics()
        self._keep_in_time()
        if self.report:
            self.report(row)

    def _updates(self, epoch: int) -> dict[str, float]:
        """One pass over the data, or what is left of the updates: mean loss, training accuracy."""
        self.model.train()
        self.mark = clock(self.data.device)
        with seeded(self.seed, "dropout", epoch):
            self._go_on_drawing()
            for images, labels in self._batches(epoch, first=len(self.losses)):
                if self.progress.updates == len(self.rates):
                    break
                self._update(images, labels)
                self.progress.images += len(labels)
                self._keep_in_time()
        loss = torch.stack(self.losses).mean().item()
        self._count_seconds()
        if not math.isfinite(loss):
            raise UserError(
                f"training diverged in epoch {epoch} (loss {loss}): "
                f"give a learning rate below {self.recipe.lr:g}, or clip"
            )
        seen = len(self.losses) * min(self.recipe.batch_size, len(self.data))
        return {"loss": loss, "train_accuracy": torch.stack(self.hits).sum().item() / seen}

    def _count_seconds(self) -> None:
        """What has passed since the last mark was training."""
        now = clock(self.data.device)
        self.progress.training_seconds += now - self.mark
        self.progress.seconds = now - self.started
        self.mark = now

    # checkpoints --------------------------------------------------------------------------------
    def _resume(self) -> Progress:
        found = checkpoint.load(self.folder, self.model, self.optimizer)
        if found is None:
            return Progress()
        state, loose = found
        if scale := state.pop("scaler", None):
            self.scaler.load_state_dict(scale)
        if loose:
            device = self.data.device
            self.losses = list(loose.pop("losses").to(device))
            self.hits = list(loose.pop("hits").to(device))
            self.random = loose
        return Progress(**state)

    def _go_on_drawing(self) -> None:
        """Put PyTorch's global state where it was, should this epoch have begun before."""
        if "cpu" in self.random:
            torch.set_rng_state(self.random["cpu"])
        if "cuda" in self.random and self.data.device.type == "cuda":
            torch.cuda.set_rng_state(self.random["cuda"], self.data.device)
        self.random = {}

    def _keep_in_time(self) -> None:
        """Write a checkpoint when the last one is old enough, or the process is told to end.

        Then KeyboardInterrupt follows, where the signal itself does not end the process.
        """
        ending = self.told_to_end()
        if not ending and time.monotonic() - self.saved < CHECKPOINT_SECONDS:
            return
        loose = self._of_this_epoch()
        if loose:
            self._count_seconds()
        state = asdict(self.progress) | {"scaler": self.scaler.state_dict()}
        checkpoint.save(self.folder, self.model, self.optimizer, state, loose)
        self.saved, self.mark = time.monotonic(), clock(self.data.device)
        if ending:
            raise KeyboardInterrupt

    def _of_this_epoch(self) -> dict[str, torch.Tensor]:
        """What going on within an epoch takes; nothing between two."""
        if not self.losses:
            return {}
        # On the CPU: what a GPU still has to do is waited for, and counts as training.
        kept = {"losses": torch.stack(self.losses).cpu(), "hits": torch.stack(self.hits).cpu()}
        kept["cpu"] = torch.get_rng_state()
        if self.data.device.type == "cuda":
            kept["cuda"] = torch.cuda.get_rng_state(self.data.device)
        return kept

    # updates ------------------------------------------------------------------------------------
    def _batches(self, epoch: int, first: int) -> Any:
        recipe = self.recipe
        return batches(
            self.data,
            recipe.batch_size,
            seed=mix(self.seed, "batches"),
            epoch=epoch,
            first=first,
            flip=recipe.flip,
            shift=recipe.shift,
            colour=recipe.colour,
            area=recipe.area,
            crop=recipe.crop,
        )

    def _update(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(self.rates[self.progress.updates])
            else:
                group["lr"] = self.rates[self.progress.updates]
        loss, right = self.step(images, labels)
        self.progress.updates += 1
        self.losses.append(loss)
        self.hits.append(right)

    def _step(self, images: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What the device does in an update: the loss, and how many predictions were right."""
        with autocast(self.data.device):
            loss, right = self.objective(self.model, images, labels, self.recipe.label_smoothing)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        if self.recipe.clip:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss.detach(), right.sum()

    def _state(self) -> Iterator[torch.Tensor]:
        """All that a step changes."""
        yield from self.model.state_dict().values()
        for values in self.optimizer.state.values():
            yield from (value for value in values.values() if isinstance(value, torch.Tensor))

    def _write_metrics(self) -> None:
        """All rows anew: after a kill the file may hold rows later than the checkpoint."""
        text = "".join(json.dumps(row) + "\n" for row in self.progress.rows)
        (self.folder / METRICS).write_text(text, encoding="utf-8")


def make_optimizer(
    model: nn.Module, recipe: Recipe, *, recorded: bool = False
) -> torch.optim.Optimizer:
    """The recipe's optimizer in its fused form; no weight decay on biases and normalisations.

    One whose steps are `recorded` as a CUDA graph counts them, and has its learning rate, on the
    device.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer: torch.optim.Optimizer
    if recipe.optimizer == "sgd":
        momentum = recipe.momentum
        optimizer = torch.optim.SGD(
            groups, lr=recipe.lr, momentum=momentum, nesterov=momentum > 0, fused=True
        )
    else:
        optimizer = torch.optim.AdamW(groups, lr=recipe.lr, capturable=recorded, fused=True)
    if recorded:
        for group in optimizer.param_groups:
            group["lr"] = torch.tensor(recipe.lr, device=parameters[0].device)
    return optimizer


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

"""Train the generative model and leave its weights in assets/generator.safetensors.

    python assets/train_generator.py [--updates 6500] [--folder store/generator]

The decoder of a conditional variational autoencoder. It sees photographs of the three worlds'
ImageNet stand-ins, of a stream that no other part of the project draws from, annotated with where
the subject is (scale, position, tilt, facing), as data sets of aligned faces are. Stopped, it goes
on from its last checkpoint. The learning rate is constant until the last 30 % of the updates, so
that a training may be given more or fewer updates while it runs.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from nbsupport import rng
from nbsupport.paths import root, store_dir
from nbsupport.savanna import VERSION
from nbsupport.savanna.world import World
from nbsupport.training.stages.generator import CODE, PX, STREAM, Generator, Residual, attributes

WORLDS = (0, 1, 2)
PER_CLASS = 240
CLASSES, EACH = 24, 6  # of a batch: a class's canvas is painted once for all its photographs
RATE = 2e-3
WARMUP = 200
FALLING = 0.3  # share of the updates in which the learning rate falls to zero
KL_WEIGHT = 3e-4
AVERAGED = 0.998  # of the moving average of the weights
EVERY = 200


class Encoder(nn.Module):
    """Photographs [n, 3, 32, 32] to the mean and log-variance of their codes, [n, CODE] each."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.stem, self.step = nn.Conv2d(3, width, 4, 4), Residual(width, 1)
        self.last = nn.Sequential(nn.Linear(width * 64, 192), nn.SiLU(), nn.Linear(192, 2 * CODE))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The mean, and the log-variance within bounds."""
        nothing = images.new_zeros(len(images), 1)
        mean, log_variance = self.last(self.step(self.stem(images), nothing).flatten(1)).chunk(2, 1)
        return mean, log_variance.clamp(-8, 4)


class Autoencoder(nn.Module):
    """Encoder and decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(), Generator()

    def forward(
        self, images: Tensor, looks: Tensor, place: Tensor, facing: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Reconstructions of EACH images of every class, and the divergence of their codes [n]."""
        mean, log_variance = self.encoder(images)
        code = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        canvas = self.decoder.canvas(looks).repeat_interleave(len(images) // len(looks), 0)
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
        return self.decoder(canvas, code, place, facing), divergence


class Photographs:
    """All classes of all worlds: looks, photographs, and where their subjects are."""

    def __init__(self, folder: Path) -> None:
        worlds = [self._world(number, folder) for number in WORLDS]
        self.images = torch.cat([images for images, _ in worlds])  # [K, PER_CLASS, 3, 32, 32]
        layout = torch.cat([layout for _, layout in worlds])  # [K, PER_CLASS, 5]
        self.places, self.facings = layout[..., :4], layout[..., 4]
        self.looks = torch.cat([attributes(number) for number in WORLDS])

    def _world(self, number: int, folder: Path) -> tuple[Tensor, Tensor]:
        world, classes = World(number, PX), len(attributes(number))
        label = np.repeat(np.arange(classes), PER_CLASS)
        index = np.tile(np.arange(PER_CLASS), classes)
        path = folder / f"photographs-{number}-{PER_CLASS}.npy"
        if not path.exists():
            np.save(path, world.photos("imagenet", label, STREAM, index).numpy())
        images = torch.from_numpy(np.load(path)).view(classes, PER_CLASS, 3, PX, PX)
        return images, annotations(world, label, index).view(classes, PER_CLASS, 5)

    def batch(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Images [n, 3, 32, 32] in [-1, 1], looks of their classes, places and facings."""
        kind = torch.randperm(len(self.looks))[:CLASSES]
        row = torch.randint(PER_CLASS, (CLASSES * EACH,))
        at = (kind.repeat_interleave(EACH), row)
        images = self.images[at].to(memory_format=torch.channels_last).float() / 127.5 - 1
        return images, self.looks[kind], self.places[at], self.facings[at]


def annotations(world: World, label: np.ndarray, index: np.ndarray) -> Tensor:
    """Scale, position across and down, sine of the tilt, facing of each subject: [n, 5]."""
    base = rng.number_of(VERSION, world.draws, "photo", "imagenet", STREAM)
    u = rng.uniform(world._keys(base, label, index), "photo-pose", 8)
    low, high = world.settings.photo_scale
    scale, facing = low + (high - low) * u[:, :1], (u[:, 4:5] < 0.5).float() * 2 - 1
    return torch.cat([scale, (u[:, 1:4] - 0.5) * 0.3, facing], 1)


class Training:
    """Model, moving average and optimizer, and their checkpoint."""

    def __init__(self, folder: Path) -> None:
        torch.manual_seed(0)
        self.path = folder / "checkpoint.safetensors"
        self.model = Autoencoder().to(memory_format=torch.channels_last)
        self.weights = list(self.model.parameters())
        self.average = [w.detach().clone() for w in self.weights]
        self.optimizer = torch.optim.AdamW(
            self.weights, lr=RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True
        )
        self.done = 0
        if self.path.exists():
            self._resume()

    def update(self, batch: tuple[Tensor, Tensor, Tensor, Tensor], rate: float) -> list[float]:
        """One step; mean absolute error and divergence."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        made, divergence = self.model(*batch)
        error = (made - batch[0]).abs().mean()
        self.optimizer.zero_grad(set_to_none=True)
        (error + KL_WEIGHT * divergence.mean()).backward()
        nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimizer.step()
        self.done += 1
        keep = min(AVERAGED, (1 + self.done) / (10 + self.done))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.weights, 1 - keep)
        return [error.item(), divergence.mean().item()]

    def save(self) -> None:
        """The checkpoint, in one step."""
        tensors = {}
        for i, weight in enumerate(self.weights):
            state = self.optimizer.state[weight]
            tensors |= {f"weight.{i}": weight.detach(), f"average.{i}": self.average[i]}
            tensors |= {f"{name}.{i}": state[name] for name in ("exp_avg", "exp_avg_sq", "step")}
        plain = {name: value.contiguous().clone() for name, value in tensors.items()}
        partial = self.path.with_suffix(".partial")
        save_file(plain, partial, metadata={"done": json.dumps(self.done)})
        partial.replace(self.path)

    def _resume(self) -> None:
        with safe_open(self.path, "pt") as stored, torch.no_grad():
            self.done = json.loads(stored.metadata()["done"])
            for i, weight in enumerate(self.weights):
                weight.copy_(stored.get_tensor(f"weight.{i}"))
                self.average[i].copy_(stored.get_tensor(f"average.{i}"))
                state = {"step": stored.get_tensor(f"step.{i}")}
                for name in ("exp_avg", "exp_avg_sq"):
                    value = stored.get_tensor(f"{name}.{i}")
                    state[name] = torch.empty_like(weight).copy_(value)
                self.optimizer.state[weight] = state

    @torch.no_grad()
    def export(self, data: Photographs, path: Path) -> None:
        """The averaged decoder in half precision, with what is measured on the photographs."""
        for weight, average in zip(self.weights, self.average, strict=True):
            weight.copy_(average)
        batch = data.batch()
        off = (self.model(*batch)[0] - batch[0]).diff(dim=3)
        decoder, places = self.model.decoder, data.places.flatten(0, 1)
        decoder.places.copy_(torch.stack([places.amin(0), places.amax(0)]))
        # the median, as most pixels are backdrop; of a difference of two, of a normal deviate
        decoder.grain.fill_(off.abs().median().item() / (0.6745 * 2**0.5))
        state = decoder.state_dict()
        save_file({name: value.half().contiguous() for name, value in state.items()}, path)


def rate_at(update: int, updates: int) -> float:
    """The learning rate: rising, constant, falling."""
    left = (updates - update) / (FALLING * updates)
    return RATE * min(1.0, (update + 1) / WARMUP, left)


def main() -> None:
    """Train on one thread, telling of the progress every few updates, and export the weights."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--updates", type=int, default=6_600)
    parser.add_argument("--folder", type=Path, default=store_dir() / "generator")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.folder.mkdir(parents=True, exist_ok=True)
    data, training = Photographs(options.folder), Training(options.folder)
    began, told = time.process_time(), []
    while training.done < options.updates:
        torch.manual_seed(training.done)
        told.append(training.update(data.batch(), rate_at(training.done, options.updates)))
        if training.done % EVERY == 0 or training.done == options.updates:
            training.save()
            error, divergence = np.mean(told, 0)
            line = f"error {error:.4f}, divergence {divergence:.1f}"
            seconds = time.process_time() - began
            print(f"{training.done} updates: {line}, {seconds:.0f} s", flush=True)
            told = []
    training.export(data, root() / "assets" / "generator.safetensors")


if __name__ == "__main__":
    main()

"""A toy source and task in memory, in the place of the real ones; also a program that trains on
them: `python toy_lab.py FOLDER FAMILY SECONDS` (between checkpoints). It prints a line an epoch.
"""

import sys
from pathlib import Path
from typing import Any

import torch

from nbsupport.data.loading.batches import LabelledImages
from nbsupport.study.profiles.recipes import Recipe
from nbsupport.training import loop
from nbsupport.training.stages import labels as stages

PX = 16


def toy(n: int, classes: int, seed: int) -> LabelledImages:
    """Noisy copies of one 4 x 4 pattern per class."""
    draws = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, classes, (n,), generator=draws)
    patterns = torch.rand(classes, 3, 4, 4, generator=torch.Generator().manual_seed(9))
    images = torch.nn.functional.interpolate(patterns, size=PX)[labels] * 255
    images += 40 * torch.randn(images.shape, generator=draws)
    return LabelledImages(images.clamp(0, 255).to(torch.uint8), labels, classes).to("cpu")


class ToySubset:
    """Stands for `Subset`."""

    @classmethod
    def from_spec(cls, spec: dict[str, Any]) -> "ToySubset":
        del spec
        return cls()

    def load(self, device: torch.device) -> LabelledImages:
        return toy(200, 7, 1).to(device)


class ToyTask:
    """Stands for a task."""

    def load(self, split: str, device: torch.device) -> LabelledImages:
        sizes = {"train": 150, "id_val": 40, "id_test": 60, "ood_test": 50}
        return toy(sizes[split], 5, len(split)).to(device)


def install() -> None:
    """Put the toys in the place of the real subset and task, in this process."""
    stages.Subset = ToySubset
    stages.open_task = lambda spec: ToyTask()


def spec(family: str, **recipe: Any) -> dict[str, Any]:
    """A spec of either stage; 16 images a batch."""
    given = {"epochs": 3, "batch_size": 16, "lr": 3e-3, **recipe}
    plain = Recipe(**given).spec()
    return {
        "subset": {},
        "task": {},
        "family": family,
        "px": PX,
        "recipe": plain,
        "seed": 4,
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    loop.CHECKPOINT_SECONDS = float(sys.argv[3])
    install()
    stages.pretrain(
        spec(sys.argv[2], epochs=40),
        Path(sys.argv[1]),
        report=lambda row: print(row["epoch"], flush=True),
    )

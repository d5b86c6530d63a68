"""Images per second of our loop against a plain PyTorch loop: same model, images and updates.

    python benchmarks/training.py [--images 2560] [--batch 64] [--families resnet alexnet]

The plain loop is what one writes first: a DataLoader in the training process over a Dataset that
turns each image by torchvision's transforms (flip, padded crop, to float, normalise) as it comes,
and the same model, optimizer and schedule. Ours keeps uint8 images on the device and turns whole
batches, channels last, with a fused optimizer. Both on one thread, timed in thread-seconds, and
interleaved, so that what else the machine does hits both. Prints a row a family; no assertion.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from nbsupport.data.loading.batches import MEAN, STD, LabelledImages
from nbsupport.study.profiles.recipes import Recipe, recipe_named
from nbsupport.training.families import FAMILIES
from nbsupport.training.loop import learning_rates, train
from nbsupport.training.models import build

PX, CLASSES = 32, 128


class OneByOne(Dataset):
    """Images transformed one at a time."""

    def __init__(self, data: LabelledImages) -> None:
        self.images, self.labels = data.images.contiguous(), data.labels.tolist()
        self.transform = v2.Compose(
            [
                v2.RandomHorizontalFlip(),
                v2.RandomCrop(PX, padding=2, padding_mode="edge"),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(MEAN, STD),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.transform(self.images[index]), self.labels[index]


def plain(family: str, data: LabelledImages, recipe: Recipe) -> float:
    """Images per thread-second of the plain loop."""
    model = build(family, CLASSES, PX)
    optimizer = torch.optim.AdamW(model.parameters(), recipe.lr, weight_decay=recipe.weight_decay)
    rates = iter(learning_rates(recipe, recipe.updates_for(len(data))))
    loader = DataLoader(OneByOne(data), recipe.batch_size, shuffle=True, drop_last=True)
    seen, began = 0, time.thread_time()
    for _ in range(recipe.epochs):
        for images, labels in loader:
            optimizer.param_groups[0]["lr"] = next(rates)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels, label_smoothing=recipe.label_smoothing)
            loss.backward()
            optimizer.step()
            seen += len(labels)
    return seen / (time.thread_time() - began)


def ours(family: str, data: LabelledImages, recipe: Recipe) -> float:
    """Images per thread-second of our loop, its checkpoint included."""
    began = time.thread_time()
    with tempfile.TemporaryDirectory() as folder:
        done = train(build(family, CLASSES, PX), data, recipe, seed=0, folder=Path(folder))
    return done.images / (time.thread_time() - began)


def main() -> None:
    """Print both rates and their ratio for each family, the median of three rounds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=2560)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=FAMILIES)
    given = parser.parse_args()
    torch.set_num_threads(1)
    draws = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (given.images, 3, PX, PX), generator=draws, dtype=torch.uint8)
    labels = torch.randint(0, CLASSES, (given.images,), generator=draws)
    data = LabelledImages(images, labels, CLASSES).to("cpu")
    print(f"{'images per thread-second':<26}{'plain':>8}{'ours':>8}{'ratio':>7}")
    for family in given.families:
        recipe = recipe_named("demo", "pretrain", family)
        recipe = replace(recipe, epochs=1, min_updates=0, batch_size=given.batch, evaluate_at=())
        ours(family, data, recipe)  # oneDNN chooses its kernels
        rounds = [(plain(family, data, recipe), ours(family, data, recipe)) for _ in range(3)]
        slow, fast = sorted(rounds, key=lambda pair: pair[1] / pair[0])[1]
        print(f"{family:<26}{slow:>8,.0f}{fast:>8,.0f}{fast / slow:>7.2f}", flush=True)


if __name__ == "__main__":
    main()

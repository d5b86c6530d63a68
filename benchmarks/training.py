"""A training, from uint8 images to the last update: our loop beside those that others write.

All train the same model on the same images for as many updates of the same size, on one thread.

- *a plain loop*: what one writes first. A DataLoader in the training process over a Dataset that
  turns each image by torchvision's transforms as it comes.
- *a plain loop at its best*: the Dataset hands over whole batches (`__getitems__`), torchvision
  turns them at once, with one draw a batch; channels last and a fused optimizer.
- *timm*: `create_loader` and `create_optimizer_v2`, with and without its prefetcher. It opens each
  image by itself, crops at random in size as well, flips and normalises: its usual recipe.

We draw a flip and a crop for each image of a batch, on the whole batch.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from benchmarks.entry import Entry, compared, thread_rate
from nbsupport.data.loading.batches import MEAN, STD, LabelledImages
from nbsupport.study.profiles.recipes import Recipe, recipe_named
from nbsupport.training.families import FAMILIES
from nbsupport.training.loop import learning_rates, train
from nbsupport.training.models import build

PX, CLASSES = 32, 128
TURNED = (v2.RandomHorizontalFlip(), v2.RandomCrop(PX, padding=2, padding_mode="edge"))
FLOATS = (v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD))
Batches = Iterable[tuple[torch.Tensor, torch.Tensor]]


class OneByOne(Dataset):
    """Images transformed one at a time."""

    def __init__(self, data: LabelledImages) -> None:
        self.images, self.labels = data.images.contiguous(), data.labels.tolist()
        self.transform = v2.Compose([*TURNED, *FLOATS])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.transform(self.images[index]), self.labels[index]


class Whole(Dataset):
    """Batches transformed at once: one flip and one crop for all of their images."""

    def __init__(self, data: LabelledImages) -> None:
        self.images = data.images.contiguous(memory_format=torch.channels_last)
        self.labels, self.transform = data.labels, v2.Compose([*TURNED, *FLOATS])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitems__(self, rows: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        return self.transform(self.images[rows]), self.labels[rows]


class Pictures(Dataset):
    """Images as timm's transforms take them."""

    def __init__(self, data: LabelledImages) -> None:
        self.pictures = [Image.fromarray(image) for image in _rows(data)]
        self.labels, self.transform = data.labels.tolist(), None

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[object, int]:
        picture = self.pictures[index]
        return self.transform(picture) if self.transform else picture, self.labels[index]


def _rows(data: LabelledImages) -> np.ndarray:
    return np.ascontiguousarray(data.images.permute(0, 2, 3, 1).numpy())


def plain(family: str, data: LabelledImages, recipe: Recipe) -> None:
    """The loop that one writes first."""
    loader = DataLoader(OneByOne(data), recipe.batch_size, shuffle=True, drop_last=True)
    model = build(family, CLASSES, PX)
    _updates(model, loader, _adamw(model, recipe), recipe, len(data))


def best(family: str, data: LabelledImages, recipe: Recipe) -> None:
    """The same at its best."""
    loader = DataLoader(
        Whole(data), recipe.batch_size, shuffle=True, drop_last=True, collate_fn=lambda b: b
    )
    model = build(family, CLASSES, PX).to(memory_format=torch.channels_last)
    _updates(model, loader, _adamw(model, recipe, fused=True), recipe, len(data))


def by_timm(prefetch: bool) -> Callable[[str, LabelledImages, Recipe], None]:
    """timm's loader and optimizer."""
    from timm.data import create_loader
    from timm.optim import create_optimizer_v2

    def loop(family: str, data: LabelledImages, recipe: Recipe) -> None:
        loader = create_loader(
            Pictures(data),
            (3, PX, PX),
            recipe.batch_size,
            is_training=True,
            use_prefetcher=prefetch,
            mean=MEAN,
            std=STD,
            num_workers=0,
            persistent_workers=False,
            device=torch.device("cpu"),
        )
        model = build(family, CLASSES, PX).to(memory_format=torch.channels_last)
        optimizer = create_optimizer_v2(
            model, "adamw", lr=recipe.lr, weight_decay=recipe.weight_decay
        )
        _updates(model, loader, optimizer, recipe, len(data))

    return loop


def _adamw(
    model: torch.nn.Module, recipe: Recipe, fused: bool | None = None
) -> torch.optim.Optimizer:
    given = {"weight_decay": recipe.weight_decay, "fused": fused}
    return torch.optim.AdamW(model.parameters(), recipe.lr, **given)


def _updates(
    model: torch.nn.Module,
    loader: Batches,
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
    images: int,
) -> None:
    rates = iter(learning_rates(recipe, recipe.updates_for(images)))
    model.train()
    for _ in range(recipe.epochs):
        for inputs, labels in loader:
            rate = next(rates)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs), labels, label_smoothing=recipe.label_smoothing)
            loss.backward()
            optimizer.step()


def ours(family: str, data: LabelledImages, recipe: Recipe) -> None:
    """Our loop, its checkpoint included."""
    with tempfile.TemporaryDirectory() as folder:
        train(build(family, CLASSES, PX), data, recipe, seed=0, folder=Path(folder))


PEERS = {
    "a plain loop": plain,
    "a plain loop at its best": best,
    "timm": by_timm(prefetch=False),
    "timm with its prefetcher": by_timm(prefetch=True),
}


def random_images(number: int) -> LabelledImages:
    """Images and labels by chance: what they show costs nothing."""
    draws = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (number, 3, PX, PX), generator=draws, dtype=torch.uint8)
    labels = torch.randint(0, CLASSES, (number,), generator=draws)
    return LabelledImages(images, labels, CLASSES).to("cpu")


def entries(options: argparse.Namespace) -> Iterator[Entry]:
    """A row for each family and peer."""
    torch.set_num_threads(1)
    data = random_images(640 if options.quick else 2560)
    for family in ("resnet",) if options.quick else FAMILIES:
        recipe = recipe_named("demo", "pretrain", family)
        recipe = replace(recipe, epochs=1, min_updates=0, batch_size=64, evaluate_at=())

        def rate(loop: Callable[..., None], f: str = family, r: Recipe = recipe) -> object:
            return thread_rate(len(data), lambda: loop(f, data, r))

        yield from compared(
            f"training, {family}",
            "images a thread-second",
            rate(ours),
            {name: rate(loop) for name, loop in PEERS.items()},
            rounds=options.rounds,
            target=1.0,
        )

"""A short measurement of this machine: some updates of each family, as trainings make them."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

import torch

from nbsupport.data.loading.batches import LabelledImages
from nbsupport.training.costs import Measured
from nbsupport.training.device import clock, given_device
from nbsupport.training.evaluation import predict
from nbsupport.training.loop import train
from nbsupport.training.models import build
from nbsupport.training.recipe import Recipe

UPDATES = 20
CLASSES = 10


def measure_families(families: Iterable[str], px: int, batch_size: int) -> dict[str, Measured]:
    """Seconds per image of training and of evaluation, by family; a few seconds each.

    The first updates and batches are not counted: in them libraries make their plans.
    """
    return {family: _measure(family, px, batch_size) for family in families}


def _measure(family: str, px: int, batch_size: int) -> Measured:
    device = given_device()
    generator = torch.Generator().manual_seed(0)
    shape = (UPDATES * batch_size, 3, px, px)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    labels = torch.arange(len(images)) % CLASSES
    data = LabelledImages(images, labels, CLASSES).to(device)
    model = build(family, CLASSES, px, 0)
    for updates in (UPDATES // 5, UPDATES):
        recipe = Recipe(epochs=1, batch_size=batch_size, updates=updates, lr=1e-4)
        with tempfile.TemporaryDirectory() as folder:
            done = train(model, data, recipe, seed=0, folder=Path(folder))
    predict(model, data)
    began = clock(device)
    predict(model, data)
    return Measured(1 / done.images_per_second, (clock(device) - began) / len(data))

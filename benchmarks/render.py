"""Drawing simulated worlds: blocks of images, beside the same code an image at a time."""

import argparse
from collections.abc import Iterator

import numpy as np
import torch

from benchmarks.entry import Entry, compared, thread_rate
from nbsupport.savanna.world import World

COLUMNS = ("label", "location", "day", "index")
KINDS = ("imagenet", "inaturalist", "traps")
PX, IMAGES, PLAIN = 32, 2000, 64  # of the loop over images fewer are drawn: it is slow


def draw(world: World, kind: str, images: int) -> None:
    """That many images of a kind."""
    number = np.arange(images)
    if kind == "traps":
        table = world.ecology.traps("train", images)
        world.traps("train", *(table[c].to_numpy() for c in COLUMNS))
    else:
        classes = len(world.ecology.classes(kind))
        world.photos(kind, number % classes, "benchmark", number)


def entries(options: argparse.Namespace) -> Iterator[Entry]:
    """A row for each kind of image."""
    torch.set_num_threads(1)
    world, plain = World(0, PX), World(0, PX)
    plain.block = 1
    for kind in KINDS[:1] if options.quick else KINDS:
        yield from compared(
            f"drawing, {kind}",
            "images a thread-second",
            thread_rate(IMAGES, lambda k=kind: draw(world, k, IMAGES)),
            {"one image at a time": thread_rate(PLAIN, lambda k=kind: draw(plain, k, PLAIN))},
            rounds=options.rounds,
            target=1.0,
            remark=f"{PX} px",
        )

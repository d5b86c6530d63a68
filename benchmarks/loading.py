"""Batches of large pictures: our prepared file beside DataLoaders.

The JPEGs are photographs of the simulated world, enlarged to the size of iWildCam-WILDS' pictures
and given grain, so that they are as many bytes as a camera's. Two kinds of batches:

- *loaded*: uint8, as a GPU is handed them, to augment them by itself
- *augmented*: flipped, shifted, made floats and normalised, all by the CPU

The peers are a PyTorch DataLoader over torchvision's ImageFolder and transforms, which decodes the
JPEGs; the same over the squares of our prepared file, whole batches at a time; and ffcv where it is
installed. Everyone has all cores, with the number of workers or threads that turns out best, and
goes on from epoch to epoch, so that nothing is fetched before the clock starts. Files are in the
page cache.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from benchmarks.entry import Entry, Rate, compared
from nbsupport.data.loading.batches import MEAN, STD, batches
from nbsupport.data.loading.streaming import StreamedImages
from nbsupport.data.pictures.decode_once import cached_pictures, decode_once
from nbsupport.data.pictures.files import Pictures, place
from nbsupport.savanna.world import World

SCENES, QUALITY, GRAIN = 32, 90, 4.0
BATCH, SHIFT = 32, 2
SIZE = (1024, 747)
FLOATS = [v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]
SECONDS = 2.0  # of a way in a round, and until a batch ends
WARM = 16  # batches before the clock starts: two for each worker that can be
Batches = Iterator[tuple[torch.Tensor, torch.Tensor]]
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def photographs(folder: Path, number: int, size: tuple[int, int]) -> int:
    """JPEGs in the layout of ImageFolder, two classes; returns their bytes."""
    scenes = World(0, 64).photos("imagenet", np.arange(SCENES), "benchmark", np.arange(SCENES))
    shape = (size[1], size[0], 1)
    rng = np.random.default_rng(0)
    grains = [np.rint(GRAIN * rng.standard_normal(shape)).astype(np.int16) for _ in range(4)]

    def save(row: int) -> int:
        small = Image.fromarray(scenes[row % SCENES].numpy().transpose(1, 2, 0))
        large = np.asarray(small.resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
        large = np.roll(large, 7 * row, axis=1) + grains[row % len(grains)]
        path = folder / f"class {row % 2}" / f"{row:05d}.jpg"
        Image.fromarray(large.clip(0, 255).astype(np.uint8)).save(path, quality=QUALITY)
        return path.stat().st_size

    for label in range(2):
        (folder / f"class {label}").mkdir(parents=True)
    with ThreadPoolExecutor(CORES) as pool:
        return sum(pool.map(save, range(number)))


class Squares(Dataset):
    """The squares of the prepared file, whole batches at a time."""

    def __init__(self, images: np.ndarray, labels: torch.Tensor, augmented: bool) -> None:
        turned = [*_random(images.shape[-1]), *FLOATS] if augmented else [v2.Identity()]
        self.images, self.labels, self.transform = images, labels, v2.Compose(turned)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitems__(self, rows: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        return self.transform(torch.from_numpy(self.images[rows])), self.labels[rows]


def _random(px: int) -> list[torch.nn.Module]:
    return [v2.RandomHorizontalFlip(), v2.RandomCrop(px, padding=SHIFT, padding_mode="edge")]


def of_jpegs(folder: Path, px: int, augmented: bool, workers: int) -> Batches:
    """What one writes first."""
    before, after = (_random(px), FLOATS) if augmented else ([], [])
    steps = [v2.Resize((px, px)), *before, v2.ToImage(), *after]
    return _loader(ImageFolder(str(folder), v2.Compose(steps)), workers)


def of_squares(data: Dataset, workers: int) -> Batches:
    """The same over decoded squares."""
    return _loader(data, workers, collate_fn=_as_it_is)


def _as_it_is(batch: object) -> object:
    return batch


def _loader(data: Dataset, workers: int, **more: object) -> Batches:
    loader = DataLoader(
        data,
        BATCH,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        **more,
    )
    while True:
        yield from loader


def ours(data: StreamedImages, augmented: bool, threads: int) -> Batches:
    """Epoch after epoch of the same from a prepared file."""
    for epoch in count(1):
        torch.set_num_threads(threads)
        if augmented:
            yield from batches(data, BATCH, seed=0, epoch=epoch)
        else:
            order = torch.randperm(len(data) // BATCH * BATCH)
            yield from ((images, order) for images in data.in_order(order, BATCH))


def by_ffcv(images: np.ndarray, labels: torch.Tensor, folder: Path) -> Callable[[int], Batches]:
    """ffcv's loader over its own file of the same squares. ImportError where it is not there."""
    from ffcv.fields import IntField, NDArrayField
    from ffcv.loader import Loader, OrderOption
    from ffcv.writer import DatasetWriter

    rows = list(zip(images, labels.tolist(), strict=True))
    path = str(folder / "squares.beton")
    fields = {"image": NDArrayField(np.dtype("uint8"), images.shape[1:]), "label": IntField()}
    DatasetWriter(path, fields).from_indexed_dataset(rows)

    def loader(workers: int) -> Batches:
        made = Loader(path, BATCH, num_workers=max(workers, 1), order=OrderOption.RANDOM)
        while True:
            yield from made

    return loader


def rate(made: Batches) -> float:
    """Images a second after some batches, in which workers start and fetch ahead."""
    seen, began, warm = 0, 0.0, WARM
    for images, _ in made:
        warm -= 1
        if warm > 0:
            continue
        if not began:
            began = time.perf_counter()
            continue
        seen += len(images)
        if time.perf_counter() - began > SECONDS:
            break
    torch.set_num_threads(1)
    return seen / (time.perf_counter() - began)


def entries(options: argparse.Namespace) -> Iterator[Entry]:
    """Both kinds of batches, beside each peer."""
    number, px = (128, 224) if options.quick else (256, 448)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NBSUPPORT_STORE"] = str(Path(folder) / "store")
        pictures = Path(folder) / "pictures"
        size = photographs(pictures, number, SIZE) / number
        images, labels = prepared(pictures, px)
        remark = f"{number} JPEGs of {SIZE[0]} x {SIZE[1]}, {size / 1e3:.0f} KB each, to {px} px"
        for augmented in (False, True):
            yield from _kind(pictures, images, labels, augmented, options.rounds, remark)


def _kind(
    folder: Path,
    images: np.ndarray,
    labels: torch.Tensor,
    augmented: bool,
    rounds: int,
    remark: str,
) -> Iterator[Entry]:
    px = images.shape[-1]
    streamed = StreamedImages(lambda rows: torch.from_numpy(images[rows]), labels, 2)
    squares = Squares(images, labels, augmented)
    peers = {
        "DataLoader over JPEGs": lambda n: of_jpegs(folder, px, augmented, n),
        "DataLoader over the prepared file": lambda n: of_squares(squares, n),
    }
    if not augmented:
        with suppress(ImportError):
            peers["ffcv"] = by_ffcv(images, labels, folder.parent)
    name = "batches, augmented" if augmented else "batches, loaded"
    yield from compared(
        name,
        "images a second",
        at_best(lambda n: ours(streamed, augmented, n), range(1, CORES + 1)),
        {peer: at_best(way, range(CORES + 1)) for peer, way in peers.items()},
        rounds=rounds,
        target=dict.fromkeys(peers, 1.0) | {"DataLoader over JPEGs": 1.0 if augmented else 10.0},
        remark=remark,
    )


def prepared(folder: Path, px: int) -> tuple[np.ndarray, torch.Tensor]:
    """The squares of the prepared file, mapped, and their labels."""
    where = place(folder)
    pictures = Pictures(where, where.below(""), "squash")
    decode_once(pictures, px)
    labels = torch.tensor([int(name.startswith("class 1")) for name in pictures.names])
    return cached_pictures(pictures, px), labels


def at_best(way: Callable[[int], Batches], numbers: Iterable[int]) -> Rate:
    """The rate with the number of workers or threads that gives the highest, found at once."""
    made = {number: way(number) for number in numbers}
    chosen = max(made, key=lambda number: rate(made[number]))
    return lambda: rate(made[chosen])

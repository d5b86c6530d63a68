"""Images per second from prepared files against decoding the original JPEGs with a DataLoader.

    python benchmarks/loading.py [--images 128] [--px 448] [--size 1024 747] [--rounds 3]

The JPEGs are photographs of the simulated world, enlarged to the size of iWildCam-WILDS' pictures
and given grain, so that they are as many bytes as a camera's. The plain way is a PyTorch DataLoader
over torchvision's ImageFolder and transforms; ours maps the file that `python -m nbsupport data
prepare` wrote. Two pairs are compared:

    loaded       batches of uint8, as a GPU is handed them, to augment them by itself
    augmented    batches flipped, shifted, made floats and normalised, all by the CPU

Both are given all cores, the plain way the number of workers and ours the number of threads that
turn out best in this run. Timed by the clock on the wall, in turns, so that what else the machine
does hits both; files are in the page cache. Prints rates and the median ratio; no assertion.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from nbsupport.data.loading.batches import MEAN, STD, batches
from nbsupport.data.loading.streaming import StreamedImages
from nbsupport.data.pictures.decode_once import cached_pictures, decode_once
from nbsupport.data.pictures.files import Pictures, place
from nbsupport.savanna.world import World

SCENES, QUALITY, GRAIN = 32, 90, 4.0
BATCH, SHIFT = 32, 2
SECONDS = 2.0  # of a way in a round, and until a batch ends
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


def plain(
    folder: Path, px: int, augmented: bool, workers: int
) -> "DataLoader[tuple[torch.Tensor, torch.Tensor]]":
    """What one writes first."""
    random = [v2.RandomHorizontalFlip(), v2.RandomCrop(px, padding=SHIFT, padding_mode="edge")]
    floats = [v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]
    before, after = (random, floats) if augmented else ([], [])
    data = ImageFolder(
        str(folder), v2.Compose([v2.Resize((px, px)), *before, v2.ToImage(), *after])
    )
    lasting = workers > 0
    return DataLoader(
        data, BATCH, shuffle=True, drop_last=True, num_workers=workers, persistent_workers=lasting
    )


def ours(data: StreamedImages, augmented: bool, threads: int) -> Iterator[torch.Tensor]:
    """Epoch after epoch of the same from a prepared file."""
    for epoch in count(1):
        torch.set_num_threads(threads)
        if augmented:
            yield from (images for images, _ in batches(data, BATCH, seed=0, epoch=epoch))
        else:
            yield from data.in_order(torch.randperm(len(data) // BATCH * BATCH), BATCH)


def rate(made: Iterable[torch.Tensor]) -> float:
    """Images a second after the first batch, which waits for workers to start."""
    seen, began = 0, 0.0
    for images in made:
        if not began:
            began = time.perf_counter()
            continue
        seen += len(images)
        if time.perf_counter() - began > SECONDS:
            break
    torch.set_num_threads(1)
    return seen / (time.perf_counter() - began)


def main() -> None:
    """Print the rates of both pairs, and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=128)
    parser.add_argument("--px", type=int, default=448)
    parser.add_argument("--size", type=int, nargs=2, default=(1024, 747))
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NBSUPPORT_STORE"] = str(Path(folder) / "store")
        pictures = Path(folder) / "pictures"
        size = photographs(pictures, given.images, tuple(given.size)) / given.images
        shape = f"{given.size[0]} x {given.size[1]}"
        print(f"{given.images} JPEGs of {shape}, {size / 1e3:.0f} KB each, on {CORES} cores")
        data = prepared(pictures, given.px)
        for augmented in (False, True):
            compare(pictures, data, given.px, augmented, given.rounds)


def prepared(folder: Path, px: int) -> StreamedImages:
    """The pictures streamed from a prepared file."""
    where = place(folder)
    pictures = Pictures(where, where.below(""), "squash")
    began = time.perf_counter()
    decode_once(pictures, px)
    each = len(pictures) / (time.perf_counter() - began)
    print(f"prepared once, at {px} px: {each:,.0f} images a second\n")
    images = cached_pictures(pictures, px)
    labels = torch.tensor([int(name.startswith("class 1")) for name in pictures.names])
    return StreamedImages(lambda rows: torch.from_numpy(images[rows]), labels, 2)


def compare(folder: Path, data: StreamedImages, px: int, augmented: bool, rounds: int) -> None:
    """Print what each number of workers or threads gives, and then the best of each in turns."""
    loaders = {n: plain(folder, px, augmented, n) for n in range(CORES + 1)}

    def by_loader(workers: int) -> float:
        return rate(images for images, _ in loaders[workers])

    def by_us(threads: int) -> float:
        return rate(ours(data, augmented, threads))

    title = "augmented" if augmented else "loaded"
    workers = best(f"{title}, DataLoader by its workers", loaders, by_loader)
    threads = best(f"{title}, prepared by threads", range(1, CORES + 1), by_us)
    pairs = [(by_loader(workers), by_us(threads)) for _ in range(rounds)]
    ratios = sorted(fast / slow for slow, fast in pairs)
    slow, fast = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(
        f"{title}: DataLoader {slow:,.0f}, prepared {fast:,.0f} images a second, ratio "
        f"{statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})\n",
        flush=True,
    )


def best(title: str, numbers: Iterable[int], way: Callable[[int], float]) -> int:
    """The number that gives the highest rate."""
    tried = {number: way(number) for number in numbers}
    print(f"{title}:", ", ".join(f"{n}: {found:,.0f}" for n, found in tried.items()))
    return max(tried, key=lambda n: tried[n])


if __name__ == "__main__":
    main()

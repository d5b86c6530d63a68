"""python -m nbsupport data fractals: FractalDB on disk, in its published layout.

fractaldb/00042/00042_07_count_3_flip1.png is category 42, its eighth variation, the fourth draw of
patches, upside down. Files are grey where the published ones repeat the grey three times.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from nbsupport.cli.data.image_folder import (
    at_least,
    claimed,
    existing,
    prepared,
    root_of,
    root_option,
    settle,
    write_png,
)
from nbsupport.cli.parsing import command, count_option
from nbsupport.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from nbsupport.data.fractals.drawing import Drawing

Show = Callable[[int], None]


def add(commands: Any) -> None:
    """Add `fractals` to the actions of `data`."""
    text = "draw FractalDB to disk in the published layout and names: 8 ms of a core an image"
    parser = command(commands, "fractals", text, _fractals)
    count_option(parser, "--categories", default=1000)
    count_option(parser, "--per-category", "images, 1 to 1000", default=1000)
    count_option(parser, "--px", "pixels a side, 362 as published", default=362)
    count_option(parser, "--workers", "threads; default: one a core")
    root_option(parser)


def _fractals(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from nbsupport.data.fractals.pictures import INSTANCES
    from nbsupport.machine import cpu_count

    workers = cpu_count() if options.workers is None else options.workers
    at_least(2, categories=options.categories)
    at_least(1, per_category=options.per_category, workers=workers)
    at_least(8, px=options.px)
    if options.per_category > INSTANCES:
        raise UserError(
            f"--per-category {options.per_category}: a category has {INSTANCES:,} images; "
            "for more ask for more --categories"
        )
    folder = root_of(options) / "fractaldb"
    wanted = Wanted(options.categories, options.per_category, drawing_for(options.px))
    with tqdm(total=wanted.images, unit="image", unit_scale=True, disable=None) as bar:
        busy = make(folder, wanted, workers, bar.update)
    print(f"{wanted.images:,} images of {wanted.categories:,} categories in {folder}")
    if busy:
        print(f"{busy:,} categories are being drawn by another process: run again after it")


def drawing_for(px: int) -> "Drawing":
    """How images of `px` pixels are drawn: as published at 362; others alike, and as dense.

    Smaller ones are drawn at about the published size and averaged down, so that a patch covers
    the same share of the image.
    """
    from nbsupport.data.fractals.drawing import (
        PUBLISHED_DENSITY,
        PUBLISHED_POINTS,
        PUBLISHED_PX,
        Drawing,
    )
    from nbsupport.data.fractals.systems import SEED

    if px == PUBLISHED_PX:
        return Drawing(px, PUBLISHED_POINTS, 1, SEED)
    oversize = max(1, round(PUBLISHED_PX / px))
    return Drawing(px, round(PUBLISHED_DENSITY * (px * oversize) ** 2), oversize, SEED)


@dataclass(frozen=True)
class Wanted:
    """The first images of the first categories, and how they are drawn."""

    categories: int
    per_category: int
    drawing: "Drawing"

    @property
    def images(self) -> int:
        """How many in all."""
        return self.categories * self.per_category


def make(folder: Path, wanted: Wanted, workers: int, show: Show) -> int:
    """Draw what the folder lacks; how many categories another process is at is returned.

    `show` is told of images as they are there. UserError where the folder holds images that were
    drawn otherwise, or cannot be written.
    """
    from nbsupport.data.fractals.pictures import VERSION
    from nbsupport.data.fractals.systems import categories

    drawing = wanted.drawing
    settings = {
        "px": drawing.px,
        "points": drawing.points,
        "oversize": drawing.oversize,
        "seed": drawing.seed,
        "version": VERSION,
    }
    settle(folder, settings, {"by": "python -m nbsupport data fractals"})
    systems = categories(wanted.categories, drawing.seed)
    stop = Event()
    # Threads: numba's loops and the PNG encoder run outside Python's lock.
    with ThreadPoolExecutor(workers) as pool:
        tasks = [
            pool.submit(_category, folder, label, system, wanted, stop, show)
            for label, system in enumerate(systems)
        ]
        try:
            return sum(not task.result() for task in as_completed(tasks))
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _category(
    folder: Path, label: int, system: "np.ndarray", wanted: Wanted, stop: Event, show: Show
) -> bool:
    """Draw what a category lacks, unless another process does (then False)."""
    name = f"{label:05d}"
    with claimed(folder, name) as mine:
        if not mine:
            return False
        place = prepared(folder / name)
        there = existing(place)
        for (variation, repeat), flips in _by_drawing(wanted.per_category).items():
            if stop.is_set():
                break
            start = f"{name}_{variation:02d}_count_{repeat}_flip"
            lacking = [flip for flip in flips if f"{start}{flip}.png" not in there]
            if lacking:
                image = _image(system, wanted.drawing, label, variation, repeat)
                _write_flips(image, place / start, lacking)
            show(len(flips))
    return True


def _by_drawing(count: int) -> dict[tuple[int, int], list[int]]:
    """The first `count` instances of a category: the flips of each (variation, repeat)."""
    import numpy as np

    from nbsupport.data.fractals.pictures import instance

    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for variation, repeat, flip in zip(*instance(np.arange(count)), strict=True):
        found[int(variation), int(repeat)].append(int(flip))
    return found


def _image(
    system: "np.ndarray", drawing: "Drawing", label: int, variation: int, repeat: int
) -> "np.ndarray":
    """The unflipped image, uint8 [px, px]."""
    from nbsupport.data.fractals.pictures import mask_key, picture, reduced
    from nbsupport.data.fractals.systems import variations, varied

    moved = varied(system, variations()[variation])
    drawn = picture(moved, drawing, mask_key(drawing, label, variation, repeat))
    return reduced(drawn, drawing.oversize)


def _write_flips(image: "np.ndarray", start: Path, flips: Iterable[int]) -> None:
    import numpy as np
    from PIL import Image

    from nbsupport.data.fractals.pictures import flipped

    for flip in flips:
        turned = np.ascontiguousarray(flipped(image, flip))
        write_png(Image.fromarray(turned), start.with_name(f"{start.name}{flip}.png"))

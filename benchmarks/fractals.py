"""Milliseconds to draw an image of FractalDB, beside the plain loop of the published method.

    python benchmarks/fractals.py [--px 362] [--points 200000] [--images 25]

The plain loop is what the public code does, in Python and NumPy: a point at a time, a patch at a
time. Both draw the same systems with the same random numbers, on one thread, timed in
thread-seconds; the images are compared. Also printed: what importing and compiling cost a process
that draws its first image.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from nbsupport.data.fractals.drawing import Drawing, choices
from nbsupport.data.fractals.pictures import mask_key, picture
from nbsupport.data.fractals.systems import categories, variations, varied

PLAIN = 2  # images of the plain loop: one takes a second


def plain(system: np.ndarray, drawing: Drawing, masks: np.ndarray) -> np.ndarray:
    """The published method as one writes it first: uint8 [side, side]."""
    bounds = np.cumsum(system[:, 6]).tolist()
    rows = system.tolist()
    x = y = 0.0
    visited = [(x, y)]
    for number in choices(drawing.points)[:-1].tolist():
        taken = 0
        while taken < len(rows) - 1 and number > bounds[taken]:
            taken += 1
        a, b, c, d, e, f, _ = rows[taken]
        x, y = x * a + y * b + e, x * c + y * d + f
        visited.append((x, y))
    points = np.array(visited)
    points -= points.min(axis=0)
    inner = float(drawing.side - 2 * drawing.padding)
    at = (points / points.max(axis=0) * inner + drawing.padding).astype(np.uint16)
    image = np.zeros((drawing.side, drawing.side), np.uint8)
    for (column, row), mask in zip(at.tolist(), masks.tolist(), strict=True):
        patch = np.array([127 * int(bit) for bit in f"{mask:09b}"], np.uint8).reshape(3, 3)
        image[row + 1 : row + 4, column + 1 : column + 4] = patch
    return image[::-1]


def milliseconds(work: Callable[[], object]) -> float:
    """Thread time of one call."""
    began = time.thread_time()
    work()
    return 1e3 * (time.thread_time() - began)


def first_image(drawing: Drawing) -> float:
    """Thread-seconds for the first image of a process: numba is imported and compiles."""
    began = time.process_time()
    picture(categories(1)[0], drawing, 0)
    return time.process_time() - began


def main() -> None:
    """Print both times, their ratio, and whether the images agree."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--px", type=int, default=Drawing.px)
    parser.add_argument("--points", type=int, default=Drawing.points)
    parser.add_argument("--images", type=int, default=25)
    given = parser.parse_args()
    drawing = Drawing(given.px, given.points)
    print(f"{given.px} x {given.px} pixels, {given.points:,} points, one thread")
    print(f"first image, with import and compilation: {first_image(drawing):.1f} thread-seconds")
    from nbsupport.data.fractals.orbits import patch_masks

    system = categories(1)[0]
    keys = [mask_key(drawing, 0, v, 0) for v in range(len(variations()))]
    todo = [(varied(system, f), k) for f, k in zip(variations(), keys, strict=True)]
    ours = [
        milliseconds(lambda n=n: picture(todo[n % len(todo)][0], drawing, todo[n % len(todo)][1]))
        for n in range(given.images)
    ]
    slow, agree = [], True
    for own, key in todo[:PLAIN]:
        masks, images = patch_masks(key, drawing.points), []
        slow.append(milliseconds(lambda o=own, m=masks, i=images: i.append(plain(o, drawing, m))))
        agree &= np.array_equal(images[0], picture(own, drawing, key))
    fast, loop = float(np.median(ours)), float(np.median(slow))
    print(f"{'ms an image':<14}{'plain':>9}{'ours':>8}{'ratio':>8}")
    print(f"{'median':<14}{loop:>9.0f}{fast:>8.1f}{loop / fast:>8.0f}")
    print("the same pixels" if agree else "THE IMAGES DIFFER")


if __name__ == "__main__":
    main()

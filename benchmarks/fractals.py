"""Images of FractalDB, beside the plain loop of the published method.

The plain loop is what the public code does, in Python and NumPy: a point at a time, a patch at a
time. The other peer is that loop compiled by numba as it stands. All draw the same systems with the
same random numbers, on one thread; their images are compared.
"""

import argparse
from collections.abc import Callable, Iterator

import numpy as np
from numba import njit

from benchmarks.entry import Entry, compared, thread_rate
from nbsupport.data.fractals.drawing import Drawing, choices
from nbsupport.data.fractals.pictures import mask_key, picture
from nbsupport.data.fractals.systems import categories, variations, varied

IMAGES, PLAIN = 25, 1  # images a round: ours, and of the plain loop, of which one takes a second


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


@njit
def _compiled(
    system: np.ndarray, numbers: np.ndarray, masks: np.ndarray, side: int, padding: int
) -> np.ndarray:
    """The same, in what numba compiles."""
    bounds = np.cumsum(system[:, 6])
    visited = np.zeros((len(numbers), 2))
    for i in range(1, len(numbers)):
        taken = 0
        while taken < len(system) - 1 and numbers[i - 1] > bounds[taken]:
            taken += 1
        x, y = visited[i - 1]
        a, b, c, d, e, f, _ = system[taken]
        visited[i] = x * a + y * b + e, x * c + y * d + f
    image = np.zeros((side, side), np.uint8)
    low = np.array([visited[:, 0].min(), visited[:, 1].min()])
    extent = np.array([visited[:, 0].max(), visited[:, 1].max()]) - low
    for i in range(len(visited)):
        column, row = ((visited[i] - low) / extent * (side - 2 * padding) + padding).astype(
            np.uint16
        )
        for bit in range(9):
            on = (masks[i] >> (8 - bit)) & 1
            image[row + 1 + bit // 3, column + 1 + bit % 3] = 127 * on
    return image[::-1]


def compiled(system: np.ndarray, drawing: Drawing, masks: np.ndarray) -> np.ndarray:
    """The plain loop, compiled by numba."""
    numbers = choices(drawing.points)
    return _compiled(system, numbers, masks, drawing.side, drawing.padding)


def entries(options: argparse.Namespace) -> Iterator[Entry]:
    """One size, as published."""
    from nbsupport.data.fractals.orbits import patch_masks

    drawing = Drawing(Drawing.px, 20_000 if options.quick else Drawing.points)
    system = categories(1)[0]
    keys = [mask_key(drawing, 0, v, 0) for v in range(len(variations()))]
    todo = [(varied(system, f), k) for f, k in zip(variations(), keys, strict=True)]
    masks = [patch_masks(key, drawing.points) for _, key in todo]

    def drawn(
        loop: Callable[[np.ndarray, Drawing, np.ndarray], np.ndarray], images: int
    ) -> list[np.ndarray]:
        return [loop(todo[i][0], drawing, masks[i]) for i in range(images)]

    first = picture(*_first(todo, drawing))
    for loop in (plain, compiled):
        if not np.array_equal(drawn(loop, 1)[0], first):
            raise RuntimeError(f"fractals: the {loop.__name__} loop draws another image")
    yield from compared(
        "fractals",
        "images a thread-second",
        thread_rate(IMAGES, lambda: [picture(own, drawing, key) for own, key in todo[:IMAGES]]),
        {
            "the published loop in Python": thread_rate(PLAIN, lambda: drawn(plain, PLAIN)),
            "that loop compiled by numba": thread_rate(IMAGES, lambda: drawn(compiled, IMAGES)),
        },
        rounds=options.rounds,
        target={"the published loop in Python": 1000.0},
        remark=f"{drawing.px} px, {drawing.points:,} points; ours draws its random patches as well",
    )


def _first(todo: list[tuple[np.ndarray, int]], drawing: Drawing) -> tuple[np.ndarray, Drawing, int]:
    return todo[0][0], drawing, todo[0][1]

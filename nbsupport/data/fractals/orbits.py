"""Points of iterated function systems, and pictures of them, compiled: one picture at a time.

Importing this module imports numba, and the first call compiles: together 3 s (see
benchmarks/fractals.py). Plain loops, because they compile in a third of the time that NumPy's
functions take.
"""

import math

import numpy as np
from numba import njit

GREY = 127  # of the published images; the rest is black
# Points dropped before one that is not finite, where a system diverges (5 % of all variations do).
# The public code counts from the first NaN, which comes one to three points later.
DROPPED = 100
PATCH = 3  # side of the patch that is pasted at each point, in pixels
GOLDEN, MIX_A, MIX_B = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


@njit(nogil=True)
def orbit(maps: np.ndarray, choices: np.ndarray) -> np.ndarray:
    """The points that a system visits from the origin: float64 [2, n], fewer if they diverge.

    maps: float64 [m, 7], a row (a, b, c, d, e, f, p) for x' = ax + by + e, y' = cx + dy + f, taken
    with probability p. choices: float64 [n] in [0, 1).
    """
    steps, last = len(choices), len(maps) - 1
    points = np.empty((2, steps))
    x = y = 0.0
    points[0, 0] = points[1, 0] = 0.0
    for i in range(1, steps):
        j, bound = 0, 0.0
        for k in range(last):  # a sum, and no branch to mispredict
            bound += maps[k, 6]
            j += choices[i - 1] > bound
        moved = x * maps[j, 0] + y * maps[j, 1] + maps[j, 4]
        y = x * maps[j, 2] + y * maps[j, 3] + maps[j, 5]
        x = moved
        if not (math.isfinite(x) and math.isfinite(y)):
            return points[:, : max(1, i - DROPPED)]
        points[0, i], points[1, i] = x, y
    return points


@njit(nogil=True)
def pixels(points: np.ndarray, size: int, padding: int) -> np.ndarray:
    """Columns and rows int64 [2, n] of points, between `padding` and `size - padding`.

    The published rule shifts by the minimum where that is negative; it is never positive, because
    the origin is one of the points.
    """
    found = np.empty(points.shape, np.int64)
    for axis in range(2):
        low = high = 0.0
        for value in points[axis]:
            low, high = min(low, value), max(high, value)
        extent = high / 2 - low / 2 if high > low else 1.0  # halves: the whole may overflow
        for i in range(points.shape[1]):
            share = (points[axis, i] / 2 - low / 2) / extent
            found[axis, i] = int(share * (size - 2 * padding) + padding)
    return found


@njit(nogil=True)
def draw_points(points: np.ndarray, size: int, padding: int) -> np.ndarray:
    """Every visited pixel grey: uint8 [size, size]; y grows with the row."""
    columns, rows = pixels(points, size, padding)
    image = np.zeros((size, size), np.uint8)
    for i in range(len(rows)):
        image[rows[i], columns[i]] = GREY
    return image


@njit(nogil=True)
def draw_patches(points: np.ndarray, masks: np.ndarray, size: int, padding: int) -> np.ndarray:
    """A patch of 3 x 3 pixels pasted at each point in turn: uint8 [size, size].

    masks: uint16 [n], nine bits each, row by row from the highest; a bit that is 0 pastes black.
    The patch begins one pixel to the right of the point and one below, as published; what is
    outside the image is left out.
    """
    columns, rows = pixels(points, size, padding)
    image = np.zeros((size + PATCH, size + PATCH), np.uint8)
    for i in range(len(rows)):
        for k in range(PATCH * PATCH):
            bit = (masks[i] >> (8 - k)) & 1
            image[rows[i] + 1 + k // PATCH, columns[i] + 1 + k % PATCH] = bit * GREY
    return image[:size, :size]


@njit(nogil=True)
def patch_masks(key: int, count: int) -> np.ndarray:
    """Random nine-bit masks, none of them empty: uint16 [count], a hash of key and position.

    key: int64. The numbers of `nbsupport.rng.mix`, so that a GPU draws the same image.
    """
    masks = np.empty(count, np.uint16)
    start = np.uint64(key)
    for i in range(count):
        z = start + np.uint64(i + 1) * np.uint64(GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(MIX_A)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(MIX_B)
        z = z ^ (z >> np.uint64(31))
        masks[i] = np.uint16(np.uint64(1) + (z >> np.uint64(33)) % np.uint64(511))
    return masks

"""Iterated function systems: the search for categories, and the variations within one.

A system is float64 [m, 7]: a row (a, b, c, d, e, f, p) for each of its m maps x' = ax + by + e,
y' = cx + dy + f, which is taken with probability p.
"""

import csv
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby, islice
from pathlib import Path

import numpy as np

TABLE = Path(__file__).with_name("fractaldb1k.csv")
SEED = 1  # of the published search, whose first thousand finds are FractalDB-1k
LEAST_MAPS, MOST_MAPS = 2, 7
SEARCH_POINTS, SEARCH_PX, SEARCH_PADDING = 100_000, 512, 6
FILLED = 0.2  # least share of pixels that a system must reach to become a category
FACTORS = (0.2, 0.6, 1.4, 1.8)
NAMES = ("a", "b", "c", "d", "e", "f")
HEADER = ("category", *NAMES)


def with_probabilities(maps: np.ndarray) -> np.ndarray:
    """Maps float64 [m, 6] as a system: p is |ad - bc|, divided by the sum over the maps."""
    a, b, c, d = maps[:, :4].T
    areas = np.abs(a * d - b * c)
    return np.column_stack([maps, areas / sum(areas.tolist())])


def search(seed: int = SEED) -> Iterator[np.ndarray]:
    """Systems that fill enough of an image, without end: the published search, seed by seed.

    The number of maps is uniform in 2 to 7, each of a ... f uniform in [-1, 1]. Nothing asks that a
    map contracts. About one system in 42 is taken. The stream of random numbers is that of
    the public code, so seed 1 finds the published categories in their order.
    """
    from nbsupport.data.fractals.orbits import draw_points, orbit

    stream = np.random.RandomState(seed)  # its numbers are the same in every NumPy
    while True:
        count = stream.randint(LEAST_MAPS, MOST_MAPS + 1)
        system = with_probabilities(stream.uniform(-1.0, 1.0, (count, len(NAMES))))
        points = orbit(system, stream.random_sample(SEARCH_POINTS))
        image = draw_points(points, SEARCH_PX, SEARCH_PADDING)
        if np.count_nonzero(image) >= FILLED * image.size:
            yield system


@lru_cache(maxsize=4)
def categories(count: int, seed: int = SEED) -> tuple[np.ndarray, ...]:
    """The first `count` systems of a search, from the table where it holds them.

    A search takes about 70 ms for each category, the table none.
    """
    held = read_table() if seed == SEED else ()
    return held[:count] if count <= len(held) else tuple(islice(search(seed), count))


@lru_cache(maxsize=1)
def read_table() -> tuple[np.ndarray, ...]:
    """The thousand categories of FractalDB-1k."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    numbers = (np.array([r[1:] for r in own], float) for _, own in groupby(rows, lambda r: r[0]))
    return tuple(with_probabilities(maps) for maps in numbers)


def write_table(path: Path = TABLE, count: int = 1000) -> Path:
    """Search again, and write the table: a row for each map, in full precision."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for number, system in enumerate(islice(search(), count)):
            writer.writerows([number, *map(repr, row[:6].tolist())] for row in system)
    return path


def variations() -> np.ndarray:
    """Factors of (a, b, c, d, e, f): float64 [25, 6]; no change first, then one at a time."""
    rows = [np.ones(len(NAMES))]
    for column in range(len(NAMES)):
        for factor in FACTORS:
            rows.append(np.where(np.arange(len(NAMES)) == column, factor, 1.0))
    return np.array(rows)


def varied(system: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """A system with each map's a ... f multiplied by factors [6]; the probabilities stay."""
    return np.column_stack([system[:, :6] * factors, system[:, 6]])


if __name__ == "__main__":
    print(write_table())

"""How a fractal is drawn: its size, its points, and the maps chosen one after another."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    pass


PUBLISHED_PX, PUBLISHED_POINTS, PUBLISHED_PADDING = 362, 200_000, 6


PUBLISHED_DENSITY = PUBLISHED_POINTS / PUBLISHED_PX**2  # points to a pixel


LEAST_PADDING = 4  # a patch reaches three pixels past its point


CHOICES_SEED = 100  # the public code takes maps in the same order in every image


@dataclass(frozen=True)
class Drawing:
    """How a system becomes an image of `px` pixels a side.

    It is drawn `oversize` times as large with `points` points, and each block of oversize x
    oversize pixels is averaged. `seed` fixes the patches.
    """

    px: int = PUBLISHED_PX
    points: int = PUBLISHED_POINTS
    oversize: int = 1
    seed: int = 0

    @property
    def side(self) -> int:
        """Pixels a side before averaging."""
        return self.px * self.oversize

    @property
    def padding(self) -> int:
        """Black pixels at each edge: as published in proportion, and room for a patch."""
        return max(LEAST_PADDING, round(PUBLISHED_PADDING * self.side / PUBLISHED_PX))


@lru_cache(maxsize=4)
def choices(count: int) -> np.ndarray:
    """The numbers in [0, 1) that choose the maps: float64 [count], the same for every image."""
    numbers = np.random.RandomState(CHOICES_SEED).random_sample(count)
    numbers.flags.writeable = False
    return numbers

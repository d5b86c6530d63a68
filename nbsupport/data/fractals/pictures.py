"""Images of systems at any size: which instance of which category, drawn and reduced."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.data.fractals.systems import varied, variations
from nbsupport.savanna.chance import number_of

if TYPE_CHECKING:
    import torch

PUBLISHED_PX, PUBLISHED_POINTS, PUBLISHED_PADDING = 362, 200_000, 6
LEAST_PADDING = 4  # a patch reaches three pixels past its point
CHOICES_SEED = 100  # the public code takes maps in the same order in every image
VARIATIONS, REPEATS, FLIPS = 25, 10, 4
INSTANCES = VARIATIONS * REPEATS * FLIPS
VERSION = 1  # raise it when an image changes


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


def instance(number: int | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variation, repeat and flip of instances 0 ... 999 of a category.

    In an order in which the first hundred all look different: 25 variations, each with its flips.
    The repeats, which differ in the patches only, come last.
    """
    number = np.asarray(number)
    variation = number % VARIATIONS
    flip = (number // VARIATIONS + variation) % FLIPS
    return variation, number // (VARIATIONS * FLIPS), flip


def mask_key(drawing: Drawing, category: int, variation: int, repeat: int) -> int:
    """The int64 from which the patches of an image follow; its flips share them."""
    return number_of("fractaldb", drawing.seed, category, variation, repeat)


def picture(system: np.ndarray, drawing: Drawing, key: int) -> np.ndarray:
    """One image in patches before averaging: uint8 [side, side], y pointing up, as published."""
    from nbsupport.data.fractals.orbits import draw_patches, orbit, patch_masks

    points = orbit(system, choices(drawing.points))
    masks = patch_masks(key, points.shape[1])
    return draw_patches(points, masks, drawing.side, drawing.padding)[::-1]


def reduced(images: np.ndarray, oversize: int) -> np.ndarray:
    """uint8 [..., s * px, s * px] averaged over blocks of s x s and rounded: uint8 [..., px, px]."""
    if oversize == 1:
        return images
    px = images.shape[-1] // oversize
    blocks = images.reshape(*images.shape[:-2], px, oversize, px, oversize)
    return np.round(blocks.mean(axis=(-3, -1), dtype=np.float32)).astype(np.uint8)


def flipped(image: np.ndarray, flip: int) -> np.ndarray:
    """An image [h, w] as it is, upside down, mirrored, or both (0 ... 3)."""
    image = image[::-1] if flip & 1 else image
    return image[:, ::-1] if flip & 2 else image


def draw(
    systems: tuple[np.ndarray, ...], drawing: Drawing, labels: np.ndarray, numbers: np.ndarray
) -> "torch.Tensor":
    """Instances `numbers` [n] of categories `labels` [n]: uint8 [n, 3, px, px].

    An image depends on its own category and number alone. Flips of one image are drawn once.
    """
    import torch

    images = np.empty((len(labels), drawing.px, drawing.px), np.uint8)
    drawn: dict[tuple[int, int, int], np.ndarray] = {}
    columns = (labels, *instance(numbers))
    for row, (label, variation, repeat, flip) in enumerate(zip(*map(np.ndarray.tolist, columns))):
        which = (label, variation, repeat)
        if which not in drawn:
            system = varied(systems[label], variations()[variation])
            image = picture(system, drawing, mask_key(drawing, *which))
            drawn[which] = reduced(image, drawing.oversize)
        images[row] = flipped(drawn[which], flip)
    return torch.from_numpy(images)[:, None].expand(-1, 3, -1, -1).contiguous()

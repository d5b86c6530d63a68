"""Images of systems at any size: which instance of which category, drawn and reduced."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.data.fractals.drawing import Drawing, choices
from nbsupport.data.fractals.systems import variations, varied

if TYPE_CHECKING:
    import torch

VARIATIONS, REPEATS, FLIPS = 25, 10, 4
INSTANCES = VARIATIONS * REPEATS * FLIPS
BATCH = 64  # images that a GPU draws at once: 2 GB at the published size
VERSION = 1  # raise it when an image changes


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
    from nbsupport.rng import number_of  # here: it needs torch, a plan does not

    return number_of("fractaldb", drawing.seed, category, variation, repeat)


def picture(system: np.ndarray, drawing: Drawing, key: int) -> np.ndarray:
    """One image in patches before averaging: uint8 [side, side], y pointing up, as published."""
    from nbsupport.data.fractals.orbits import draw_patches, orbit, patch_masks

    points = orbit(system, choices(drawing.points))
    masks = patch_masks(key, points.shape[1])
    return draw_patches(points, masks, drawing.side, drawing.padding)[::-1]


def reduced(images: np.ndarray, oversize: int) -> np.ndarray:
    """uint8 [..., s * px, s * px] averaged over blocks of s x s, rounded: uint8 [..., px, px]."""
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
    systems: Sequence[np.ndarray], drawing: Drawing, labels: np.ndarray, numbers: np.ndarray
) -> "torch.Tensor":
    """Instances `numbers` [n] of categories `labels` [n]: uint8 [n, 3, px, px].

    An image depends on its own category and number alone. Flips of one image are drawn once, on a
    GPU where there is one.
    """
    import torch

    variation, repeat, flip = instance(numbers)
    kinds, which = np.unique(np.stack([labels, variation, repeat]), axis=1, return_inverse=True)
    todo = [(systems[k], variations()[v], (k, v, r)) for k, v, r in kinds.T.tolist()]
    chosen = [varied(system, factors) for system, factors, _ in todo]
    keys = [mask_key(drawing, *own) for *_, own in todo]
    on_gpu = torch.cuda.is_available()
    drawn = _on_gpu(chosen, drawing, keys) if on_gpu else _one_by_one(chosen, drawing, keys)
    small = reduced(drawn, drawing.oversize)
    images = np.stack([flipped(small[i], f) for i, f in zip(which, flip, strict=True)])
    return torch.from_numpy(images)[:, None].expand(-1, 3, -1, -1).contiguous()


def _one_by_one(systems: Sequence[np.ndarray], drawing: Drawing, keys: Sequence[int]) -> np.ndarray:
    return np.stack(
        [picture(system, drawing, key) for system, key in zip(systems, keys, strict=True)]
    )


def _on_gpu(systems: Sequence[np.ndarray], drawing: Drawing, keys: Sequence[int]) -> np.ndarray:
    from nbsupport.data.fractals.batched import pictures

    starts = range(0, len(systems), BATCH)
    parts = [pictures(systems[i : i + BATCH], drawing, keys[i : i + BATCH], "cuda") for i in starts]
    return np.concatenate([part.cpu().numpy() for part in parts])

"""The pictures of `pictures.picture` for many systems at once, in PyTorch: for a GPU.

An orbit is one long chain, which a GPU is bad at. So it is cut into blocks: the maps of all blocks
are composed side by side, the blocks' first points follow from those, and then all blocks are run
side by side. Of the patches, the last one pasted on a pixel decides, wherever it is in the chain.
"""

from collections.abc import Sequence

import numpy as np
import torch

from nbsupport.data.fractals.drawing import Drawing, choices
from nbsupport.data.fractals.orbits import DROPPED, GREY, PATCH
from nbsupport.rng import GOLDEN, mix

LONGEST_BLOCK = 448  # 1.8 to this power is still a finite number


def pictures(
    systems: Sequence[np.ndarray],
    drawing: Drawing,
    keys: Sequence[int],
    device: "str | torch.device" = "cpu",
) -> torch.Tensor:
    """One image for each system and key, before averaging: uint8 [B, side, side], y upwards.

    The images of `pictures.picture`, up to a pixel or two where rounding differs.
    """
    points, counts = orbits(stacked(systems, device), as_tensor(choices(drawing.points), device))
    masks = patch_masks(torch.tensor(keys, dtype=torch.int64, device=device), drawing.points)
    inside = torch.arange(drawing.points, device=device) < counts[:, None]
    at = pixels(points, inside, drawing.side, drawing.padding)
    return paste(at, masks, inside, drawing.side).flip(1)


def as_tensor(numbers: np.ndarray, device: "str | torch.device") -> torch.Tensor:
    """A copy on the device."""
    return torch.tensor(numbers, device=device)


def stacked(systems: Sequence[np.ndarray], device: "str | torch.device") -> torch.Tensor:
    """Systems of different numbers of maps as float64 [B, most, 7], filled with maps of p = 0."""
    most = max(len(system) for system in systems)
    filled = np.zeros((len(systems), most, 7))
    for row, system in zip(filled, systems, strict=True):
        row[: len(system)] = system
        row[len(system) :, :6] = system[-1, :6]  # where rounding leaves the sum of p below 1
    return as_tensor(filled, device)


def orbits(systems: torch.Tensor, numbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Points float64 [B, 2, n] of systems [B, m, 7] by numbers [n], and how many count: int64 [B].

    Points past those that count are not to be used.
    """
    steps = len(numbers)
    length = min(LONGEST_BLOCK, max(1, round(steps**0.5)))
    blocks = -(-(steps - 1) // length)
    bounds = systems[:, :-1, 6].cumsum(1)
    padded = torch.nn.functional.pad(numbers[: steps - 1], (0, blocks * length - steps + 1))
    chosen = (padded[None, :, None] > bounds[:, None]).sum(-1).view(len(systems), blocks, length)
    maps = _Maps(systems[..., :6], chosen)
    moved = _run(maps, _first_points(maps)).flatten(2)[..., : steps - 1]
    points = torch.nn.functional.pad(moved, (1, 0))
    diverged = ~points.isfinite().all(1)
    first = diverged.to(torch.int8).argmax(1)
    counts = torch.where(diverged.any(1), (first - DROPPED).clamp(min=1), steps)
    return points, counts


class _Maps:
    """The maps that are taken in each block [B, T] at one step of all blocks."""

    def __init__(self, coefficients: torch.Tensor, chosen: torch.Tensor) -> None:
        self.coefficients, self.chosen = coefficients, chosen

    def at(self, step: int) -> tuple[torch.Tensor, ...]:
        """a, b, c, d, e, f: float64 [B, T] each."""
        picked = self.chosen[:, :, step, None].expand(-1, -1, 6)
        return self.coefficients.gather(1, picked).unbind(-1)

    @property
    def length(self) -> int:
        """Steps in a block."""
        return self.chosen.shape[2]


def _first_points(maps: _Maps) -> tuple[torch.Tensor, torch.Tensor]:
    """The point from which each block starts: x and y, float64 [B, T]."""
    a, b, c, d, e, f = maps.at(0)
    for step in range(1, maps.length):
        p, q, r, s, t, u = maps.at(step)
        e, f = p * e + q * f + t, r * e + s * f + u
        a, c = p * a + q * c, r * a + s * c
        b, d = p * b + q * d, r * b + s * d
    xs, ys = [torch.zeros_like(a[:, 0])], [torch.zeros_like(a[:, 0])]
    for k in range(a.shape[1] - 1):
        x, y = xs[-1], ys[-1]
        xs.append(a[:, k] * x + b[:, k] * y + e[:, k])
        ys.append(c[:, k] * x + d[:, k] * y + f[:, k])
    return torch.stack(xs, 1), torch.stack(ys, 1)


def _run(maps: _Maps, start: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Every point after a block's first: float64 [B, 2, T, length]."""
    x, y = start
    visited = []
    for step in range(maps.length):
        a, b, c, d, e, f = maps.at(step)
        x, y = x * a + y * b + e, x * c + y * d + f
        visited.append(torch.stack([x, y], 1))
    return torch.stack(visited, -1)


def pixels(points: torch.Tensor, inside: torch.Tensor, size: int, padding: int) -> torch.Tensor:
    """Columns and rows int64 [B, 2, n] of the points that are `inside` [B, n]; 0 for the others."""
    kept = points.where(inside[:, None], 0.0) / 2
    low, high = kept.amin(2, keepdim=True), kept.amax(2, keepdim=True)
    extent = (high - low).where(high > low, 1.0)
    return ((kept - low) / extent * (size - 2 * padding) + padding).long()


def patch_masks(keys: torch.Tensor, count: int) -> torch.Tensor:
    """As `orbits.patch_masks` for keys int64 [B]: int64 [B, count]."""
    steps = torch.arange(1, count + 1, device=keys.device) * GOLDEN
    return 1 + ((mix(keys[:, None] + steps) >> 33) & 0x7FFFFFFF) % 511


def paste(at: torch.Tensor, masks: torch.Tensor, inside: torch.Tensor, size: int) -> torch.Tensor:
    """Patches pasted at pixels int64 [B, 2, n] in turn: uint8 [B, size, size]."""
    side = size + PATCH
    order = torch.arange(at.shape[2], device=at.device) + 1
    last = torch.zeros(len(at), side * side, dtype=torch.int64, device=at.device)
    for k in range(PATCH * PATCH):
        pixel = (at[:, 1] + 1 + k // PATCH) * side + at[:, 0] + 1 + k % PATCH
        written = (2 * order + ((masks >> (8 - k)) & 1)) * inside  # 0: not written
        last.scatter_reduce_(1, pixel, written, "amax")
    images = (last & 1).to(torch.uint8) * GREY
    return images.view(-1, side, side)[:, :size, :size]

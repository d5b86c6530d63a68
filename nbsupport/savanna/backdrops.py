"""What is behind the subject of a photograph: new each time, blurred, indoors or out."""

import torch
from torch import Tensor

from nbsupport import rng
from nbsupport.savanna.shapes import blend_table, circle, cover, ramp

# wide, gently coloured: skies, walls, lawns, sand, water, wood, night, dusk
TONES = (
    (0.80, 0.86, 0.92), (0.55, 0.70, 0.85), (0.62, 0.74, 0.50), (0.34, 0.46, 0.24),
    (0.20, 0.26, 0.18), (0.42, 0.32, 0.22), (0.70, 0.56, 0.38), (0.86, 0.78, 0.62),
    (0.90, 0.88, 0.84), (0.72, 0.68, 0.66), (0.45, 0.46, 0.50), (0.22, 0.26, 0.36),
    (0.52, 0.40, 0.46), (0.85, 0.62, 0.48),
)  # fmt: skip
BOKEH = 3


def draw(key: Tensor, x: Tensor, y: Tensor, px: int, variety: float) -> Tensor:
    """A backdrop [B, 3, P] for each key [B]."""
    table = torch.tensor(TONES, device=x.device)
    u = rng.uniform(key, "backdrop", 32)
    spread = (u[:, 0:3] - 0.5) * variety + 0.5
    jitter = (u[:, 3:6] - 0.5) * (0.16 * variety)
    top = blend_table(table, spread[:, 0])[:, :, None] + jitter[:, :, None]
    bottom = blend_table(table, spread[:, 1])[:, :, None]
    third = blend_table(table, spread[:, 2])[:, :, None]
    rough = rng.lattice(key, "backdrop-rough", 5, px).flatten(1)
    fine = rng.lattice(key, "backdrop-fine", 9, px, rows=14).flatten(1)
    horizon = (u[:, 6:7] - 0.5) * 1.4
    softness = u[:, 7:8] * 0.9 + 0.03
    line = ramp(y + rough * (0.25 * u[:, 8:9]), horizon - softness, horizon + softness)
    image = top + (bottom - top) * line[:, None]
    blot = ramp(rough, 0.1, 0.6).mul_(u[:, 9:10] * u[:, 9:10])
    image.add_((third - image).mul_(blot[:, None]))
    for i in range(BOKEH):
        a = 10 + 5 * i
        radius = 0.08 + 0.3 * u[:, a : a + 1]
        disc = circle(x, y, u[:, a + 1 : a + 2] * 2 - 1, u[:, a + 2 : a + 3] * 2 - 1, radius)
        shown = (u[:, a + 3 : a + 4] * 0.7 - 0.25).clamp(min=0.0)
        tone = third if i % 2 else top
        image.add_((tone * 1.12 - image).mul_((cover(disc, px * 0.15).mul_(shown))[:, None]))
    light = fine.mul_(0.03 + 0.10 * u[:, 26:27]).add_(1.0)
    return image.mul_(light[:, None])

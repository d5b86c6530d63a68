"""The places where camera traps hang: sky, hills, ground, trunks, bushes, rocks, water, grass."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nbsupport import rng
from nbsupport.savanna.shapes import blend_table, capsule, cover, ellipse, paint, ramp, unit

# per biome: ground, its second tone, foliage, sky, hills
BIOMES = (
    ((0.72, 0.58, 0.32), (0.60, 0.50, 0.25), (0.50, 0.48, 0.20),
     (0.74, 0.83, 0.90), (0.60, 0.60, 0.44)),
    ((0.46, 0.46, 0.22), (0.36, 0.30, 0.17), (0.30, 0.40, 0.14),
     (0.66, 0.77, 0.80), (0.36, 0.45, 0.28)),
    ((0.30, 0.26, 0.16), (0.22, 0.27, 0.13), (0.15, 0.29, 0.12),
     (0.58, 0.70, 0.58), (0.20, 0.32, 0.19)),
    ((0.40, 0.47, 0.27), (0.30, 0.38, 0.24), (0.38, 0.50, 0.20),
     (0.76, 0.82, 0.82), (0.42, 0.53, 0.46)),
    ((0.80, 0.82, 0.84), (0.62, 0.64, 0.64), (0.24, 0.32, 0.26),
     (0.68, 0.77, 0.87), (0.56, 0.61, 0.68)),
    ((0.60, 0.52, 0.44), (0.50, 0.42, 0.36), (0.40, 0.42, 0.26),
     (0.66, 0.78, 0.90), (0.48, 0.44, 0.46)),
    ((0.64, 0.38, 0.24), (0.72, 0.50, 0.34), (0.42, 0.42, 0.22),
     (0.60, 0.77, 0.91), (0.54, 0.31, 0.22)),
    ((0.86, 0.70, 0.48), (0.76, 0.58, 0.38), (0.56, 0.53, 0.34),
     (0.66, 0.80, 0.93), (0.74, 0.55, 0.40)),
)  # fmt: skip
BARK = (0.26, 0.20, 0.15)


@dataclass
class Scene:
    """Places: image [B, 3, P], distance `far` [B, P] (0 near, 1 far), and their measures."""

    image: Tensor
    far: Tensor
    horizon: Tensor
    ground: Tensor
    foliage: Tensor
    grass: Tensor
    tint: Tensor
    closeness: Tensor


def draw(key: Tensor, latents: Tensor, x: Tensor, y: Tensor, px: int, grass: float) -> Scene:
    """The empty places of keys [B] and place latents [B, PLACE_LATENT], in plain daylight."""
    m = unit(latents)
    table = torch.tensor(BIOMES, device=x.device)  # [biomes, 5, 3]
    tones = [
        blend_table(table[:, i], m[:, 0]) * (0.88 + 0.24 * m[:, 1:2]) + (m[:, 2:5] - 0.5) * 0.06
        for i in range(5)
    ]
    ground, second, foliage, sky, hill = tones
    horizon = m[:, 5:6] * 0.75 - 0.75
    rough = rng.lattice(key, "place-rough", 6, px).flatten(1)
    fine = rng.lattice(key, "place-fine", 20, px, rows=34).flatten(1)
    image, far = _sky_and_ground(x, y, m, horizon, rough, fine, (ground, second, sky))
    _hills(key, image, far, y, px, m, horizon, hill, sky)
    _water(image, x, y, m, horizon, sky, fine)
    for i in range(3):
        _trunk(image, far, x, y, px, m[:, 14 + 4 * i : 18 + 4 * i], horizon, fine)
    for i in range(3):
        _bush(image, far, x, y, px, m[:, 26 + 3 * i : 29 + 3 * i], horizon, foliage, fine + rough)
    _rock(image, x, y, px, m[:, 35:38], horizon, second, fine)
    height = grass * (m[:, 38:39] - 0.15).clamp(min=0.0)
    tint = 1 + (m[:, 8:11] - 0.5) * 0.12
    return Scene(image, far, horizon, ground, foliage, height, tint, m[:, 39:40])


def _sky_and_ground(
    x: Tensor, y: Tensor, m: Tensor, horizon: Tensor, rough: Tensor, fine: Tensor,
    tones: tuple[Tensor, Tensor, Tensor],
) -> tuple[Tensor, Tensor]:  # fmt: skip
    ground, second, sky = (t[:, :, None] for t in tones)
    height = ramp(y, -1.0, horizon)
    air = sky * (0.92 + 0.14 * height[:, None])
    depth = ramp(y, horizon, 1.0)
    patch = ramp(rough + fine * 0.5, -0.2, 0.7).mul_(0.75)
    land = ground + (second - ground) * patch[:, None]
    texture = fine * (depth * 0.16 + 0.05)
    land.mul_((texture + depth * -0.18 + 1.06)[:, None])
    edge = ramp(y + rough * 0.02, horizon - 0.02, horizon + 0.03)
    return air + (land - air) * edge[:, None], 1 - depth * edge


def _hills(
    key: Tensor, image: Tensor, far: Tensor, y: Tensor, px: int, m: Tensor, horizon: Tensor,
    hill: Tensor, sky: Tensor,
) -> None:  # fmt: skip
    """Two ridges, the farther one bluer."""
    for i, (cells, haze) in enumerate(((4, 0.5), (9, 0.15))):
        line = rng.ridge(key, f"place-ridge-{i}", cells, px).expand(-1, px, -1).flatten(1)
        top = horizon - (m[:, 6 + i : 7 + i] * 0.38 * (line * 0.5 + 0.6)).clamp(min=0.0)
        shape = ramp(y, top - 1.0 / px, top + 1.0 / px).mul_(ramp(y, horizon + 0.04, horizon))
        tone = hill + (sky - hill) * haze
        paint(image, shape, tone[:, :, None])
        far.sub_(shape * (0.1 * i))


def _water(
    image: Tensor, x: Tensor, y: Tensor, m: Tensor, horizon: Tensor, sky: Tensor, fine: Tensor
) -> None:
    present = (m[:, 11:12] > 0.72).float()
    at = horizon + 0.22 + 0.25 * m[:, 12:13]
    pool = ellipse(x, y, m[:, 13:14] * 2 - 1, at, 0.9, 0.10 + 0.08 * m[:, 12:13])
    tone = (sky * 0.8)[:, :, None] * (fine * 0.12 + 1.0)[:, None]
    paint(image, ramp(pool, 0.015, -0.015).mul_(present), tone)


def _trunk(
    image: Tensor,
    far: Tensor,
    x: Tensor,
    y: Tensor,
    px: int,
    m: Tensor,
    horizon: Tensor,
    fine: Tensor,
) -> None:
    """A tree stem that leaves the frame at the top."""
    present = (m[:, 0:1] > 0.45).float()
    width = 0.03 + 0.14 * m[:, 1:2] * m[:, 1:2]
    foot = horizon + 0.08 + width * 2.2
    at = m[:, 2:3] * 2.2 - 1.1
    stem = capsule(x, y, at, foot, at + (m[:, 3:4] - 0.5) * 0.4, -1.3, width, width * 0.75)
    bark = torch.tensor([BARK], device=x.device) * (0.7 + 0.9 * m[:, 3:4])
    lit = (1 + (at - x) / width * 0.18 + fine * 0.22).clamp_(0.5, 1.4)
    shape = cover(stem, px * 0.5).mul_(present)
    paint(image, shape, bark[:, :, None] * lit[:, None])
    far.mul_(1 - shape * 0.6)


def _bush(
    image: Tensor, far: Tensor, x: Tensor, y: Tensor, px: int, m: Tensor, horizon: Tensor,
    foliage: Tensor, noise: Tensor,
) -> None:  # fmt: skip
    size = (m[:, 0:1] - 0.3).clamp(min=0.0) * 0.6
    at = m[:, 1:2] * 2.2 - 1.1
    foot = horizon + 0.04 + 0.3 * m[:, 2:3]
    crown = ellipse(x, y, at, foot - size * 0.6, size * 1.3 + 0.02, size + 0.02)
    crown.add_(noise * 0.045).add_((size <= 0.02).float())
    shape = cover(crown, px * 0.5)
    light = (noise * 0.22 + 0.86) - (y - foot + size * 0.6) * 0.35
    tone = (foliage * (0.75 + 0.4 * m[:, 2:3]))[:, :, None] * light.clamp_(0.4, 1.5)[:, None]
    paint(image, shape, tone)
    far.mul_(1 - shape * 0.4)


def _rock(
    image: Tensor,
    x: Tensor,
    y: Tensor,
    px: int,
    m: Tensor,
    horizon: Tensor,
    tone: Tensor,
    fine: Tensor,
) -> None:
    size = (m[:, 0:1] - 0.4).clamp(min=0.0) * 0.42
    foot = horizon + 0.25 + 0.4 * m[:, 2:3]
    stone = ellipse(x, y, m[:, 1:2] * 2 - 1, foot, size * 1.5 + 0.02, size + 0.02)
    stone.add_(fine * 0.02).add_((size <= 0.02).float())
    grey = tone * 0.45 + 0.22
    light = (fine * 0.15 + 0.85) - (y - foot) * 1.2
    paint(image, cover(stone, px * 0.5), grey[:, :, None] * light.clamp_(0.4, 1.5)[:, None])


def grass_before(
    image: Tensor, key: Tensor, scene: Scene, sway: Tensor, x: Tensor, y: Tensor, px: int
) -> None:
    """Blades before the camera, in place: rooted at the bottom, as tall as the place's grass."""
    blades = rng.ridge(key, "blades", 26, px).expand(-1, px, -1).flatten(1)
    clumps = rng.ridge(key, "clumps", 5, px).expand(-1, px, -1).flatten(1)
    top = 1.05 - scene.grass * (blades * 0.55 + clumps * 0.5 + 0.75 + sway * 0.15)
    shape = ramp(y, top - 0.04, top + 0.05).mul_((scene.grass > 0.01).float())
    tone = scene.foliage * 0.8 + scene.ground * 0.2
    light = blades.mul_(0.30).add_(1.0).sub_(ramp(y, 0.5, 1.0).mul_(0.25))
    paint(image, shape.mul_(0.94), tone[:, :, None] * light[:, None])

"""What a camera makes of a scene: light, weather, infrared, noise; and photographs' exposure."""

import torch
from torch import Tensor

from nbsupport import rng
from nbsupport.savanna.shapes import ramp

DUSK_RATE = 0.18
FOG_RATE, DUST_RATE, RAIN_RATE = 0.16, 0.10, 0.12


def to_bytes(
    image: Tensor, key: Tensor, px: int, noise: Tensor | float, night: Tensor | None = None
) -> Tensor:
    """Add sensor noise of standard deviation `noise` and round: uint8 [B, 3, px, px].

    The noise is coloured, and grey where `night` [B, 1] is 1.
    """
    speckle = rng.grain(key, px, 3)
    if night is not None:
        speckle.add_((speckle[:, :1] - speckle).mul_(night[:, :, None]))
    image = image.add_(speckle.mul_(noise)).clamp_(0.0, 1.0).mul_(255.0).add_(0.5)
    return image.to(torch.uint8).view(-1, 3, px, px)


def expose_photo(image: Tensor, key: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Exposure, white balance and a little light fall-off of a photograph, in place."""
    u = rng.uniform(key, "photo-light", 4)
    gain = 0.8 + 0.4 * u[:, :1]
    warm = (u[:, 1:2] - 0.5) * 0.2
    balance = torch.cat([gain * (1 + warm), gain, gain * (1 - warm)], 1)
    fall = 1 - (x * x + y * y) * (0.12 * u[:, 2:3])
    return image.mul_(balance[:, :, None]).mul_(fall[:, None])


def daylight(image: Tensor, far: Tensor, day: Tensor, key: Tensor, tint: Tensor, px: int) -> None:
    """The day's weather (by place and day) and the hour's light (by image), in place."""
    w, u = rng.uniform(day, "weather", 8), rng.uniform(key, "hour", 8)
    dusk = (u[:, :1] < DUSK_RATE).float()
    gain = (0.72 + 0.4 * u[:, 1:2]) * (0.85 + 0.25 * w[:, :1]) * (1 - 0.38 * dusk)
    warm = (w[:, 1:2] - 0.5) * 0.12 + 0.16 * dusk
    cast = torch.cat([gain * (1 + warm), gain * (1 - 0.12 * dusk), gain * (1 - warm)], 1) * tint
    image.mul_(cast[:, :, None])
    fog = (w[:, 2:3] < FOG_RATE).float() * (0.35 + 0.5 * w[:, 3:4])
    dust = (w[:, 4:5] < DUST_RATE).float() * (0.25 + 0.4 * w[:, 5:6]) * (1 - (fog > 0).float())
    haze = torch.tensor([[0.80, 0.82, 0.84]], device=image.device) * gain
    sand = torch.tensor([[0.78, 0.62, 0.42]], device=image.device) * gain
    veil = (fog + dust) * (far * 0.8 + 0.15)
    tone = torch.where(dust > 0, sand, haze)[:, :, None]
    image.add_((tone - image).mul_(veil[:, None]))
    rain = (w[:, 6:7] < RAIN_RATE).float()
    streaks = rng.lattice(key, "rain", 22, px, rows=5).flatten(1)
    image.add_(ramp(streaks, 0.45, 0.9).mul_(0.22 * rain)[:, None])
    image.mul_((1 - 0.12 * rain)[:, :, None])


def infrared(
    image: Tensor, far: Tensor, night: Tensor, key: Tensor, x: Tensor, y: Tensor, shine: Tensor
) -> Tensor:
    """Flash pictures where `night` [B, 1] is 1: grey, brightest near the middle, eyes shining."""
    u = rng.uniform(key, "flash", 4)
    red, green, blue = image.unbind(1)
    grey = red.mul(0.52).add_(green * 0.34).add_(blue * 0.14)
    reach = 1.15 - far * (0.70 + 0.2 * u[:, :1])
    fall = (1.12 - (x * x + y * y) * 0.42).clamp_(min=0.15)
    grey.mul_(reach).mul_(fall).mul_(0.9 + 0.4 * u[:, 1:2])
    grey.add_((1.15 - grey).mul_(shine))
    return image.add_((grey[:, None] - image).mul_(night[:, :, None]))

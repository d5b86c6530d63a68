"""Noise in the place of images, for the control of that name."""

import torch

from nbsupport import rng

CHUNK = 1024  # images at a time: their 64-bit random numbers take 25 MB at 32 px


def noise_like(images: torch.Tensor, ids: torch.Tensor, seed: int) -> torch.Tensor:
    """Noise with each image's own mean and variance in each channel: uint8 [n, 3, px, px].

    `images` uint8 [n, 3, px, px], `ids` int64 [n]. Pixels are independent of one another and of
    the picture; what is left of it is how bright and how colourful it was on average. An image's
    noise depends on the seed and its id alone. Values beyond 0..255 are cut off.
    """
    keys = rng.keys(rng.number_of("noise", seed), ids)
    parts = zip(images.split(CHUNK), keys.split(CHUNK), strict=True)
    return torch.cat([_noise(part, key) for part, key in parts])


def _noise(images: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    pixels = images.flatten(2).double()
    mean, spread = pixels.mean(2, keepdim=True), pixels.std(2, correction=0, keepdim=True)
    grain = rng.grain(keys, images.shape[-1], images.shape[1]).double()
    return (grain * spread + mean).add_(0.5).clamp_(0, 255).to(torch.uint8).view_as(images)

"""Stateless randomness: a number is a hash of where it is used, not of what was drawn before it.

All in int64 with wrapping products, so that CPU and GPU agree on every bit.
"""

import hashlib

import torch

GOLDEN = -0x61C8864680B583EB  # 0x9E3779B97F4A7C15 as a signed 64-bit integer
MIX_A = -0x40A7B892E31B1A47  # 0xBF58476D1CE4E5B9
MIX_B = -0x6B2FB644ECCEEE15  # 0x94D049BB133111EB


def number_of(*parts: object) -> int:
    """A signed 64-bit integer that stands for names and numbers."""
    text = "|".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


def mix(x: torch.Tensor) -> torch.Tensor:
    """Scramble int64 values (the finaliser of SplitMix64); the input is kept."""
    x = x ^ ((x >> 30) & 0x3FFFFFFFF)
    x *= MIX_A
    x ^= (x >> 27) & 0x1FFFFFFFFF
    x *= MIX_B
    x ^= (x >> 31) & 0x1FFFFFFFF
    return x


def keys(base: int, *parts: torch.Tensor) -> torch.Tensor:
    """One key for each row of the int64 tensors [B], under a common base: int64 [B]."""
    key = torch.full_like(parts[0], base)
    for part in parts:
        key = mix(key + part * GOLDEN)
    return key


def bits(key: torch.Tensor, purpose: str, count: int) -> torch.Tensor:
    """Random int64 [B, count] for keys [B]; another purpose is independent."""
    steps = torch.arange(1, count + 1, device=key.device) * GOLDEN + number_of(purpose)
    return mix(mix(key)[:, None] ^ steps[None])


def uniform(key: torch.Tensor, purpose: str, count: int) -> torch.Tensor:
    """Uniform float32 in [0, 1): [B, count]."""
    return ((bits(key, purpose, count) >> 40) & 0xFFFFFF).float() * (1.0 / 0x1000000)


def normal(key: torch.Tensor, purpose: str, count: int) -> torch.Tensor:
    """About standard normal float32 [B, count]: the sum of four 16-bit uniforms, within 3.5."""
    x = bits(key, purpose, count)
    total = (x & 0xFFFF) + ((x >> 16) & 0xFFFF) + ((x >> 32) & 0xFFFF) + ((x >> 48) & 0xFFFF)
    return (total - 131070).float() * (1.0 / 37837.0)


def lattice(key: torch.Tensor, purpose: str, cells: int, px: int, rows: int = 0) -> torch.Tensor:
    """Smooth noise in about [-1, 1]: [B, px, px], `cells` bumps across (and `rows` down)."""
    rows = rows or cells
    knots = uniform(key, purpose, (rows + 1) * (cells + 1)).mul_(2).sub_(1)
    knots = knots.view(-1, rows + 1, cells + 1)
    return _stretch(_stretch(knots, 1, rows, px), 2, cells, px)


def ridge(key: torch.Tensor, purpose: str, cells: int, px: int) -> torch.Tensor:
    """Smooth noise along one axis: [B, 1, px]."""
    knots = uniform(key, purpose, cells + 1).mul_(2).sub_(1)
    return _stretch(knots[:, None], 2, cells, px)


def _stretch(knots: torch.Tensor, axis: int, cells: int, px: int) -> torch.Tensor:
    at = (torch.arange(px, device=knots.device) + 0.5) * (cells / px)
    low = at.floor()
    t = at - low
    t = t * t * (3 - 2 * t)
    low = low.long()
    a, b = knots.index_select(axis, low), knots.index_select(axis, low + 1)
    shape = [1, 1, 1]
    shape[axis] = px
    return b.sub_(a).mul_(t.view(shape)).add_(a)


def grain(key: torch.Tensor, px: int, channels: int) -> torch.Tensor:
    """Noise of a sensor, independent by pixel, variance 1: [B, channels (up to 3), px * px]."""
    at = torch.arange(px * px, device=key.device) * GOLDEN
    x = mix(key[:, None] ^ at[None])
    planes = []
    for c in range(channels):
        first, second = (x >> (20 * c)) & 0x3FF, (x >> (20 * c + 10)) & 0x3FF
        planes.append(first.add_(second))
    return torch.stack(planes, 1).float().sub_(1023.0).mul_(1.0 / 418.0)

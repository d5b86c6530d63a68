"""Objects that share no paint with the animals: colours, textures and shading of their own.

A control for Section 4.3. In this world animals and objects are drawn by the same hand, and objects
might be a good source for an animal task for that reason alone. Here the shapes of objects stay,
and whatever fills them is replaced: hues that no coat has, hard geometric textures where coats have
waves with wobbling edges, flat colour inside an outline where coats are shaded.
"""

import torch
from torch import Tensor

from nbsupport.savanna import objects
from nbsupport.savanna.attributes import DYES
from nbsupport.savanna.objects import extent
from nbsupport.savanna.shapes import blend_table, ramp
from nbsupport.savanna.subject import Brush, read

__all__ = ["TEXTURES", "build", "draw", "dyes", "extent"]

Values = dict[str, Tensor]
TEXTURES = ("check", "chevron", "diamond", "lattice")
OUTLINE = 0.045  # its width, in the units of a subject's own coordinates


def build(latents: Tensor) -> Values:
    """Measures of objects [B, LATENT] and of their textures, each [B, 1]."""
    return objects.build(latents) | read(latents, "own texture")


def draw(brush: Brush, v: Values, pose: Tensor, ground: Tensor) -> None:
    """Paint objects as `objects.draw` does, with dyes and textures of their own."""
    ink, paper = dyes(v)
    objects.assemble(brush, v, ink + ground, paper, ink * 0.6, _finish)


def dyes(v: Values) -> tuple[Tensor, Tensor]:
    """Two dyes that differ by at least a quarter of the table, [B, 3] each."""
    table = torch.tensor(DYES, dtype=torch.float32, device=v["ink"].device)
    first = v["ink"][:, 0]
    second = first + 0.25 + 0.5 * v["paper"][:, 0]
    return blend_table(table, first), blend_table(table, second - second.floor())


def _finish(brush: Brush, v: Values, hull: Tensor, ink: Tensor, paper: Tensor) -> Tensor:
    """A texture in two dyes, flat, within an outline: [B, 3, P]."""
    kinds = torch.cat([v[name] for name in TEXTURES], 1)
    chosen = kinds.argmax(1, keepdim=True)
    pattern = torch.zeros_like(brush.x)
    for number, texture in enumerate((_check, _chevron, _diamond, _lattice)):
        inside = (chosen == number).float()
        pattern.add_(texture(brush.x, brush.y, v["pitch"]).mul_(inside))
    paint = ink[:, :, None] + (paper - ink)[:, :, None] * pattern[:, None]
    line = ramp(hull, -OUTLINE, -OUTLINE * 0.5)
    return paint.add_((ink[:, :, None] * 0.45 - paint).mul_(line[:, None]))


def _zigzag(x: Tensor) -> Tensor:
    """A triangle of period 1 between -1 and 1."""
    return (x - x.floor()).sub_(0.5).abs_().mul_(4.0).sub_(1.0)


def _edge(x: Tensor) -> Tensor:
    return ramp(x, -0.12, 0.12)


def _check(x: Tensor, y: Tensor, pitch: Tensor) -> Tensor:
    """A chessboard."""
    return _edge(_zigzag(x * pitch).mul_(_zigzag(y * pitch)))


def _chevron(x: Tensor, y: Tensor, pitch: Tensor) -> Tensor:
    """Bands folded into arrows."""
    return _edge(_zigzag((y * pitch).add_(_zigzag(x * pitch).mul_(0.35))))


def _diamond(x: Tensor, y: Tensor, pitch: Tensor) -> Tensor:
    """Diamonds, one in another, round the middle."""
    return _edge(_zigzag(x.abs().add_(y.abs()).mul_(pitch)))


def _lattice(x: Tensor, y: Tensor, pitch: Tensor) -> Tensor:
    """Two sets of slanting bars that cross."""
    rate = pitch * 0.75
    rising, falling = _zigzag((x + y) * rate), _zigzag((x - y) * rate)
    return ramp(torch.maximum(rising, falling), 0.25, 0.45)

"""One subject in five styles: photograph, sketch, painting, infrared flash, silhouette.

All are made from the same composition (what stands where, before which backdrop): the same label,
stream and index give the same animal or thing in the same pose in every style. Only correctly
rounded operations are used, as in `shapes`.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from nbsupport import rng, savanna
from nbsupport.errors import unknown
from nbsupport.savanna.camera import expose_photo, to_bytes
from nbsupport.savanna.ecology import WEB
from nbsupport.savanna.shapes import blend_table, circle, cover, paint, ramp, wave
from nbsupport.savanna.subject import Brush
from nbsupport.savanna.world import World, check_labels

PAPER, GRAPHITE = (0.965, 0.955, 0.93), (0.17, 0.17, 0.18)
SUN, BLACK = (1.0, 0.97, 0.86), (0.07, 0.05, 0.07)
# evening skies from the horizon upwards, every one much brighter than what stands before it
SKIES = (
    ((0.99, 0.80, 0.42), (0.93, 0.45, 0.28)), ((1.00, 0.88, 0.62), (0.95, 0.62, 0.48)),
    ((0.98, 0.72, 0.55), (0.62, 0.50, 0.68)), ((0.97, 0.90, 0.74), (0.58, 0.72, 0.82)),
    ((0.99, 0.84, 0.70), (0.80, 0.60, 0.72)),
)  # fmt: skip


def pictures(world: World, style: str, label: np.ndarray, stream: str, index: np.ndarray) -> Tensor:
    """Pictures of the world's "web" classes in a style: uint8 [N, 3, px, px].

    `label`, `index` int64 [N]. Raises UserError for an unknown style or label.
    """
    if style not in DRAW:
        raise unknown("style", style, DRAW)
    trees = world.ecology.classes(WEB)["tree"].to_numpy()
    means = torch.tensor(world.ecology.latents(WEB), dtype=torch.float32)
    label, index = (np.ascontiguousarray(v, dtype=np.int64) for v in (label, index))
    check_labels(label, len(trees), WEB)
    base = rng.number_of(savanna.VERSION, world.draws, "style", savanna.STYLES_VERSION, stream)
    out = torch.empty(len(label), 3, world.px, world.px, dtype=torch.uint8, device=world.device)
    with torch.inference_mode():
        for kind in np.unique(trees):

            def draw(at: np.ndarray, kind: str = kind) -> Tensor:
                key = world.keys(base, label[at], index[at])
                shown = world.compose(kind, means[label[at]].to(world.device), key)
                return DRAW[style](world, key, *shown)

            world.in_blocks(np.flatnonzero(trees[label] == kind), draw, out)
    return out


def _photo(world: World, key: Tensor, image: Tensor, brush: Brush, _: Tensor | None) -> Tensor:
    paint(image, brush.alpha, brush.layer)
    expose_photo(image, key, world.x, world.y)
    return to_bytes(image, key, world.px, world.settings.sensor_noise * 0.7)


# sketch -------------------------------------------------------------------------------------------
def _sketch(world: World, key: Tensor, _: Tensor, brush: Brush, eyes: Tensor | None) -> Tensor:
    """Pencil on paper: outlines, the edges of its markings, hatching where the subject is dark."""
    px, u = world.px, rng.uniform(key, "sketch", 4)
    light = _grey(brush.layer)
    line = _edges(brush.alpha, px).mul_(1.1).add_(_edges(light, px).mul_(brush.alpha * 1.3))
    pressure = rng.lattice(key, "pressure", 7, px).flatten(1).mul_(0.25).add_(0.85)
    ink = line.clamp_(0.0, 1.0).mul_(pressure)
    slope = 0.7 + 0.8 * u[:, :1]
    hatch = wave((world.x + world.y * slope) * (6.0 + 2.0 * u[:, 1:2]) + brush.detail * 0.25)
    dark = ramp(light, 0.62, 0.10).mul_(brush.alpha).mul_(0.58)
    torch.maximum(ink, dark.mul_(hatch.mul_(0.35).add_(0.65)), out=ink)
    if eyes is not None:
        torch.maximum(ink, eyes, out=ink)
    paper = _tone(PAPER, key).mul(0.96 + 0.04 * u[:, 2:3, None])
    image = paper + (_tone(GRAPHITE, key) - paper) * (ink * 0.92)[:, None]
    return to_bytes(image, key, px, 0.012, torch.ones_like(u[:, :1]))


def _edges(plane: Tensor, px: int) -> Tensor:
    """How much a plane [B, P] changes from a pixel to the next, the larger of across and down."""
    p = plane.view(-1, px, px)
    out = torch.zeros_like(p)
    out[:, :, :-1].add_((p[:, :, 1:] - p[:, :, :-1]).abs_())
    down = (p[:, 1:] - p[:, :-1]).abs_()
    torch.maximum(out[:, :-1], down, out=out[:, :-1])
    return out.flatten(1)


# painting -----------------------------------------------------------------------------------------
def _painting(world: World, key: Tensor, image: Tensor, brush: Brush, _: Tensor | None) -> Tensor:
    """Strokes of one colour each, broad behind the subject and fine on it, in richer colours."""
    u = rng.uniform(key, "strokes", 2)
    bend = rng.lattice(key, "bend", 3, world.px).flatten(1)
    broad, edge = _strokes(world, u[:, 0:1], bend, 0.42, 0.17)
    fine, rim = _strokes(world, u[:, 1:2], bend, 0.17, 0.085)
    image = _pick(image, broad)
    inside = brush.alpha.gather(1, fine) > 0.6  # outside, the subject's layer holds no colour
    own = torch.arange(brush.alpha.shape[1], device=world.device)
    paint(image, brush.alpha, _pick(brush.layer, torch.where(inside, fine, own)))
    grey = _grey(image)[:, None]
    image.sub_(grey).mul_(1.45).add_(grey).clamp_(0.0, 1.0)
    shown = (brush.alpha > 0.5).float()
    relief = edge + (rim - edge) * shown
    load = brush.detail.gather(1, broad) * (1 - shown * 0.6)  # of each stroke with paint
    light = load.mul_(0.16).add_(relief.mul_(0.12)).add_(1.0)
    return to_bytes(image.mul_(light[:, None]), key, world.px, 0.008)


def _strokes(
    world: World, turn: Tensor, bend: Tensor, length: float, width: float
) -> tuple[Tensor, Tensor]:
    """The pixel in the middle of each pixel's stroke, int64 [B, P], and the paint's relief there.

    Strokes lie in rows, turned by an angle whose sine is `turn` - 0.5 and shifted from row to row.
    """
    sine = turn - 0.5
    cosine = (1 - sine * sine).sqrt()
    along = world.x * cosine + world.y * sine
    across = world.y * cosine - world.x * sine + bend * 0.12
    row = (across / width).floor()
    shift = wave(row * 0.37) * 0.5
    step = (along / length + shift).floor()
    middle, height = (step + 0.5 - shift) * length, (row + 0.5) * width - bend * 0.12
    x, y = middle * cosine - height * sine, middle * sine + height * cosine
    column, line = (((v + 1) * (world.px / 2)).floor().clamp_(0, world.px - 1) for v in (x, y))
    relief = (across / width - row - 0.5).abs_().mul_(-2.0).add_(0.5)
    return (line * world.px + column).long(), relief


def _pick(image: Tensor, at: Tensor) -> Tensor:
    """The colours [B, 3, P] of an image at pixels `at`, int64 [B, P]."""
    return image.gather(2, at[:, None].expand(-1, 3, -1))


# infrared -----------------------------------------------------------------------------------------
def _infrared(
    world: World, key: Tensor, image: Tensor, brush: Brush, eyes: Tensor | None
) -> Tensor:
    """A flash at night: grey, the subject bright, eyes shining, the rest sunk in the dark."""
    u, px = rng.uniform(key, "flash", 4), world.px
    behind = _grey(image).mul_(0.14 + 0.16 * u[:, :1])
    flash = _grey(brush.layer).mul_(0.56).add_(0.36)
    grey = behind + (flash - behind) * brush.alpha
    x, y = world.x - (u[:, 1:2] - 0.5) * 0.5, world.y - (u[:, 2:3] - 0.5) * 0.4
    grey.mul_((1.12 - (x * x + y * y) * 0.30).clamp_(min=0.3)).mul_(0.9 + 0.25 * u[:, 3:4])
    if eyes is not None:
        grey.add_((1.1 - grey).mul_(eyes))
    night, noise = torch.ones_like(u[:, :1]), world.settings.sensor_noise * 1.3
    return to_bytes(grey[:, None].repeat(1, 3, 1), key, px, noise, night)


# silhouette ---------------------------------------------------------------------------------------
def _silhouette(world: World, key: Tensor, _: Tensor, brush: Brush, __: Tensor | None) -> Tensor:
    """A black shape, the same black throughout, before an evening sky with a low sun."""
    u, px = rng.uniform(key, "evening", 4), world.px
    table = torch.tensor(SKIES, device=world.device)
    low, high = (blend_table(table[:, i], u[:, 0]) for i in (0, 1))
    image = low[:, :, None] + (high - low)[:, :, None] * ramp(world.y, 0.9, -1.0)[:, None]
    sun = circle(world.x, world.y, u[:, 1:2] * 1.6 - 0.8, u[:, 2:3] - 0.6, 0.14 + 0.12 * u[:, 3:4])
    glow = ramp(sun, 0.7, 0.0).mul_(0.3)
    torch.maximum(glow, cover(sun, px * 0.5).mul_(0.85), out=glow)
    image.add_((_tone(SUN, key) - image).mul_(glow[:, None]))
    sky = to_bytes(image, key, px, 0.008).flatten(2).float().div_(255.0)
    paint(sky, brush.alpha, _tone(BLACK, key))
    return to_bytes(sky, key, px, 0.0)


# what styles share --------------------------------------------------------------------------------
def _grey(image: Tensor) -> Tensor:
    """Brightness [B, P] of an image [B, 3, P]."""
    red, green, blue = image.unbind(1)
    return red.mul(0.3).add_(green * 0.59).add_(blue * 0.11)


def _tone(rgb: tuple[float, float, float], like: Tensor) -> Tensor:
    """A colour as it is painted, [1, 3, 1]."""
    return torch.tensor(rgb, device=like.device).view(1, 3, 1)


DRAW: dict[str, Callable[[World, Tensor, Tensor, Brush, Tensor | None], Tensor]] = {
    "photo": _photo,
    "sketch": _sketch,
    "painting": _painting,
    "infrared": _infrared,
    "silhouette": _silhouette,
}

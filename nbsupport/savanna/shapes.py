"""Signed distance functions on planes of pixels, and painting with them.

A plane is float32 [B, P] (P pixels, flattened); parameters are [B, 1] or floats. Distances are
negative inside. Only correctly rounded operations are used (no sine, no exponential), so that an
image does not depend on the batch, the number of threads or the device it was drawn with.
"""

import torch
from torch import Tensor

Number = Tensor | float


def grid(px: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """x and y of pixel centres, [1, px * px], from -1 (left, top) to 1 (right, bottom)."""
    u = (torch.arange(px, device=device, dtype=torch.float32) * 2 + (1 - px)) / px
    y, x = torch.meshgrid(u, u, indexing="ij")
    return x.reshape(1, -1), y.reshape(1, -1)


def ellipse(x: Tensor, y: Tensor, cx: Number, cy: Number, a: Number, b: Number) -> Tensor:
    """About the distance to an ellipse with half-axes a, b."""
    u, v = x - cx, y - cy
    u.div_(a).square_()
    v.div_(b).square_()
    return u.add_(v).sqrt_().sub_(1.0).mul_(_least(a, b))


def _least(a: Number, b: Number) -> Number:
    if isinstance(a, Tensor):
        return torch.minimum(a, b) if isinstance(b, Tensor) else a.clamp(max=b)
    return b.clamp(max=a) if isinstance(b, Tensor) else min(a, b)


def circle(x: Tensor, y: Tensor, cx: Number, cy: Number, r: Number) -> Tensor:
    """The distance to a disc."""
    u, v = x - cx, y - cy
    return u.square_().add_(v.square_()).sqrt_().sub_(r)


def capsule(
    x: Tensor, y: Tensor, x0: Number, y0: Number, x1: Number, y1: Number, r0: Number, r1: Number
) -> Tensor:
    """The distance to a stroke from (x0, y0) to (x1, y1), of half-width r0 turning to r1."""
    dx, dy = x1 - x0, y1 - y0
    u, v = x - x0, y - y0
    t = (u * dx).add_(v * dy).div_(dx * dx + dy * dy + 1e-6).clamp_(0.0, 1.0)
    u.sub_(t * dx).square_()
    v.sub_(t * dy).square_()
    return u.add_(v).sqrt_().sub_(t.mul_(r1 - r0).add_(r0))


def box(x: Tensor, y: Tensor, cx: Number, cy: Number, a: Number, b: Number) -> Tensor:
    """About the distance to a rectangle with half-sides a, b."""
    return torch.maximum((x - cx).abs_().sub_(a), (y - cy).abs_().sub_(b))


def join(first: Tensor, second: Tensor, softness: Number = 0.0) -> Tensor:
    """The union of two shapes, blended where they meet; overwrites and returns `first`."""
    if isinstance(softness, float) and softness == 0.0:
        return torch.minimum(first, second, out=first)
    h = (first - second).abs_().neg_().add_(softness).clamp_(min=0.0)
    h.square_().div_(4.0 * softness)
    return torch.minimum(first, second, out=first).sub_(h)


def cover(distance: Tensor, scale: Number) -> Tensor:
    """How much of each pixel a shape covers, 0 to 1; `scale` is pixels per unit of distance."""
    return distance.mul_(scale).neg_().add_(0.5).clamp_(0.0, 1.0)


def paint(image: Tensor, coverage: Tensor, colour: Tensor) -> None:
    """Lay a colour [B, 3, 1] or [B, 3, P] over the image [B, 3, P] in place."""
    image.add_((colour - image).mul_(coverage[:, None]))


def ramp(x: Tensor, low: Number, high: Number) -> Tensor:
    """0 below `low`, 1 above `high`, straight between."""
    return ((x - low) / (high - low)).clamp_(0.0, 1.0)


def wave(x: Tensor) -> Tensor:
    """A smooth periodic function of period 1 between -1 and 1 (a sine's shape without a sine)."""
    t = x - x.floor()
    t.sub_(0.5)
    return (t.abs().mul_(-2.0).add_(1.0)).mul_(t).mul_(8.0)


def unit(z: Tensor) -> Tensor:
    """Real coordinates squashed to (0, 1)."""
    return z / (1.0 + z * z).sqrt() * 0.5 + 0.5


def blend_table(table: Tensor, at: Tensor) -> Tensor:
    """Look up rows of a table [K, 3] at `at` [B] in [0, 1), between rows: [B, 3]."""
    where = at * (table.shape[0] - 1)
    low = where.floor().clamp(0, table.shape[0] - 2)
    t = (where - low)[:, None]
    low = low.long()
    return table[low] * (1 - t) + table[low + 1] * t


def luminance(rgb: Tensor) -> Tensor:
    """Brightness of colours [B, 3]: [B, 1]."""
    return (rgb[:, 0] * 0.3 + rgb[:, 1] * 0.59 + rgb[:, 2] * 0.11)[:, None]

"""Drawing made things: vehicles, vessels, furniture, tools and buildings, from a few parts."""

from collections.abc import Callable

import torch
from torch import Tensor

from nbsupport.savanna.attributes import PAINTS
from nbsupport.savanna.shapes import blend_table, box, capsule, circle, cover, join, luminance, ramp
from nbsupport.savanna.subject import Brush, colour, read

Values = dict[str, Tensor]
Finish = Callable[[Brush, Values, Tensor, Tensor, Tensor], Tensor]


def build(latents: Tensor) -> Values:
    """Measures of objects [B, LATENT], each [B, 1]."""
    v = read(latents, "object")
    for part, least in (("wheels", 0.05), ("handle", 0.05), ("hole", 0.06), ("top_height", 0.05)):
        v[part] = v[part] * (v[part] > least).float()
    for part, least in (("pole", 0.1), ("legs", 0.08), ("spout", 0.08)):
        v[part] = v[part] * (v[part] > least).float()
    v["legs"] = v["legs"] * (v["wheels"] <= 0).float()
    v["hole"] = torch.minimum(v["hole"], v["height"] * 0.7)
    return v


def extent(v: Values) -> tuple[Tensor, Tensor, Tensor]:
    """Half the larger side of the object's bounding box, and the box's centre x, y: each [B, 1]."""
    top = -v["height"] - torch.maximum(v["top_height"], v["pole"])
    bottom = v["height"] + torch.maximum(v["legs"], v["wheels"])
    right = v["width"] + torch.maximum(v["spout"], v["handle"]) * 0.8
    half = torch.maximum(right + v["width"], bottom - top) * 0.5
    return half, (right - v["width"]) * 0.5, (top + bottom) * 0.5


def draw(brush: Brush, v: Values, pose: Tensor, ground: Tensor) -> None:
    """Paint objects; `pose` is only tilt, which the coordinates hold already."""
    paints = torch.tensor(PAINTS, dtype=torch.float32, device=pose.device)
    main = blend_table(paints, v["paint"][:, 0]) * v["light"] + ground
    accent = blend_table(paints, v["accent"][:, 0])
    clash = ((luminance(main) - luminance(accent)).abs() < 0.15).float()
    accent = accent * (1 - clash) + (accent * 0.35) * clash
    assemble(brush, v, main, accent, main * 0.25 + 0.08, _finish)


def assemble(
    brush: Brush, v: Values, main: Tensor, accent: Tensor, iron: Tensor, finish: Finish
) -> None:
    """Put the parts together in these colours [B, 3]; `finish` says what covers the hull."""
    _back_parts(brush, v, accent, iron)
    body = _body(brush, v)
    hull = body.clone()
    brush.lay(cover(body, brush.scale), finish(brush, v, hull, main, accent))
    _hole(brush, v)
    _front_parts(brush, v, accent, iron)


def _gone(size: Tensor) -> Tensor:
    """9 where a part has no size, which hides it when added to its distance."""
    return (size <= 0).float() * 9.0


def _back_parts(brush: Brush, v: Values, accent: Tensor, iron: Tensor) -> None:
    x, y, width, height = brush.x, brush.y, v["width"], v["height"]
    pole = capsule(
        x, y, v["top_x"] * 0.6, -height * 0.8, v["top_x"] * 0.6, -height - v["pole"], 0.03, 0.022
    )
    legs = None
    for side in (-1.0, 1.0):
        leg = capsule(
            x, y, width * 0.75 * side, height * 0.7, width * 0.9 * side, height + v["legs"],
            0.045, 0.03,
        )  # fmt: skip
        legs = leg if legs is None else join(legs, leg)
    rods = join(pole.add_(_gone(v["pole"])), legs.add_(_gone(v["legs"])))  # type: ignore[union-attr]
    brush.lay(cover(rods, brush.scale), colour(iron))
    flag_y = -height - v["pole"] * 0.8
    flag = box(x, y, v["top_x"] * 0.6 + 0.12, flag_y, 0.12, 0.07 + 0.05 * v["square"])
    brush.lay(cover(flag.add_(_gone(v["pole"])), brush.scale), colour(accent))
    ring = circle(x, y, -width, 0.0, v["handle"]).abs_().sub_(0.035).add_(_gone(v["handle"]))
    spout = capsule(x, y, width * 0.7, height * 0.2, width + v["spout"], -height * 0.6, 0.08, 0.04)
    limbs = join(ring, spout.add_(_gone(v["spout"])))
    brush.lay(cover(limbs, brush.scale), colour(accent * 0.85))


def _body(brush: Brush, v: Values) -> Tensor:
    """A round or boxy hull, tapered, with a cabin, dome or roof on it."""
    x, y, width, height = brush.x, brush.y, v["width"], v["height"]
    narrowing = 1.0 - v["taper"] * (y.div(height).clamp_(-1.0, 1.0))
    u = x.abs().div_(narrowing.mul_(width)).clamp_(max=4.0)
    w = y.abs().div_(height).clamp_(max=4.0)
    sharp = torch.maximum(u, w)
    u.square_().add_(w.square_()).sqrt_()
    hull = u.add_(sharp.sub_(u).mul_(v["square"])).sub_(1.0).mul_(torch.minimum(width, height))
    top_w = v["top_width"] * width
    at = v["top_x"] * (width - top_w)
    rise = v["top_height"]
    slope = (
        ramp(y, -height - rise, -height)
        .mul_((v["roof"] > 0).float())
        .add_((v["roof"] <= 0).float())
    )
    cabin = torch.maximum(
        (x - at).abs_().sub_(slope.mul_(top_w)),
        (y + height + rise * 0.5 - 0.02).abs_().sub_(rise * 0.5 + 0.02),
    )
    return join(hull, cabin.add_(_gone(rise)))


def _finish(brush: Brush, v: Values, hull: Tensor, main: Tensor, accent: Tensor) -> Tensor:
    """Paint, trim and gloss: hard-edged panels, a grid or a band, unlike any coat. [B, 3, P]."""
    x, y, height = brush.x, brush.y, v["height"]
    band = (y - v["band_at"] * height).abs_().sub_(height * 0.22)
    trim = ramp(band, 0.015, -0.015).mul_((v["panel"] > 0.1).float())
    cells = v["frequency"] * 4.0 + 2.5
    u, w = x * cells, y * cells
    u.sub_(u.floor()).sub_(0.5).abs_()
    w.sub_(w.floor()).sub_(0.5).abs_()
    lines = ramp(torch.maximum(u, w), 0.38, 0.44).mul_((v["grid"] > 0.35).float())
    torch.maximum(trim, lines, out=trim)
    panes = ramp(torch.maximum(u, w), 0.28, 0.22).mul_((v["windows"] > 0.25).float())
    panes.mul_(ramp(y, 0.02, -0.02)).mul_((hull < -0.03).float())
    paint = main[:, :, None] + (accent - main)[:, :, None] * trim[:, None]
    paint.add_((0.18 + 0.5 * accent[:, :, None] - paint).mul_(panes[:, None]))
    light = y.mul(-0.16).add_(x * -0.10).add_(0.96)
    light.add_(ramp((y + height * 0.55).abs_(), 0.09, 0.0).mul_(v["gloss"]))
    light.mul_(ramp(hull, 0.03, -0.05).mul_(0.35).add_(0.65))
    return paint.mul_(light[:, None])


def _hole(brush: Brush, v: Values) -> None:
    hole = cover(circle(brush.x, brush.y, 0.0, 0.0, v["hole"]).add_(_gone(v["hole"])), brush.scale)
    brush.alpha.mul_(hole.neg_().add_(1.0))


def _front_parts(brush: Brush, v: Values, accent: Tensor, iron: Tensor) -> None:
    x, y, radius = brush.x, brush.y, v["wheels"]
    at, axle = v["wheel_x"] * v["width"], v["height"]
    tyre = circle(x.abs(), y, at, axle, radius)
    rim = tyre + radius * 0.42
    hub = tyre + radius * 0.78
    gone = _gone(radius)
    brush.lay(cover(tyre.add_(gone), brush.scale), colour(iron * 0.5))
    brush.lay(cover(rim.add_(gone), brush.scale), colour(accent * 0.6 + 0.3))
    brush.lay(cover(hub.add_(gone), brush.scale), colour(iron))

"""Drawing animals, side view: quadrupeds, and birds where the body plan says so."""

import torch
from torch import Tensor

from nbsupport.savanna.attributes import BIRD_FROM, COATS, DARK, PALE
from nbsupport.savanna.shapes import (
    blend_table,
    capsule,
    circle,
    cover,
    ellipse,
    join,
    luminance,
    ramp,
    wave,
)
from nbsupport.savanna.subject import Brush, colour, read

Values = dict[str, Tensor]


def build(latents: Tensor) -> Values:
    """Measures of animals [B, LATENT]: attributes, body plan and where the parts are, [B, 1]."""
    v = read(latents, "animal")
    bird = (v["bird"] > BIRD_FROM).float()
    v["bird"] = bird
    for part in ("ear", "horn", "mane", "hump"):
        v[part] = v[part] * (1 - bird)
    v["horn"] = (v["horn"] - 0.03).clamp(min=0.0)
    v["ear"] = v["ear"].clamp(min=0.0)
    v["length"] = v["length"] * (1 - 0.35 * bird)
    v["tail"] = v["tail"] * (1 - 0.35 * bird)
    v["tail_width"] = v["tail_width"] * (1 + 0.8 * bird)
    v["leg_width"] = v["leg_width"] * (1 - 0.45 * bird)
    v["leg"] = v["leg"] + 0.08 * bird
    side = (1 - v["neck_up"] * v["neck_up"] * 0.9).clamp(min=0.0).sqrt()
    v["shoulder_x"], v["shoulder_y"] = v["length"] * 0.72, -v["height"] * 0.35
    reach = v["neck"] + v["head"] * 0.7
    v["head_x"] = v["shoulder_x"] + reach * side + 0.10
    v["head_y"] = v["shoulder_y"] - reach * v["neck_up"] - 0.02
    v["foot"] = v["height"] * 0.8 + v["leg"]
    return v


def extent(v: Values) -> tuple[Tensor, Tensor, Tensor]:
    """Half the larger side of the animal's bounding box, and the box's centre x, y: each [B, 1]."""
    right = v["head_x"] + v["head"] + v["muzzle"]
    left = -v["length"] - v["tail"] * 0.75
    crest = torch.maximum(torch.maximum(v["ear"], v["horn"]), v["hump"] * 0.5)
    top = torch.minimum(v["head_y"] - v["head"] - crest, -v["height"] - v["hump"].clamp(min=0.0))
    half = torch.maximum(right - left, v["foot"] - top) * 0.5
    return half, (left + right) * 0.5, (top + v["foot"]) * 0.5


def palette(v: Values) -> tuple[Tensor, Tensor]:
    """The coat's ground colour and the colour of its markings, [B, 3] each, always in contrast."""
    coats, dark, pale = (
        torch.tensor(t, dtype=torch.float32, device=v["coat"].device) for t in (COATS, DARK, PALE)
    )
    base = blend_table(coats, v["coat"][:, 0]) * v["light"]
    bright = ((luminance(base) - 0.30) * 8).clamp(0.0, 1.0)
    second = v["second"][:, 0]
    return base, blend_table(dark, second) * bright + blend_table(pale, second) * (1 - bright)


def draw(brush: Brush, v: Values, pose: Tensor, ground: Tensor) -> Tensor:
    """Paint animals and return where their eyes are, [B, P]. `pose` [B, 4] in [-1, 1].

    `ground` [B, 3] is mixed into the coat beforehand by the caller's camouflage.
    """
    base, mark = palette(v)
    base = base + ground
    stride = pose[:, :1] * 0.16
    head_x, head_y = v["head_x"], v["head_y"] + pose[:, 1:2] * 0.05
    far = colour(base * 0.62)
    brush.lay(cover(_legs(brush, v, -stride, 0.10), brush.scale), far)
    _tail(brush, v, base, mark, pose[:, 2:3])
    body = _body(brush, v, head_x, head_y)
    near = _legs(brush, v, stride, 0.0)
    whole = join(near, body, 0.05)
    shade = (1.06 - (brush.y - v["height"] * 0.1).div(v["height"] * 5.5)).clamp_(0.72, 1.2)
    edge = (whole * -9.0).clamp_(0.0, 1.0).mul_(0.22).add_(0.82)
    coat = _coat(brush, v, base, mark)
    coat.mul_(shade.mul_(edge)[:, None])
    brush.lay(cover(whole, brush.scale), coat)
    _mane(brush, v, head_x, head_y, mark)
    return _head(brush, v, head_x, head_y, base, mark)


def _legs(brush: Brush, v: Values, stride: Tensor, inset: float) -> Tensor:
    """One pair of legs, fore and hind (a bird's one leg): the union of their shapes."""
    x, y, width = brush.x, brush.y, v["leg_width"]
    spread = v["length"] * (0.74 - inset) * (1 - v["bird"])
    hip_y, knee_y = v["height"] * 0.35, v["height"] * 0.6 + v["leg"] * 0.35
    legs = None
    for side, swing in ((1.0, stride), (-1.0, -stride)):
        hip = spread * side + 0.02
        knee = hip + swing * 0.25 + 0.03 * side
        foot = hip + swing
        thigh = capsule(x, y, hip, hip_y, knee, knee_y, width * 1.9, width)
        shank = capsule(x, y, knee, knee_y, foot, v["foot"] - width * 0.6, width, width * 0.75)
        limb = join(thigh, shank)
        legs = limb if legs is None else join(legs, limb)
    paw = capsule(
        x,
        y,
        spread + stride,
        v["foot"] - 0.02,
        spread + stride + 0.05,
        v["foot"] - 0.02,
        0.02,
        0.02,
    )
    return join(legs, paw)  # type: ignore[arg-type]


def _tail(brush: Brush, v: Values, base: Tensor, mark: Tensor, swing: Tensor) -> None:
    root_x, root_y = -v["length"] * 0.88, -v["height"] * 0.3
    up = (v["tail_up"] + swing * 0.2) * (1 - 0.7 * v["bird"])
    mid_x = root_x - v["tail"] * 0.5
    mid_y = root_y + v["tail"] * (0.15 - up * 0.45)
    end_x = mid_x - v["tail"] * 0.28
    end_y = mid_y + v["tail"] * (0.45 - up * 0.95) * (1 - 0.5 * v["bird"])
    width = v["tail_width"]
    shape = capsule(brush.x, brush.y, root_x, root_y, mid_x, mid_y, 0.035, width)
    second = capsule(brush.x, brush.y, mid_x, mid_y, end_x, end_y, width, width * 0.7)
    some = (v["tail"] > 0.05).float()
    whole = join(shape, second, 0.02).add_(1 - some)
    brush.lay(cover(whole, brush.scale), colour(base * 0.85))
    tip = capsule(
        brush.x, brush.y, mid_x * 0.3 + end_x * 0.7, mid_y * 0.3 + end_y * 0.7, end_x, end_y,
        width * 0.9 + 0.004, width * 0.7 + 0.026 * (1 - v["bird"]),
    )  # fmt: skip
    wanted = (v["tail_tip"] > 0.0).float() * some
    brush.lay(cover(tip.add_(1 - wanted), brush.scale), colour(mark))


def _body(brush: Brush, v: Values, head_x: Tensor, head_y: Tensor) -> Tensor:
    """Trunk, hump, neck, head and muzzle as one soft shape."""
    x, y = brush.x, brush.y
    length, height = v["length"], v["height"]
    chest = ellipse(x, y, length * 0.38, -height * 0.08, length * 0.62, height * 1.02)
    rump = ellipse(x, y, -length * 0.42, -height * 0.02, length * 0.58, height * 0.92)
    body = join(chest, rump, 0.16)
    hump_at = length * 0.28
    hump = circle(x, y, hump_at, -height * 0.72, v["hump"].clamp(min=0.0) + height * 0.15)
    body = join(body, hump, 0.08)
    neck = capsule(
        x, y, v["shoulder_x"] * 0.82, v["shoulder_y"] * 0.6, head_x, head_y,
        height * (0.72 - 0.32 * v["bird"]), v["head"] * (0.62 - 0.15 * v["bird"]),
    )  # fmt: skip
    body = join(body, neck, 0.07)
    head = ellipse(x, y, head_x + 0.02, head_y, v["head"] * 1.1, v["head"] * 0.88)
    snout = capsule(
        x, y, head_x + v["head"] * 0.5, head_y + v["head"] * 0.2,
        head_x + v["head"] * 0.7 + v["muzzle"], head_y + v["head"] * 0.38 + v["muzzle"] * 0.25,
        v["head"] * (0.6 - 0.35 * v["bird"]), v["head"] * (0.42 - 0.40 * v["bird"]) + 0.008,
    )  # fmt: skip
    return join(body, join(head, snout, 0.04), 0.04)


def _coat(brush: Brush, v: Values, base: Tensor, mark: Tensor) -> Tensor:
    """The coat's colour at every pixel, [B, 3, P]: markings, pale belly, dark legs."""
    x, y = brush.x, brush.y
    wobble = brush.detail * 0.35
    frequency = v["frequency"] * 5.0 + 3.0
    kinds = torch.cat([v[k] for k in ("stripes", "spots", "patches", "saddle", "plain")], 1)
    best = kinds.amax(1, keepdim=True)
    amount = {
        name: ((kinds[:, i : i + 1] - best) * 6.0 + 1.0).clamp(0.0, 1.0)
        for i, name in enumerate(("stripes", "spots", "patches", "saddle"))
    }
    lines = wave((x * frequency).add_(wobble * 0.9).add_(y * 0.5))
    pattern = ramp(lines, -0.15, 0.25).mul_(amount["stripes"])
    rate = frequency * 0.62
    u = wave((x * rate).add_(wobble * 1.1))
    w = wave((y * rate).add_(x * 1.2).sub_(wobble * 0.9))
    dots = ramp(u.mul_(w).abs_().add_(wobble * 0.5), 0.30, 0.48).mul_(amount["spots"])
    torch.maximum(pattern, dots, out=pattern)
    blotch = wave(x * 1.3 + v["frequency"]).add_(wave(y * 2.1 + x * 0.8)).add_(wobble * 2.2)
    torch.maximum(pattern, ramp(blotch, 0.0, 0.2).mul_(amount["patches"]), out=pattern)
    middle = v["length"] * (v["frequency"] - 0.5) * 2.0
    band = (x - middle).abs_().add_(wobble * 0.08)
    inside = v["length"] * (0.25 + 0.35 * v["second"])
    torch.maximum(pattern, ramp(band, inside, inside - 0.05).mul_(amount["saddle"]), out=pattern)
    pattern.mul_(ramp(y, v["foot"] * 0.75, v["height"] * 0.9))  # no markings on the feet
    socks = ramp(y, v["height"] + v["leg"] * 0.35, v["height"] + v["leg"] * 0.6)
    torch.maximum(pattern, socks.mul_((v["socks"] > 0.1).float()), out=pattern)
    coat = base[:, :, None] + (mark - base)[:, :, None] * pattern[:, None]
    belly = ramp(y, v["height"] * 0.15, v["height"] * 0.75)
    belly.mul_(ramp(y, v["height"] * 1.5, v["height"] * 1.05)).mul_(
        v["belly"].clamp(min=0.0) * 0.75
    )
    coat.add_((0.93 - coat).mul_(belly[:, None]))
    return coat.mul_((brush.detail * 0.10).add_(1.0)[:, None])


def _mane(brush: Brush, v: Values, head_x: Tensor, head_y: Tensor, mark: Tensor) -> None:
    """A crest along the neck, or a ruff round it."""
    size = (v["mane"] - 0.03).clamp(min=0.0)
    start_x, start_y = v["shoulder_x"] * 0.75, v["shoulder_y"] - v["height"] * 0.5
    crest = capsule(
        brush.x, brush.y, start_x, start_y, head_x - v["head"] * 0.7, head_y - v["head"] * 0.6,
        size * 0.65, size * 0.35,
    )  # fmt: skip
    crest = crest.add_(brush.detail * 0.02).add_((size <= 0.0).float())
    brush.lay(cover(crest, brush.scale), colour(mark * 0.9))


def _head(
    brush: Brush, v: Values, head_x: Tensor, head_y: Tensor, base: Tensor, mark: Tensor
) -> Tensor:
    """Ears, horns, mask, nose or beak, and the eye, whose coverage is returned."""
    x, y, size, bird = brush.x, brush.y, v["head"], v["bird"]
    top = head_y - size * 0.6
    mask = ellipse(x, y, head_x + size * 0.45, head_y, size * 0.75, size * 0.62)
    wanted = (v["face"] > 0.15).float()
    brush.lay(cover(mask.add_(1 - wanted), brush.scale), colour(mark))
    nose_x = head_x + size * 0.7 + v["muzzle"]
    nose_y = head_y + size * 0.38 + v["muzzle"] * 0.25
    beak_x = head_x + size * 0.7
    beak = capsule(x, y, beak_x, head_y + size * 0.2, nose_x + 0.05, nose_y, size * 0.36, 0.012)
    gold = torch.tensor([[0.86, 0.60, 0.16]], device=x.device)
    brush.lay(cover(beak.add_(1 - bird), brush.scale), colour(gold * (0.5 + 0.6 * v["second"])))
    nose = circle(x, y, nose_x + size * 0.2, nose_y - size * 0.1, 0.028 * (1 - bird))
    brush.lay(cover(nose, brush.scale), colour(base * 0.2))
    ear_x = head_x - size * 0.45
    ear = capsule(
        x,
        y,
        ear_x,
        top,
        ear_x - v["ear"] * 0.35,
        top - v["ear"],
        v["ear_width"],
        v["ear_width"] * 0.5,
    )
    ear.add_((v["ear"] <= 0.0).float())
    brush.lay(cover(ear, brush.scale), colour(base * 0.8))
    bend = v["horn"] * v["horn_curve"]
    mid_x, mid_y = head_x + size * 0.1 + bend * 0.5, top - v["horn"] * 0.55
    horn = capsule(x, y, head_x + size * 0.1, top + 0.03, mid_x, mid_y, 0.034, 0.026)
    tip = capsule(x, y, mid_x, mid_y, mid_x - bend * 0.3, top - v["horn"], 0.026, 0.012)
    horn = join(horn, tip).add_((v["horn"] <= 0.0).float())
    ivory = torch.tensor([[0.82, 0.76, 0.62]], device=x.device)
    dark = (luminance(base) > 0.45).float()
    brush.lay(cover(horn, brush.scale), colour(ivory * (1 - dark) + 0.16 * dark))
    eye = cover(circle(x, y, head_x + size * 0.3, head_y - size * 0.2, 0.024), brush.scale)
    brush.lay(eye, colour(base * 0.0 + 0.05))
    return eye

"""Drawing plants: trees, conifers, cacti, flowers and leafy shoots."""

import torch
from torch import Tensor

from nbsupport.savanna.attributes import COATS, FLOWERS, GREENS
from nbsupport.savanna.shapes import blend_table, capsule, circle, cover, ellipse, join
from nbsupport.savanna.subject import Brush, colour, read

Values = dict[str, Tensor]
RAYS = (
    (1.0, 0.0),
    (0.62, 0.78),
    (-0.22, 0.97),
    (-0.9, 0.43),
    (-0.9, -0.43),
    (-0.22, -0.97),
    (0.62, -0.78),
)


def build(latents: Tensor) -> Values:
    """Measures of plants, [B, 1] each; `form`: 0 tree, 1 conifer, 2 cactus, 3 flower."""
    v = read(latents, "plant")
    v["form"] = (v["kind"] > 0).float() * 2 + (v["kind_b"] > 0).float()
    return v


def extent(v: Values) -> tuple[Tensor, Tensor, Tensor]:
    """Half the larger side of the plant's bounding box, and the box's centre x, y: each [B, 1]."""
    top = -v["height"] - v["crown_height"] * 0.6
    half = torch.maximum(-top * 0.55, v["crown_width"])
    return half, v["lean"] * 0.4, top * 0.5


def _is(v: Values, *forms: int) -> Tensor:
    """0 where a plant has one of these forms, 9 elsewhere: added to a distance it hides."""
    here = torch.zeros_like(v["form"])
    for form in forms:
        here = here + (v["form"] == form).float()
    return (1 - here) * 9.0


def draw(brush: Brush, v: Values, pose: Tensor, ground: Tensor) -> None:
    """Paint plants standing on y = 0. `pose` [B, 4] in [-1, 1] sways them."""
    tables = (
        torch.tensor(t, dtype=torch.float32, device=pose.device) for t in (GREENS, FLOWERS, COATS)
    )
    greens, flowers, barks = tables
    green = blend_table(greens, v["green"][:, 0]) * v["light"] + ground
    flower = blend_table(flowers, v["flower"][:, 0])
    bark = blend_table(barks[2:9], v["bark"][:, 0]) * 0.75
    top_x, top_y = v["lean"] + pose[:, :1] * 0.05, -v["height"]
    _stem(brush, v, top_x, top_y, green, bark)
    _crown(brush, v, top_x, top_y, green, flower)
    _cactus(brush, v, top_x, green, flower)
    _bloom(brush, v, top_x, top_y, green, flower)


def _stem(
    brush: Brush, v: Values, top_x: Tensor, top_y: Tensor, green: Tensor, bark: Tensor
) -> None:
    soft = (v["form"] == 3).float()
    width = v["trunk"] * (1 - 0.65 * soft)
    conifer = (v["form"] == 1).float()
    width = width * (1 - 0.4 * conifer)
    up = 1 - 0.6 * conifer
    stem = capsule(brush.x, brush.y, 0.0, 0.0, top_x * up, top_y * up, width, width * 0.6)
    stem.add_(_is(v, 0, 1, 3))
    tone = bark * (1 - soft) + green * 0.8 * soft
    brush.lay(cover(stem, brush.scale), colour(tone))


def _leafy(brush: Brush, v: Values, green: Tensor) -> Tensor:
    """Foliage: green with the light from above and the mottling of leaves, [B, 3, P]."""
    light = (brush.y.mul(-0.25)).add_(0.80).add_(brush.detail * (0.18 + 0.3 * v["texture"]))
    return green[:, :, None] * light.clamp_(0.3, 1.5)[:, None]


def _crown(
    brush: Brush, v: Values, top_x: Tensor, top_y: Tensor, green: Tensor, flower: Tensor
) -> None:
    x, y, width, height = brush.x, brush.y, v["crown_width"], v["crown_height"]
    ragged = brush.detail * (0.02 + 0.025 * v["texture"])
    crown = ellipse(x, y, top_x, top_y, width, height)
    for side in (-1.0, 1.0):
        lobe = ellipse(
            x, y, top_x + width * 0.6 * side, top_y + height * 0.35, width * 0.5, height * 0.55
        )
        crown = join(crown, lobe, 0.05)
    crown.add_(ragged).add_(_is(v, 0))
    tiers = (v["tiers"] * 3.0 + 2.0).floor()
    reach = -top_y * 0.85
    along = (y - top_y + height * 0.3).div_(reach + height * 0.3)
    step = along.clamp(min=0.0) * tiers
    step.sub_(step.floor())
    cone = (
        (x - top_x * 0.6)
        .abs_()
        .sub_(along.clamp(0.0, 1.0).mul_(0.75).add_(step * 0.25).mul_(width * 0.8))
    )
    cone = torch.maximum(cone.mul_(0.8), along.sub(0.5).abs_().sub_(0.5).mul_(reach))
    cone.add_(ragged * 0.6).add_(_is(v, 1))
    foliage = torch.minimum(crown, cone)
    brush.lay(cover(foliage.clone(), brush.scale), _leafy(brush, v, green))
    some = (v["fruit"] > 0.1).float()
    low = 0.7 * v["crown_height"] * (v["form"] == 1).float()  # conifers are wide below their tip
    fruit = None
    for c, r in ((0.0, -0.4), (-0.5, 0.2), (0.45, 0.0), (-0.05, 0.35), (0.3, 0.6)):
        one = circle(x, y, top_x + width * c * 0.8, top_y + low + height * r, 0.045)
        fruit = one if fruit is None else join(fruit, one)
    shown = torch.maximum(fruit, foliage + 0.01).add_(1 - some)  # type: ignore[arg-type]
    brush.lay(cover(shown, brush.scale), colour(flower))


def _cactus(brush: Brush, v: Values, top_x: Tensor, green: Tensor, flower: Tensor) -> None:
    x, y = brush.x, brush.y
    width, height = v["trunk"] * 1.1 + 0.07, v["height"]
    plant = capsule(x, y, 0.0, 0.0, top_x * 0.3, -height, width, width * 0.85)
    for side, on, at in ((1.0, v["arms"] > -0.4, 0.40), (-1.0, v["arms"] > 0.2, 0.58)):
        out = (width + 0.14 + 0.12 * v["crown_width"]) * side
        arm = capsule(x, y, 0.0, -height * at, out, -height * at - 0.02, width * 0.6, width * 0.6)
        arm = join(
            arm,
            capsule(x, y, out, -height * at, out, -height * (at + 0.32), width * 0.6, width * 0.5),
        )
        plant = join(plant, arm.add_(1.0 - on.float()))
    plant.add_(_is(v, 2))
    ribs = x.div(width * 0.45)
    ribs.sub_(ribs.floor()).sub_(0.5).abs_()
    tone = green[:, :, None] * ribs.mul_(0.7).add_(0.65)[:, None]
    brush.lay(cover(plant, brush.scale), tone)
    tip = circle(x, y, top_x * 0.3, -height - width * 0.7, v["petal_size"] * 0.45)
    wanted = (v["bloom"] > -0.1).float()
    brush.lay(cover(tip.add_(_is(v, 2)).add_(1 - wanted), brush.scale), colour(flower))


def _bloom(
    brush: Brush, v: Values, top_x: Tensor, top_y: Tensor, green: Tensor, flower: Tensor
) -> None:
    x, y = brush.x, brush.y
    for side, at in ((1.0, 0.35), (-1.0, 0.55)):
        tip_x = (0.16 + 0.3 * v["leaflets"]) * side
        leaf = capsule(
            x, y, top_x * at, top_y * at, tip_x, top_y * at - 0.12, 0.02, 0.05 + 0.05 * v["texture"]
        )
        brush.lay(cover(leaf.add_(_is(v, 3)), brush.scale), colour(green))
    size, count = v["petal_size"], (v["petals"] * 3).floor() + 4  # 4 to 6 or 7 petals
    petals = None
    for i, (c, s) in enumerate(RAYS):
        petal = ellipse(
            x, y, top_x + c * size * 0.8, top_y + s * size * 0.8, size * 0.52, size * 0.52
        )
        petal.add_((count <= i).float())
        petals = petal if petals is None else join(petals, petal)
    petals.add_(_is(v, 3))  # type: ignore[union-attr]
    shade = (brush.detail * 0.15).add_(0.95)
    brush.lay(cover(petals, brush.scale), flower[:, :, None] * shade[:, None])  # type: ignore[arg-type]
    gold = torch.tensor([[0.52, 0.36, 0.08]], device=x.device)
    heart = circle(x, y, top_x, top_y, v["heart"]).add_(_is(v, 3))
    brush.lay(cover(heart, brush.scale), colour(flower * 0.15 + gold))

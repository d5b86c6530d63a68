"""A small class-conditional generative model of photographs: the stand-in for Stable Diffusion.

It is the decoder of a conditional variational autoencoder [Kingma and Welling 2014, Sohn et al.
2015] that makes images of layers: a canvas with the subject of a class, always in the same place,
is lit, scaled, moved, turned and laid over a backdrop [Jaderberg et al. 2015]. It learned from
photographs that are annotated with where their subject is, as data sets of aligned faces are. A
diffusion model trained for three minutes drew nothing that a classifier could name, nor did
decoders without layers or without the annotation. `assets/train_generator.py` trains it.
"""

from functools import lru_cache
from hashlib import sha256
from itertools import pairwise

import numpy as np
import torch
from safetensors.torch import load
from torch import Tensor, nn
from torch.nn import functional as F

from nbsupport.errors import UserError
from nbsupport.savanna.attributes import LATENT, squash
from nbsupport.savanna.ecology import ecology
from nbsupport.training.seeds import generator
from nbsupport.training.stages.assets import GENERATOR, Asset

STREAM = "generator"  # the photographs that it was trained on; subsets draw from another stream
PX = 32
CODE = 32  # numbers that tell light and backdrop of an image
BLOCK = 40  # images that are made at once, always: rounding may depend on the size of a batch
KINDS = ("animal", "object")
ATTRIBUTES = len(KINDS) * (LATENT + 1)
MARGIN = 1.1  # of the canvas around the subject


def attributes(world: int, kind: str = "imagenet") -> Tensor:
    """What the model is told of each class of a source: float32 [K, ATTRIBUTES].

    A class is its place in the world's space of looks (as a text encoder gives a place to any
    prompt), with coordinates of their own for each kind of body. Raises UserError for a source with
    a kind that the model never saw.
    """
    table, looks = ecology(world).classes(kind), squash(ecology(world).latents(kind))
    kinds = table["tree"].to_numpy()
    if not set(kinds) <= set(KINDS):
        raise UserError(f"the generative model knows {' and '.join(KINDS)} classes, not {kind}'s")
    known = np.stack([kinds == name for name in KINDS], 1)  # [K, kinds]
    placed = (known[:, :, None] * looks[:, None]).reshape(len(table), -1)
    return torch.from_numpy(np.concatenate([placed, known], 1).astype(np.float32))


class Residual(nn.Module):
    """Two convolutions around a shortcut, scaled and shifted in between by a condition [n, c]."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(4, width), nn.GroupNorm(4, width)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.film = nn.Linear(condition, 2 * width)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Maps [n, width, h, w] to maps of the same shape."""
        scale, shift = self.film(condition)[:, :, None, None].chunk(2, 1)
        h = self.norm2(self.conv1(F.silu(self.norm1(x))))
        return x + self.conv2(F.silu(h * (1 + scale) + shift))


class Canvas(nn.Module):
    """The subject of a class: colours and cover, grown from 4 x 4 to 32 x 32."""

    def __init__(self, widths: tuple[int, ...] = (128, 64, 32), condition: int = 192) -> None:
        super().__init__()
        self.looks = nn.Sequential(
            nn.Linear(3 * ATTRIBUTES, 256), nn.SiLU(), nn.Linear(256, condition), nn.SiLU()
        )
        self.first = nn.Linear(condition, widths[0] * 16)
        self.steps = nn.ModuleList(Residual(width, condition) for width in widths)
        self.grow = nn.ModuleList(nn.Conv2d(a, 4 * b, 1) for a, b in pairwise(widths))
        self.norm = nn.GroupNorm(4, widths[-1])
        self.last = nn.Conv2d(widths[-1], 16, 3, padding=1)

    def forward(self, looks: Tensor) -> Tensor:
        """[n, ATTRIBUTES] to [n, 4, 32, 32]: three colours in about [-1, 1], a logit of cover."""
        c = self.looks(torch.cat([looks, torch.sin(3 * looks), torch.cos(3 * looks)], 1))
        h = self.steps[0](self.first(c).view(len(c), -1, 4, 4), c)
        for grow, step in zip(self.grow, self.steps[1:], strict=True):
            h = step(F.pixel_shuffle(grow(h), 2), c)
        return F.pixel_shuffle(self.last(F.silu(self.norm(h))), 2)


class Backdrop(nn.Module):
    """What is behind the subject, a function of the code alone: blurred, so at half the size."""

    def __init__(self, width: int = 24, hidden: int = 128) -> None:
        super().__init__()
        self.code = nn.Sequential(nn.Linear(CODE, hidden), nn.SiLU())
        self.first = nn.Linear(hidden, width * 64)
        self.step = Residual(width, hidden)
        self.last = nn.Conv2d(width, 12, 3, padding=1)

    def forward(self, code: Tensor) -> Tensor:
        """[n, CODE] to [n, 3, 32, 32]."""
        c = self.code(code)
        h = self.step(self.first(c).view(len(c), -1, 8, 8), c)
        small = F.pixel_shuffle(self.last(F.silu(h)), 2)
        return F.interpolate(small, scale_factor=2.0, mode="bilinear", align_corners=False)


class Generator(nn.Module):
    """Canvas, light and backdrop, and what training measured of where subjects are."""

    places: Tensor  # [2, 4]: least and largest scale, position across and down, sine of the tilt
    grain: Tensor  # [1]: standard deviation of what no layer explains from pixel to pixel

    def __init__(self) -> None:
        super().__init__()
        self.canvas, self.backdrop = Canvas(), Backdrop()
        self.light = nn.Linear(CODE, 2)
        self.register_buffer("places", torch.zeros(2, 4))
        self.register_buffer("grain", torch.zeros(1))

    def forward(self, canvas: Tensor, code: Tensor, place: Tensor, facing: Tensor) -> Tensor:
        """Images [n, 3, 32, 32] in about [-1, 1].

        From canvases [n, 4, 32, 32], codes [n, CODE], places [n, 4], and facings [n], of which 1 is
        a canvas as it is and -1 a mirrored one.
        """
        subject, cover = laid(canvas, place, facing)
        subject = (subject + 1) * self._light(code)[:, :, None, None] - 1
        backdrop = self.backdrop(code)
        return backdrop + cover * (subject - backdrop)

    def _light(self, code: Tensor) -> Tensor:
        """Factors of the subject's colours [n, 3]: bright or dark, warm or cold.

        Within narrow bounds: free ones carried the colours of classes, and sampling mixed them up.
        """
        bright, warm = self.light(code).tanh().unbind(1)
        return torch.exp(torch.stack([0.2 * bright + 0.1 * s * warm for s in (1, 0, -1)], 1))


def laid(canvas: Tensor, place: Tensor, facing: Tensor) -> tuple[Tensor, Tensor]:
    """A canvas scaled, moved and turned to its place: colours [n, 3, ...], cover [n, 1, ...]."""
    at = (torch.arange(PX, device=canvas.device) + 0.5) * (2 / PX) - 1
    scale, across, down, sine = (part[:, None, None] for part in place.unbind(1))
    dx, dy = at[None, None, :] - across, at[None, :, None] - down
    cosine = (1 - sine * sine).sqrt()
    x = (dx * cosine + dy * sine) * facing[:, None, None] / (scale * MARGIN)
    y = (dy * cosine - dx * sine) / (scale * MARGIN)
    moved = F.grid_sample(canvas, torch.stack([x, y], -1), align_corners=False)
    inside = ((x.abs() < 1) & (y.abs() < 1))[:, None]
    return moved[:, :3], torch.sigmoid(4 * moved[:, 3:]) * inside


def load_generator(checksum: str = GENERATOR.sha256, asset: Asset = GENERATOR) -> Generator:
    """The model with the weights in assets/, in eval mode.

    Raises UserError where the file is missing, is not the one of the checksum, or does not fit.
    """
    return _load(checksum, asset)


@lru_cache(maxsize=2)
def _load(checksum: str, asset: Asset) -> Generator:
    advice = "restore it from version control"
    if not asset.path.exists():
        raise UserError(f"assets/{asset.file} is missing: {advice}")
    content = asset.path.read_bytes()
    found = sha256(content).hexdigest()
    if found != checksum:
        raise UserError(
            f"assets/{asset.file} has the checksum {found[:12]}, not {checksum[:12]}: {advice}"
        )
    model = Generator()
    try:
        model.load_state_dict({name: value.float() for name, value in load(content).items()})
    except Exception as error:
        raise UserError(f"assets/{asset.file} holds no weights of this model: {advice}") from error
    return model.eval().to(memory_format=torch.channels_last)


@torch.inference_mode()
def sample(
    model: Generator, looks: Tensor, count: int, *, label: int, seed: int, variety: float
) -> Tensor:
    """The first `count` images of a class: uint8 [count, 3, 32, 32].

    `looks` [ATTRIBUTES] tell the class, whose number `label` seeds its draws; individuals differ
    from it by `variety` (a standard deviation, in the units of the world's latent vectors). Image j
    is a function of (model, label, j, seed, variety), however many images are sampled.
    """
    blocks = [
        _block(model, looks, generator(seed, "generated images", label, number), variety)
        for number in range(-(-count // BLOCK))
    ]
    return torch.cat(blocks)[:count]


def _block(model: Generator, looks: Tensor, draws: torch.Generator, variety: float) -> Tensor:
    code = torch.randn(BLOCK, CODE, generator=draws)
    individuals = looks + variety * _spread(looks) * torch.randn(BLOCK, ATTRIBUTES, generator=draws)
    least, largest = model.places
    place = least + (largest - least) * torch.rand(BLOCK, 4, generator=draws)
    facing = torch.randint(2, (BLOCK,), generator=draws).float() * 2 - 1
    grain = torch.randn(BLOCK, 3, PX, PX, generator=draws) * model.grain
    images = model(model.canvas(individuals), code, place, facing) + grain
    return ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def _spread(looks: Tensor) -> Tensor:
    """How far each attribute moves when its latent coordinate moves by one: [ATTRIBUTES].

    It is the slope of `squash`; what belongs to another kind of body stays.
    """
    kinds = looks[-len(KINDS) :]
    own = torch.cat([kinds.repeat_interleave(LATENT), torch.zeros_like(kinds)])
    return own * (1 - looks**2).clamp(min=0) ** 1.5

"""Images of a world: photographs for pre-training, camera traps for the task."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from nbsupport import rng
from nbsupport.errors import UserError, unknown
from nbsupport.savanna import (
    DEFAULT,
    VERSION,
    Settings,
    animals,
    backdrops,
    camera,
    objects,
    own_textures,
    plants,
    scenery,
)
from nbsupport.savanna.attributes import FIXED, LATENT
from nbsupport.savanna.ecology import SPLITS, ecology
from nbsupport.savanna.shapes import cover, ellipse, grid, paint
from nbsupport.savanna.subject import Brush

DRAW = {"animal": animals, "plant": plants, "object": objects}
OWN_TEXTURES = own_textures
Index = np.ndarray | Tensor


class World:
    """Draws a world at `px` (16 to 256, else UserError) pixels a side, on a device."""

    def __init__(
        self,
        number: int,
        px: int = 32,
        device: str | torch.device = "cpu",
        settings: Settings = DEFAULT,
    ) -> None:
        if not 16 <= px <= 256:
            raise UserError(f"px={px}: images are 16 to 256 pixels a side")
        self.px, self.settings, self.device = px, settings, torch.device(device)
        self.ecology = ecology(number, settings)
        self.number, self.draws = self.ecology.number, self.ecology.draws
        # blocks stay in cache; a block is always full, so that no result depends on its size
        self.block = max(8, 64 * 1024 // (px * px)) if self.device.type == "cpu" else 1024
        self.x, self.y = grid(px, self.device)

    # photographs

    @torch.inference_mode()
    def photos(
        self, source: str, label: Index, stream: str, index: Index, *, own_textures: bool = False
    ) -> Tensor:
        """Photographs of classes of a source, or of "species": uint8 [N, 3, px, px].

        `label`, `index` int64 [N]. Another stream or index is another picture of the same class.
        `own_textures` paints objects so that they share nothing with animals, and leaves the rest.
        """
        table, latents = self.ecology.classes(source), self.ecology.latents(source)
        trees = table["tree"].to_numpy()
        label, index = _numbers(label), _numbers(index)
        check_labels(label, len(table), source)
        base = rng.number_of(VERSION, self.draws, "photo", source, stream)
        means = torch.tensor(latents, dtype=torch.float32)
        out = torch.empty(len(label), 3, self.px, self.px, dtype=torch.uint8, device=self.device)
        for kind, usual in DRAW.items():
            painter = OWN_TEXTURES if own_textures and kind == "object" else usual
            rows = np.flatnonzero(trees[label] == kind)

            def draw(at: np.ndarray, kind: str = kind, painter: ModuleType = painter) -> Tensor:
                key = self.keys(base, label[at], index[at])
                return self._photo_block(kind, painter, means[label[at]].to(self.device), key)

            self.in_blocks(rows, draw, out)
        return out

    @torch.inference_mode()
    def individuals(
        self, source: str, label: Index, stream: str, index: Index
    ) -> Iterator[tuple[str, np.ndarray, Tensor, Tensor]]:
        """What `photos` draws from the same arguments, for each kind of body that is among them.

        Yields the kind, its rows of the arguments [n], the individuals' latents [n, LATENT] and the
        keys of their pictures [n].
        """
        table, means = self.ecology.classes(source), self.ecology.latents(source)
        label, index = _numbers(label), _numbers(index)
        check_labels(label, len(table), source)
        base = rng.number_of(VERSION, self.draws, "photo", source, stream)
        trees = table["tree"].to_numpy()[label]
        for kind in dict.fromkeys(trees.tolist()):
            rows = np.flatnonzero(trees == kind)
            key = self.keys(base, label[rows], index[rows])
            mean = torch.tensor(means[label[rows]], dtype=torch.float32, device=self.device)
            yield kind, rows, self._individuals(kind, mean, key), key

    def _photo_block(self, kind: str, painter: ModuleType, latents: Tensor, key: Tensor) -> Tensor:
        image, brush, _ = self.compose(kind, latents, key, painter)
        paint(image, brush.alpha, brush.layer)
        camera.expose_photo(image, key, self.x, self.y)
        return camera.to_bytes(image, key, self.px, self.settings.sensor_noise * 0.7)

    def compose(
        self, kind: str, latents: Tensor, key: Tensor, painter: ModuleType | None = None
    ) -> tuple[Tensor, Brush, Tensor | None]:
        """What a photograph is made of: backdrop [B, 3, P], subject, an animal's eyes [B, P].

        `kind` is a key of DRAW, `latents` [B, LATENT] are class means, `key` int64 [B].
        `painter` draws the subject; None: the kind's usual one.
        """
        painter = painter or DRAW[kind]
        s, u = self.settings, rng.uniform(key, "photo-pose", 8)
        measures = painter.build(self._individuals(kind, latents, key))
        half, box_x, box_y = painter.extent(measures)
        low, high = s.photo_scale
        k = (low + (high - low) * u[:, :1]) / half
        place = ((u[:, 1:3] - 0.5) * 0.3).split(1, 1)
        tilt = (u[:, 3:4] - 0.5) * (0.30 if kind != "plant" else 0.15)
        flip = (u[:, 4:5] < 0.5).float() * 2 - 1
        brush = self._brush(key, place, k, (box_x, box_y), tilt, flip)
        image = backdrops.draw(key, self.x, self.y, self.px, s.photo_variety)
        pose = rng.uniform(key, "pose", 4) * 2 - 1
        eyes = painter.draw(brush, measures, pose, torch.zeros_like(latents[:, :3]))
        return image, brush, eyes

    # camera traps

    @torch.inference_mode()
    def traps(self, split: str, label: Index, location: Index, day: Index, index: Index) -> Tensor:
        """Camera-trap pictures, label 0 empty: uint8 [N, 3, px, px]; all arguments int64 [N]."""
        if split not in SPLITS:
            raise unknown("split", split, SPLITS)
        label, location, day, index = map(_numbers, (label, location, day, index))
        species = self.ecology.latents("species")
        check_labels(label, len(species) + 1, "species")
        means = torch.tensor(np.vstack([species[:1], species]), dtype=torch.float32)
        base = rng.number_of(VERSION, self.draws, "trap", split)
        days = rng.number_of(VERSION, self.draws, "day")

        def draw(at: np.ndarray) -> Tensor:
            key = self.keys(base, label[at], location[at], day[at], index[at])
            today = self.keys(days, location[at], day[at])
            where = torch.from_numpy(location[at]).to(self.device)
            there = torch.from_numpy((label[at] > 0).astype(np.float32))[:, None].to(self.device)
            rate = torch.from_numpy(self._night_rates(location[at]))[:, None].to(self.device)
            mean = means[label[at]].to(self.device)
            return self._trap_block(mean, there, key, today, where, rate)

        out = torch.empty(len(label), 3, self.px, self.px, dtype=torch.uint8, device=self.device)
        return self.in_blocks(np.arange(len(label)), draw, out)

    def _trap_block(
        self,
        latents: Tensor,
        there: Tensor,
        key: Tensor,
        today: Tensor,
        where: Tensor,
        rate: Tensor,
    ) -> Tensor:
        s, u = self.settings, rng.uniform(key, "trap-pose", 12)
        scene = self._scene(where)
        measures = animals.build(self._individuals("animal", latents, key))
        half, box_x, box_y = animals.extent(measures)
        small, large = s.subject_scale
        reach = (large - small) * scene.closeness + small
        nearer = 0.82 + 0.36 * u[:, :1]
        k = (reach * nearer * measures["size"] * (half / 0.8).sqrt()).clamp(max=0.95) / half
        ground_y = (scene.horizon + 0.45 + 0.35 * u[:, :1] + 0.2 * u[:, 1:2]).clamp(0.15, 0.92)
        middle = ground_y - (measures["foot"] - box_y) * k
        middle = torch.maximum(middle, half * k - 1.02)  # no heads above the frame
        ground_y = middle + (measures["foot"] - box_y) * k
        centre = ((u[:, 2:3] - 0.5) * 1.1, middle)
        flip = (u[:, 4:5] < 0.5).float() * 2 - 1
        brush = self._brush(key, centre, k, (box_x, box_y), (u[:, 3:4] - 0.5) * 0.14, flip)
        night = (u[:, 5:6] < rate).float()
        image = scene.image
        self._shadow(image, centre[0], ground_y, measures["length"] * k, there * (1 - night))
        blend = (scene.ground - animals.palette(measures)[0]) * s.camouflage
        pose = rng.uniform(key, "pose", 4) * 2 - 1
        eyes = animals.draw(brush, measures, pose, blend).mul_(there)
        brush.alpha.mul_(there)
        paint(image, brush.alpha, brush.layer)
        scene.far.add_((0.25 - scene.far).mul_(brush.alpha))
        place = place_keys(self.draws, where)
        scenery.grass_before(image, place, scene, u[:, 6:7] * 2 - 1, self.x, self.y, self.px)
        camera.daylight(image, scene.far, today, key, scene.tint * (1 - night) + night, self.px)
        image = camera.infrared(image, scene.far, night, key, self.x, self.y, eyes)
        noise = s.sensor_noise * (1 + 0.5 * night[:, :, None])
        return camera.to_bytes(image, key, self.px, noise, night)

    @torch.inference_mode()
    def key_sheet(self) -> tuple[Tensor, list[str]]:
        """A plate of the task's species, each a typical animal on plain paper.

        Returns uint8 [species, 3, px, px] and their names, in the order of labels 1, 2, ...
        """
        latents = torch.tensor(self.ecology.latents("species"), dtype=torch.float32)
        latents = latents.to(self.device)
        measures = animals.build(latents)
        half, box_x, box_y = animals.extent(measures)
        key = self.keys(rng.number_of(VERSION, self.draws, "plate"), np.arange(len(latents)))
        nothing = torch.zeros_like(half)
        brush = self._brush(
            key, (nothing, nothing), 0.88 / half, (box_x, box_y), nothing, nothing + 1
        )
        animals.draw(brush, measures, nothing.expand(-1, 4) + 0.4, nothing.expand(-1, 3))
        image = torch.full_like(brush.layer, 0.94)
        paint(image, brush.alpha, brush.layer)
        return camera.to_bytes(image, key, self.px, 0.0), list(self.ecology.species()["name"][1:])

    def _shadow(self, image: Tensor, x: Tensor, y: Tensor, width: Tensor, amount: Tensor) -> None:
        shape = ellipse(self.x, self.y, x, y, width * 1.1, width * 0.16 + 0.01)
        image.mul_(1 - cover(shape, self.px * 0.2).mul_(amount * 0.35)[:, None])

    def _night_rates(self, location: np.ndarray) -> np.ndarray:
        """How often each of these places is photographed at night: float32 [B]."""
        return self.ecology.locations()["night_rate"].to_numpy(np.float32)[location]

    def _scene(self, where: Tensor) -> scenery.Scene:
        """A fresh copy of the places `where` [B]."""
        places = _scenes(self.number, self.settings, self.px, self.device)
        parts = {name: value.index_select(0, where) for name, value in vars(places).items()}
        return scenery.Scene(**parts)

    # what both kinds share

    def keys(self, base: int, *parts: np.ndarray) -> Tensor:
        """A key for each row of int64 arrays [B], on this world's device."""
        return rng.keys(base, *(torch.from_numpy(p).to(self.device) for p in parts))

    def _individuals(self, kind: str, latents: Tensor, key: Tensor) -> Tensor:
        """Class means moved by each image's own deviation (what fixes the body plan stays)."""
        moves = rng.normal(key, "individual", LATENT)
        moves[:, list(FIXED[kind])] = 0.0
        return latents + moves * self.settings.within_class

    def _brush(
        self, key: Tensor, centre: tuple[Tensor, ...], k: Tensor, box: tuple[Tensor, Tensor],
        tilt: Tensor, flip: Tensor,
    ) -> Brush:  # fmt: skip
        """Coordinates of subjects: `k` frame units per unit, turned by `tilt` (a sine)."""
        dx, dy = self.x - centre[0], self.y - centre[1]
        cosine = (1 - tilt * tilt).sqrt()
        x = (dx * cosine).add_(dy * tilt).mul_(flip / k).add_(box[0])
        y = dy.mul_(cosine).sub_(dx * tilt).div_(k).add_(box[1])
        detail = rng.lattice(key, "detail", 14, self.px).flatten(1)
        blank = torch.zeros(len(key), 3, x.shape[1], device=self.device)
        return Brush(x, y, k * (self.px * 0.5), blank, torch.zeros_like(x), detail)

    def in_blocks(
        self, rows: np.ndarray, draw: Callable[[np.ndarray], Tensor], out: Tensor
    ) -> Tensor:
        """Draw `rows` [n] a block at a time into their places in `out`, and return it."""
        for start in range(0, len(rows), self.block):
            part = rows[start : start + self.block]
            full = np.resize(part, self.block)  # repeats rows to fill the block
            out[torch.from_numpy(part).to(out.device)] = draw(full)[: len(part)]
        return out


def place_keys(draws: int, where: Tensor) -> Tensor:
    """A key for each place `where`, int64 [B]."""
    return rng.keys(rng.number_of(VERSION, draws, "place"), where)


@lru_cache(maxsize=4)  # a caller may open the same world again for each part of a data set
def _scenes(number: int, settings: Settings, px: int, device: torch.device) -> scenery.Scene:
    """All the places of a world, in the order of their numbers, as they stand."""
    world = ecology(number, settings)
    latents = torch.tensor(world.place_latents(), dtype=torch.float32)
    key = place_keys(world.draws, torch.arange(len(latents), device=device))
    return scenery.draw(key, latents.to(device), *grid(px, device), px, settings.grass)


def _numbers(values: Index) -> np.ndarray:
    values = values.cpu().numpy() if isinstance(values, Tensor) else values
    return np.ascontiguousarray(values, dtype=np.int64)


def check_labels(label: np.ndarray, classes: int, of: str) -> None:
    """UserError where a label [N] is none of the `classes` classes of a set named `of`."""
    if len(label) and not 0 <= label.min() <= label.max() < classes:
        raise UserError(
            f"labels {label.min()} to {label.max()} of {of}: allowed are 0 to {classes - 1}"
        )

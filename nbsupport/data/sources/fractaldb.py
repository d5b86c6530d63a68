"""FractalDB: real fractal images, drawn on demand by the published method and kept on disk."""

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.data.fractals.drawing import Drawing
from nbsupport.data.fractals.pictures import INSTANCES, VERSION, draw
from nbsupport.data.fractals.systems import SEED, TABLE, categories
from nbsupport.data.pictures.cache import cached_images
from nbsupport.data.sources.base import Source
from nbsupport.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    import torch


class FractalDBSource(Source):
    """`images_per_category` instances of each of the first `categories` fractals of a search.

    With seed 1 these are the published categories of FractalDB-1k, in their order. An image is
    drawn with `iterations` points, `oversize` times as large as `px`, and averaged down; its
    patches follow from the seed. It depends on its category and its number there alone.
    Raises UserError for a count that is not possible.
    """

    name = "fractaldb"
    licence = "MIT (drawn by this project after the public code, which is MIT)"
    origin = "rendered by nbsupport.data.fractals, nothing to download"

    def __init__(
        self,
        categories: int,
        images_per_category: int,
        px: int,
        seed: int = SEED,
        iterations: int = 200_000,
        oversize: int = 1,
    ) -> None:
        self._check(categories, images_per_category)
        self.count, self.images_per_category = categories, images_per_category
        self.drawing = Drawing(px, iterations, oversize, seed)

    @staticmethod
    def _check(categories: int, images: int) -> None:
        if categories < 2:
            raise UserError(f"categories={categories} of FractalDB: at least 2 are needed")
        if not 1 <= images <= INSTANCES:
            raise UserError(
                f"images_per_category={images} of FractalDB: a category has 1 to {INSTANCES:,}; "
                "for more images ask for more categories"
            )

    def spec(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "categories": self.count,
            "images_per_category": self.images_per_category,
            "px": self.drawing.px,
            "seed": self.drawing.seed,
            "iterations": self.drawing.points,
            "oversize": self.drawing.oversize,
        }

    @property
    def fingerprint(self) -> str:
        text = json.dumps(self.spec(), sort_keys=True).encode() + TABLE.read_bytes()
        return f"fractaldb-{VERSION}-{hashlib.sha256(text).hexdigest()[:12]}"

    def classes(self) -> "pd.DataFrame":
        return self._classes

    @cached_property
    def _classes(self) -> "pd.DataFrame":
        import pandas as pd

        labels = np.arange(self.count)
        names = [f"fractal {label:05d}" for label in labels]  # numbered as in the public data
        table = pd.DataFrame({"label": labels, "name": names, "tree": "fractal"})
        return table.assign(images=self.images_per_category)

    def labels(self) -> np.ndarray:
        return np.repeat(np.arange(self.count), self.images_per_category)

    def images(self, ids: np.ndarray) -> "torch.Tensor":
        import torch

        mapped = cached_images(self.fingerprint, len(self), self.drawing.px, self._draw)
        return torch.from_numpy(mapped[np.asarray(ids)])

    def _draw(self, ids: np.ndarray) -> "torch.Tensor":
        systems = categories(self.count, self.drawing.seed)
        return draw(systems, self.drawing, *divmod(ids, self.images_per_category))


def open_it(**options: Any) -> FractalDBSource:
    """Open the source that these options name (see FractalDBSource)."""
    return FractalDBSource(**options)

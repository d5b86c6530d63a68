"""The simulated stand-ins for ImageNet and iNaturalist, and two controls, drawn on demand."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport import savanna
from nbsupport.data.pictures.cache import cached_images
from nbsupport.data.sources.base import Source
from nbsupport.errors import UserError, unknown
from nbsupport.savanna.ecology import ecology

if TYPE_CHECKING:
    import pandas as pd
    import torch

STREAM = "train"  # subsets draw from this stream; generative models are trained on another
HEAD_EXPONENT = 0.35  # how fast the counts of the long-tailed stand-in fall with rank
KINDS = ("imagenet", "inaturalist", "species")


class SavannaSource(Source):
    """`images_per_class` photographs of each of `classes` classes of one world.

    kind "imagenet": the same count for every class. kind "inaturalist": a long tail, in which the
    `balanced_classes` most frequent classes have at least `images_per_class` each. kind "species"
    (a control): the downstream task's own species, in photographs. `own_textures` (a control, of
    "imagenet") paints objects with colours and textures that no animal has; all else is the same.
    """

    licence = "MIT (drawn by this project)"
    origin = "rendered by nbsupport.savanna, nothing to download"

    def __init__(
        self,
        kind: str,
        world: int,
        px: int,
        images_per_class: int,
        classes: int | None = None,
        balanced_classes: int | None = None,
        own_textures: bool = False,
    ) -> None:
        if kind not in KINDS:
            raise unknown("savanna source", kind, KINDS)
        if own_textures and kind != "imagenet":
            raise UserError(f"own_textures of {kind!r}: only 'imagenet' has objects to paint")
        self.kind, self.world, self.px = kind, world, px
        self.images_per_class = images_per_class
        self.limit, self.balanced_classes = classes, balanced_classes
        self.own_textures = own_textures
        self.name = f"{kind}, own textures" if own_textures else kind

    def spec(self) -> dict[str, Any]:
        own = {"own_textures": True} if self.own_textures else {}
        return own | {
            "name": "savanna",
            "kind": self.kind,
            "world": self.world,
            "px": self.px,
            "images_per_class": self.images_per_class,
            "classes": self.limit,
            "balanced_classes": self.balanced_classes,
        }

    @property
    def fingerprint(self) -> str:
        usual = savanna.fingerprint(self.world, self.px)
        return f"{usual}-own-textures" if self.own_textures else usual

    def classes(self) -> "pd.DataFrame":
        return self._classes

    @cached_property
    def _classes(self) -> "pd.DataFrame":
        table = ecology(self.world).classes(self.kind)
        total = len(table)
        if self.limit is not None:
            if not 2 <= self.limit <= total:
                raise UserError(
                    f"classes={self.limit} of the {self.kind} stand-in: allowed are 2 to {total}"
                )
            # spread over the table, so that a smaller source keeps every branch of the tree
            table = table.iloc[np.linspace(0, total - 1, self.limit).round().astype(int)]
        table = table.reset_index(drop=True)
        return table.assign(images=self._counts(table["frequency"].to_numpy()))

    def _counts(self, frequency: np.ndarray) -> np.ndarray:
        n = self.images_per_class
        if self.kind != "inaturalist":
            return np.full(len(frequency), n)
        return long_tail(frequency, n, self.balanced_classes or len(frequency))

    def labels(self) -> np.ndarray:
        return self._labels

    @cached_property
    def _labels(self) -> np.ndarray:
        return np.repeat(np.arange(len(self._classes)), self._classes["images"].to_numpy())

    def images(self, ids: np.ndarray) -> "torch.Tensor":
        import torch

        mapped = cached_images(
            f"{self.fingerprint}|{sorted(self.spec().items())}", len(self), self.px, self._draw
        )
        return torch.from_numpy(mapped[np.asarray(ids)])

    def _draw(self, ids: np.ndarray) -> "torch.Tensor":
        from nbsupport.savanna.world import World

        labels = self._labels[ids]
        first = np.searchsorted(self._labels, labels)  # an image's number within its own class
        original = self._classes["label"].to_numpy()[labels]
        return World(self.world, self.px).photos(
            self.kind, original, STREAM, ids - first, own_textures=self.own_textures
        )


def long_tail(frequency: np.ndarray, floor: int, balanced: int) -> np.ndarray:
    """Image counts [K] by abundance: the `balanced` most frequent classes have at least `floor`.

    Counts fall as rank^-0.35 down to rank `balanced` and then geometrically to 5 at the last rank.
    """
    classes = len(frequency)
    rank = np.empty(classes, dtype=np.int64)
    rank[np.argsort(-frequency, kind="stable")] = np.arange(1, classes + 1)
    head = floor * (rank / balanced) ** -HEAD_EXPONENT
    past = np.clip(rank - balanced, 0, None) / max(1, classes - balanced)
    return np.maximum(
        np.round(np.where(rank <= balanced, head, floor * (5 / floor) ** past)), 1
    ).astype(np.int64)


def open_it(**options: Any) -> SavannaSource:
    """Open the stand-in that these options name (see SavannaSource)."""
    return SavannaSource(**options)

"""Savanna photographs with captions: the stand-in for image-text pairs from the web (Section 5)."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport import savanna
from nbsupport.data.pictures.cache import cached_images
from nbsupport.data.subsets.captioned import CaptionedSource
from nbsupport.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from nbsupport.savanna.captions import Corpus


class CaptionSource(CaptionedSource):
    """The first `images` pairs of a corpus, "clean" or "noisy", of one world.

    Its pictures are of the classes of both savanna sources, and none of them is a picture of those.
    No class is known here: all labels are 0, so that a subset is a random part of the corpus.
    """

    licence = "MIT (drawn by this project)"
    origin = "rendered by nbsupport.savanna, nothing to download"

    def __init__(self, corpus: str, world: int, px: int, images: int, split: str = "train") -> None:
        if images < 1:
            raise UserError(f"images={images}: give a number of captioned images of at least 1")
        self.corpus, self.world, self.px, self.count, self.split = corpus, world, px, images, split
        self.name = f"captions-{corpus}"

    def spec(self) -> dict[str, Any]:
        return {
            "name": "captions",
            "corpus": self.corpus,
            "world": self.world,
            "px": self.px,
            "images": self.count,
            "split": self.split,
        }

    @property
    def fingerprint(self) -> str:
        return f"{savanna.fingerprint(self.world, self.px)}-captions-{savanna.CAPTIONS_VERSION}"

    def classes(self) -> "pd.DataFrame":
        import pandas as pd

        row = {"label": 0, "name": "captioned images", "tree": "any", "depth_1": "captioned images"}
        return pd.DataFrame([row | {"images": self.count}])

    def labels(self) -> np.ndarray:
        return np.zeros(self.count, dtype=np.int64)

    @cached_property
    def pairs(self) -> "Corpus":
        """The corpus that the pairs come from."""
        from nbsupport.savanna.captions import Corpus

        return Corpus(self.world, self.corpus, self.px, self.split)

    def images(self, ids: np.ndarray) -> "torch.Tensor":
        import torch

        name = f"{self.fingerprint}|{sorted(self.spec().items())}"
        mapped = cached_images(name, self.count, self.px, lambda rows: self.pairs.photos(rows))
        return torch.from_numpy(mapped[np.asarray(ids)])

    @property
    def vocabulary_size(self) -> int:
        from nbsupport.savanna.captions import VOCABULARY

        return len(VOCABULARY) + 1

    def captions(self, ids: np.ndarray) -> "torch.Tensor":
        import torch

        return torch.from_numpy(self._tokens[np.asarray(ids)])

    @cached_property
    def _tokens(self) -> np.ndarray:
        return self.pairs.tokens(np.arange(self.count))

    def held_out(self, images: int) -> "CaptionSource":
        return CaptionSource(self.corpus, self.world, self.px, images, "held-out")


def open_it(**options: Any) -> CaptionSource:
    """Open the corpus that these options name (see CaptionSource)."""
    return CaptionSource(**options)

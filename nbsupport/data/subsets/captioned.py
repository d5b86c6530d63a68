"""Images with captions in the place of labels (Section 5): what such a source can do besides."""

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.data.sources.base import Source
from nbsupport.errors import UserError

if TYPE_CHECKING:
    import torch

    from nbsupport.data.loading.batches import ImageSet
    from nbsupport.data.subsets.subset import Subset


class CaptionedSource(Source):
    """A source whose images come with a caption each; its labels say nothing (all are 0)."""

    @property
    @abstractmethod
    def vocabulary_size(self) -> int:
        """Token ids are below this; 0 is padding."""

    @abstractmethod
    def captions(self, ids: np.ndarray) -> "torch.Tensor":
        """The captions of these ids [k] as token ids: int64 [k, length]."""

    @abstractmethod
    def held_out(self, images: int) -> "CaptionedSource":
        """Pairs of the same corpus that are in no subset of this source."""


def captioned(source: Source) -> CaptionedSource:
    """The source itself; UserError where it has no captions."""
    if not isinstance(source, CaptionedSource):
        raise UserError(
            f"the source {source.name} has no captions: "
            "use a caption corpus, or pre-train on its labels"
        )
    return source


def load_pairs(subset: "Subset", device: "str | torch.device" = "cpu") -> "ImageSet":
    """A subset's images uint8 [n, 3, px, px] with their captions int64 [n, length] as labels."""
    from nbsupport.data.loading.memory import load_images  # here: it needs torch, a plan does not

    source, ids = captioned(subset.source), subset.drawn.ids
    return load_images(lambda rows: source.images(ids[rows]), source.captions(ids), 0, (), device)

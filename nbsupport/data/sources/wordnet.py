"""Sources whose class folders are ids of WordNet: ImageNet, and what has classes of it."""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.data.pictures.layout import compare
from nbsupport.data.sources.files import FileSource

if TYPE_CHECKING:
    import pandas as pd


class WordNetSource(FileSource):
    """Class folders are named by wnid (n and eight digits); the tree above them is WordNet's."""

    def wnids(self) -> tuple[str, ...]:
        """The class folders that belong to the source, sorted: ImageNet's 1000."""
        return imagenet_wnids()

    def is_class(self, folder: str) -> bool:
        return folder in _set_of(self.wnids())

    def class_table(self, folders: tuple[str, ...]) -> "pd.DataFrame":
        return _rows(folders)

    def problems(self) -> list[str]:
        return compare(self.found, self.counts, self.wnids())

    def below(self, node: str) -> np.ndarray:
        """Which classes are `node` or below it along any path: bool [K]. UserError if unknown."""
        from nbsupport.data.taxonomy import below

        found: np.ndarray = below(node, tuple(self.counts))
        return found


@cache
def imagenet_wnids() -> tuple[str, ...]:
    """ImageNet's class ids, sorted: torchvision's order."""
    from nbsupport.data.taxonomy import imagenet_classes

    return tuple(sorted(imagenet_classes()["wnid"].tolist()))


def _rows(wnids: tuple[str, ...]) -> "pd.DataFrame":
    from nbsupport.data.taxonomy import imagenet_classes

    return imagenet_classes().set_index("wnid", drop=False).loc[list(wnids)]


@cache
def _set_of(wnids: tuple[str, ...]) -> frozenset[str]:
    return frozenset(wnids)

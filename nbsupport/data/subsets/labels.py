"""The label that an intervention gives to each of ImageNet's classes, without any image."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.data import taxonomy
from nbsupport.data.sources.base import Source
from nbsupport.data.subsets.subset import Subset
from nbsupport.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

SUBCLASSES = 12  # drawn of each superclass of BREEDS


class ClassesWithoutImages(Source):
    """ImageNet's classes, of each as many images as a superclass has subclasses; none is there."""

    name = "imagenet"
    licence = "WordNet 3.0 (the classes)"
    origin = "nbsupport.data.tables"

    def spec(self) -> dict[str, Any]:
        return {"name": self.name}

    @property
    def fingerprint(self) -> str:
        return "classes without images"

    def classes(self) -> "pd.DataFrame":
        return self._classes

    @cached_property
    def _classes(self) -> "pd.DataFrame":
        table = taxonomy.imagenet_classes()
        return table.assign(label=np.arange(len(table)), images=SUBCLASSES)

    def labels(self) -> np.ndarray:
        return np.repeat(np.arange(len(taxonomy.imagenet_wnids())), SUBCLASSES)

    def images(self, ids: np.ndarray) -> Any:
        raise UserError("these are classes without images: open the source to load some")

    def below(self, node: str) -> np.ndarray:
        return taxonomy.below(node)


def class_labels(change: Callable[[Subset], Subset], *, coarse: bool) -> list[tuple[str, str]]:
    """Each class that `change` keeps, in order, and its label, as WordNet ids.

    The label is the superclass where `change` makes labels `coarse` (a BREEDS node has an id of
    its own), else the class itself. It is what the same change makes of ImageNet's images.
    """
    subset = change(Subset(ClassesWithoutImages()))
    draw, wnids = subset.drawn, taxonomy.imagenet_wnids()
    kept, first = np.unique(subset.source.labels()[draw.ids], return_index=True)
    classes = [wnids[i] for i in kept]
    labels = [draw.names[i] for i in draw.labels[first]] if coarse else classes
    return list(zip(classes, labels, strict=True))


def within_class(p: float) -> Callable[[Subset], Subset]:
    """What takes a share p of the twelve subclasses of each of the sixteen BREEDS superclasses."""
    return lambda whole: whole.within_class(
        p, tree="breeds", subclasses=SUBCLASSES, images=SUBCLASSES
    )

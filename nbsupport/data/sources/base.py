"""What a source of pre-training images is, and how one is opened by name."""

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport import registry
from nbsupport.errors import NotHereError

if TYPE_CHECKING:
    import pandas as pd
    import torch


class Source(ABC):
    """Pre-training images with labels in a hierarchy.

    Rows are image ids 0..n-1; `labels()` gives the class of each, `classes()` one row a class.
    """

    name: str
    licence: str
    origin: str

    @abstractmethod
    def spec(self) -> dict[str, Any]:
        """What `open_source` needs to open the same source again: JSON-able, with `name`."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Changes whenever an image or a label would."""

    @abstractmethod
    def classes(self) -> "pd.DataFrame":
        """A row per class: label, name, tree, depth_1 ... depth_n (where it has any), images.

        Names are unique. Other trees are a column each: a class's superclass, or "" for none.
        """

    @abstractmethod
    def labels(self) -> np.ndarray:
        """The class of each image: int64 [n], sorted."""

    @abstractmethod
    def images(self, ids: np.ndarray) -> "torch.Tensor":
        """The images of these ids [k]: uint8 [k, 3, px, px]."""

    def below(self, node: str) -> np.ndarray | None:
        """Which classes are `node` or below it, bool [K]; None: as tree and depth_* say.

        For trees in which a class has ancestors that no column holds. UserError for no such node.
        """
        return None

    def __len__(self) -> int:
        return len(self.labels())


def source_names() -> tuple[str, ...]:
    """The names under which a source can be opened."""
    return registry.SOURCES.names()


def open_source(spec: dict[str, Any]) -> Source:
    """The source that a spec names: {"name": ..., **options}. UserError where it is unknown."""
    options = dict(spec)
    name = options.pop("name")
    return _open(name, tuple(sorted(options.items())))


def open_nominal(spec: dict[str, Any], *, rehearsing: bool = False) -> Source:
    """The source that a spec names, or its published numbers where its data are not here.

    Nor are they where there are only data to rehearse with, unless that is what one does.
    """
    try:
        source = open_source(spec)
    except NotHereError:
        return open_source(spec | {"nominal": True})
    fake = getattr(source, "rehearsal", False) and not rehearsing
    return open_source(spec | {"nominal": True}) if fake else source


@lru_cache(maxsize=32)
def _open(name: str, options: tuple[tuple[str, Any], ...]) -> Source:
    source: Source = registry.SOURCES.load(name).open_it(**dict(options))
    return source

"""The simulated camera traps: the stand-in for iWildCam-WILDS."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport import savanna
from nbsupport.data.pictures.cache import cached_images
from nbsupport.data.tasks.base import SPLITS, Task
from nbsupport.errors import UserError, unknown
from nbsupport.savanna.ecology import ecology
from nbsupport.savanna.roaming import ROAMING_VERSION, roaming

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from nbsupport.data.loading.batches import ImageSet
    from nbsupport.savanna.world import World


class SavannaTask(Task):
    """Which species a camera trap has photographed; other cameras in the OOD test set.

    `limit` keeps only the first images of each split (the smoke profile). `bias=False` takes
    every picture at a place of its own (see `savanna.roaming`); it is in the spec only then.
    """

    name = "savanna"
    licence = "MIT (drawn by this project)"
    origin = "rendered by nbsupport.savanna, nothing to download"

    def __init__(self, world: int, px: int, limit: int | None = None, bias: bool = True) -> None:
        if limit is not None and limit < 1:
            raise UserError(f"limit={limit}: give a number of images of at least 1, or None")
        self.world, self.px, self.limit, self.bias = world, px, limit, bias

    def spec(self) -> dict[str, Any]:
        plain = {"name": "savanna", "world": self.world, "px": self.px, "limit": self.limit}
        return plain if self.bias else plain | {"bias": False}

    @property
    def fingerprint(self) -> str:
        plain = savanna.fingerprint(self.world, self.px)
        return plain if self.bias else f"{plain}-roaming-{ROAMING_VERSION}"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(ecology(self.world).species()["name"])

    def table(self, split: str) -> "pd.DataFrame":
        if split not in SPLITS:
            raise unknown("split", split, SPLITS)
        return _traps(self.world, split, self.limit) if self.bias else self._roaming(split)

    def _roaming(self, split: str) -> "pd.DataFrame":
        whole = roaming(self.world, split)
        return whole if self.limit is None else whole.iloc[: self.limit]

    def caption(self, row: "pd.Series") -> str:
        return (
            super().caption(row) if self.bias else f"{self.names[row['label']]}, day {row['day']}"
        )

    def load(self, split: str, device: "str | torch.device" = "cpu") -> "ImageSet":
        import torch

        from nbsupport.data.loading.memory import load_images

        table = self.table(split)

        def draw(rows: np.ndarray) -> torch.Tensor:
            part = table.iloc[rows]
            columns = (part[c].to_numpy() for c in ("label", "location", "day", "index"))
            return self.drawn_by(self.px).traps(split, *columns)

        images = cached_images(
            f"{self.fingerprint}|traps|{split}|{self.limit}", len(table), self.px, draw
        )
        labels = torch.from_numpy(table["label"].to_numpy(dtype=np.int64, copy=True))
        read = lambda rows: torch.from_numpy(images[rows])  # noqa: E731
        return load_images(read, labels, self.num_classes, self.names, device)

    def drawn_by(self, px: int) -> "World":
        """The world that draws this task's pictures, at any size."""
        from nbsupport.savanna.roaming_world import RoamingWorld
        from nbsupport.savanna.world import World

        return (World if self.bias else RoamingWorld)(self.world, px)


@lru_cache(maxsize=32)
def _traps(world: int, split: str, limit: int | None) -> "pd.DataFrame":
    table = ecology(world).traps(split)
    return table if limit is None else table.iloc[:limit].reset_index(drop=True)


def open_it(**options: Any) -> SavannaTask:
    """Open the task that these options name (see SavannaTask)."""
    return SavannaTask(**options)

"""Classes in one style of picture, tested in it and in another: the role of DomainNet's pairs."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport import savanna
from nbsupport.data.pictures.cache import cached_images
from nbsupport.data.tasks.base import SPLITS, Task
from nbsupport.errors import UserError, unknown
from nbsupport.savanna.ecology import SPLITS as SIZES
from nbsupport.savanna.ecology import WEB, ecology

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from nbsupport.data.loading.batches import ImageSet

VERSION = 1  # of the tables; the styles have one of their own


class DomainTask(Task):
    """Which animal or thing a picture shows; trained in `style`, OOD test in `ood_style`.

    The classes are in no source, though their clades are, and equally frequent. The splits are as
    large as the camera-trap task's. Each picture has a backdrop of its own, as pictures found on
    the web do: `location` is no more than its number. `limit` keeps only the first images of each
    split (the smoke profile).
    """

    name = "savanna_domains"
    licence = "MIT (drawn by this project)"
    origin = "rendered by nbsupport.savanna, nothing to download"

    def __init__(
        self, world: int, px: int, style: str, ood_style: str, limit: int | None = None
    ) -> None:
        for given in (style, ood_style):
            if given not in savanna.STYLES:
                raise unknown("style", given, savanna.STYLES)
        if limit is not None and limit < 1:
            raise UserError(f"limit={limit}: give a number of images of at least 1, or None")
        self.world, self.px, self.limit = world, px, limit
        self.style, self.ood_style = style, ood_style

    def spec(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "world": self.world,
            "px": self.px,
            "style": self.style,
            "ood_style": self.ood_style,
            "limit": self.limit,
        }

    @property
    def fingerprint(self) -> str:
        own = f"styles-{savanna.STYLES_VERSION}-{VERSION}"
        return f"{savanna.fingerprint(self.world, self.px)}-{own}"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(ecology(self.world).classes(WEB)["name"])

    def style_of(self, split: str) -> str:
        """The style in which a split is drawn."""
        return self.ood_style if split.startswith("ood") else self.style

    def table(self, split: str) -> "pd.DataFrame":
        if split not in SPLITS:
            raise unknown("split", split, SPLITS)
        return _pictures(self.world, split, self.style_of(split), self.limit)

    def caption(self, row: "pd.Series") -> str:
        return f"{self.names[row['label']]}, {row['style']}"

    def load(self, split: str, device: "str | torch.device" = "cpu") -> "ImageSet":
        import torch

        from nbsupport.data.loading.memory import load_images

        table, style = self.table(split), self.style_of(split)

        def draw(rows: np.ndarray) -> torch.Tensor:
            from nbsupport.savanna.styles import pictures
            from nbsupport.savanna.world import World

            part = table.iloc[rows]
            label, index = part["label"].to_numpy(), part["index"].to_numpy()
            return pictures(World(self.world, self.px), style, label, split, index)

        name = f"{self.fingerprint}|{style}|{split}|{self.limit}"
        images = cached_images(name, len(table), self.px, draw)
        labels = torch.from_numpy(table["label"].to_numpy(dtype=np.int64, copy=True))
        read = lambda rows: torch.from_numpy(images[rows])  # noqa: E731
        return load_images(read, labels, self.num_classes, self.names, device)


@lru_cache(maxsize=32)
def _pictures(world: int, split: str, style: str, limit: int | None) -> "pd.DataFrame":
    """A row per picture: index, label (from 0), location (its number), style; classes in turns."""
    import pandas as pd

    total, classes = SIZES[split], len(ecology(world).classes(WEB))
    rng = np.random.default_rng([ecology(world).draws, *f"domains-{split}".encode()])
    label = rng.permutation(np.arange(total) % classes)
    index = np.arange(total)
    table = pd.DataFrame({"index": index, "label": label, "location": index, "style": style})
    return table if limit is None else table.iloc[:limit].reset_index(drop=True)


def open_it(**options: Any) -> DomainTask:
    """Open the task that these options name (see DomainTask)."""
    return DomainTask(**options)

"""What a downstream task is, and how one is opened by name."""

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nbsupport import registry

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from nbsupport.data.loading.batches import ImageSet

SPLITS = ("train", "id_val", "id_test", "ood_val", "ood_test")


class Task(ABC):
    """A classification task with in-distribution and out-of-distribution test sets (Section 3)."""

    name: str
    licence: str
    origin: str

    @abstractmethod
    def spec(self) -> dict[str, Any]:
        """What `open_task` needs to open the same task again: JSON-able, with `name`."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Changes whenever an image or a label would."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The class names [K]."""

    @property
    def num_classes(self) -> int:
        """K."""
        return len(self.names)

    @abstractmethod
    def table(self, split: str) -> "pd.DataFrame":
        """A row per image of a split: label, location, ..."""

    def caption(self, row: "pd.Series") -> str:
        """What the picture in a row of the table shows, and where it was taken."""
        return f"{self.names[row['label']]}, camera {row['location']}"

    @abstractmethod
    def load(self, split: str, device: "str | torch.device" = "cpu") -> "ImageSet":
        """A split's images, resident or streamed (see `load_images`); UserError if unknown."""


def task_names() -> tuple[str, ...]:
    """The names under which a task can be opened."""
    return registry.TASKS.names()


def open_task(spec: dict[str, Any]) -> Task:
    """The task that a spec names: {"name": ..., **options}. UserError where it is unknown."""
    options = {key: tuple(v) if isinstance(v, list) else v for key, v in spec.items()}
    name = str(options.pop("name"))
    return _open(name, tuple(sorted(options.items())))


@lru_cache(maxsize=32)
def _open(name: str, options: tuple[tuple[str, Any], ...]) -> Task:
    task: Task = registry.TASKS.load(name).open_it(**dict(options))
    return task

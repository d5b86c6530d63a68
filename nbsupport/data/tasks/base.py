"""What a downstream task is, and how one is opened by name."""

from abc import ABC, abstractmethod
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbsupport.errors import unknown

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


_TASKS = {
    "domainnet": "nbsupport.data.tasks.domainnet",
    "iwildcam": "nbsupport.data.tasks.iwildcam",
    "pacs": "nbsupport.data.tasks.pacs",
    "savanna": "nbsupport.data.tasks.savanna",
    "savanna_domains": "nbsupport.data.tasks.savanna_domains",
}


def register_task(name: str, module: str) -> None:
    """Make `module` (which has `open_it(**options) -> Task`) available as task `name`."""
    _TASKS[name] = module


def task_names() -> tuple[str, ...]:
    """The names under which a task can be opened."""
    return tuple(_TASKS)


def open_task(spec: dict[str, Any]) -> Task:
    """The task that a spec names: {"name": ..., **options}. UserError where it is unknown."""
    options = {key: tuple(v) if isinstance(v, list) else v for key, v in spec.items()}
    name = str(options.pop("name"))
    task_module(name)
    return _open(name, tuple(sorted(options.items())))


def task_module(name: str) -> str:
    """The module of a task's name. UserError where it is unknown."""
    if name not in _TASKS:
        raise unknown("task", name, _TASKS)
    return _TASKS[name]


@lru_cache(maxsize=32)
def _open(name: str, options: tuple[tuple[str, Any], ...]) -> Task:
    return import_module(_TASKS[name]).open_it(**dict(options))

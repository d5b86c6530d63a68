"""A task whose data are not here, by its published numbers: enough to plan with, and no more."""

from typing import TYPE_CHECKING, Any

from nbsupport import registry
from nbsupport.data.catalogue import is_rehearsal
from nbsupport.data.tasks.base import SPLITS, Task, open_task
from nbsupport.errors import NotHereError, unknown
from nbsupport.paths import data_dir

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from nbsupport.data.loading.batches import ImageSet


class NominalTask(Task):
    """As many rows in each split as published; labels and pictures are not known.

    The task's module has `nominal_sizes(**options)`, the images of each split.
    """

    licence = origin = "not here: python -m nbsupport data tells more"

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = dict(spec)
        self.name = str(spec["name"])
        options = {name: value for name, value in spec.items() if name not in ("name", "px")}
        self.sizes: dict[str, int] = registry.TASKS.load(self.name).nominal_sizes(**options)

    def spec(self) -> dict[str, Any]:
        return dict(self._spec)

    @property
    def fingerprint(self) -> str:
        return f"{self.name}-nominal"

    @property
    def names(self) -> tuple[str, ...]:
        raise self._not_here()

    def table(self, split: str) -> "pd.DataFrame":
        import pandas as pd

        if split not in SPLITS:
            raise unknown("split", split, SPLITS)
        return pd.DataFrame(index=range(self.sizes[split]))

    def load(self, split: str, device: "str | torch.device" = "cpu") -> "ImageSet":
        raise self._not_here()

    def _not_here(self) -> NotHereError:
        return NotHereError(f"{self.name} is not here, only its published numbers are")


def open_nominal(spec: dict[str, Any], *, rehearsing: bool = False) -> Task:
    """The task that a spec names, or the numbers that stand for it where its data are not here.

    Nor are they where there are only data to rehearse with, unless that is what one does.
    """
    task, folder = open_task(spec), data_dir()
    try:
        task.table("train")
    except NotHereError:
        return NominalTask(spec)
    fake = folder is not None and is_rehearsal(folder) and not rehearsing
    return NominalTask(spec) if fake else task

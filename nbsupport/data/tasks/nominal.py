"""A task whose data are not here, by its published numbers: enough to plan with, and no more."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbsupport.data.tasks.base import SPLITS, Task, open_task, task_module
from nbsupport.errors import NotHereError, unknown

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from nbsupport.data.batches import LabelledImages


class NominalTask(Task):
    """As many rows in each split as published; labels and pictures are not known.

    `module` has `nominal_sizes(**options)`, the images of each split.
    """

    licence = origin = "not here: python -m nbsupport data tells more"

    def __init__(self, spec: dict[str, Any], module: str) -> None:
        self._spec = dict(spec)
        self.name = str(spec["name"])
        options = {name: value for name, value in spec.items() if name not in ("name", "px")}
        self.sizes: dict[str, int] = import_module(module).nominal_sizes(**options)

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

    def load(self, split: str, device: "str | torch.device" = "cpu") -> "LabelledImages":
        raise self._not_here()

    def _not_here(self) -> NotHereError:
        return NotHereError(f"{self.name} is not here, only its published numbers are")


def open_nominal(spec: dict[str, Any]) -> Task:
    """The task that a spec names, or the numbers that stand for it where its data are not here."""
    task = open_task(spec)
    try:
        task.table("train")
    except NotHereError:
        return NominalTask(spec, task_module(spec["name"]))
    return task

"""A stage in a module that imports torch at its top, as the training does."""

from pathlib import Path
from typing import Any

import torch


def threads(spec: dict, folder: Path, parent: Path | None, report: Any) -> dict:
    """How many threads torch may use."""
    return {"threads": torch.get_num_threads(), "interop": torch.get_num_interop_threads()}

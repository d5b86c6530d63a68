"""The wilds package: what reads its data sets as their publishers do."""

import sys
from importlib import import_module
from pathlib import Path
from shlex import quote
from types import ModuleType
from typing import Any

from nbsupport.data.pictures.files import reason
from nbsupport.errors import UserError

# The class of a data set in its module of wilds, and the version that we know.
_CLASSES = {"iwildcam": ("IWildCamDataset", "2.0"), "fmow": ("FMoWDataset", "1.1")}


def wilds_module(name: str) -> ModuleType:
    """A module of wilds, imported without a request for its newest version.

    On import wilds asks the package index in a thread, through `outdated`, which asks for itself
    too; Python ends only once they have an answer. wilds does without where `outdated` is missing.
    """
    hidden = sys.modules.get("outdated")
    sys.modules["outdated"] = None  # type: ignore[assignment]  # Python: cannot be imported
    try:
        return import_module(name)
    finally:
        del sys.modules["outdated"]
        if hidden is not None:
            sys.modules["outdated"] = hidden


def official_data(name: str, folder: Path, release: str, how: str) -> Any:
    """A data set of wilds on a folder: "iwildcam" or "fmow".

    release: the file without which wilds takes the folder for incomplete; how: how to get the data.
    UserError where wilds would not accept the folder.
    """
    if not (folder / release).is_file():
        raise UserError(
            f"{folder} has no {release}, so wilds takes it for incomplete: if all else is there, "
            f"make it: touch {quote(str(folder / release))}"
        )
    kind, version = _CLASSES[name]
    dataset = getattr(wilds_module(f"wilds.datasets.{name}_dataset"), kind)
    try:
        return dataset(version=version, root_dir=str(folder.parent), download=False)
    except Exception as error:  # of a table that was edited, in a way that we have let pass
        raise UserError(f"wilds does not read {folder} ({reason(error)}): {how}") from error

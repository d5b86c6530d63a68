"""Where the project keeps things; each place can be moved by an environment variable.

A path in a variable may begin with ~. One that is relative begins at the project's top folder, not
where a command happens to be run: pages and workers run elsewhere, and must find the same place.
"""

import os
from pathlib import Path

from nbsupport.errors import UserError


def root() -> Path:
    """The project's top folder (the one that holds `notebooks/` and `_config.yml`)."""
    return Path(__file__).resolve().parent.parent


def store_dir() -> Path:
    """Where trained jobs and rendered images lie: NBSUPPORT_STORE, else `store/`.

    UserError where that is a file.
    """
    place = _named("NBSUPPORT_STORE") or root() / "store"
    if os.path.lexists(place) and not place.is_dir():
        raise UserError(
            f"the store {place} is no folder: set NBSUPPORT_STORE to a folder that can be written"
        )
    return place


def data_dir() -> Path | None:
    """Where the user keeps real data sets: NBSUPPORT_DATA, or None where it is not set."""
    return _named("NBSUPPORT_DATA")


def absolute(path: str | Path, start: Path | None = None) -> Path:
    """A path with ~ expanded, beginning at `start` (the current folder) where it is relative.

    UserError for the ~ of a user that there is not.
    """
    try:
        expanded = Path(path).expanduser()
    except RuntimeError:
        raise UserError(f"{path}: there is no such user here; give the whole path") from None
    return (start or Path.cwd()) / expanded


def _named(variable: str) -> Path | None:
    value = os.environ.get(variable, "").strip()
    return absolute(value, root()) if value else None

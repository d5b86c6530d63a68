"""Where the project keeps things; each place can be moved by an environment variable."""

import os
from pathlib import Path


def root() -> Path:
    """The project's top folder (the one that holds `notebooks/` and `_config.yml`)."""
    return Path(__file__).resolve().parent.parent


def store_dir() -> Path:
    """Where trained jobs and rendered images lie: NBSUPPORT_STORE, else `store/`."""
    return Path(os.environ.get("NBSUPPORT_STORE") or root() / "store")


def data_dir() -> Path | None:
    """Where the user keeps real data sets: NBSUPPORT_DATA, or None where it is not set."""
    value = os.environ.get("NBSUPPORT_DATA")
    return Path(value) if value else None

"""Listings of large folders, kept in the store: a million files are not listed by every process.

A kept listing is trusted while the time of every folder in it is the same, which costs one question
a folder. A file put in, taken out or renamed changes its folder's time; one overwritten in place
does not, but is noticed when it is read. `python -m nbsupport data check` lists afresh.
"""

import json
import os
from collections.abc import Callable
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from nbsupport import sharing
from nbsupport.data.pictures.files import Folder, Place, Times, scan
from nbsupport.errors import UserError
from nbsupport.paths import store_dir

VERSION = 2  # raise it when a kept listing changes, in shape or in what is listed


class NoListingError(UserError):
    """A listing cannot be kept: the store is at fault, not the data set."""


class ChangedFileError(UserError):
    """A file is not as long as it was when its folder was listed."""


class ListedFolder(Folder):
    """A folder of pictures whose listing is kept."""

    def __init__(self, path: Path, fresh: bool = False) -> None:
        super().__init__(path)
        self.fresh = fresh

    def sizes(self) -> dict[str, int]:
        return self._kept[0]

    def folders(self) -> list[str]:
        """The names of all folders below, in order, each before what it holds."""
        return [name for name in self._kept[1] if name]

    def read(self, name: str) -> bytes:
        """A file's content. UserError also where it has not the length that was listed."""
        content = super().read(name)
        if len(content) != self.sizes().get(name, len(content)):
            raise ChangedFileError(
                f"{self.path / name} has changed since its folder was listed: "
                "python -m nbsupport data check lists it again"
            )
        return content

    @cached_property
    def _kept(self) -> tuple[dict[str, int], Times]:
        found = remembered(f"folder {self.path.resolve()}", self._unchanged, self._scan)
        return found["sizes"], found["times"]

    def _unchanged(self, found: dict[str, Any]) -> bool:
        return not self.fresh and all(
            changed(self.path / name) == time for name, time in found["times"].items()
        )

    def _scan(self) -> dict[str, Any]:
        sizes, times = scan(self.path)
        return {"sizes": sizes, "times": times}


class PartOf(Place):
    """What lies below a folder (ending in /) of another place, under names that begin there."""

    def __init__(self, whole: Place, start: str) -> None:
        super().__init__(whole.path / start)
        self.whole, self.start = whole, start

    def sizes(self) -> dict[str, int]:
        return self._sizes

    def folders(self) -> list[str]:
        """The names of all folders that hold a file, in order, each before what it holds."""
        parents = (name.split("/")[:-1] for name in self._sizes)
        return sorted({"/".join(p[: i + 1]) for p in map(tuple, parents) for i in range(len(p))})

    @cached_property
    def _sizes(self) -> dict[str, int]:
        below = self.whole.below(self.start, endings=("",))
        sizes = self.whole.sizes()
        return {name.removeprefix(self.start): sizes[name] for name in below}

    def read(self, name: str) -> bytes:
        return self.whole.read(self.start + name)


def remembered(
    name: str, holds: Callable[[Any], bool], make: Callable[[], Any], folder: str = "listings"
) -> Any:
    """What `make` returned when it was last called for this name, while it `holds`.

    It is JSON in the store. Of processes that ask at once one makes it and the others wait.
    UserError where the store cannot be written.
    """
    path = store_dir() / folder / f"{sha256(f'{VERSION} {name}'.encode()).hexdigest()[:24]}.json"
    kept = _read(path)
    if _still(kept, holds):
        return kept
    try:
        with (
            sharing.filling(path.parent, store_dir()),
            sharing.file_lock(path.with_suffix(".lock"), store_dir()),
        ):
            again = _read(path)
            if again != kept and _still(again, holds):
                return again  # another process has made it meanwhile
            made = make()
            write_text(path, json.dumps(made))
            return made
    except OSError as error:
        raise NoListingError(
            f"cannot keep a listing in {path.parent} ({sharing.said(error)}): "
            "free some space or set NBSUPPORT_STORE to a folder that can be written"
        ) from error


def _still(kept: Any, holds: Callable[[Any], bool]) -> bool:
    """Whether what was kept holds; what has another shape than what is kept here never does."""
    try:
        return kept is not None and holds(kept)
    except (TypeError, KeyError, AttributeError):
        return False


def write_text(path: Path, text: str) -> None:
    """The whole file or none of it."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def changed(path: Path) -> int | None:
    """When a file or folder last changed, in ns; None where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # not kept yet, or damaged: it is made again

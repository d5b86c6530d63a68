"""Data sets: what each is, its licence and size, where to get it, where to put it.

The entry of one is ENTRY in the module that opens it.

Sizes and counts are those that the publishers state. An md5 is given where the publisher or
torchvision states one, and is that of the archive as it is downloaded.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from nbsupport import registry
from nbsupport.errors import NotHereError, UserError, unknown
from nbsupport.paths import data_dir

REHEARSAL = "rehearsal.json"  # marks a folder of fake data
PRE_TRAINING, DOWNSTREAM, WEIGHTS = "pre-training", "downstream", "weights"


Counting = Callable[[int, int], None]  # how many are looked at, of how many


class Check(Protocol):
    """What a task's module may have as `check`: a line for each problem of the data at `where`.

    `where` is the first of the entry's places that exists. A sample of the pictures is opened, or
    `every` one, and `progress` is told how many are done.
    """

    def __call__(
        self, where: Path, *, every: bool = False, progress: Counting | None = None
    ) -> Iterator[str]: ...


@dataclass(frozen=True)
class Archive:
    """An archive as it is downloaded: where it may lie below the data folder, and its md5."""

    places: tuple[str, ...]
    md5: str


@dataclass(frozen=True)
class CatalogueEntry:
    """One data set. `places` are below the data folder: the first that exists is used.

    `module` opens it: a source of pictures in files has `open_it`, a task may have a `Check`.
    """

    name: str
    role: str
    what: str
    licence: str
    download: str
    on_disk: str
    page: str
    get: str
    places: tuple[str, ...]
    classes: int
    images: int
    exact: bool  # another number of images is wrong, not only worth saying
    module: str
    archive: Archive | None = None
    beside: tuple[str, ...] = ()  # what else must lie below the data folder

    def at(self, root: Path) -> Path | None:
        """Where it lies below a data folder; None where it does not.

        UserError for a folder that may not be looked into.
        """
        try:
            return next((root / place for place in self.places if (root / place).exists()), None)
        except OSError as error:
            raise UserError(
                f"{error.filename}: {error.strerror}; put it right, then ask again"
            ) from error

    @property
    def looked_for(self) -> str:
        """Its places, in words."""
        return " or ".join(self.places)

    def find(self) -> Path:
        """Where it lies. UserError, saying where it was looked for, where it does not."""
        root = data_root(self)
        if where := self.at(root):
            return where
        raise NotHereError(
            f"{self.name} is not in {root} (looked for {self.looked_for}); "
            f"{self.get}; python -m nbsupport data tells more"
        )

    def missing_beside(self, root: Path) -> list[str]:
        """What else must be there and is not, one line each."""
        return [f"{root / name} is missing" for name in self.beside if not (root / name).exists()]


def data_root(entry: CatalogueEntry | None = None) -> Path:
    """The folder of data sets. UserError where NBSUPPORT_DATA is not set or names no folder."""
    root = data_dir()
    wanted = f"{entry.name} is a data set on disk, and " if entry else ""
    if root is None:
        raise NotHereError(
            f"{wanted}NBSUPPORT_DATA is not set: let it name the folder of your data sets; "
            "python -m nbsupport data says what belongs there"
        )
    if not root.is_dir():
        raise NotHereError(
            f"{wanted}NBSUPPORT_DATA={root} is no folder: name the one that holds your data sets; "
            "python -m nbsupport data says what belongs there"
        )
    return root


def is_rehearsal(root: Path) -> bool:
    """Whether a data folder holds fake data, made to rehearse with: fewer than were published."""
    return (root / REHEARSAL).is_file()


def entry_named(name: str) -> CatalogueEntry:
    """The entry of a name, or of a user's own module. UserError for one that is in neither."""
    if not registry.is_module(name):
        if name not in entries():
            raise unknown("data set", name, entries())
        return entries()[name]
    found = registry.SOURCES.find(name) or registry.TASKS.load(name)
    entry: CatalogueEntry | None = getattr(found, "ENTRY", None)
    if entry is None:
        raise UserError(f"data set {name}: its module has no ENTRY; see CONTRIBUTING")
    return entry


@cache
def entries() -> dict[str, CatalogueEntry]:
    """The entry of every data set, by name: sources, tasks, weights."""
    modules = [folder.load(name) for folder in registry.DATA_SETS for name in folder.names()]
    return {module.ENTRY.name: module.ENTRY for module in modules}

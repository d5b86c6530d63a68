"""Downstream tasks of picture files: where they lie, which split they are in, how they are read."""

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nbsupport.data.pictures.files import Pictures, Place
from nbsupport.data.tasks.base import SPLITS, Task
from nbsupport.errors import UserError, unknown

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from nbsupport.data.loading.batches import ImageSet

Counting = Callable[[int, int], None]  # how many pictures are looked at, of how many

SEED = 0  # of every split that we draw ourselves, and of `limit`
SAMPLE = 200  # pictures that a check opens where not every one is asked for
CHECK_PX = 32  # their size then: a JPEG is decoded to its end at any size


class Listing:
    """The pictures of a task: `place`, and a table with split, picture (its name there), label, ...

    Raises UserError, naming the first, where a listed picture is not there.
    """

    def __init__(self, place: Place, table: "pd.DataFrame") -> None:
        self.place, self.table = place, table
        sizes = place.sizes()
        missing = [name for name in table["picture"] if name not in sizes]
        if missing:
            others = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
            raise UserError(
                f"{place.path} has no {missing[0]}{others}, though listed: "
                "restore it, or get the data set again"
            )

    @cached_property
    def fingerprint(self) -> str:
        """Of the splits, names, lengths and labels, in order: not of the place."""
        sizes, digest = self.place.sizes(), hashlib.sha256()
        columns = (self.table[name] for name in ("split", "picture", "label"))
        for split, picture, label in zip(*columns, strict=True):
            digest.update(f"{split}\0{picture}\0{sizes[picture]}\0{label}\n".encode())
        return digest.hexdigest()[:16]


class FileTask(Task):
    """A task whose pictures are files, `px` pixels a side once they are read.

    `limit` keeps a fixed random sample of each split, a smaller one inside a larger one. Nothing on
    disk is looked at before it is asked for.
    """

    resize: ClassVar[str] = "crop"  # how a picture becomes a square (see `Pictures`)
    version: ClassVar[int] = 1  # raise it when a split or the reading of a picture changes

    def __init__(self, px: int, limit: int | None = None) -> None:
        for option, value in (("px", px), ("limit", limit)):
            if not (value is None and option == "limit") and not _whole(value):
                raise UserError(f"{option}={value!r}: give a whole number of at least 1")
        self.px, self.limit = px, limit

    @abstractmethod
    def listing(self) -> Listing:
        """All pictures of the task. UserError where the data set is missing or wrong."""

    @property
    def fingerprint(self) -> str:
        return f"{self.name}-{self.version}-{self.resize}-{self.px}-{self.listing().fingerprint}"

    def table(self, split: str) -> "pd.DataFrame":
        if split not in SPLITS:
            raise unknown("split", split, SPLITS)
        whole = self.listing().table
        part = whole[whole["split"] == split].drop(columns="split").reset_index(drop=True)
        return part if self.limit is None else sample(part, self.limit)

    def pictures(self, split: str) -> Pictures:
        """The pictures of a split, in the order of its table; nothing is read yet."""
        return Pictures(self.listing().place, self.table(split)["picture"], self.resize)

    def squares(self, split: str, rows: np.ndarray) -> np.ndarray:
        """The pictures at rows [k] of a split's table: uint8 [k, 3, px, px]."""
        return self.pictures(split).squares(rows, self.px)

    def load(self, split: str, device: "str | torch.device" = "cpu") -> "ImageSet":
        import torch

        from nbsupport.data.loading.memory import load_images
        from nbsupport.data.pictures.decode_once import read_pictures

        names = self.names  # before pictures are read: it may be what is wrong
        labels = torch.from_numpy(self.table(split)["label"].to_numpy(dtype=np.int64, copy=True))
        read = read_pictures(self.pictures(split), self.px)
        return load_images(read, labels, len(names), names, device)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


# splitting ----------------------------------------------------------------------------------------
def turns(strata: Iterable[Any], names: Iterable[str], key: str, cycle: int) -> np.ndarray:
    """A number 0 ... cycle - 1 for each picture: int64 [n], each as often as the next.

    Random within a stratum and in turns from one to the next, so that a number has its share of
    every stratum, to within one picture. It depends on the names and the key, not on their order.
    """
    order = np.argsort(np.asarray(list(names)), kind="stable")
    rng = np.random.default_rng([SEED, *key.encode()])
    shuffled = order[rng.permutation(len(order))]
    stratum = np.unique(np.asarray(list(strata)), return_inverse=True)[1]
    grouped = shuffled[np.argsort(stratum[shuffled], kind="stable")]
    given = np.empty(len(order), np.int64)
    given[grouped] = np.arange(len(order)) % cycle
    return given


def sample(table: "pd.DataFrame", count: int) -> "pd.DataFrame":
    """At most `count` random rows, in their order: of fewer, the same ones and no others."""
    chosen = np.random.default_rng([SEED, len(table)]).permutation(len(table))[:count]
    return table.iloc[np.sort(chosen)].reset_index(drop=True)


# checking -----------------------------------------------------------------------------------------
def miscounts(found: dict[str, int], published: dict[str, int]) -> Iterator[str]:
    """A line for each part that has not the published number of pictures."""
    for part, wanted in published.items():
        if found.get(part, 0) != wanted:
            yield f"{part}: {found.get(part, 0):,} pictures, published are {wanted:,}"


def unreadable(pictures: Pictures, *, every: bool, progress: Counting | None) -> Iterator[str]:
    """A line for each picture that cannot be read, of all or of an even sample."""
    count = len(pictures) if every else min(SAMPLE, len(pictures))
    rows = np.linspace(0, len(pictures) - 1, count).astype(int)
    for done, row in enumerate(rows, 1):
        try:
            pictures.square(int(row), CHECK_PX)
        except UserError as error:
            yield str(error)
        if progress is not None:
            progress(done, count)

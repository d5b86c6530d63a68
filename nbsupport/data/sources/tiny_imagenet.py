"""Tiny-ImageNet: 200 of ImageNet's classes at 64 pixels, from the official zip or its folder."""

import csv
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from nbsupport.data.listings import ListedFolder, Part
from nbsupport.data.pictures import Zip
from nbsupport.data.sources.files import FilesSource, evenly
from nbsupport.data.sources.wordnet import WordNetSource

TRAIN = "tiny-imagenet-200/train/"  # in the zip
TABLE = Path(__file__).parent.parent / "tables" / "tiny_imagenet.csv"


class TinyImageNetSource(WordNetSource):
    """The training images: 500 of each class. The zip is read as it is, nothing is unpacked."""

    name = "tiny_imagenet"
    entry_name = "tiny_imagenet"

    def wnids(self) -> tuple[str, ...]:
        return tiny_wnids()

    @cached_property
    def place(self) -> ListedFolder | Part:
        path = self.entry.find()
        return ListedFolder(path / "train", self.fresh) if path.is_dir() else Part(Zip(path), TRAIN)

    def nominal_counts(self) -> dict[str, int]:
        return dict(zip(self.wnids(), evenly(self.entry.images, len(self.wnids())), strict=True))


@cache
def tiny_wnids() -> tuple[str, ...]:
    """The class ids that its wnids.txt lists, sorted."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(sorted(row["wnid"] for row in csv.DictReader(file)))


def open_it(**options: Any) -> FilesSource:
    """Open Tiny-ImageNet with these options (see FilesSource)."""
    return TinyImageNetSource(**options)

"""Tiny-ImageNet: 200 of ImageNet's classes at 64 pixels, from the official zip or its folder."""

import csv
from functools import cache
from pathlib import Path
from typing import Any

from nbsupport.data.catalogue import PRE_TRAINING, Archive, CatalogueEntry
from nbsupport.data.sources.files import FileSource
from nbsupport.data.sources.wordnet import WordNetSource
from nbsupport.errors import UserError

PER_CLASS = 500
TABLE = Path(__file__).parent.parent / "tables" / "tiny_imagenet.csv"
ENTRY = CatalogueEntry(
    name="tiny_imagenet",
    role=PRE_TRAINING,
    what="Tiny-ImageNet, training images (64 px)",
    licence="of ImageNet's images: non-commercial research and education only",
    download="248 MB",
    on_disk="the zip is read as it is",
    page="http://cs231n.stanford.edu/tiny-imagenet-200.zip",
    get="download tiny-imagenet-200.zip from cs231n.stanford.edu and leave it packed",
    places=("tiny-imagenet-200.zip", "tiny-imagenet-200"),
    classes=200,
    images=100_000,
    exact=True,
    module=__name__,
    archive=Archive(("tiny-imagenet-200.zip",), "90528d7ca1a48142e341f4ef8d21d0de"),
)


class TinyImageNetSource(WordNetSource):
    """The training images: 500 of each class, or the first `per_class` of them by their numbers.

    The zip is read as it is, nothing is unpacked; its folders above the classes may be any.
    """

    name = "tiny_imagenet"
    entry_name = "tiny_imagenet"

    def __init__(self, px: int, per_class: int = PER_CLASS, **options: Any) -> None:
        if isinstance(per_class, bool) or not isinstance(per_class, int):
            per_class = 0
        if not 1 <= per_class <= PER_CLASS:
            raise UserError(f"per_class of {self.name}: give a whole number from 1 to {PER_CLASS}")
        self.per_class = per_class
        super().__init__(px, **options)

    def spec(self) -> dict[str, Any]:
        own = {"per_class": self.per_class} if self.per_class < PER_CLASS else {}
        return super().spec() | own

    def wanted(self, names: list[str]) -> list[str]:
        """n01443537/images/n01443537_249.JPEG is number 249 of its class, the 250th."""
        return [name for name in names if _number(name) < self.per_class]

    def published(self) -> tuple[int, ...]:
        """All, or the half that is enough for `pacs-32`."""
        if self.per_class < PER_CLASS:
            return (self.per_class * len(self.wnids()),)
        return (self.entry.images, self.entry.images // 2)

    def wnids(self) -> tuple[str, ...]:
        return tiny_wnids()

    def nominal_counts(self) -> dict[str, int]:
        return dict.fromkeys(self.wnids(), self.per_class)


def _number(name: str) -> int:
    """A picture's number in its class; 0 for a name that has none, which is never left out."""
    number = Path(name).stem.rpartition("_")[2]
    return int(number) if number.isdecimal() else 0


@cache
def tiny_wnids() -> tuple[str, ...]:
    """The class ids that its wnids.txt lists, sorted."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(sorted(row["wnid"] for row in csv.DictReader(file)))


def open_it(**options: Any) -> FileSource:
    """Open Tiny-ImageNet with these options (see FileSource)."""
    return TinyImageNetSource(**options)

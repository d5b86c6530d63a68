"""Pictures in tars: the tars of classes that ImageNet is handed out in, or shards of WebDataset.

They are read where they are and never unpacked. Their pictures have the names that they would have
unpacked, a folder a class, so that what is trained on them has the same key.
"""

import re
import tarfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from nbsupport.data.pictures.files import ENDINGS, Place, reason
from nbsupport.data.pictures.listings import changed, remembered
from nbsupport.errors import UserError

NAMED = re.compile(r"(n\d{8})_\d+\.[A-Za-z]+")  # ImageNet's pictures are named by their class
OTHER_SPLITS = re.compile(r"val|test", re.IGNORECASE)
Spot = list[Any]  # of a picture: the number of its tar, where it begins there, its bytes


def tars_in(folder: Path) -> list[Path]:
    """The tars of a folder, in order, without those of other splits."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.glob("*.tar") if not OTHER_SPLITS.search(path.stem))


class Shards(Place):
    """The pictures of tars, by the name that they have in folders of classes.

    `classes` are the names of class folders, in the order of WebDataset's labels. A picture's class
    is in its name (n01440764_18.JPEG), else in the file of its label beside it (000018.cls). What
    is in the tars is listed once and kept, while they stay as they are. UserError for a tar that
    is cut off, and for a picture whose class nothing says.
    """

    def __init__(self, path: Path, classes: Sequence[str], fresh: bool = False) -> None:
        super().__init__(path)
        self.classes, self.fresh = tuple(classes), fresh
        self.tars = tars_in(path)

    def sizes(self) -> dict[str, int]:
        return self._sizes

    def read(self, name: str) -> bytes:
        spot = self._spots.get(name)
        if spot is None:
            raise UserError(f"{self.path}: no tar holds {name}; get the tars again")
        number, begins, size = spot
        tar = self.tars[number]
        try:
            with tar.open("rb") as file:
                file.seek(begins)
                content = file.read(size)
        except OSError as error:
            raise UserError(f"{tar}: {reason(error)}; restore the tar") from error
        if len(content) < size:
            raise UserError(f"{tar} is cut off: {name} ends early; get the tar again")
        return content

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return {name: spot[2] for name, spot in self._spots.items()}

    @cached_property
    def _spots(self) -> dict[str, Spot]:
        times = {tar.name: changed(tar) for tar in self.tars}

        def holds(found: dict[str, Any]) -> bool:
            return not self.fresh and bool(found["times"] == times)

        def make() -> dict[str, Any]:
            found = {
                name: [number, *spot]
                for number, tar in enumerate(self.tars)
                for name, spot in _listed(tar, self.classes)
            }
            return {"times": times, "spots": dict(sorted(found.items()))}

        kept = remembered(f"tars {self.path.resolve()}", holds, make)
        spots: dict[str, Spot] = kept["spots"]
        return spots


def _listed(tar: Path, classes: Sequence[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Name, first byte and length of each picture of a tar."""
    labels: dict[str, str] = {}
    pictures: list[tuple[str, int, int]] = []
    try:
        with tarfile.open(tar, "r:") as opened:
            for member in opened:
                name = PurePosixPath(member.name).name
                if member.isfile() and name.endswith(".cls"):
                    file = opened.extractfile(member)
                    labels[name.removesuffix(".cls")] = file.read().decode() if file else ""
                elif member.isfile() and name.lower().endswith(ENDINGS):
                    pictures.append((name, member.offset_data, member.size))
            _check_end(opened, tar)
    except (tarfile.TarError, OSError, UnicodeDecodeError, EOFError) as error:
        raise UserError(f"{tar} is no whole tar ({reason(error)}): get it again") from error
    for name, begins, size in pictures:
        yield _named(name, labels, classes, tar), (begins, size)


def _check_end(opened: tarfile.TarFile, tar: Path) -> None:
    """UserError where the last file goes on beyond the tar's end, which is not noticed else."""
    members = opened.getmembers()
    if members and members[-1].offset_data + members[-1].size > tar.stat().st_size:
        raise UserError(f"{tar} is cut off within {members[-1].name}: get it again")


def _named(name: str, labels: dict[str, str], classes: Sequence[str], tar: Path) -> str:
    """Where a picture would lie, unpacked: in the folder of its class."""
    if told := NAMED.fullmatch(name):
        return f"{told[1]}/{name}"
    label = labels.get(name.rpartition(".")[0], "").strip()
    if not label.isdecimal() or int(label) >= len(classes):
        beside = f"a label of {label!r} beside it" if label else "no label (.cls) beside it"
        raise UserError(
            f"{tar}: nothing says which class {name} is of: no class in its name, and {beside}; "
            f"labels are numbers from 0 to {len(classes) - 1:,}"
        )
    return f"{classes[int(label)]}/{tar.stem}-{name}"

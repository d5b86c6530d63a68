"""What sources of pictures in files have in common: class folders, checks, decoding, planning."""

import hashlib
import os
from abc import abstractmethod
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.data.catalogue import CatalogueEntry, data_root, entry_named, is_rehearsal
from nbsupport.data.pictures.broken import VARIABLE, leave_out, left_out, skipping
from nbsupport.data.pictures.decode_once import BrokenPicturesError, prepared_pictures
from nbsupport.data.pictures.files import Pictures, Zip, aside, decoders, place
from nbsupport.data.pictures.layout import Layout, arrange, class_folder, start
from nbsupport.data.pictures.listings import ChangedFileError, ListedFolder, PartOf
from nbsupport.data.pictures.readers import rows_of
from nbsupport.data.sources.base import Source
from nbsupport.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    import torch


class FileSource(Source):
    """Pictures of `px` pixels a side, cut square, of the class folders of a data set.

    Opening it lists the files (once: the listing is kept) and compares the class folders with those
    published; `strict` raises UserError for the first that is wrong, else what there is is used,
    and so are fake data made to rehearse with.
    `nominal` needs no data: it has the published numbers and can be planned with and drawn from,
    but has no images. `fresh` lists the files again, whatever is kept.
    """

    entry_name: str  # in the catalogue
    depth = 1  # parts of a picture's name that are its class folder

    def __init__(
        self, px: int, strict: bool = True, nominal: bool = False, fresh: bool = False
    ) -> None:
        if isinstance(px, bool) or not isinstance(px, int) or px < 1:
            raise UserError(f"px={px!r} of {self.name}: give a whole number of pixels, at least 1")
        if not isinstance(strict, bool):
            raise UserError(f"strict={strict!r} of {self.name}: give true or false")
        self.px, self.strict, self.nominal, self.fresh = px, strict, bool(nominal), fresh
        self.entry: CatalogueEntry = entry_named(self.entry_name)
        self.licence, self.origin = self.entry.licence, self.entry.page
        if not self.nominal:
            self._open()

    def _open(self) -> None:
        found = self.problems() if self.strict and not self.rehearsal else []
        if found:
            more = f", and {len(found) - 1:,} more" if len(found) > 1 else ""
            raise UserError(
                f"{self.entry_name} in {self.place.path}: {found[0]}{more}; see all with python -m "
                f"nbsupport data check {self.entry_name}; strict=False in its spec (after data "
                "prepare: -p strict false) takes what is there"
            )
        if not self.layout.names:
            raise UserError(
                f"{self.name}: no picture in a class folder of {self.place.path}; {self.entry.get}"
            )

    # what each source says of itself ------------------------------------------------------------
    @abstractmethod
    def class_table(self, folders: tuple[str, ...]) -> "pd.DataFrame":
        """A row for each of these class folders: name, tree, depth_1 ... depth_n."""

    @abstractmethod
    def problems(self) -> list[str]:
        """What is wrong with the class folders, a line each."""

    @abstractmethod
    def nominal_counts(self) -> dict[str, int]:
        """Class folder and number of images, as published; class folders sorted."""

    def is_class(self, folder: str) -> bool:
        """Whether a folder of this name may hold a class: pictures in others are not used."""
        return True

    def wanted(self, names: list[str]) -> list[str]:
        """Which of the pictures found are part of the source."""
        return names

    def count_problems(self) -> list[str]:
        """What is wrong with the numbers or names of pictures, a line each: only `check` asks."""
        return []

    def published(self) -> tuple[int, ...]:
        """The numbers of pictures that the whole data set may have."""
        return (self.entry.images,)

    def notes(self) -> list[str]:
        """What is worth saying and no mistake."""
        return []

    # the files ----------------------------------------------------------------------------------
    @cached_property
    def place(self) -> ListedFolder | PartOf:
        """Where the class folders lie, under whatever folders. UserError where they do not."""
        whole = place(self.entry.find())
        if isinstance(whole, Zip):
            names = list(whole.sizes())
            return PartOf(whole, start(lambda above: _packed(names, above), self.is_class))
        above = start(lambda above: inner(whole.path / above), self.is_class)
        return ListedFolder(whole.path / above, self.fresh)

    @cached_property
    def rehearsal(self) -> bool:
        """Whether the data folder holds fake data, which are less than was published."""
        return is_rehearsal(data_root())

    @cached_property
    def found(self) -> list[str]:
        """The class folders there are, with or without pictures, and folders that are no class."""
        return [f for f in self.place.folders() if f.count("/") == self.depth - 1]

    def class_folders(self) -> list[str]:
        """The folders at the depth of class folders, without listing what they hold."""
        if isinstance(self.place, PartOf):
            return self.found
        folders = [""]
        for _ in range(self.depth):
            folders = [f"{f}{name}/" for f in folders for name in inner(self.place.path / f)]
        return [folder.rstrip("/") for folder in folders]

    @cached_property
    def _whole(self) -> Layout:
        return arrange(self.wanted(self.place.below("")), self.depth, self.is_class)

    @property
    def inner_pictures(self) -> list[str]:
        """Pictures in a folder below the others of their class, which are not used."""
        used, found = set(self._whole.names), self.wanted(self.place.below(""))
        deep = (name for name in found if name.count("/") > self.depth and name not in used)
        return [name for name in deep if self.is_class(class_folder(name, self.depth))]

    @property
    def found_counts(self) -> dict[str, int]:
        """Pictures by class folder, also those on the list of broken ones."""
        return dict(zip(self._whole.folders, self._whole.counts().tolist(), strict=True))

    @cached_property
    def every_picture(self) -> Pictures:
        """All pictures of the source, also those on the list of broken ones."""
        return Pictures(self.place, self._whole.names)

    @cached_property
    def skipped(self) -> frozenset[str]:
        """The names on the list of broken pictures."""
        return left_out(self.every_picture)

    @cached_property
    def layout(self) -> Layout:
        """The pictures that are used, by class folder."""
        if not self.skipped:
            return self._whole
        return arrange((n for n in self._whole.names if n not in self.skipped), self.depth)

    @cached_property
    def pictures(self) -> Pictures:
        """The pictures that are used: row i is image id i. UserError for a nominal source."""
        if self.nominal:
            raise UserError(
                f"{self.name} was opened with nominal=True, for planning, and has no pictures; "
                f"{self.entry.get}; python -m nbsupport data tells more"
            )
        return Pictures(self.place, self.layout.names) if self.skipped else self.every_picture

    @cached_property
    def counts(self) -> dict[str, int]:
        """Pictures that are used, by class folder, in the order of the labels."""
        if self.nominal:
            return self.nominal_counts()
        return dict(zip(self.layout.folders, self.layout.counts().tolist(), strict=True))

    # a source -----------------------------------------------------------------------------------
    def spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = {"name": self.name, "px": self.px}
        if not self.strict:
            spec["strict"] = False
        if self.nominal:
            spec["nominal"] = True
        return spec

    @property
    def fingerprint(self) -> str:
        """Of the names and lengths of the pictures, and of the tree of classes."""
        files = "nominal" if self.nominal else self.pictures.fingerprint
        return f"{self.name}-{files}-{self._tree_fingerprint}"

    @cached_property
    def _tree_fingerprint(self) -> str:
        table = self.classes().filter(regex=r"^(name|tree|depth_\d+|images)$")
        return hashlib.sha256(table.to_csv(lineterminator="\n").encode()).hexdigest()[:12]

    def classes(self) -> "pd.DataFrame":
        return self._classes

    @cached_property
    def _classes(self) -> "pd.DataFrame":
        folders = tuple(self.counts)
        table = self.class_table(folders).reset_index(drop=True)
        table["name"] = distinct(table["name"].tolist(), folders)
        table.insert(0, "label", np.arange(len(table)))
        return table.assign(images=list(self.counts.values()))

    def labels(self) -> np.ndarray:
        return self._labels

    @cached_property
    def _labels(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.counts)), list(self.counts.values()))

    def images(self, ids: np.ndarray) -> "torch.Tensor":
        """uint8 [k, 3, px, px]. UserError for a picture that is broken, and for a nominal source.

        All pictures are decoded once and kept where they take up to 8 GB, if the disk has them;
        else only those asked for, each time, unless `python -m nbsupport data prepare` kept all.
        """
        import torch

        pictures, rows = self.pictures, np.asarray(ids)
        try:
            images = prepared_pictures(pictures, self.px)
        except BrokenPicturesError as error:
            if not skipping():
                raise
            raise self._now_left_out(list(error.names)) from error
        return self._decode(rows) if images is None else torch.from_numpy(rows_of(images, rows))

    def _decode(self, rows: np.ndarray) -> "torch.Tensor":
        import torch

        pictures = self.pictures
        if not skipping():
            return torch.from_numpy(pictures.squares(rows, self.px))
        found = list(decoders().map(self._square, rows.tolist()))
        broken = [pictures.names[r] for r, s in zip(rows, found, strict=True) if s is None]
        if broken:
            raise self._now_left_out(broken)
        shape = (len(rows), 3, self.px, self.px)
        return torch.from_numpy(np.array(found, dtype=np.uint8).reshape(shape))

    def _square(self, row: int) -> np.ndarray | None:
        """A picture, or None where it is broken."""
        try:
            return self.pictures.square(row, self.px)
        except ChangedFileError:
            raise
        except UserError:
            return None

    def _now_left_out(self, broken: list[str]) -> UserError:
        """Labels and keys were made with them: this run stops, the next does without."""
        leave_out(self.every_picture, broken)
        others = f" and {len(broken) - 1:,} others" if len(broken) > 1 else ""
        return UserError(
            f"{self.place.path}: {broken[0]}{others} cannot be read and will be left out, as "
            f"{VARIABLE}=1 says: start again (python -m nbsupport data check {self.entry_name} "
            "--skip-broken finds all at once)"
        )


def inner(folder: Path) -> list[str]:
    """The names of the folders in a folder, sorted, without those set `aside`.

    UserError for one that cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if not aside(e.name) and e.is_dir())
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}; put it right, then ask again") from error


def _packed(names: list[str], above: str) -> set[str]:
    """The names of the folders in a folder (ending in /, "" is all) of a zip."""
    parts = (n.removeprefix(above).split("/", 1) for n in names if n.startswith(above))
    return {part[0] for part in parts if len(part) > 1}


def distinct(names: list[str], folders: tuple[str, ...]) -> list[str]:
    """Class names, each with its folder behind it where two classes have the same."""
    often = Counter(names)
    return [n if often[n] == 1 else f"{n} ({f})" for n, f in zip(names, folders, strict=True)]


def evenly(total: int, parts: int) -> list[int]:
    """`total` as a sum of `parts` numbers that differ by at most one, the larger first."""
    share, left = divmod(total, parts)
    return [share + (i < left) for i in range(parts)]

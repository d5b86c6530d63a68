"""iWildCam-WILDS v2.0: the paper's downstream task, as the `wilds` package defines it."""

import csv
import io
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nbsupport.data.catalogue import DOWNSTREAM, CatalogueEntry, entry_named, is_rehearsal
from nbsupport.data.pictures.files import Folder, Pictures, reason
from nbsupport.data.rehearsal_pictures import Batch, DataSet, chance
from nbsupport.data.tasks.files import Counting, FileTask, Listing, miscounts, unreadable
from nbsupport.data.tasks.through_wilds import official_data
from nbsupport.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from nbsupport.data.loading.batches import ImageSet

RELEASE = "RELEASE_v2.0.txt"
CLASSES = 182  # 0 is "empty", a class like the others
OURS = {  # what wilds calls "val" and "test" are cameras that are in no other split
    "train": "train",
    "id_val": "id_val",
    "id_test": "id_test",
    "val": "ood_val",
    "test": "ood_test",
}
PUBLISHED = {
    "train": 129_809,
    "id_val": 7_314,
    "id_test": 8_154,
    "ood_val": 14_961,
    "ood_test": 42_791,
}
COLUMNS = ("split", "filename", "y", "location_remapped", "sequence_remapped", "datetime")
LARGE = 10**6  # more cameras or sequences than there are
NUMBERS = {"y": "label", "location_remapped": "location", "sequence_remapped": "sequence"}
DATETIME = "%Y-%m-%d %H:%M:%S.%f"
HOW = (
    "get it with wilds.get_dataset('iwildcam', root_dir=NBSUPPORT_DATA, download=True), or, where "
    "its server does not answer, the archive from a place that python -m nbsupport data names, "
    "unpacked into NBSUPPORT_DATA/iwildcam_v2.0/"
)
PARTS = {  # of the folder iwildcam_v2.0, as the archive has them
    "metadata.csv": f"a row for each picture, with the columns {', '.join(COLUMNS)}",
    "categories.csv": "a row for each class, with the columns y and name",
    "train": f"the {sum(PUBLISHED.values()):,} pictures of every split, in one folder",
    RELEASE: "whatever is in it: wilds asks only whether it is there",
}
# A rehearsal's pictures and cameras of each split; id_val and id_test share the cameras of train
TRAPS = {"train": 504, "id_val": 60, "id_test": 150, "val": 60, "test": 150}
CAMERAS = {"train": (0, 24), "id_val": (0, 24), "id_test": (0, 24), "val": (24, 28)}
CAMERAS |= {"test": (28, 34)}
BURST = 3  # pictures in a sequence, at most
START = datetime(2013, 1, 1, 6)
ENTRY = CatalogueEntry(
    name="iwildcam",
    role=DOWNSTREAM,
    what="iWildCam-WILDS 2.0, camera traps",
    licence="CDLA-Permissive-1.0",
    download="12.0 GB",
    on_disk="12 GB",
    page="https://wilds.stanford.edu/datasets/#iwildcam",
    get=(
        "wilds.get_dataset('iwildcam', root_dir=<your data folder>, download=True); its "
        "server (worksheets.codalab.org) is out of reach for months at a time: else get "
        "iwildcam_v2.0.tar.gz by hand, from wilds.stanford.edu/downloads or the copy at "
        "huggingface.co/datasets/emmilly/iwildcam-wilds-v2, and unpack it into "
        "iwildcam_v2.0/"
    ),
    places=("iwildcam_v2.0",),
    classes=182,
    images=203_029,
    exact=True,
    module=__name__,
    beside=(
        "iwildcam_v2.0/metadata.csv",
        "iwildcam_v2.0/categories.csv",
        "iwildcam_v2.0/train",
        "iwildcam_v2.0/RELEASE_v2.0.txt",
    ),
)


class IWildCamTask(FileTask):
    """Which species a camera trap has photographed; other cameras in the OOD sets.

    Pictures are squashed to a square, as wilds does at 448 px. The table has label, location (a
    camera), sequence and datetime. Raises UserError where the data are missing or not as published.
    """

    name = "iwildcam"
    licence = "CDLA-Permissive-1.0"
    origin = "iWildCam-WILDS v2.0 (Beery et al. 2020, Koh et al. 2021), wilds.stanford.edu"
    resize: ClassVar[str] = "squash"

    def spec(self) -> dict[str, Any]:
        return {"name": self.name, "px": self.px, "limit": self.limit}

    @property
    def names(self) -> tuple[str, ...]:
        return class_names(_folder())

    def listing(self) -> Listing:
        return _listing(_folder())

    def caption(self, row: "pd.Series") -> str:
        return f"{super().caption(row)}, {row['datetime']:%Y-%m-%d %H:%M}"

    def load(self, split: str, device: "str | torch.device" = "cpu") -> "ImageSet":
        self.table(split)  # a split that there is not is said before wilds is asked
        self._confirm(split)
        return super().load(split, device)

    def official_scores(self, split: str, predicted: Any) -> dict[str, float]:
        """wilds' own evaluation of predicted labels int [n] of a split.

        Returns what it does: acc_avg, recall-macro_all, F1-macro_all.
        """
        import torch

        true = torch.from_numpy(self.table(split)["label"].to_numpy(dtype=np.int64, copy=True))
        kept = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)  # wilds makes a tensor of each score: 32 bits else
        try:
            scores, _ = official(_folder()).eval(torch.as_tensor(predicted), true, None)
        finally:
            torch.set_default_dtype(kept)
        return {name: float(score) for name, score in scores.items()}

    def _confirm(self, split: str) -> None:
        """Refuse to go on where wilds reads metadata.csv otherwise than we do."""
        dataset, whole = official(_folder()), self.listing().table
        own = whole[whole["split"] == split]
        theirs = dataset.get_subset({ours: name for name, ours in OURS.items()}[split])
        same = np.array_equal(theirs.y_array, own["label"]) and np.array_equal(
            dataset._input_array[theirs.indices], own["picture"]
        )
        if not same:
            raise UserError(
                f"the installed wilds reads other pictures or labels of {split} from metadata.csv "
                "than iWildCam v2.0 has: install wilds 2.0"
            )


def open_it(**options: Any) -> IWildCamTask:
    """Open the task that these options name (see IWildCamTask)."""
    return IWildCamTask(**options)


def nominal_sizes(**_: Any) -> dict[str, int]:
    """Images of each split, as published."""
    return dict(PUBLISHED)


def _folder() -> Path:
    return entry_named("iwildcam").find()


# reading ------------------------------------------------------------------------------------------
@lru_cache(maxsize=2)
def official(folder: Path) -> Any:
    """The IWildCamDataset of wilds on this folder. UserError where it would not accept it."""
    _metadata(folder)
    return official_data("iwildcam", folder, RELEASE, HOW)


@lru_cache(maxsize=2)
def _listing(folder: Path) -> Listing:
    table = _metadata(folder)
    absent = [split for split in PUBLISHED if not (table["split"] == split).any()]
    if absent:
        raise UserError(f"{folder / 'metadata.csv'} lists no picture of {absent[0]}: {HOW}")
    return Listing(Folder(folder / "train"), table)  # all splits lie in that folder


@lru_cache(maxsize=2)
def class_names(folder: Path) -> tuple[str, ...]:
    """The names [182] in categories.csv, which lists classes without pictures after these."""
    path = folder / "categories.csv"
    table = _csv(path, ("y", "name"))
    known = table[table["y"].isin(list(range(CLASSES)))].drop_duplicates("y").set_index("y")["name"]
    if len(known) < CLASSES:
        raise UserError(f"{path} names {len(known)} of the {CLASSES} classes: {HOW}")
    return tuple(str(known[label]) for label in range(CLASSES))


@lru_cache(maxsize=2)
def _metadata(folder: Path) -> "pd.DataFrame":
    """metadata.csv, checked: split (our names), picture, label, location, sequence, datetime."""
    import pandas as pd

    path = folder / "metadata.csv"
    raw = _csv(path, COLUMNS)
    _refuse(path, raw, "split", ~raw["split"].isin(list(OURS)), f"allowed are {', '.join(OURS)}")
    numbers = {ours: _numbers(path, raw, column) for column, ours in NUMBERS.items()}
    _refuse(path, raw, "y", numbers["label"] >= CLASSES, f"allowed are 0 to {CLASSES - 1}")
    when = pd.to_datetime(raw["datetime"], format=DATETIME, errors="coerce")
    _refuse(path, raw, "datetime", when.isna(), "allowed is 2013-06-05 05:44:19.000")
    for ours, count in (("label", CLASSES), ("location", numbers["location"].max() + 1)):
        _refuse_gap(path, numbers[ours], ours, count)
    table = pd.DataFrame({"split": raw["split"].map(OURS), "picture": raw["filename"], **numbers})
    return table.assign(datetime=when)


def _csv(path: Path, columns: tuple[str, ...]) -> "pd.DataFrame":
    import pandas as pd

    try:
        table = pd.read_csv(path, low_memory=False)
    except Exception as error:  # no text, no table, or one that no memory holds
        raise UserError(f"{path} cannot be read ({reason(error)}): {HOW}") from error
    for column in columns:
        if column not in table:
            has = ", ".join(map(str, table.columns[:20]))
            raise UserError(f"{path} has no column {column} (it has {has}): {HOW}")
    if table.empty:
        raise UserError(f"{path} lists nothing: {HOW}")
    return table


def _numbers(path: Path, raw: "pd.DataFrame", column: str) -> "pd.Series":
    """A column of whole numbers from 0 on."""
    import pandas as pd

    values = pd.to_numeric(raw[column], errors="coerce")
    wrong = values.isna() | (values < 0) | (values % 1 != 0) | (values >= LARGE)
    _refuse(path, raw, column, wrong, f"allowed are whole numbers from 0 to {LARGE - 1:,}")
    return values.astype("int64")


def _refuse(path: Path, raw: "pd.DataFrame", column: str, wrong: "pd.Series", allowed: str) -> None:
    """Raise UserError for the first row that is wrong, by its line in the file."""
    rows = np.flatnonzero(wrong)
    if len(rows):
        raise UserError(
            f"{path}, line {rows[0] + 2}: {column} is '{raw[column].iloc[rows[0]]}'; "
            f"{allowed} (wrong in {len(rows):,} of {len(raw):,} lines): get the file again"
        )


def _refuse_gap(path: Path, values: "pd.Series", what: str, count: int) -> None:
    """Every number must occur: wilds counts classes and cameras by the largest."""
    absent = np.setdiff1d(np.arange(count), values)
    if len(absent):
        raise UserError(
            f"{path} has no picture of {what} {absent[0]}, and all of 0 to {count - 1} must occur: "
            "get the file again"
        )


# checking -----------------------------------------------------------------------------------------
def check(where: Path, *, every: bool = False, progress: Counting | None = None) -> Iterator[str]:
    """A line for each problem of the data set in the folder `where` (iwildcam_v2.0).

    Where a part of it is not there, a last line says what all of them are. Opens a sample of the
    pictures, or `every` one, and tells `progress` how many are done. The published counts are not
    asked of rehearsal data.
    """
    try:
        listing, _, _ = _listing(where), class_names(where), official(where)
    except UserError as error:
        yield str(error)
        yield from _explained(where)
        return
    if not is_rehearsal(where.parent):
        yield from miscounts(Counter(listing.table["split"]), PUBLISHED)
    twice = listing.table["picture"].duplicated()
    if twice.any():
        first = listing.table["picture"][twice].iloc[0]
        yield f"metadata.csv lists {twice.sum():,} pictures twice, such as {first}"
    yield from unreadable(
        Pictures(listing.place, listing.table["picture"]), every=every, progress=progress
    )


def _explained(where: Path) -> Iterator[str]:
    """What belongs into the folder, where a part is missing; where it may have got to."""
    if all((where / name).exists() for name in PARTS):
        return
    if (where / where.name).is_dir():
        yield f"{where / where.name} is one folder too deep: move what it holds into {where}"
    yield f"{where} must hold " + "; ".join(f"{name} ({what})" for name, what in PARTS.items())


# rehearsing -----------------------------------------------------------------------------------
def rehearsal(_: int | None) -> DataSet:
    """iwildcam_v2.0/{metadata.csv, categories.csv, RELEASE_v2.0.txt, train/}."""
    rows = list(_traps())
    batches = (
        Batch((f"iwildcam_v2.0/train/{row['filename']}",), f"trap {row['y']}", f"{row['location']}")
        for row in rows
    )
    texts = {
        "metadata.csv": _as_csv(rows),
        "categories.csv": _as_csv(_categories()),
        "RELEASE_v2.0.txt": "Rehearsal data, not iWildCam.\n",
    }
    return DataSet(batches, {f"iwildcam_v2.0/{name}": text for name, text in texts.items()})


def _traps() -> Iterator[dict[str, object]]:
    """The rows of metadata.csv, with every column that wilds reads and some that it does not."""
    sequence, number = -1, 0
    for place, (split, count) in enumerate(TRAPS.items()):
        rng = chance("traps", split)
        labels = _labels(split, count, rng)
        for start in range(0, count, BURST):
            sequence += 1
            camera = int(rng.integers(*CAMERAS[split]))
            when = START + timedelta(days=30 * place + int(rng.integers(30)), minutes=sequence)
            for frame in range(min(BURST, count - start)):
                number += 1
                name = str(uuid.UUID(int=number << 64))
                yield {
                    "split": split,
                    "location_remapped": camera,
                    "location": camera + 100,
                    "sequence_remapped": sequence,
                    "seq_id": f"sequence-{sequence}",
                    "y": labels[start + frame],
                    "category_id": 2 * labels[start + frame],
                    "datetime": f"{when + timedelta(seconds=frame):%Y-%m-%d %H:%M:%S}.000",
                    "filename": f"{name}.jpg",
                    "image_id": name,
                }


def _labels(split: str, count: int, rng: np.random.Generator) -> list[int]:
    """Many empty pictures and a long tail; training has every class at least twice."""

    weights = 1 / np.arange(1, CLASSES + 1)
    certain = list(range(CLASSES)) * 2 if split == "train" else []
    drawn = rng.choice(CLASSES, count - len(certain), p=weights / weights.sum())
    return [int(label) for label in sorted([*certain, *drawn])]


def _categories() -> Iterator[dict[str, object]]:
    """Class 0 is empty; the last rows are classes without pictures, as in the published table."""

    names = ["empty", *(f"rehearsal species {k:03d}" for k in range(1, CLASSES))]
    known = ({"y": y, "category_id": 2 * y, "name": name} for y, name in enumerate(names))
    unused = {"y": 99_999, "category_id": 2 * CLASSES, "name": "start"}
    yield from chain(known, [unused])


def _as_csv(rows: Iterable[dict[str, object]]) -> str:
    rows, text = list(rows), io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()

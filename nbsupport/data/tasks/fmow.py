"""fMoW-WILDS v1.1: satellite pictures of other years, the paper's task without a gap (Section 6).

Read as the `wilds` package reads it: what was photographed before 2013 is in distribution; what was
from 2013 on is there to choose models by, and from 2016 on to test them. A building is photographed
once or a few times, so that no place is known by heart; the years are what shifts.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.data.catalogue import DOWNSTREAM, CatalogueEntry, entry_named, is_rehearsal
from nbsupport.data.pictures.files import Folder, Pictures, reason
from nbsupport.data.rehearsal_pictures import Batch, DataSet, chance
from nbsupport.data.tasks.files import Counting, FileTask, Listing, miscounts, unreadable
from nbsupport.data.tasks.through_wilds import official_data, wilds_module
from nbsupport.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from nbsupport.data.loading.batches import ImageSet

TABLE, REGIONS, RELEASE = "rgb_metadata.csv", "country_code_mapping.csv", "RELEASE_v1.1.txt"
CLASSES = 62
COLUMNS = {"split", "category", "country_code", "timestamp"}
KEPT = "seq"  # pictures that the publishers keep to themselves
OOD_VAL, OOD_TEST = 2013, 2016  # the first years of the two
THEIRS = {  # our splits as wilds calls them
    "train": "train",
    "id_val": "id_val",
    "id_test": "id_test",
    "ood_val": "val",
    "ood_test": "test",
}
PUBLISHED = {
    "train": 76_863,
    "id_val": 11_483,
    "id_test": 11_327,
    "ood_val": 19_915,
    "ood_test": 22_108,
}
HOW = (
    "get it with wilds.get_dataset('fmow', root_dir=NBSUPPORT_DATA, download=True), or the archive "
    "by hand, unpacked into NBSUPPORT_DATA/fmow_v1.1/"
)
ENTRY = CatalogueEntry(
    name="fmow",
    role=DOWNSTREAM,
    what="fMoW-WILDS 1.1, satellite pictures",
    licence="fMoW Challenge Public License",
    download="53.9 GB",
    on_disk="55 GB",
    page="https://wilds.stanford.edu/datasets/#fmow",
    get=(
        "wilds.get_dataset('fmow', root_dir=<your data folder>, download=True), or get "
        "fmow_v1.1.tar.gz by hand from wilds.stanford.edu/downloads and unpack it into fmow_v1.1/"
    ),
    places=("fmow_v1.1",),
    classes=CLASSES,
    images=sum(PUBLISHED.values()),
    exact=True,
    module=__name__,
    beside=tuple(f"fmow_v1.1/{name}" for name in (TABLE, REGIONS, RELEASE, "images")),
)
# Of a rehearsal: pictures of each class, and the years they are from
EACH = {
    "train": ("train", 5, (2002, 2013)),
    "id_val": ("val", 1, (2002, 2013)),
    "id_test": ("test", 2, (2002, 2013)),
    "ood_val": ("val", 1, (2013, 2016)),
    "ood_test": ("test", 2, (2016, 2018)),
    "kept": (KEPT, 1, (2002, 2018)),
}
COUNTRIES = {"FRA": "Europe", "KEN": "Africa", "IND": "Asia", "BRA": "Americas", "FJI": "Oceania"}


class FMoWTask(FileTask):
    """What a satellite has photographed, of 62 kinds; later years in the OOD sets.

    The table has label, region, year and category. Raises UserError where the data are missing or
    not as published.
    """

    name = "fmow"
    licence = ENTRY.licence
    origin = "fMoW-WILDS v1.1 (Christie et al. 2018, Koh et al. 2021), wilds.stanford.edu"

    def spec(self) -> dict[str, Any]:
        return {"name": self.name, "px": self.px, "limit": self.limit}

    @property
    def names(self) -> tuple[str, ...]:
        return class_names(_folder())

    def listing(self) -> Listing:
        return _listing(_folder())

    def caption(self, row: "pd.Series") -> str:
        return f"{self.names[row['label']].replace('_', ' ')}, {row['region']}, {row['year']}"

    def load(self, split: str, device: "str | torch.device" = "cpu") -> "ImageSet":
        self.table(split)  # a split that there is not is said before wilds is asked
        self._confirm(split)
        return super().load(split, device)

    def scores(self, split: str, predicted: Any) -> dict[str, float]:
        """The scores of WILDS, of predicted labels int [n] of a split.

        acc_avg, acc_worst_region ("Other" is none) and acc_worst_year. wilds' own evaluation needs
        a package, torch_scatter, that is compiled for each version of torch.
        """
        table = self.table(split)
        right = (table["label"].to_numpy() == np.asarray(predicted)).astype(float)
        rows = table.assign(right=right)
        regions = rows[rows["region"] != "Other"].groupby("region")["right"].mean()
        return {
            "acc_avg": float(right.mean()),
            "acc_worst_region": float(regions.min()),
            "acc_worst_year": float(rows.groupby("year")["right"].mean().min()),
        }

    def _confirm(self, split: str) -> None:
        """Refuse to go on where wilds reads the table otherwise than we do."""
        dataset, whole = official(_folder()), self.listing().table
        own = whole[whole["split"] == split]
        theirs = dataset.get_subset(THEIRS[split])
        pictures = [_picture(i) for i in dataset.full_idxs[theirs.indices]]
        if pictures != own["picture"].tolist() or theirs.y_array.tolist() != own["label"].tolist():
            raise UserError(
                f"the installed wilds reads other pictures or labels of {split} from {TABLE} than "
                "fMoW-WILDS v1.1 has: install wilds 2.0"
            )


def open_it(**options: Any) -> FMoWTask:
    """Open the task that these options name (see FMoWTask)."""
    return FMoWTask(**options)


def nominal_sizes(**_: Any) -> dict[str, int]:
    """Images of each split, as published."""
    return dict(PUBLISHED)


def _folder() -> Path:
    return entry_named("fmow").find()


def _picture(row: int) -> str:
    """The file of a row of the table."""
    return f"rgb_img_{row}.png"


# reading ------------------------------------------------------------------------------------------
@lru_cache(maxsize=2)
def official(folder: Path) -> Any:
    """The FMoWDataset of wilds on this folder. UserError where it would not accept it."""
    _metadata(folder)
    return official_data("fmow", folder, RELEASE, HOW)


@lru_cache(maxsize=2)
def _listing(folder: Path) -> Listing:
    table = _metadata(folder)
    if absent := [split for split in PUBLISHED if not (table["split"] == split).any()]:
        raise UserError(f"{folder / TABLE} lists no picture of {absent[0]}: {HOW}")
    return Listing(Folder(folder / "images"), table)


@lru_cache(maxsize=2)
def class_names(folder: Path) -> tuple[str, ...]:
    """The categories [62], in alphabetical order, as wilds numbers them."""
    names = tuple(sorted(set(_csv(folder / TABLE, COLUMNS)["category"].astype(str))))
    if len(names) != CLASSES:
        raise UserError(f"{folder / TABLE} has {len(names)} categories, not {CLASSES}: {HOW}")
    return names


@lru_cache(maxsize=2)
def _metadata(folder: Path) -> "pd.DataFrame":
    """The table without what is kept: split (our names), picture, label, region, year, category."""
    import pandas as pd

    path, raw = folder / TABLE, _csv(folder / TABLE, COLUMNS)
    number = {name: i for i, name in enumerate(class_names(folder))}
    when = pd.to_datetime(raw["timestamp"], utc=True, errors="coerce", format="ISO8601")
    known = raw["split"].isin(["train", "val", "test", KEPT])
    for column, wrong in (("split", ~known), ("timestamp", when.isna())):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise UserError(f"{path}, line {row + 2}: {column} is {raw[column][row]!r}: {HOW}")
    regions = _csv(folder / REGIONS, {"alpha-3", "region"}).set_index("alpha-3")["region"]
    table = pd.DataFrame(
        {
            "split": _splits(raw["split"], when.dt.year),
            "picture": [_picture(i) for i in range(len(raw))],
            "label": raw["category"].map(number),
            "region": raw["country_code"].map(regions).fillna("Other"),
            "year": when.dt.year,
            "category": raw["category"],
        }
    )
    return table[table["split"] != ""].reset_index(drop=True)


def _splits(given: "pd.Series", year: "pd.Series") -> np.ndarray:
    """Our split of each picture; "" for what is kept, and for training pictures of later years."""
    early = year < OOD_VAL
    is_in = {name: given == name for name in ("train", "val", "test")}
    parts = {
        "train": is_in["train"] & early,
        "id_val": is_in["val"] & early,
        "id_test": is_in["test"] & early,
        "ood_val": is_in["val"] & (year >= OOD_VAL) & (year < OOD_TEST),
        "ood_test": is_in["test"] & (year >= OOD_TEST),
    }
    return np.select(list(parts.values()), list(parts), default="")


def _csv(path: Path, columns: Iterable[str]) -> "pd.DataFrame":
    import pandas as pd

    try:
        table = pd.read_csv(path, low_memory=False, keep_default_na=False)
    except Exception as error:  # no text, no table, or one that no memory holds
        raise UserError(f"{path} cannot be read ({reason(error)}): {HOW}") from error
    if lacking := sorted(set(columns) - set(table.columns)):
        raise UserError(f"{path} has no column {lacking[0]}: {HOW}")
    if table.empty:
        raise UserError(f"{path} lists nothing: {HOW}")
    return table


# checking -----------------------------------------------------------------------------------------
def check(where: Path, *, every: bool = False, progress: Counting | None = None) -> Iterator[str]:
    """A line for each problem of the data set in the folder `where` (fmow_v1.1).

    Opens a sample of the pictures, or `every` one, and tells `progress` how many are done. The
    published counts are not asked of rehearsal data.
    """
    try:
        listing, _ = _listing(where), official(where)
    except UserError as error:
        yield str(error)
        return
    if not is_rehearsal(where.parent):
        yield from miscounts(Counter(listing.table["split"]), PUBLISHED)
    yield from unreadable(
        Pictures(listing.place, listing.table["picture"]), every=every, progress=progress
    )


# rehearsing ---------------------------------------------------------------------------------------
def rehearsal(_: int | None) -> DataSet:
    """fmow_v1.1/{rgb_metadata.csv, country_code_mapping.csv, RELEASE_v1.1.txt, images/}."""
    rows = list(_rows())
    batches = (
        Batch((f"fmow_v1.1/images/{_picture(i)}",), row["category"], f"year {row['timestamp'][:4]}")
        for i, row in enumerate(rows)
    )
    regions = [{"alpha-3": code, "region": region} for code, region in COUNTRIES.items()]
    texts = {TABLE: _as_csv(rows), REGIONS: _as_csv(regions)}
    texts[RELEASE] = "Rehearsal data, not fMoW.\n"
    return DataSet(batches, {f"fmow_v1.1/{name}": text for name, text in texts.items()})


def _rows() -> Iterator[dict[str, str]]:
    """The rows of the table: each class in each split, in a random order."""
    rng, categories = chance("satellite"), wilds_module("wilds.datasets.fmow_dataset").categories
    every = [
        (split, category, years)
        for split, count, years in EACH.values()
        for category in categories
        for _ in range(count)
    ]
    for at in rng.permutation(len(every)):
        split, category, years = every[at]
        year, month = int(rng.integers(*years)), int(rng.integers(1, 13))
        yield {
            "split": split,
            "category": category,
            "country_code": str(rng.choice(list(COUNTRIES))),
            "timestamp": f"{year}-{month:02d}-15T10:20:30Z",
        }


def _as_csv(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()

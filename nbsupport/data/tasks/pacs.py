"""PACS: seven classes in four styles of picture, trained in some, OOD test in another."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.data.catalogue import DOWNSTREAM, CatalogueEntry, entry_named, is_rehearsal
from nbsupport.data.pictures.files import ENDINGS, Pictures, Place, place, shallowest
from nbsupport.data.rehearsal_pictures import Batch, DataSet
from nbsupport.data.tasks.files import (
    Counting,
    FileTask,
    Listing,
    miscounts,
    turns,
    unreadable,
)
from nbsupport.errors import UserError, unknown

if TYPE_CHECKING:
    import pandas as pd

CLASSES = ("dog", "elephant", "giraffe", "guitar", "horse", "house", "person")
PUBLISHED = {  # pictures of each class: 9,991 in all
    "art_painting": (379, 255, 285, 184, 201, 295, 449),
    "cartoon": (389, 457, 346, 135, 324, 288, 405),
    "photo": (189, 202, 182, 186, 199, 280, 432),
    "sketch": (772, 740, 753, 608, 816, 80, 160),
}
DOMAINS = tuple(PUBLISHED)
# By turns: 60, 10 and 30 %. A robustness is a difference of two scores, so the ID test needs images
# as well: with 30 % of three domains its accuracy has a standard error of one point.
ID_SPLITS = ("train",) * 6 + ("id_val",) + ("id_test",) * 3
OOD_SPLITS = ("ood_test",) * 4 + ("ood_val",)  # 80 and 20 %
HOW = "get it from its authors (Li et al. 2017, domaingeneralization.github.io)"
EACH = 20  # pictures of a class in a domain of a rehearsal: 12, 2 and 6 of them by ID_SPLITS
ENTRY = CatalogueEntry(
    name="pacs",
    role=DOWNSTREAM,
    what="PACS: photos, art paintings, cartoons, sketches",
    licence="none stated by its authors; for research",
    download="about 190 MB",
    on_disk="the zip is read as it is",
    page="https://domaingeneralization.github.io/#data",
    get="download the folder PACS of the page's data link, packed as PACS.zip or not",
    places=("pacs-96.zip", "PACS.zip", "PACS", "pacs"),
    classes=7,
    images=9991,
    exact=True,
    module=__name__,
)


class PacsTask(FileTask):
    """Which of seven things a picture shows; trained in some domains, OOD test in another.

    A random 60 / 10 / 30 % of each training domain, even over its classes, are train, id_val and
    id_test; of the OOD domain 80 % are ood_test and 20 % ood_val. A picture is in the same split
    whichever other domains are used. `location` is the domain. Raises UserError for domains that
    cannot be, and where the data are missing.
    """

    name = "pacs"
    licence = "none stated by its authors; used for research"
    origin = "PACS (Li et al. 2017), domaingeneralization.github.io"

    def __init__(self, px: int, train: Iterable[str], ood: str, limit: int | None = None) -> None:
        super().__init__(px, limit)
        self.train, self.ood = _checked((train,) if isinstance(train, str) else train, ood)

    def spec(self) -> dict[str, Any]:
        plain = {"name": self.name, "px": self.px, "train": list(self.train), "ood": self.ood}
        return plain | {"limit": self.limit}

    @property
    def names(self) -> tuple[str, ...]:
        return CLASSES

    def listing(self) -> Listing:
        return _listing(entry_named("pacs").find(), self.train, self.ood)

    def caption(self, row: "pd.Series") -> str:
        return f"{self.names[row['label']]}, {row['location'].replace('_', ' ')}"


def open_it(**options: Any) -> PacsTask:
    """Open the task that these options name (see PacsTask)."""
    return PacsTask(**options)


def nominal_sizes(train: Iterable[str], ood: str, **_: Any) -> dict[str, int]:
    """Images of each split, from the published counts."""
    inside, outside = sum(sum(PUBLISHED[domain]) for domain in train), sum(PUBLISHED[ood])
    shares = {split: ID_SPLITS.count(split) / len(ID_SPLITS) for split in ID_SPLITS}
    own = {split: round(share * inside) for split, share in shares.items()}
    new = {split: OOD_SPLITS.count(split) / len(OOD_SPLITS) for split in OOD_SPLITS}
    return own | {split: round(share * outside) for split, share in new.items()}


def _checked(train: Iterable[str], ood: str) -> tuple[tuple[str, ...], str]:
    """The domains, those of training in one order however they were given."""
    given = tuple(train)
    if not given:
        raise UserError(f"train=[]: give one or more domains of {', '.join(DOMAINS)}")
    for domain in (*given, ood):
        if domain not in DOMAINS:
            raise unknown("domain of PACS", domain, DOMAINS)
    if ood in given:
        raise UserError(
            f"ood={ood!r} is in train={list(given)} too: an OOD domain must be new; "
            f"left are {', '.join(d for d in DOMAINS if d not in given) or 'none'}"
        )
    return tuple(sorted(set(given))), ood


class Inside(Place):
    """What lies below a folder of another place: that folder is not in the names."""

    def __init__(self, outer: Place, folder: str) -> None:
        super().__init__(outer.path)
        self.outer, self.folder = outer, folder

    def sizes(self) -> dict[str, int]:
        return self._sizes

    @cached_property
    def _sizes(self) -> dict[str, int]:
        start = len(self.folder)
        return {n[start:]: s for n, s in self.outer.sizes().items() if n.startswith(self.folder)}

    def read(self, name: str) -> bytes:
        return self.outer.read(self.folder + name)


@lru_cache(maxsize=4)
def _opened(path: Path) -> Place:
    """The place whose names begin with a domain: a zip has a folder above, and may have more."""
    outer = place(path)
    for name in outer.sizes():
        for domain in DOMAINS:
            above, found, _ = f"/{name}".partition(f"/{domain}/")
            if found:
                return Inside(outer, f"{above}/".removeprefix("/"))
    raise UserError(f"{path} has no folder {' or '.join(DOMAINS)}: {HOW}")


@lru_cache(maxsize=16)
def _listing(path: Path, train: tuple[str, ...], ood: str) -> Listing:
    import pandas as pd

    source = _opened(path)
    parts = [_domain(source, domain, ID_SPLITS) for domain in train]
    return Listing(source, pd.concat([*parts, _domain(source, ood, OOD_SPLITS)], ignore_index=True))


def _domain(source: Place, domain: str, splits: tuple[str, ...]) -> "pd.DataFrame":
    """A domain's pictures: split (taken by turns), picture, label, location."""
    import pandas as pd

    pictures, labels = [], []
    for label, name in enumerate(CLASSES):
        own = shallowest(source.below(f"{domain}/{name}/", ENDINGS))
        if not own:
            raise UserError(f"{source.path} has no picture in {domain}/{name}: {HOW}")
        pictures += own
        labels += [label] * len(own)
    split = [splits[turn] for turn in turns(labels, pictures, f"pacs {domain}", len(splits))]
    table = {"split": split, "picture": pictures, "label": labels, "location": domain}
    return pd.DataFrame(table)


def glance(where: Path) -> None:
    """UserError where the zip or folder `where` is damaged, or a class has no picture."""
    source = _opened(where)
    for domain in DOMAINS:
        _domain(source, domain, OOD_SPLITS)


def check(where: Path, *, every: bool = False, progress: Counting | None = None) -> Iterator[str]:
    """A line for each problem of PACS in the zip or folder `where`.

    Opens a sample of the pictures, or `every` one, and tells `progress` how many are done. The
    published counts are not asked of rehearsal data.
    """
    import pandas as pd

    try:
        source = _opened(where)
        table = pd.concat([_domain(source, domain, OOD_SPLITS) for domain in DOMAINS])
    except UserError as error:
        yield str(error)
        return
    yield from _strangers(source)
    if not is_rehearsal(where.parent):
        folders = Counter(picture.rpartition("/")[0] for picture in table["picture"])
        yield from miscounts(folders, _published())
    yield from unreadable(Pictures(source, table["picture"]), every=every, progress=progress)


def _strangers(source: Place) -> Iterator[str]:
    """A line for each folder of a domain that is no class and yet holds pictures."""
    folders = {name.rpartition("/")[0] for name in source.below("", ENDINGS)}
    for folder in sorted(folders.difference(_published())):
        if folder.split("/")[0] in DOMAINS:
            yield f"{source.path}: {folder} is the folder of no class: move it elsewhere"


def _published() -> dict[str, int]:
    return {
        f"{domain}/{name}": count
        for domain, counts in PUBLISHED.items()
        for name, count in zip(CLASSES, counts, strict=True)
    }


# rehearsing -----------------------------------------------------------------------------------
def rehearsal(_: int | None) -> DataSet:
    """PACS/<domain>/<class>/pic_<number>.jpg."""

    batches = (
        Batch(
            tuple(f"PACS/{domain}/{name}/pic_{i:03d}.jpg" for i in range(1, EACH + 1)),
            name,
            domain,
        )
        for domain in DOMAINS
        for name in CLASSES
    )
    return DataSet(batches, {})

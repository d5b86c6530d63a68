"""DomainNet: 345 classes in six styles of picture, trained in one, OOD test in another."""

from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.data.catalogue import DOWNSTREAM, CatalogueEntry, entry_named, is_rehearsal
from nbsupport.data.pictures.files import Folder, Pictures, reason
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

CLASSES = 345
PUBLISHED = {  # lines of the lists for train and test: 586,575 in all
    "clipart": (33_525, 14_604),
    "infograph": (36_023, 15_582),
    "painting": (50_416, 21_850),
    "quickdraw": (120_750, 51_750),
    "real": (120_906, 52_041),
    "sketch": (48_212, 20_916),
}
DOMAINS = tuple(PUBLISHED)
LISTS = ("train", "test")
CUT = 10  # one in ten of a list for training is kept for validation
HOW = (
    "get the six zips and the twelve lists <domain>_train.txt and <domain>_test.txt (the cleaned "
    "version) from ai.bu.edu/M3SDA, and unpack the zips beside the lists"
)
ENTRY = CatalogueEntry(
    name="domainnet",
    role=DOWNSTREAM,
    what="DomainNet, cleaned version: six styles of picture",
    licence="the authors' notice: non-commercial research and education, fair use",
    download="17.5 GB in six zips, and twelve lists",
    on_disk="18 GB",
    page="https://ai.bu.edu/M3SDA/",
    get="unpack the six zips of the cleaned version, with their lists, into domainnet/",
    places=("domainnet",),
    classes=345,
    images=586_575,
    exact=True,
    module=__name__,
    beside=tuple(
        f"domainnet/{name}"
        for domain in DOMAINS
        for name in (domain, *(f"{domain}_{part}.txt" for part in LISTS))
    ),
)


class DomainNetTask(FileTask):
    """Which of 345 things a picture shows; trained in one domain, OOD test in another.

    id_test and ood_test are the official test lists of the two domains. id_val and ood_val are a
    fixed random tenth of their official training lists, even over the classes; train is the rest of
    the first. `location` is the domain. Raises UserError for domains that cannot be, and where the
    data are missing or not as published.
    """

    name = "domainnet"
    licence = "none; made available for research that is not commercial, as fair use"
    origin = "DomainNet (Peng et al. 2019), ai.bu.edu/M3SDA"

    def __init__(self, px: int, train: str, ood: str, limit: int | None = None) -> None:
        super().__init__(px, limit)
        for given in (train, ood):
            if given not in DOMAINS:
                raise unknown("domain of DomainNet", given, DOMAINS)
        if train == ood:
            raise UserError(
                f"train and ood are both {ood!r}: an OOD domain must be new; "
                f"left are {', '.join(domain for domain in DOMAINS if domain != train)}"
            )
        self.train, self.ood = train, ood

    def spec(self) -> dict[str, Any]:
        plain = {"name": self.name, "px": self.px, "train": self.train, "ood": self.ood}
        return plain | {"limit": self.limit}

    @property
    def names(self) -> tuple[str, ...]:
        return _class_names(_folder(), (self.train, self.ood))

    def listing(self) -> Listing:
        return _listing(_folder(), self.train, self.ood)

    def caption(self, row: "pd.Series") -> str:
        return f"{self.names[row['label']].replace('_', ' ')}, {row['location']}"


def open_it(**options: Any) -> DomainNetTask:
    """Open the task that these options name (see DomainNetTask)."""
    return DomainNetTask(**options)


def _folder() -> Path:
    return entry_named("domainnet").find()


def nominal_sizes(train: str, ood: str, **_: Any) -> dict[str, int]:
    """Images of each split, from the published lengths of the lists."""
    (training, id_test), (other, ood_test) = PUBLISHED[train], PUBLISHED[ood]
    held = {"id_val": training // CUT, "ood_val": other // CUT}
    rest = training - held["id_val"]
    return held | {"train": rest, "id_test": id_test, "ood_test": ood_test}


class Domains(Folder):
    """Some domains of the data set: the files of the others are not listed."""

    def __init__(self, path: Path, domains: tuple[str, ...]) -> None:
        super().__init__(path)
        self.domains = domains

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return {
            f"{domain}/{name}": size
            for domain in self.domains
            for name, size in Folder(self.path / domain).sizes().items()
        }


@lru_cache(maxsize=16)
def _listing(folder: Path, train: str, ood: str) -> Listing:
    import pandas as pd

    parts = [_splits(folder, train, "id"), _splits(folder, ood, "ood")]
    table = pd.concat(parts, ignore_index=True)
    return Listing(Domains(folder, (train, ood)), table[table["split"] != "ood_train"])


def _splits(folder: Path, domain: str, kind: str) -> "pd.DataFrame":
    """A domain's pictures: split ("id" or "ood" and what it is for), picture, label, location."""
    import pandas as pd

    training, test = (_listed(folder, domain, part) for part in LISTS)
    cut = turns(training["label"], training["picture"], f"domainnet {domain}", CUT) == 0
    rest = "train" if kind == "id" else "ood_train"
    training["split"] = [f"{kind}_val" if held else rest for held in cut]
    both = pd.concat([training, test.assign(split=f"{kind}_test")])
    return both.assign(location=domain)


@lru_cache(maxsize=16)
def _class_names(folder: Path, domains: tuple[str, ...]) -> tuple[str, ...]:
    """The folder of each label in the lists of these domains: [345].

    UserError where two lists do not agree, as they do not if one comes from another publication.
    """
    names: dict[int, str] = {}
    for domain in domains:
        for part in LISTS:
            table = _listed(folder, domain, part)
            classes = table.drop_duplicates(["label", "class"])
            for label, name in zip(classes["label"], classes["class"], strict=True):
                if names.setdefault(label, name) != name:
                    raise UserError(
                        f"{_list(folder, domain, part)}: label {label} is {name}, and "
                        f"{names[label]} elsewhere: get all lists from one place; {HOW}"
                    )
    return tuple(names.get(label, f"class {label}") for label in range(CLASSES))


def _list(folder: Path, domain: str, part: str) -> Path:
    return folder / f"{domain}_{part}.txt"


def _listed(folder: Path, domain: str, part: str) -> "pd.DataFrame":
    """An official list: picture (below the folder), label, class (the picture's folder)."""
    import pandas as pd

    path = _list(folder, domain, part)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({reason(error)}): {HOW}") from error
    rows = [_row(path, domain, at, line) for at, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise UserError(f"{path} lists nothing: {HOW}")
    return pd.DataFrame(rows, columns=["picture", "label", "class"])


def _row(path: Path, domain: str, at: int, line: str) -> tuple[str, int, str]:
    """A line such as real/aircraft_carrier/real_001_000001.jpg 0."""
    picture, _, label = line.strip().rpartition(" ")
    parts = picture.split("/")
    if len(parts) != 3 or parts[0] != domain or ".." in parts:
        raise UserError(f"{path}, line {at}: {line!r} is no {domain}/<class>/<file> <label>: {HOW}")
    if not label.isdecimal() or len(label) > 3 or int(label) >= CLASSES:
        raise UserError(
            f"{path}, line {at}: the label is {label!r}, allowed are 0 to {CLASSES - 1}: {HOW}"
        )
    return picture, int(label), parts[1]


def check(where: Path, *, every: bool = False, progress: Counting | None = None) -> Iterator[str]:
    """A line for each problem of all six domains in the folder `where` (domainnet).

    Opens a sample of the pictures, or `every` one, and tells `progress` how many are done. The
    published counts are not asked of rehearsal data.
    """
    import pandas as pd

    tables = {}
    for domain in DOMAINS:
        for part in LISTS:
            try:
                tables[f"{domain}_{part}.txt"] = _listed(where, domain, part)
            except UserError as error:
                yield str(error)
    if not is_rehearsal(where.parent):
        yield from miscounts({name: len(table) for name, table in tables.items()}, _published())
    if tables:
        whole = pd.concat(tables.values(), ignore_index=True)
        if absent := CLASSES - whole["label"].nunique():
            yield f"{absent} of the {CLASSES} classes have no picture in any list"
        if len(tables) == len(_published()):
            yield from _told(lambda: _class_names(where, DOMAINS))
        pictures = Domains(where, DOMAINS)
        yield from _told(lambda: Listing(pictures, whole))
        there = whole["picture"][whole["picture"].isin(list(pictures.sizes()))]
        yield from unreadable(Pictures(pictures, there), every=every, progress=progress)


def _told(look: Callable[[], object]) -> Iterator[str]:
    """What a look finds wrong, if anything."""
    try:
        look()
    except UserError as error:
        yield str(error)


def _published() -> dict[str, int]:
    return {
        f"{domain}_{part}.txt": count
        for domain, counts in PUBLISHED.items()
        for part, count in zip(LISTS, counts, strict=True)
    }


# rehearsing -----------------------------------------------------------------------------------
def rehearsal(_: int | None) -> DataSet:
    """domainnet/<domain>/<class>/<domain>_<class>_<number>.jpg and its lists; two of each class."""
    from nbsupport.data.tasks.through_wilds import wilds_module

    classes = wilds_module("wilds.datasets.domainnet_dataset").DOMAIN_NET_CATEGORIES

    def picture(domain: str, label: int, number: int) -> str:
        return f"{domain}/{classes[label]}/{domain}_{label + 1:03d}_{number:06d}.jpg"

    def listed(domain: str, number: int) -> str:
        return "".join(f"{picture(domain, k, number)} {k}\n" for k in range(len(classes)))

    batches = (
        Batch(tuple(f"domainnet/{picture(domain, k, i)}" for i in (1, 2)), name, domain)
        for domain in DOMAINS
        for k, name in enumerate(classes)
    )
    texts = {
        f"domainnet/{d}_{part}.txt": listed(d, i)
        for d in DOMAINS
        for i, part in enumerate(LISTS, 1)
    }
    return DataSet(batches, texts)

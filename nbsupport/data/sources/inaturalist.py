"""iNaturalist 2017 in torchvision's layout: inaturalist/2017/<Supercategory>/<species>/."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.data.catalogue import PRE_TRAINING, Archive, CatalogueEntry
from nbsupport.data.pictures.files import reason
from nbsupport.data.pictures.layout import class_folder, compare, empty, number, several
from nbsupport.data.pictures.listings import changed, remembered
from nbsupport.data.rehearsal_pictures import Batch, DataSet, chance
from nbsupport.data.sources.files import FileSource
from nbsupport.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

TRAIN = "train2017.json"
WITH_VALIDATION = 675_170  # pictures in the folder: 579,184 for training, 95,986 for validation
TAIL = 0.35  # how fast the class sizes of a nominal source fall with rank

# classes and training images of each supercategory (github.com/visipedia/inat_comp, 2017)
PUBLISHED = {
    "Actinopterygii": (53, 1_982),
    "Amphibia": (115, 15_318),
    "Animalia": (77, 5_228),
    "Arachnida": (56, 4_873),
    "Aves": (964, 214_295),
    "Chromista": (9, 398),
    "Fungi": (121, 5_826),
    "Insecta": (1_021, 100_479),
    "Mammalia": (186, 29_333),
    "Mollusca": (93, 7_536),
    "Plantae": (2_101, 158_407),
    "Protozoa": (4, 308),
    "Reptilia": (289, 35_201),
}
# A rehearsal's: its 1000 most frequent species can be chosen.
SPECIES = 1100
GENUS = 4  # species in a genus
FEWEST, MOST = 2, 12  # pictures of a species
ENTRY = CatalogueEntry(
    name="inaturalist",
    role=PRE_TRAINING,
    what="iNaturalist 2017, training images",
    licence="iNaturalist 2017 terms: non-commercial research and education, no sharing",
    download="186 GB and 26 MB (training and validation)",
    on_disk="187 GB",
    page="https://github.com/visipedia/inat_comp/tree/master/2017",
    get=(
        "unpack train_val_images.tar.gz and call its folder inaturalist/2017 "
        "(torchvision.datasets.INaturalist does both), and put train2017.json of "
        "train_val2017.zip into inaturalist/"
    ),
    places=("inaturalist/2017",),
    classes=5089,
    images=579_184,
    exact=True,
    module=__name__,
    archive=Archive(
        (
            "inaturalist/2017.tgz",
            "inaturalist/train_val_images.tar.gz",
            "train_val_images.tar.gz",
        ),
        "7c784ea5e424efaec655bd392f87301f",
    ),
)


class INaturalistSource(FileSource):
    """The training images of 5,089 species, as long-tailed as they were seen.

    The folder holds the validation images too. train2017.json, in inaturalist/ or in its folder
    train_val2017/, says which are for training; without it all are used, and `notes` says so.
    depth_1 is the supercategory, of which there are 13, depth_2 the genus, depth_3 the species.

    A nominal source has the published totals of each supercategory. Within one, class sizes fall
    as rank^-0.35: an assumption, under which the 1000 most frequent classes have 150 or more, as
    the paper's largest balanced subset asks.
    """

    name = "inaturalist"
    entry_name = "inaturalist"
    depth = 2

    def is_class(self, folder: str) -> bool:
        return folder.partition("/")[0] in PUBLISHED

    def class_table(self, folders: tuple[str, ...]) -> "pd.DataFrame":
        import pandas as pd

        from nbsupport.data.taxonomy import inaturalist_hierarchy

        taxa = inaturalist_hierarchy(folders)
        return pd.DataFrame(
            {
                "name": [folder.partition("/")[2] for folder in folders],
                "tree": taxa["supercategory"].to_numpy(),
                "depth_1": taxa["supercategory"].to_numpy(),
                "depth_2": taxa["genus"].to_numpy(),
                "depth_3": taxa["species"].to_numpy(),
            }
        )

    # which pictures -----------------------------------------------------------------------------
    @cached_property
    def training(self) -> frozenset[str] | None:
        """The training pictures that train2017.json lists; None where it is not there."""
        beside = (self.entry.find().parent, self.place.path.parent)
        places = (above / name / TRAIN for above in beside for name in ("", "train_val2017"))
        return next((_kept_names(path) for path in places if path.is_file()), None)

    def wanted(self, names: list[str]) -> list[str]:
        return names if self.training is None else [n for n in names if n in self.training]

    def published(self) -> tuple[int, ...]:
        """Without train2017.json the validation pictures are there too, or were taken away."""
        whole = (self.entry.images,)
        return whole if self.training is not None else (*whole, WITH_VALIDATION)

    def notes(self) -> list[str]:
        if self.training is not None:
            return []
        return [f"{TRAIN} is not beside the folder: validation pictures are used as well"]

    # what is wrong ------------------------------------------------------------------------------
    def problems(self) -> list[str]:
        if self.training is None:
            return [*self._strange(), *self._numbers(), *empty(self.found, self.counts)]
        there = set(self.place.below(""))
        folders = {class_folder(name, self.depth) for name in self.training}
        missing = {
            name: f"{name} is missing, though {TRAIN} lists it"
            for name in sorted(self.training - there)
        }
        return [
            *compare(self.found, self.counts, folders),
            *several(missing, f"pictures that {TRAIN} lists are missing"),
        ]

    def _strange(self) -> list[str]:
        tops = {folder.partition("/")[0] for folder in self.place.folders()} - {*PUBLISHED}
        lines = {f"{top}/": f"{top}/ is the folder of no supercategory" for top in sorted(tops)}
        return several(lines, "folders are of no supercategory")

    def _numbers(self) -> list[str]:
        found = Counter(folder.partition("/")[0] for folder in self.found)
        return [
            line
            for top, (classes, _) in PUBLISHED.items()
            for line in number(found[top], classes, f"{top}: ")
        ]

    # planning -----------------------------------------------------------------------------------
    def nominal_counts(self) -> dict[str, int]:
        return {
            f"{top}/{top} {rank:04d}": count
            for top, (classes, images) in PUBLISHED.items()
            for rank, count in enumerate(falling(images, classes), 1)
        }


def falling(total: int, classes: int) -> list[int]:
    """Class sizes that add up to `total`, at least 1 each, falling with rank."""
    shares = np.arange(1, classes + 1) ** -TAIL
    exact = 1 + (total - classes) * shares / shares.sum()
    counts = np.floor(exact).astype(int)
    left = total - int(counts.sum())
    counts[np.argsort(counts - exact, kind="stable")[:left]] += 1
    return sorted(counts.tolist(), reverse=True)


def _kept_names(path: Path) -> frozenset[str]:
    """`training_names`, kept while the file is the same: reading it takes seconds."""
    evidence = [changed(path), path.stat().st_size]
    kept = remembered(
        f"training pictures {path.resolve()}",
        lambda kept: kept["evidence"] == evidence,
        lambda: {"evidence": evidence, "names": training_names(path)},
    )
    return frozenset(kept["names"])


def training_names(path: Path) -> list[str]:
    """Supercategory/species/file of each picture in an annotation file. UserError if it is none."""
    try:
        images = json.loads(path.read_text(encoding="utf-8"))["images"]
        names = ["/".join(image["file_name"].split("/")[-3:]) for image in images]
    except Exception as error:  # JSON of any shape, or none
        raise UserError(
            f"{path} is no list of training pictures ({type(error).__name__}: {reason(error)}): "
            "take it again from train_val2017.zip, or remove it to use all pictures"
        ) from error
    return sorted(names)


def open_it(**options: Any) -> FileSource:
    """Open iNaturalist with these options (see FileSource)."""
    return INaturalistSource(**options)


# rehearsing -----------------------------------------------------------------------------------
def rehearsal(classes: int | None) -> DataSet:
    """inaturalist/2017/<supercategory>/<species>/<id>.jpg, with a long tail of species."""

    def batches() -> Iterator[Batch]:
        for category, nth in islice(_species(), classes):
            genus, species = divmod(nth, GENUS)
            name = f"{category}-genus-{genus:03d} species-{species}"  # two words, as in biology
            share = chance("tail", name).random() ** 4  # most are near 0
            folder = f"inaturalist/2017/{category}/{name}"
            count = FEWEST + round((MOST - FEWEST) * share)
            yield Batch(tuple(f"{folder}/{i:08d}.jpg" for i in range(count)), name)

    return DataSet(batches(), {})


def _species() -> Iterator[tuple[str, int]]:
    """The species, of each supercategory its share and at least one; the first of each first."""
    published = sorted(((classes, top) for top, (classes, _) in PUBLISHED.items()), reverse=True)
    total = sum(classes for classes, _ in published)
    counts = {top: max(1, round(SPECIES * classes / total)) for classes, top in published}
    counts["Plantae"] += SPECIES - sum(counts.values())  # what rounding leaves
    for species in range(max(counts.values())):
        yield from ((top, species) for top, n in counts.items() if species < n)

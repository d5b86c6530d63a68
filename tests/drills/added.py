"""What the drills add: a file each for a family, an engine, a source and a task."""

FAMILY = '''
"""Plain convolutions, as in VGG."""

from nbsupport.training.families import Family

FAMILY = Family(
    title="VGG",
    block="pairs of small convolutions",
    recipes={("smoke", "scratch"): {"lr": 2e-3}},
)


def small(px):
    """One pair."""
    from torch import nn

    from nbsupport.training.families.parts import averaged, stem

    del px
    return averaged([stem(8), nn.Conv2d(8, 8, 3, 1, 1), nn.ReLU()]), 8
'''

ENGINE = '''
"""Serial, and counts."""

from nbsupport.jobs.engines.serial import SerialEngine

made = []


class Counting(SerialEngine):
    def submit(self, request):
        made.append(request.job)
        super().submit(request)


open_it = Counting
'''

SOURCE = '''
"""Pressed plants: herbarium/<plant>/."""

import pandas as pd

from nbsupport.data.catalogue import PRE_TRAINING, CatalogueEntry
from nbsupport.data.pictures.layout import compare
from nbsupport.data.rehearsal_pictures import Batch, DataSet
from nbsupport.data.sources.files import FileSource

NAME = "herbarium"
PLANTS = ("aster", "birch", "clover", "daisy")
ENTRY = CatalogueEntry(
    name=NAME,
    role=PRE_TRAINING,
    what="pressed plants",
    licence="CC0",
    download="1 GB",
    on_disk="1 GB",
    page="https://example.org/herbarium",
    get="unpack it into herbarium/",
    places=("herbarium",),
    classes=4,
    images=40,
    exact=False,
    module=__name__,
)


class Herbarium(FileSource):
    name = entry_name = NAME

    def class_table(self, folders):
        return pd.DataFrame({"name": list(folders), "tree": "plant"})

    def problems(self):
        return compare(self.found, self.counts, PLANTS)

    def nominal_counts(self):
        return dict.fromkeys(PLANTS, 10)


open_it = Herbarium


def rehearsal(classes):
    """herbarium/<plant>/<number>.jpg."""
    folders = ((plant, f"herbarium/{plant}") for plant in PLANTS[:classes])
    each = (Batch(tuple(f"{at}/{i}.jpg" for i in range(10)), plant) for plant, at in folders)
    return DataSet(each, {})
'''

TASK = '''
"""Ponds: frog or newt, photographed in two ponds, tested in a third."""

import pandas as pd

from nbsupport.data.catalogue import DOWNSTREAM, CatalogueEntry, entry_named
from nbsupport.data.pictures.files import Folder
from nbsupport.data.rehearsal_pictures import Batch, DataSet
from nbsupport.data.tasks.files import FileTask, Listing

NAME = "ponds"
KINDS, SPLITS = ("frog", "newt"), {"train": 24, "id_val": 4, "id_test": 8, "ood_test": 8}
ENTRY = CatalogueEntry(
    name=NAME,
    role=DOWNSTREAM,
    what="frogs and newts",
    licence="CC0",
    download="1 GB",
    on_disk="1 GB",
    page="https://example.org/ponds",
    get="unpack it into ponds/",
    places=("ponds",),
    classes=2,
    images=88,
    exact=False,
    module=__name__,
)


class Ponds(FileTask):
    name, licence, origin = NAME, "CC0", "example.org"
    names = KINDS

    def spec(self):
        return {"name": NAME, "px": self.px, "limit": self.limit}

    def listing(self):
        rows = [
            (split, f"{split}/{kind}/{i}.jpg", label, split)
            for split, count in SPLITS.items()
            for label, kind in enumerate(KINDS)
            for i in range(count)
        ]
        table = pd.DataFrame(rows, columns=["split", "picture", "label", "location"])
        return Listing(Folder(entry_named(NAME).find()), table)


def open_it(world=1, **options):
    """One world."""
    return Ponds(**options)


def check(where, *, every=False, progress=None):
    """Only whether the pictures are there."""
    for split in SPLITS:
        if not (where / split).is_dir():
            yield f"{split} is missing"


def rehearsal(classes):
    """ponds/<split>/<kind>/<number>.jpg."""
    each = (
        Batch(tuple(f"ponds/{split}/{kind}/{i}.jpg" for i in range(count)), kind, split)
        for split, count in SPLITS.items()
        for kind in KINDS
    )
    return DataSet(each, {})
'''

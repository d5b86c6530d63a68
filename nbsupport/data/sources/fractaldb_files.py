"""FractalDB-1k in files, in the published layout: fractaldb/<category>/."""

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.data.catalogue import PRE_TRAINING, CatalogueEntry
from nbsupport.data.pictures.layout import empty, number, several, strange
from nbsupport.data.rehearsal_pictures import EACH, Batch, DataSet
from nbsupport.data.sources.files import FileSource, evenly

if TYPE_CHECKING:
    import pandas as pd

CATEGORY = re.compile(r"\d{5}")  # of the search; numbers need not follow on one another
# weight vector, repeat with other patches, flip (the public code's names)
INSTANCE = re.compile(r"(\d{5})/\1_\d{2}_count_\d+_flip[0-3]\.png")
FRACTALS = 1000  # in a rehearsal
ENTRY = CatalogueEntry(
    name="fractaldb",
    role=PRE_TRAINING,
    what="FractalDB-1k, fractals in the published layout",
    licence="the publishers' code is MIT; images drawn by this project are MIT",
    download="nothing if drawn here, else see the page",
    on_disk="about 14 GB at 362 px",
    page="https://hirokatsukataoka16.github.io/Pretraining-without-Natural-Images/",
    get=(
        "draw it with python -m nbsupport data fractals, or unpack the download, into "
        "fractaldb/<category>/"
    ),
    places=("fractaldb",),
    classes=1000,
    images=1_000_000,
    exact=False,
    module=__name__,
)


class FractalDBFileSource(FileSource):
    """1000 images of each of 1000 categories, which have no tree above them."""

    name = "fractaldb_files"
    entry_name = "fractaldb"

    def is_class(self, folder: str) -> bool:
        return CATEGORY.fullmatch(folder) is not None

    def class_table(self, folders: tuple[str, ...]) -> "pd.DataFrame":
        import pandas as pd

        return pd.DataFrame({"name": [f"fractal {f}" for f in folders], "tree": "fractal"})

    def problems(self) -> list[str]:
        there = [folder for folder in self.found if self.is_class(folder)]
        others = strange(folder for folder in self.found if not self.is_class(folder))
        return [*others, *number(len(there), self.entry.classes), *empty(there, self.counts)]

    def count_problems(self) -> list[str]:
        as_published = "not named as published (00001/00001_00_count_0_flip0.png)"
        others = (name for name in self.every_picture.names if not INSTANCE.fullmatch(name))
        lines = {name: f"{name} is {as_published}" for name in others}
        return several(lines, f"pictures are {as_published}")

    def nominal_counts(self) -> dict[str, int]:
        folders = [f"{category:05d}" for category in range(self.entry.classes)]
        return dict(zip(folders, evenly(self.entry.images, len(folders)), strict=True))


def open_it(**options: Any) -> FileSource:
    """Open FractalDB with these options (see FileSource)."""
    return FractalDBFileSource(**options)


# rehearsing -----------------------------------------------------------------------------------
def rehearsal(classes: int | None) -> DataSet:
    """fractaldb/<category>/<category>_<weights>_count_<repeat>_flip<flip>.png, really drawn."""
    from nbsupport.data.fractals.pictures import instance

    variation, repeat, flip = instance(np.arange(EACH))
    names = [f"{v:02d}_count_{r}_flip{f}" for v, r, f in zip(variation, repeat, flip, strict=True)]
    batches = (
        Batch(tuple(f"fractaldb/{n:05d}/{n:05d}_{name}.png" for name in names), str(n))
        for n in range(FRACTALS)[:classes]
    )
    return DataSet(batches, {}, _fractal)


def _fractal(batch: Batch, px: int) -> np.ndarray:
    from nbsupport.data.fractals.drawing import PUBLISHED_DENSITY, Drawing
    from nbsupport.data.fractals.pictures import draw
    from nbsupport.data.fractals.systems import categories

    oversize = max(1, 64 // px)  # as it is, a picture of 16 px would be half padding
    points = round(PUBLISHED_DENSITY * (px * oversize) ** 2)
    category, drawing = int(batch.look), Drawing(px, points, oversize)
    labels, numbers = np.full(EACH, category), np.arange(EACH)
    return draw(categories(FRACTALS), drawing, labels, numbers).permute(0, 2, 3, 1).numpy()

"""ImageNet (ILSVRC-2012), training images: imagenet/train/<wnid>/ as torchvision, or its tars."""

from functools import cached_property
from typing import Any

from nbsupport.data.catalogue import PRE_TRAINING, Archive, CatalogueEntry
from nbsupport.data.pictures.layout import several
from nbsupport.data.pictures.listings import ListedFolder, PartOf
from nbsupport.data.pictures.shards import Shards, tars_in
from nbsupport.data.rehearsal_pictures import EACH, Batch, DataSet, imagenet_wnids
from nbsupport.data.sources.files import FileSource, inner
from nbsupport.data.sources.wordnet import WordNetSource
from nbsupport.errors import UserError

LEAST, MOST = 732, 1300  # images of a class (Russakovsky et al. 2015, Table 2)
ENTRY = CatalogueEntry(
    name="imagenet",
    role=PRE_TRAINING,
    what="ImageNet (ILSVRC-2012), training images",
    licence="ImageNet terms of access: non-commercial research and education only",
    download="148 GB",
    on_disk="147 GB",
    page="https://image-net.org/download.php",
    get=(
        "register at image-net.org, download ILSVRC2012_img_train.tar and unpack it into "
        "imagenet/train/; the 1,000 tars in it, or shards of WebDataset, are read as they are, or "
        "unpacked into imagenet/train/<wnid>/ (torchvision.datasets.ImageNet does it)"
    ),
    places=("imagenet/train",),
    classes=1000,
    images=1_281_167,
    exact=True,
    module=__name__,
    archive=Archive(
        ("imagenet/ILSVRC2012_img_train.tar", "ILSVRC2012_img_train.tar"),
        "1d675b47d978889d74fa0da5fadfb00e",
    ),
)


class ImageNetSource(WordNetSource):
    """The 1,281,167 images of 1000 classes.

    What is published of the class sizes is that they are 732 to 1300. A nominal source has as many
    classes of 1300 as add up, the others of 732 and one between, these spread over the order of
    classes: what can be drawn from it of every class can be drawn from the real one.
    """

    name = "imagenet"
    entry_name = "imagenet"

    @cached_property
    def place(self) -> ListedFolder | PartOf:
        """Class folders, or tars in their place, which are read as they are."""
        folder = self.entry.find()
        if tars_in(folder) and not any(map(self.is_class, inner(folder))):
            return PartOf(Shards(folder, self.wnids(), self.fresh), "")
        return super().place

    def nominal_counts(self) -> dict[str, int]:
        return dict(zip(self.wnids(), extremes(self.entry.images, len(self.wnids())), strict=True))

    def problems(self) -> list[str]:
        tars = (name for name in self.place.sizes() if name.endswith(".tar"))
        packed = {name: f"{name} is not unpacked" for name in tars}
        return [*several(packed, "archives are not unpacked"), *super().problems()]

    def count_problems(self) -> list[str]:
        lines = {
            f"{folder}/ ({count:,})": f"class folder {folder}/ holds {count:,} pictures, "
            f"published are {LEAST} to {MOST:,}"
            for folder, count in self.found_counts.items()
            if not LEAST <= count <= MOST
        }
        return several(lines, f"class folders do not hold {LEAST} to {MOST:,} pictures")


def extremes(total: int, classes: int) -> list[int]:
    """Class sizes that add up: 1300 and 732 and one between; the small are spread evenly."""
    if not LEAST * classes <= total <= MOST * classes:
        raise UserError(f"{total:,} images of {classes:,} classes: not {LEAST} to {MOST:,} each")
    small, rest = divmod(classes * MOST - total, MOST - LEAST)
    counts = [MOST] * classes
    missing = [MOST - LEAST] * small + ([rest] if rest else [])
    for i, less in enumerate(missing):
        counts[i * classes // len(missing)] -= less
    return counts


def open_it(**options: Any) -> FileSource:
    """Open ImageNet with these options (see FileSource)."""
    return ImageNetSource(**options)


# rehearsing -----------------------------------------------------------------------------------
def rehearsal(classes: int | None) -> DataSet:
    """imagenet/train/<wnid>/<wnid>_<number>.JPEG."""
    batches = (
        Batch(tuple(f"imagenet/train/{wnid}/{wnid}_{i}.JPEG" for i in range(EACH)), wnid)
        for wnid in imagenet_wnids()[:classes]
    )
    return DataSet(batches, {})

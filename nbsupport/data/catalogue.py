"""Every data set of the book: what it is, its licence and size, where to get it, where to put it.

Sizes and counts are those that the publishers state. An md5 is given where the publisher or
torchvision states one, and is that of the archive as it is downloaded.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nbsupport.errors import NotHereError, UserError, unknown
from nbsupport.paths import data_dir

REHEARSAL = "rehearsal.json"  # marks a folder of fake data
PRE_TRAINING, DOWNSTREAM, WEIGHTS = "pre-training", "downstream", "weights"


Counting = Callable[[int, int], None]  # how many are looked at, of how many


class Check(Protocol):
    """What a task's module may have as `check`: a line for each problem of the data at `where`.

    `where` is the first of the entry's places that exists. A sample of the pictures is opened, or
    `every` one, and `progress` is told how many are done.
    """

    def __call__(
        self, where: Path, *, every: bool = False, progress: Counting | None = None
    ) -> Iterator[str]: ...


@dataclass(frozen=True)
class Archive:
    """An archive as it is downloaded: where it may lie below the data folder, and its md5."""

    places: tuple[str, ...]
    md5: str


@dataclass(frozen=True)
class CatalogueEntry:
    """One data set. `places` are below the data folder: the first that exists is used.

    `module` opens it: a source of pictures in files has `open_it`, a task may have a `Check`.
    """

    name: str
    role: str
    what: str
    licence: str
    download: str
    on_disk: str
    page: str
    get: str
    places: tuple[str, ...]
    classes: int
    images: int
    exact: bool  # another number of images is wrong, not only worth saying
    module: str
    archive: Archive | None = None
    beside: tuple[str, ...] = ()  # what else must lie below the data folder

    def at(self, root: Path) -> Path | None:
        """Where it lies below a data folder; None where it does not.

        UserError for a folder that may not be looked into.
        """
        try:
            return next((root / place for place in self.places if (root / place).exists()), None)
        except OSError as error:
            raise UserError(
                f"{error.filename}: {error.strerror}; put it right, then ask again"
            ) from error

    @property
    def looked_for(self) -> str:
        """Its places, in words."""
        return " or ".join(self.places)

    def find(self) -> Path:
        """Where it lies. UserError, saying where it was looked for, where it does not."""
        root = data_root(self)
        if where := self.at(root):
            return where
        raise NotHereError(
            f"{self.name} is not in {root} (looked for {self.looked_for}); "
            f"{self.get}; python -m nbsupport data tells more"
        )

    def missing_beside(self, root: Path) -> list[str]:
        """What else must be there and is not, one line each."""
        return [f"{root / name} is missing" for name in self.beside if not (root / name).exists()]


def data_root(entry: CatalogueEntry | None = None) -> Path:
    """The folder of data sets. UserError where NBSUPPORT_DATA is not set or names no folder."""
    root = data_dir()
    wanted = f"{entry.name} is a data set on disk, and " if entry else ""
    if root is None:
        raise NotHereError(
            f"{wanted}NBSUPPORT_DATA is not set: let it name the folder of your data sets; "
            "python -m nbsupport data says what belongs there"
        )
    if not root.is_dir():
        raise NotHereError(
            f"{wanted}NBSUPPORT_DATA={root} is no folder: name the one that holds your data sets; "
            "python -m nbsupport data says what belongs there"
        )
    return root


def is_rehearsal(root: Path) -> bool:
    """Whether a data folder holds fake data, made to rehearse with: fewer than were published."""
    return (root / REHEARSAL).is_file()


def entry_named(name: str) -> CatalogueEntry:
    """The entry of a name. UserError for one that is not in the catalogue."""
    if name not in CATALOGUE:
        raise unknown("data set", name, CATALOGUE)
    return CATALOGUE[name]


def _by_name(entries: Iterable[CatalogueEntry]) -> dict[str, CatalogueEntry]:
    return {entry.name: entry for entry in entries}


DOMAINS = ("clipart", "infograph", "painting", "quickdraw", "real", "sketch")

CATALOGUE = _by_name(
    [
        CatalogueEntry(
            name="imagenet",
            role=PRE_TRAINING,
            what="ImageNet (ILSVRC-2012), training images",
            licence="ImageNet terms of access: non-commercial research and education only",
            download="148 GB",
            on_disk="147 GB",
            page="https://image-net.org/download.php",
            get=(
                "register at image-net.org, download ILSVRC2012_img_train.tar and unpack it, and "
                "the 1,000 tars in it, into imagenet/train/<wnid>/ (torchvision.datasets.ImageNet "
                "does it)"
            ),
            places=("imagenet/train",),
            classes=1000,
            images=1_281_167,
            exact=True,
            module="nbsupport.data.sources.imagenet",
            archive=Archive(
                ("imagenet/ILSVRC2012_img_train.tar", "ILSVRC2012_img_train.tar"),
                "1d675b47d978889d74fa0da5fadfb00e",
            ),
        ),
        CatalogueEntry(
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
            module="nbsupport.data.sources.inaturalist",
            archive=Archive(
                (
                    "inaturalist/2017.tgz",
                    "inaturalist/train_val_images.tar.gz",
                    "train_val_images.tar.gz",
                ),
                "7c784ea5e424efaec655bd392f87301f",
            ),
        ),
        CatalogueEntry(
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
            module="nbsupport.data.sources.fractaldb_files",
        ),
        CatalogueEntry(
            name="generated",
            role=PRE_TRAINING,
            what="images of ImageNet's classes from Stable Diffusion",
            licence="yours, under the terms of the model that you generate them with",
            download="nothing: generated here",
            on_disk="as large as you make them",
            page="https://github.com/openai/CLIP (the 80 prompt templates)",
            get="generate them with python -m nbsupport data generate, into generated/<wnid>/",
            places=("generated",),
            classes=1000,
            images=1_000_000,
            exact=False,
            module="nbsupport.data.sources.generated_files",
        ),
        CatalogueEntry(
            name="tiny_imagenet",
            role=PRE_TRAINING,
            what="Tiny-ImageNet, training images (64 px)",
            licence="of ImageNet's images: non-commercial research and education only",
            download="248 MB",
            on_disk="the zip is read as it is",
            page="http://cs231n.stanford.edu/tiny-imagenet-200.zip",
            get="download tiny-imagenet-200.zip from cs231n.stanford.edu and leave it packed",
            places=("tiny-imagenet-200.zip", "tiny-imagenet-200"),
            classes=200,
            images=100_000,
            exact=True,
            module="nbsupport.data.sources.tiny_imagenet",
            archive=Archive(("tiny-imagenet-200.zip",), "90528d7ca1a48142e341f4ef8d21d0de"),
        ),
        CatalogueEntry(
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
            module="nbsupport.data.tasks.iwildcam",
            beside=(
                "iwildcam_v2.0/metadata.csv",
                "iwildcam_v2.0/categories.csv",
                "iwildcam_v2.0/train",
                "iwildcam_v2.0/RELEASE_v2.0.txt",
            ),
        ),
        CatalogueEntry(
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
            module="nbsupport.data.tasks.pacs",
        ),
        CatalogueEntry(
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
            module="nbsupport.data.tasks.domainnet",
            beside=tuple(
                f"domainnet/{name}"
                for domain in DOMAINS
                for name in (domain, f"{domain}_train.txt", f"{domain}_test.txt")
            ),
        ),
        CatalogueEntry(
            name="clip",
            role=WEIGHTS,
            what="image encoders of CLIP: OpenAI's, and a ResNet-50 that saw YFCC-15M",
            licence="MIT or Apache-2.0, as the model's page says; what they saw has other terms",
            download="154 MB (ResNet-50) to 1.2 GB (ViT-L/14)",
            on_disk="the same",
            page="https://huggingface.co/timm/resnet50_clip.yfcc15m",
            get="timm downloads them into the cache of huggingface_hub when first asked",
            places=(),
            classes=0,
            images=0,
            exact=False,
            module="nbsupport.training.stages.weights",
        ),
    ]
)

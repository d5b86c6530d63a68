"""Tables of results that others published: where they lie, what they must hold, how they are read.

No file of them is part of the project. They are read where a user has them, in the layout of their
repositories, and `derive` makes of them the table that the book commits.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbsupport.data.catalogue import CatalogueEntry, Counting
from nbsupport.data.checks import PUBLISHED
from nbsupport.errors import UserError
from nbsupport.reading import RESTORE, decoded, read_bytes, read_text

ENTRY = CatalogueEntry(
    name="published",
    role=PUBLISHED,
    what="scores of published models: timm, open_clip, Entezari et al., model soups, testbed",
    licence="Apache-2.0 (timm); MIT (the other four)",
    download="3 MB",
    on_disk="3 MB",
    page="https://github.com/huggingface/pytorch-image-models",
    get=(
        "copy results/*.csv of timm to published/timm/, docs/openclip_results.csv of open_clip to "
        "published/open_clip/, and the tables of the other three likewise; the page on published "
        "models lists repositories and commits"
    ),
    places=("published",),
    classes=0,
    images=0,
    exact=True,
    module=__name__,
)


@dataclass(frozen=True)
class Publication:
    """Where a table was published; the rows and columns that it must have."""

    name: str
    title: str
    repository: str
    commit: str
    licence: str
    file: str
    rows: int
    columns: tuple[str, ...]
    tabs: bool = False


TIMM_COLUMNS = ("model", "img_size", "top1", "param_count")
TIMM_FILES = {
    "imagenet": "results-imagenet",
    "imagenet_200": "results-imagenet-r-clean",
    "real": "results-imagenet-real",
    "v2": "results-imagenetv2-matched-frequency",
    "sketch": "results-sketch",
    "r": "results-imagenet-r",
}
OPEN_CLIP = {
    "imagenet": "ImageNet 1k",
    "v2": "ImageNet v2",
    "sketch": "ImageNet Sketch",
    "r": "ImageNet-R",
    "objectnet": "ObjectNet",
    "iwildcam": "iWildCam",
}
SOUPS = {
    "imagenet": "ImageNet",
    "v2": "ImageNetV2",
    "sketch": "ImageNetSketch",
    "r": "ImageNetR",
    "objectnet": "ObjectNet",
}
TESTBED = {
    "imagenet": "val",
    "imagenet_200": "val-on-imagenet-r-classes",
    "v2": "imagenetv2-matched-frequency-format-val",
    "sketch": "imagenet-sketch",
    "r": "imagenet-r",
}
SHOTS = {"shots_1": "1", "shots_5": "5", "shots_10": "10", "shots_20": "20", "shots_all": "full"}
TEXT = {"model", "name", "pretrained", "arch", "us", "ds", "loss", "model_name"}
CAMERA_TRAPS = "CameraTraps"
RECIPE = ("loss", "us_epochs", "us_lr", "us_bs", "ds_epochs", "ds_lr", "ds_bs", "ds_wd")

_TIMM = ("timm", "timm", "huggingface/pytorch-image-models", "aa4b5850", "Apache-2.0")
PUBLICATIONS = (
    *(Publication(*_TIMM, f"timm/{file}.csv", 1556, TIMM_COLUMNS) for file in TIMM_FILES.values()),
    Publication(
        *("open_clip", "open_clip", "mlfoundations/open_clip", "89fb801", "MIT"),
        "open_clip/openclip_results.csv",
        121,
        ("name", "pretrained", "params (M)", *OPEN_CLIP.values()),
    ),
    Publication(
        *("entezari", "Entezari et al. 2023", "rahimentezari/DataDistributionTransferLearning"),
        *("6a8c78d", "MIT"),
        "entezari/Hyperparameters_results.csv",
        947,
        ("arch", "us", "ds", *RECIPE, *SHOTS.values()),
        tabs=True,
    ),
    Publication(
        *("soups", "model soups", "mlfoundations/model-soups", "d5398f1", "MIT"),
        "model_soups/individual_model_results.jsonl",
        72,
        ("model_name", *SOUPS.values()),
    ),
    Publication(
        *("testbed", "imagenet-testbed", "modestyachts/imagenet-testbed", "0170eec", "MIT"),
        "testbed/robustness_top1s.csv",
        338,
        ("model", *TESTBED.values()),
    ),
)
Rows = list[dict[str, str]]


def read(publication: Publication, where: Path) -> Rows:
    """A published table, each value as it is written.

    UserError where the file is missing or damaged, or lacks a column.
    """
    path = where / publication.file
    if path.suffix == ".jsonl":
        rows = _json_lines(path)
    else:
        text = decoded(read_bytes(path), publication.file)
        rows = _csv_rows(text, publication)
    for number, row in enumerate(rows, 1):
        row |= {name: "" for name, value in row.items() if str(value).lower() == "nan"}
        for name in publication.columns:
            if (value := row.get(name)) is None:
                raise UserError(f"{path}, row {number}: {name!r} is missing: {RESTORE}")
            if name not in TEXT and not _is_number(value):
                raise UserError(
                    f"{path}, row {number}: {name!r} is {value!r}, no number: {RESTORE}"
                )
    return rows


def _is_number(value: str) -> bool:
    """Whether a value is a number, or nothing."""
    try:
        return not value or float(value.replace(",", "")) >= 0
    except ValueError:
        return False


def _csv_rows(text: str, publication: Publication) -> Rows:
    found = csv.DictReader(io.StringIO(text), delimiter="\t" if publication.tabs else ",")
    return list(found)


def _json_lines(path: Path) -> Rows:
    try:
        rows = [json.loads(line) for line in read_text(path).splitlines() if line.strip()]
    except json.JSONDecodeError as problem:
        raise UserError(f"{path} is no list of JSON objects ({problem.msg}): {RESTORE}") from None
    return [{name: str(value) for name, value in row.items()} for row in rows]


def table(name: str, where: Path) -> Rows:
    """The one table of a publication that has one."""
    return read(next(p for p in PUBLICATIONS if p.name == name), where)


def check(where: Path, *, every: bool = False, progress: Counting | None = None) -> Iterator[str]:
    """A line for each table that is missing, damaged, or not as long as the one published.

    Every file is read whole, so `every` asks for nothing more.
    """
    for done, publication in enumerate(PUBLICATIONS, 1):
        yield from _problems(publication, where)
        if progress:
            progress(done, len(PUBLICATIONS))


def _problems(publication: Publication, where: Path) -> Iterator[str]:
    try:
        found = len(read(publication, where))
    except UserError as error:
        yield str(error)
        return
    if found != publication.rows:
        yield (
            f"{publication.file} has {found:,} rows, that of commit {publication.commit} has "
            f"{publication.rows:,}"
        )


def glance(where: Path) -> None:
    """UserError where a table is plainly not there."""
    for publication in PUBLICATIONS:
        if not (where / publication.file).is_file():
            raise UserError(f"{publication.file} is missing")

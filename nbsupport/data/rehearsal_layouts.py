"""The official layout of each data set, for the fake pictures of `rehearsal`: files, lists, tables.

Each function takes how many classes to keep of a data set for pre-training (None: all) and says
which files there are; nothing is drawn or written here.
"""

import csv
import io
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain, islice

import numpy as np

from nbsupport.data.rehearsal import Batch, DataSet, chance

EACH = 5  # pictures of a class of ImageNet, FractalDB and the generated images
FRACTALS = 1000
SPECIES = 1100  # of iNaturalist: its 1000 most frequent can be chosen
GENUS = 4  # species in a genus
FEWEST, MOST = 2, 12  # pictures of a species
SUPERCATEGORIES = {  # of iNaturalist 2017, and their numbers of species
    "Plantae": 2101,
    "Insecta": 1021,
    "Aves": 964,
    "Reptilia": 289,
    "Mammalia": 186,
    "Fungi": 121,
    "Amphibia": 115,
    "Mollusca": 93,
    "Animalia": 77,
    "Arachnida": 56,
    "Actinopterygii": 53,
    "Chromista": 9,
    "Protozoa": 4,
}
PACS_EACH = 20  # pictures of a class in a domain: 16, 2 and 2 of them are train, id_val and id_test

# iWildCam: pictures and cameras of each split; id_val and id_test share the cameras of train
TRAPS = {"train": 504, "id_val": 60, "id_test": 150, "val": 60, "test": 150}
CAMERAS = {"train": (0, 24), "id_val": (0, 24), "id_test": (0, 24), "val": (24, 28)}
CAMERAS |= {"test": (28, 34)}
BURST = 3  # pictures in a sequence, at most
START = datetime(2013, 1, 1, 6)


# pre-training -------------------------------------------------------------------------------------
def _wnids() -> list[str]:
    from timm.data import ImageNetInfo

    return list(ImageNetInfo("imagenet-1k").label_names())


def imagenet(classes: int | None) -> DataSet:
    """imagenet/train/<wnid>/<wnid>_<number>.JPEG."""
    batches = (
        Batch(tuple(f"imagenet/train/{wnid}/{wnid}_{i}.JPEG" for i in range(EACH)), wnid)
        for wnid in _wnids()[:classes]
    )
    return DataSet(batches, {})


def generated(classes: int | None) -> DataSet:
    """generated/<wnid>/<number>.png: what ImageNet's classes look like, in a style of its own."""
    batches = (
        Batch(tuple(f"generated/{wnid}/{i:05d}.png" for i in range(EACH)), wnid, "generated")
        for wnid in _wnids()[:classes]
    )
    return DataSet(batches, {})


def inaturalist(classes: int | None) -> DataSet:
    """inaturalist/2017/<supercategory>/<species>/<id>.jpg, with a long tail of species."""

    def batches() -> Iterator[Batch]:
        for category, number in islice(_species(), classes):
            genus, species = divmod(number, GENUS)
            name = f"{category}-genus-{genus:03d} species-{species}"  # two words, as in biology
            share = chance("tail", name).random() ** 4  # most are near 0
            folder = f"inaturalist/2017/{category}/{name}"
            count = FEWEST + round((MOST - FEWEST) * share)
            yield Batch(tuple(f"{folder}/{i:08d}.jpg" for i in range(count)), name)

    return DataSet(batches(), {})


def _species() -> Iterator[tuple[str, int]]:
    """The species, of each supercategory its share and at least one; the first of each first."""
    total = sum(SUPERCATEGORIES.values())
    counts = {c: max(1, round(SPECIES * n / total)) for c, n in SUPERCATEGORIES.items()}
    counts["Plantae"] += SPECIES - sum(counts.values())  # what rounding leaves
    for number in range(max(counts.values())):
        yield from ((category, number) for category, n in counts.items() if number < n)


def fractaldb(classes: int | None) -> DataSet:
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


# downstream ---------------------------------------------------------------------------------------
def pacs(_: int | None) -> DataSet:
    """PACS/<domain>/<class>/pic_<number>.jpg."""
    from nbsupport.data.tasks.pacs import CLASSES, DOMAINS

    batches = (
        Batch(
            tuple(f"PACS/{domain}/{name}/pic_{i:03d}.jpg" for i in range(1, PACS_EACH + 1)),
            name,
            domain,
        )
        for domain in DOMAINS
        for name in CLASSES
    )
    return DataSet(batches, {})


def domainnet(_: int | None) -> DataSet:
    """domainnet/<domain>/<class>/<domain>_<class>_<number>.jpg and its lists; two of each class."""
    from nbsupport.data.tasks.domainnet import DOMAINS, LISTS
    from nbsupport.data.tasks.iwildcam import wilds_module

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


def iwildcam(_: int | None) -> DataSet:
    """iwildcam_v2.0/{metadata.csv, categories.csv, RELEASE_v2.0.txt, train/}."""
    rows = list(_traps())
    batches = (
        Batch((f"iwildcam_v2.0/train/{row['filename']}",), f"trap {row['y']}", f"{row['location']}")
        for row in rows
    )
    texts = {
        "metadata.csv": _csv(rows),
        "categories.csv": _csv(_categories()),
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
    from nbsupport.data.tasks.iwildcam import CLASSES

    weights = 1 / np.arange(1, CLASSES + 1)
    certain = list(range(CLASSES)) * 2 if split == "train" else []
    drawn = rng.choice(CLASSES, count - len(certain), p=weights / weights.sum())
    return [int(label) for label in sorted([*certain, *drawn])]


def _categories() -> Iterator[dict[str, object]]:
    """Class 0 is empty; the last rows are classes without pictures, as in the published table."""
    from nbsupport.data.tasks.iwildcam import CLASSES

    names = ["empty", *(f"rehearsal species {k:03d}" for k in range(1, CLASSES))]
    known = ({"y": y, "category_id": 2 * y, "name": name} for y, name in enumerate(names))
    unused = {"y": 99_999, "category_id": 2 * CLASSES, "name": "start"}
    yield from chain(known, [unused])


def _csv(rows: Iterable[dict[str, object]]) -> str:
    rows, text = list(rows), io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


LAYOUTS: dict[str, Callable[[int | None], DataSet]] = {
    "imagenet": imagenet,
    "inaturalist": inaturalist,
    "fractaldb": fractaldb,
    "generated": generated,
    "iwildcam": iwildcam,
    "pacs": pacs,
    "domainnet": domainnet,
}

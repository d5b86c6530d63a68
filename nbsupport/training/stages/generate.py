"""The stage that samples images from the generative model, as the jobs call it (Section 4.5.1)."""

import time
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path
from typing import Any

import numpy as np

from nbsupport.data.sources.generated import IMAGES
from nbsupport.data.sources.savanna import SavannaSource
from nbsupport.errors import UserError
from nbsupport.training.stages.generator import PX, attributes, load_generator, sample

STAGES = {"generate": 1}

Spec = dict[str, Any]
Report = Callable[[Spec], None]


def generate(
    spec: Spec, folder: Path, parent: Path | None = None, report: Report | None = None
) -> Spec:
    """Sample `images_per_class` images of each class; they are left in `folder` as images.npy.

    `spec` has kind, world, px, classes and images_per_class (see SavannaSource, whose classes and
    order these are), variety, seed, and the SHA-256 of the weights. images.npy is uint8
    [n, 3, px, px]. Returns images, classes, seconds, images_per_second, sha256 (of the file),
    device. Raises UserError where the weights are not those of the spec.
    """
    if parent is not None:
        raise ValueError(f"generated images come from the weights alone, not from {parent}")
    if spec["px"] != PX:
        raise UserError(f"px={spec['px']}: the generative model makes images of {PX} pixels a side")
    model = load_generator(spec["weights"])
    names = ("kind", "world", "px", "images_per_class", "classes")
    like = SavannaSource(**{name: spec[name] for name in names})
    original = like.classes()["label"].to_numpy()
    wanted = attributes(spec["world"], spec["kind"])
    count, classes, px = spec["images_per_class"], len(original), spec["px"]
    partial = folder / f"{IMAGES}.partial"
    shape = (classes * count, 3, px, px)
    images = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
    how = {name: spec[name] for name in ("seed", "variety")}
    began = time.process_time()
    for row, label in enumerate(original):
        made = sample(model, wanted[label], count, label=int(label), **how)
        images[row * count : (row + 1) * count] = made.numpy()
        if report:
            report({"epoch": row + 1, "epochs": classes, "images": (row + 1) * count})
    images.flush()
    partial.replace(folder / IMAGES)
    seconds = time.process_time() - began
    return {
        "images": len(images),
        "classes": classes,
        "seconds": seconds,
        "images_per_second": len(images) / max(seconds, 1e-9),
        "sha256": _sha256(folder / IMAGES),
        "device": "cpu",
        "precision": "float32",
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()

"""Files that stand for published weights where none are at hand: right in form, random numbers.

A rehearsal of the paper's profile names them "rehearsal/resnet", "rehearsal/vit" and so on: at
16 px these are the families' small siblings, a few hundred kB each.
"""

from collections.abc import Iterable
from pathlib import Path

CLASSES = 10  # of the head, which fine-tuning replaces


def fake_weights(folder: Path, names: Iterable[str], px: int = 16) -> list[Path]:
    """Write folder/weights/<name>.safetensors for each name, and return the files.

    `folder` is what NBSUPPORT_DATA names. A name of timm's makes a file of the architecture's full
    size. Equal names give equal files. UserError for a name of another form.
    """
    from nbsupport.training.models import build, save_weights
    from nbsupport.training.stages.weights import published

    written = []
    for name in names:
        what = published(name)
        path = folder / "weights" / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        save_weights(build(what.family, CLASSES, px, architecture=what.architecture), path)
        written.append(path)
    return written

"""The reassessed labels of ImageNet's validation images: every class that can be seen in each.

They come with timm (Beyer et al. 2020, "Are we done with ImageNet?"): 50,000 lists of class numbers
in torchvision's order, some of them empty. No picture is needed, and timm is not imported.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from nbsupport.data.taxonomy import below, imagenet_wnids, readable
from nbsupport.errors import NotHereError, UserError

FILE = Path("data", "_info", "imagenet_real_labels.json")
Labels = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class CoOccurrence:
    """In how many images an animal and an object are seen together.

    `images`: all. `labelled`: those with any label. `several`: with more than one. `animal`,
    `thing`: with at least one of the kind. `both`: with both. `pairs`: how many images show an
    animal and an object together, by class number, most frequent first.
    """

    images: int
    labelled: int
    several: int
    animal: int
    thing: int
    both: int
    pairs: tuple[tuple[tuple[int, int], int], ...]

    def named_pairs(self, count: int) -> list[tuple[str, str, int]]:
        """The most frequent pairs, as an animal's name, an object's name, and images."""
        wnids = imagenet_wnids()
        return [
            (readable(wnids[animal]), readable(wnids[thing]), found)
            for (animal, thing), found in self.pairs[:count]
        ]


@cache
def real_labels() -> Labels:
    """The labels of each validation image. NotHereError where timm is not, or lacks the file."""
    timm = find_spec("timm")
    path = Path(timm.origin).parent / FILE if timm and timm.origin else None
    if path is None or not path.is_file():
        raise NotHereError(
            "the reassessed labels of ImageNet come with timm, which is not installed or has no "
            f"{FILE.name}: install the pinned requirements"
        )
    return tuple(tuple(labels) for labels in json.loads(path.read_text(encoding="utf-8")))


def co_occurrence(
    labels: Sequence[Sequence[int]], is_animal: np.ndarray | None = None
) -> CoOccurrence:
    """Counts over the labels of images; is_animal [K]: ImageNet's own split where not given.

    An object is whatever is no animal, as in Section 4.3. UserError for a class that there is not.
    """
    animal = below("animal") if is_animal is None else is_animal
    if wrong := [k for own in labels for k in own if not 0 <= k < len(animal)]:
        raise UserError(f"there is no class {wrong[0]}: give numbers from 0 to {len(animal) - 1}")
    kinds = [_kinds(own, animal) for own in labels]
    pairs = Counter((a, b) for animals, things in kinds for a in animals for b in things)
    return CoOccurrence(
        images=len(labels),
        labelled=sum(bool(own) for own in labels),
        several=sum(len(set(own)) > 1 for own in labels),
        animal=sum(bool(animals) for animals, _ in kinds),
        thing=sum(bool(things) for _, things in kinds),
        both=sum(bool(animals) and bool(things) for animals, things in kinds),
        pairs=tuple(sorted(pairs.items(), key=lambda item: (-item[1], item[0]))),
    )


def _kinds(own: Sequence[int], animal: np.ndarray) -> tuple[list[int], list[int]]:
    """The animals and the objects among an image's labels, each once."""
    each = sorted(set(own))
    return [k for k in each if animal[k]], [k for k in each if not animal[k]]

"""Class folders: which picture is of which class, and what is wrong with the folders."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np


@dataclass(frozen=True)
class Layout:
    """Class folders that hold pictures, sorted, and the pictures in the order of their labels.

    folders [K], labels int64 [n], names [n].
    """

    folders: tuple[str, ...]
    labels: np.ndarray
    names: tuple[str, ...]

    def counts(self) -> np.ndarray:
        """Pictures in each folder: int64 [K]."""
        return np.bincount(self.labels, minlength=len(self.folders))


def arrange(
    names: Iterable[str], depth: int, is_class: Callable[[str], bool] = lambda folder: True
) -> Layout:
    """Pictures by class: the first `depth` parts of a name are its class folder.

    Within a class they keep their order. A picture that lies in no class folder is left out.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if name.count("/") >= depth:
            members[class_folder(name, depth)].append(name)
    folders = tuple(sorted(filter(is_class, members)))
    counts = [len(members[folder]) for folder in folders]
    return Layout(
        folders,
        np.repeat(np.arange(len(folders)), counts),
        tuple(chain.from_iterable(members[folder] for folder in folders)),
    )


def class_folder(name: str, depth: int) -> str:
    """The class folder of a picture: the first `depth` parts of its name."""
    return "/".join(name.split("/", depth)[:depth])


def compare(found: Iterable[str], counts: dict[str, int], wanted: Iterable[str]) -> list[str]:
    """A line for each class folder that is none, is missing or has no picture.

    `found` are the folders there are, `counts` the pictures in those that have any.
    """
    there, names = set(found), set(wanted)
    return [
        *(f"{folder}/ is the folder of no class" for folder in sorted(there - names)),
        *(f"class folder {folder}/ is missing" for folder in sorted(names - there)),
        *empty(there & names, counts),
    ]


def empty(found: Iterable[str], counts: dict[str, int]) -> list[str]:
    """A line for each class folder without a picture."""
    return [f"class folder {f}/ holds no picture" for f in sorted(found) if not counts.get(f)]


def number(found: int, wanted: int, where: str = "") -> list[str]:
    """A line where there are more or fewer class folders than there should be."""
    if found == wanted:
        return []
    word = "few" if found < wanted else "many"
    return [f"{where}{found:,} class folders, {wanted:,} are expected: too {word}"]

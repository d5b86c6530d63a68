"""Class folders: which picture is of which class, and what is wrong with the folders."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from nbsupport.data.pictures.files import shallowest

FEW = 5  # lines of one kind that are printed; of more, the number and the first
NAMED = 3
LEVELS = 4  # folders that may lie above the class folders
SIDE = 20  # more folders beside one another are class folders with wrong names
NOT_TRAINING = ("test", "val", "validation")


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

    Within a class they keep their order. A picture that lies in no class folder is left out, and so
    is one in a folder below the other pictures of its class.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if name.count("/") >= depth:
            members[class_folder(name, depth)].append(name)
    folders = tuple(sorted(filter(is_class, members)))
    own = [shallowest(members[folder]) for folder in folders]
    return Layout(
        folders,
        np.repeat(np.arange(len(folders)), list(map(len, own))),
        tuple(chain.from_iterable(own)),
    )


def class_folder(name: str, depth: int) -> str:
    """The class folder of a picture: the first `depth` parts of its name."""
    return "/".join(name.split("/", depth)[:depth])


def start(folders_in: Callable[[str], Iterable[str]], is_class: Callable[[str], bool]) -> str:
    """Below which folder the class folders lie: "" or a name that ends in /.

    Data sets are packed and unpacked with another folder above, or with none. `folders_in` gives
    the names of the folders in one; "train" is looked into first, other splits never. "" too where
    there are no class folders.
    """
    level = [""]
    for _ in range(LEVELS + 1):
        inside = {above: list(folders_in(above)) for above in level}
        for above, names in inside.items():
            if any(map(is_class, names)):
                return above
        level = [
            f"{above}{name}/"
            for above, names in inside.items()
            for name in sorted(names, key=lambda name: (name != "train", name))
            if name not in NOT_TRAINING
        ]
        if len(level) > SIDE:
            break
    return ""


def several(lines: Mapping[str, str], many: str) -> list[str]:
    """The lines by what they are about; where they are many, one that counts and names a few."""
    if len(lines) <= FEW:
        return list(lines.values())
    return [f"{len(lines):,} {many}, such as {', '.join(islice(lines, NAMED))}"]


def compare(found: Iterable[str], counts: dict[str, int], wanted: Iterable[str]) -> list[str]:
    """A line for each class folder that is none, is missing or has no picture; few for many.

    `found` are the folders there are, `counts` the pictures in those that have any.
    """
    there, names = set(found), set(wanted)
    return [
        *strange(there - names),
        *several(
            {f"{f}/": f"class folder {f}/ is missing" for f in sorted(names - there)},
            "class folders are missing",
        ),
        *empty(there & names, counts),
    ]


def strange(folders: Iterable[str]) -> list[str]:
    """A line for each folder that is no class folder."""
    lines = {f"{f}/": f"{f}/ is the folder of no class" for f in sorted(folders)}
    return several(lines, "folders are of no class")


def empty(found: Iterable[str], counts: dict[str, int]) -> list[str]:
    """A line for each class folder without a picture."""
    without = sorted(folder for folder in found if not counts.get(folder))
    lines = {f"{f}/": f"class folder {f}/ holds no picture" for f in without}
    return several(lines, "class folders hold no picture")


def number(found: int, wanted: int, where: str = "") -> list[str]:
    """A line where there are more or fewer class folders than there should be."""
    if found == wanted:
        return []
    word = "few" if found < wanted else "many"
    return [f"{where}{found:,} class folders, {wanted:,} are expected: too {word}"]

"""Trees above the classes of real data sets: WordNet and BREEDS (ImageNet), taxa (iNaturalist).

Everything is read from small tables kept beside this file (`tables/README.md` says where they come
from); nothing is downloaded.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.errors import UserError, unknown

if TYPE_CHECKING:
    import pandas as pd

TABLES = Path(__file__).with_name("tables")
ANIMAL = "n00015388"
KINDS = ("animal", "object")  # an object is whatever is no animal (Section 4.3)
# of iNaturalist 2017, each a folder (github.com/visipedia/inat_comp)
SUPERCATEGORIES = (
    "Actinopterygii",
    "Amphibia",
    "Animalia",
    "Arachnida",
    "Aves",
    "Chromista",
    "Fungi",
    "Insecta",
    "Mammalia",
    "Mollusca",
    "Plantae",
    "Protozoa",
    "Reptilia",
)


def _rows(table: str) -> list[dict[str, str]]:
    with (TABLES / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# WordNet ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Node:
    """A synset: its first lemma, all of them, and its hypernyms' ids sorted by synset name."""

    name: str
    words: str
    hypernyms: tuple[str, ...]


@cache
def _wordnet() -> dict[str, Node]:
    """ImageNet's classes and every node above them, by WordNet id."""
    return {
        row["wnid"]: Node(row["name"], row["words"], tuple(row["hypernyms"].split()))
        for row in _rows("wordnet")
    }


@cache
def imagenet_wnids() -> tuple[str, ...]:
    """WordNet ids of ImageNet's 1000 classes, in torchvision's order."""
    return tuple(row["wnid"] for row in _rows("wordnet") if row["class"])


def readable(node: str) -> str:
    """A node's name for people: the first lemma of a WordNet id; of a BREEDS node its own name."""
    if node in _wordnet():
        return _wordnet()[node].name
    return next((row["superclass_name"] for row in _breeds() if row["superclass"] == node), node)


@cache
def min_depth(wnid: str) -> int:
    """Length of the shortest path of hypernyms to the root, `entity`, which has 0."""
    return min((1 + min_depth(above) for above in _wordnet()[wnid].hypernyms), default=0)


@cache
def _above(wnid: str) -> frozenset[str]:
    """A node and all its hypernyms, along every path."""
    return frozenset({wnid}).union(*map(_above, _wordnet()[wnid].hypernyms))


def superclass(wnid: str, depth: int) -> str:
    """The superclass at a depth (0 is the root): climb while min_depth is above it.

    Each step goes to the first hypernym by synset name, which need not lie on the shortest path:
    so the paper's counts of 5, 17, 37, 85 and 232 at depths 2, 4, 5, 6 and 7 come out exactly
    (Section 4.2; its text, read literally, gives others). A class that lies at the depth or above
    it is its own superclass. A label at some depth decides the label at every smaller one.
    """
    while min_depth(wnid) > depth:
        wnid = _wordnet()[wnid].hypernyms[0]
    return wnid


def below(node: str, wnids: Sequence[str] | None = None) -> np.ndarray:
    """Which of these classes (all 1000 by default) are a WordNet node or below it: bool [K].

    Along every path of hypernyms, not only those that `superclass` climbs: n00015388, also called
    "animal" here, has 398 classes, and "object" means the other 602 (unlike WordNet's object,
    n00002684). UserError for a node that is not above any of ImageNet's classes.
    """
    own = _checked(wnids)
    if node in KINDS:
        return below(ANIMAL, own) == (node == "animal")
    if node not in _wordnet():
        raise _no_such_node(node)
    return np.array([node in _above(wnid) for wnid in own], dtype=bool)


def _no_such_node(node: str) -> UserError:
    by_name = {known.name: wnid for wnid, known in _wordnet().items()}
    near = get_close_matches(node, [*by_name, *_wordnet()], n=1, cutoff=0.6)
    like = by_name.get(near[0], near[0]) if near else ANIMAL
    hint = f"did you mean {like} ({readable(like)})?"
    if not near:
        hint = f"give the WordNet id of such a node, as {like} ({readable(like)})"
    return UserError(f"WordNet 3.0 has no node {node!r} at or above ImageNet's classes; {hint}")


def _checked(wnids: Sequence[str] | None) -> Sequence[str]:
    if wnids is None:
        return imagenet_wnids()
    strange = sorted(set(wnids) - set(imagenet_wnids()))
    if strange:
        raise UserError(
            f"{strange[0]!r} is none of ImageNet's 1000 classes ({len(strange)} of {len(wnids)} "
            "are not): give WordNet ids such as n01440764, which name the folders of images"
        )
    return wnids


# ImageNet's classes -----------------------------------------------------------------------------
def imagenet_classes(wnids: Sequence[str] | None = None) -> "pd.DataFrame":
    """A row for each class, all 1000 in torchvision's order, or these in the order given.

    Columns: wnid; name (for people, and unique); words (all lemmas); tree (animal or object);
    depth_1 ... depth_17 (`superclass` at that depth, as wnid; the last is the class itself);
    breeds (superclass among the 16 x 12 drawn classes of Section 4.4.2, "" for the rest);
    breeds_all (the same before the draw: 822 classes). UserError for an id that is no class.
    """
    number = {wnid: i for i, wnid in enumerate(imagenet_wnids())}
    rows = [number[wnid] for wnid in _checked(wnids)]
    return _all_classes().iloc[rows].reset_index(drop=True)


@cache
def _all_classes() -> "pd.DataFrame":
    import pandas as pd

    wnids = imagenet_wnids()
    nodes = [_wordnet()[wnid] for wnid in wnids]
    depths = range(1, max(map(min_depth, wnids)) + 1)
    columns = {
        "wnid": wnids,
        "name": [node.name for node in nodes],
        "words": [node.words for node in nodes],
        "tree": np.where(below(ANIMAL), *KINDS).tolist(),
        **{f"depth_{d}": [superclass(wnid, d) for wnid in wnids] for d in depths},
        "breeds": [_breeds_superclasses(drawn=True).get(wnid, "") for wnid in wnids],
        "breeds_all": [_breeds_superclasses(drawn=False).get(wnid, "") for wnid in wnids],
    }
    return pd.DataFrame(columns)


@cache
def _breeds() -> tuple[dict[str, str], ...]:
    return tuple(_rows("breeds"))


@cache
def _breeds_superclasses(*, drawn: bool) -> dict[str, str]:
    """Class -> superclass: of the twelve drawn from each, or of all classes."""
    return {row["wnid"]: row["superclass"] for row in _breeds() if row["drawn"] or not drawn}


# iNaturalist ------------------------------------------------------------------------------------
def inaturalist_hierarchy(folder_names: Iterable[str]) -> "pd.DataFrame":
    """supercategory, genus and species of each folder "Supercategory/Genus species", in order.

    A subspecies ("Genus species subspecies") has its species; a hybrid (with × or x) is a species
    of its own; a single word names genus and species. A genus or species that is so called in two
    supercategories, as plants and animals may be, is told apart: "Prunella (Aves)".
    UserError for a name of another form, or a supercategory that iNaturalist 2017 does not have.
    """
    import pandas as pd

    parted = [_taxon(name) for name in folder_names]
    table = pd.DataFrame(parted, columns=["supercategory", "genus", "species"], dtype=object)
    for column in ("genus", "species"):
        groups = defaultdict(set)
        for top, name in zip(table["supercategory"], table[column], strict=True):
            groups[name].add(top)
        table[column] = [
            f"{name} ({top})" if len(groups[name]) > 1 else name
            for top, name in zip(table["supercategory"], table[column], strict=True)
        ]
    return table


def _taxon(folder: str) -> tuple[str, str, str]:
    supercategory, _, name = folder.strip("/").partition("/")
    words = [word for word in name.replace("×", " × ").split() if not word.startswith("(")]
    words = ["×" if word in ("x", "X") else word for word in words]
    if not set(words) - {"×"} or "/" in name:
        raise UserError(
            f"iNaturalist has no folder {folder!r}: they are called Supercategory/Genus species, "
            "such as Aves/Corvus corax"
        )
    if supercategory not in SUPERCATEGORIES:
        raise unknown("supercategory of iNaturalist 2017", supercategory, SUPERCATEGORIES)
    return (supercategory, *_genus_and_species(words))


def _genus_and_species(words: list[str]) -> tuple[str, str]:
    """From a name's words, in which × marks a hybrid: × Genus, Genus × epithet, or a formula."""
    start = 2 if words[0] == "×" else 1
    genus, rest = " ".join(words[:start]), words[start:]
    species = words if "×" in rest else words[: start + 1]
    return genus, " ".join(species)

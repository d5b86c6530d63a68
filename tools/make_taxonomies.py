"""Write the tables of `nbsupport/data/tables/` again, from what was published.

    python tools/make_taxonomies.py --breeds FOLDER [--wordnet /usr/share/wordnet] [--to FOLDER]

wordnet.csv  WordNet 3.0 (Princeton University, WordNet licence: see the tables' README): its noun
             database, `data.noun` and `index.noun`, as in Debian's package `wordnet-base`; and the
             1000 synsets of ILSVRC-2012 in torchvision's order, which ship with timm (Apache-2.0).
breeds.csv   BREEDS (Santurkar, Tsipras and Madry 2020): `class_hierarchy.txt` and `node_names.txt`
             of github.com/MadryLab/BREEDS-Benchmarks, folder imagenet_class_hierarchy/modified,
             commit f83be50. That repository states no licence, so only facts are taken from it:
             which of sixteen superclasses a class belongs to, and what they are called. Left out
             where --breeds is not given.
"""

import argparse
import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

TABLES = Path(__file__).resolve().parent.parent / "nbsupport" / "data" / "tables"

# The paper's within-class experiment: sixteen superclasses of twelve subclasses each. The level
# that gives sixteen is the third; the draw is that of the published code with its own seed.
LEVEL, SUBCLASSES, SEED = 3, 12, 2


# WordNet ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Synset:
    """A synset's words, its name (lemma.n.number), and the ids of its hypernyms in that order."""

    words: tuple[str, ...]
    name: str
    hypernyms: tuple[str, ...]


class WordNet:
    """The nouns of a WordNet database in a folder, by id (n and eight digits)."""

    def __init__(self, folder: Path) -> None:
        self._senses = dict(_senses(folder / "index.noun"))
        self._lines = {line[:8]: line for line in _entries(folder / "data.noun")}

    def synset(self, wnid: str) -> Synset:
        """Hypernyms are sorted by name: the rule for superclasses takes the first."""
        words, hypernyms = _parsed(self._lines[wnid[1:]])
        return Synset(words, self._name(wnid), tuple(sorted(hypernyms, key=self._name)))

    def _name(self, wnid: str) -> str:
        lemma = _parsed(self._lines[wnid[1:]])[0][0].replace(" ", "_").lower()
        return f"{lemma}.n.{self._senses[lemma].index(wnid[1:]) + 1:02d}"

    def above(self, wnids: Iterable[str]) -> set[str]:
        """These and every hypernym of theirs, up to the root."""
        found: set[str] = set()
        left = list(wnids)
        while left:
            if (wnid := left.pop()) not in found:
                found.add(wnid)
                left += self.synset(wnid).hypernyms
        return found


def _entries(path: Path) -> Iterator[str]:
    """The lines of a database file after its licence, which is indented."""
    with path.open(encoding="ascii") as lines:
        yield from (line for line in lines if not line.startswith(" "))


def _senses(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Each lemma and the synsets that it belongs to, the most frequent sense first."""
    for line in _entries(path):
        lemma, _, count, *rest = line.split()
        yield lemma, rest[-int(count) :]


def _parsed(line: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A synset's words (in print: with spaces) and its hypernyms' ids, in the file's order."""
    fields = line.split("|")[0].split()
    end = 4 + 2 * int(fields[3], 16)
    words = tuple(word.replace("_", " ") for word in fields[4:end:2])
    pointers = zip(fields[end + 1 :: 4], fields[end + 2 :: 4], strict=False)
    return words, tuple(f"n{offset}" for symbol, offset in pointers if symbol in ("@", "@i"))


def imagenet_synsets() -> list[str]:
    """The ids of ImageNet's classes in torchvision's order, from timm, without importing it."""
    spec = find_spec("timm")
    if spec is None or spec.origin is None:
        raise SystemExit("timm is not installed: make setup")
    text = Path(spec.origin).parent / "data" / "_info" / "imagenet_synsets.txt"
    return text.read_text(encoding="ascii").split()


def wordnet_rows(wordnet: WordNet, classes: Sequence[str]) -> Iterator[tuple[str | int, ...]]:
    """The classes in their order, then all above them by id."""
    number = {wnid: i for i, wnid in enumerate(classes)}
    firsts = Counter(wordnet.synset(wnid).words[0] for wnid in classes)
    yield "wnid", "class", "name", "synset", "words", "hypernyms"
    for wnid in [*classes, *sorted(wordnet.above(classes) - set(classes))]:
        synset = wordnet.synset(wnid)
        name = synset.words[0]
        if wnid in number and firsts[name] > 1:  # two cranes and two maillots
            name += f" ({wordnet.synset(synset.hypernyms[0]).words[0]})"
        words, hypernyms = ", ".join(synset.words), " ".join(synset.hypernyms)
        yield wnid, number.get(wnid, ""), name, synset.name, words, hypernyms


# BREEDS -------------------------------------------------------------------------------------------
class Breeds:
    """The recalibrated tree: parent-child edges and the names of nodes, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.children, self.parents = defaultdict(list), defaultdict(list)
        for line in (folder / "class_hierarchy.txt").read_text(encoding="utf-8").splitlines():
            parent, child = line.split()
            self.children[parent].append(child)
            self.parents[child].append(parent)
        lines = (folder / "node_names.txt").read_text(encoding="utf-8").splitlines()
        self.names = dict(line.split("\t") for line in lines)

    def level(self, node: str) -> int:
        """The longest distance from the root."""
        return max((1 + self.level(parent) for parent in self.parents.get(node, [])), default=0)

    def leaves(self, node: str) -> set[str]:
        """The ImageNet classes at or below a node."""
        below = self.children.get(node, [])
        return set().union(*map(self.leaves, below)) if below else {node}

    def superclasses(self) -> dict[str, list[str]]:
        """Nodes of LEVEL with SUBCLASSES classes or more, by id, and their classes by id."""
        nodes = sorted(node for node in self.names if self.level(node) == LEVEL)
        found = {node: sorted(self.leaves(node)) for node in nodes}
        return {node: classes for node, classes in found.items() if len(classes) >= SUBCLASSES}


def breeds_rows(breeds: Breeds) -> Iterator[tuple[str | int, ...]]:
    """Every class below a superclass; `drawn` counts those that the published code draws."""
    chance = np.random.RandomState(SEED)  # the old generator: its numbers never change
    yield "wnid", "superclass", "superclass_name", "drawn"
    for node, classes in breeds.superclasses().items():
        chosen = chance.choice(classes, SUBCLASSES, replace=False).tolist()
        name = breeds.names[node].split(",")[0]
        for wnid in classes:
            yield wnid, node, name, chosen.index(wnid) + 1 if wnid in chosen else ""


# the command --------------------------------------------------------------------------------------
def write(path: Path, rows: Iterable[tuple[str | int, ...]]) -> None:
    """Rows, the header first, as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    print(path)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    parser.add_argument("--breeds", type=Path)
    parser.add_argument("--to", type=Path, default=TABLES)
    options = parser.parse_args()
    if not (options.wordnet / "data.noun").is_file():
        parser.error(f"{options.wordnet} has no data.noun: apt-get install wordnet-base")
    if options.breeds and not (options.breeds / "class_hierarchy.txt").is_file():
        parser.error(f"{options.breeds} has no class_hierarchy.txt: name BREEDS' folder `modified`")
    rows = wordnet_rows(WordNet(options.wordnet), imagenet_synsets())
    write(options.to / "wordnet.csv", rows)
    if options.breeds:
        write(options.to / "breeds.csv", breeds_rows(Breeds(options.breeds)))


if __name__ == "__main__":
    main()

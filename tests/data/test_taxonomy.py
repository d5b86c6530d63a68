"""The trees above real data sets: counts of the paper, nesting, and a plain second reckoning."""

import csv
import zipfile
from collections import defaultdict
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsupport.data import taxonomy
from nbsupport.data.taxonomy import ANIMAL, below, imagenet_classes, inaturalist_hierarchy
from nbsupport.errors import UserError

ROOT = "n00001740"


@pytest.fixture(scope="module")
def classes() -> pd.DataFrame:
    return imagenet_classes()


def table(name: str) -> list[dict[str, str]]:
    with (taxonomy.TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def hyponyms() -> dict[str, list[str]]:
    """WordNet's edges the other way round, from the table itself."""
    found = defaultdict(list)
    for row in table("wordnet"):
        for above in row["hypernyms"].split():
            found[above].append(row["wnid"])
    return found


def levels() -> dict[str, int]:
    """Steps from the root down, breadth first: a second way to min_depth."""
    down, found, level = hyponyms(), {}, [ROOT]
    while level:
        found |= dict.fromkeys(set(level) - set(found), len(set(found.values())))
        level = [child for node in level for child in down[node] if child not in found]
    return found


NODES = sorted(row["wnid"] for row in table("wordnet"))
DEPTHS = [f"depth_{d}" for d in range(1, 18)]


# WordNet ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("depth", "count"), [(2, 5), (4, 17), (5, 37), (6, 85), (7, 232)])
def test_superclasses_are_as_many_as_in_the_paper(
    classes: pd.DataFrame, depth: int, count: int
) -> None:
    assert classes[f"depth_{depth}"].nunique() == count


def test_classes_are_in_torchvisions_order_which_is_that_of_folders(classes: pd.DataFrame) -> None:
    assert len(classes) == 1000
    assert classes["wnid"].tolist() == sorted(classes["wnid"])
    assert classes["wnid"].is_unique
    assert classes["wnid"].iloc[[0, 207, 999]].tolist() == ["n01440764", "n02099601", "n15075141"]
    assert [int(row["class"]) for row in table("wordnet")[:1000]] == list(range(1000))


def test_names_are_for_people_and_for_one_class_each(classes: pd.DataFrame) -> None:
    assert classes["name"].is_unique
    assert classes["name"].iloc[[0, 134, 517]].tolist() == [
        "tench",
        "crane (wading bird)",
        "crane (lifting device)",
    ]
    assert classes["words"][0] == "tench, Tinca tinca"
    assert [taxonomy.readable(node) for node in (ANIMAL, "dummy32", "other")] == [
        "animal",
        "garment",
        "other",
    ]


def test_every_node_climbs_to_the_root_and_has_the_depth_of_a_search_from_there() -> None:
    found = levels()
    assert sorted(found) == NODES
    assert {node: taxonomy.min_depth(node) for node in NODES} == found
    assert {taxonomy.superclass(node, 0) for node in NODES} == {ROOT}


def test_a_hypernym_comes_first_by_its_synsets_name() -> None:
    name = {row["wnid"]: row["synset"] for row in table("wordnet")}
    above = [row["hypernyms"].split() for row in table("wordnet")]
    assert all([name[h] for h in own] == sorted(name[h] for h in own) for own in above)
    assert max(map(len, above)) > 1


def test_a_superclass_lies_at_its_depth_or_is_the_class_itself(classes: pd.DataFrame) -> None:
    found = levels()
    for depth, column in enumerate(DEPTHS, 1):
        at = classes[column].map(found)
        higher = at < depth
        assert (at <= depth).all()
        assert (classes[column][higher] == classes["wnid"][higher]).all()
    assert (classes[DEPTHS[-1]] == classes["wnid"]).all()
    assert (classes[DEPTHS[-2]] != classes["wnid"]).any()
    assert [c for c in classes if c.startswith("depth_")] == DEPTHS


def test_labels_at_a_depth_decide_the_labels_at_every_smaller_one(classes: pd.DataFrame) -> None:
    for coarse, fine in pairwise(DEPTHS):
        assert (classes.groupby(fine)[coarse].nunique() == 1).all()
        assert classes[coarse].nunique() <= classes[fine].nunique()


def test_a_superclass_has_only_classes_below_it_but_not_always_all(classes: pd.DataFrame) -> None:
    left_out = 0
    for node, own in classes.groupby("depth_6"):
        inside = np.isin(np.arange(1000), own.index)
        assert not (inside & ~below(node)).any()
        left_out += (below(node) & ~inside).sum()
    assert left_out > 0


@settings(deadline=None)  # the first one reads the table
@given(st.sampled_from(NODES))
def test_below_is_what_can_be_reached_from_a_node(node: str) -> None:
    down, reached, left = hyponyms(), set(), [node]
    while left:
        reached.add(at := left.pop())
        left += down.get(at, [])
    assert below(node).tolist() == [wnid in reached for wnid in taxonomy.imagenet_wnids()]


def test_animals_and_objects_share_out_all_classes(classes: pd.DataFrame) -> None:
    animals = below(ANIMAL)
    assert np.flatnonzero(animals).tolist() == list(range(398))
    assert (~animals).sum() == 602
    assert np.array_equal(below("animal"), animals)
    assert np.array_equal(below("object"), ~animals)
    assert classes["tree"].value_counts().to_dict() == {"object": 602, "animal": 398}
    assert below(ROOT).all()


@settings(deadline=None, max_examples=20)
@given(st.lists(st.sampled_from(taxonomy.imagenet_wnids()), min_size=1, max_size=9, unique=True))
def test_some_classes_are_what_they_are_among_all(wnids: list[str]) -> None:
    some, every = imagenet_classes(wnids), imagenet_classes().set_index("wnid")
    expected = every.loc[wnids].reset_index()
    pd.testing.assert_frame_equal(some, expected[some.columns.tolist()])
    place = [taxonomy.imagenet_wnids().index(wnid) for wnid in wnids]
    assert np.array_equal(below("n02084071", wnids), below("n02084071")[place])


def test_a_table_may_be_changed_by_who_gets_it() -> None:
    own = imagenet_classes()
    own["name"] = "changed"
    own.loc[0, "words"] = "changed"
    assert imagenet_classes()["words"][0] == "tench, Tinca tinca"
    assert imagenet_classes()["name"][0] == "tench"


@pytest.mark.data("tiny-imagenet-200.zip")
def test_tiny_imagenets_classes_are_among_imagenets(real_data: Path) -> None:
    with zipfile.ZipFile(real_data / "tiny-imagenet-200.zip") as archive:
        inside = next(n for n in archive.namelist() if n.endswith("wnids.txt"))
        wnids = archive.read(inside).decode().split()
    tiny = imagenet_classes(wnids)
    assert tiny["wnid"].tolist() == wnids
    assert len(tiny) == 200
    assert 0 < below(ANIMAL, wnids).sum() < 200


@pytest.mark.parametrize(
    ("node", "told"),
    [
        ("dog", r"did you mean n02084071 \(dog\)\?"),
        ("n0001538", r"did you mean n00015388 \(animal\)\?"),
        ("", r"give the WordNet id of such a node, as n00015388 \(animal\)"),
    ],
)
def test_an_unknown_node_is_an_error_with_a_hint(node: str, told: str) -> None:
    with pytest.raises(UserError, match=f"no node '{node}'.*{told}") as caught:
        below(node)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("make", [imagenet_classes, lambda wnids: below(ANIMAL, wnids)])
def test_a_folder_that_is_no_class_is_an_error(make) -> None:
    with pytest.raises(UserError, match=r"'n00000001' is none of.*1 of 2 are not"):
        make(["n01440764", "n00000001"])


# BREEDS -----------------------------------------------------------------------------------------
def test_breeds_are_sixteen_superclasses_of_twelve_drawn_classes(classes: pd.DataFrame) -> None:
    drawn = classes.loc[classes["breeds"] != ""]
    assert drawn.groupby("breeds").size().tolist() == [12] * 16
    assert (drawn["breeds"] == drawn["breeds_all"]).all()
    sizes = classes.loc[classes["breeds_all"] != ""].groupby("breeds_all").size()
    assert len(sizes) == 16
    assert sizes.min() > 12
    assert sizes.sum() == 822
    numbers = pd.DataFrame(table("breeds")).query("drawn != ''").astype({"drawn": int})
    assert all(sorted(own) == list(range(1, 13)) for _, own in numbers.groupby("superclass").drawn)


# iNaturalist ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("folder", "genus", "species"),
    [
        ("Aves/Corvus corax", "Corvus", "Corvus corax"),
        ("Mammalia/Canis lupus familiaris", "Canis", "Canis lupus"),
        ("Plantae/Platanus x acerifolia", "Platanus", "Platanus × acerifolia"),
        ("Plantae/Quercus ×bebbiana", "Quercus", "Quercus × bebbiana"),
        ("Plantae/×Heucherella tiarelloides", "× Heucherella", "× Heucherella tiarelloides"),
        ("Aves/Anas platyrhynchos × rubripes", "Anas", "Anas platyrhynchos × rubripes"),
        ("Insecta/Bombus (Pyrobombus) impatiens", "Bombus", "Bombus impatiens"),
        ("Insecta/Danaus", "Danaus", "Danaus"),
        ("Fungi/Amanita  muscaria/", "Amanita", "Amanita muscaria"),
    ],
)
def test_a_folders_name_says_genus_and_species(folder: str, genus: str, species: str) -> None:
    row = inaturalist_hierarchy([folder]).iloc[0]
    assert row.to_dict() == {
        "supercategory": folder.split("/")[0],
        "genus": genus,
        "species": species,
    }


def test_a_genus_of_two_kingdoms_is_two_labels() -> None:
    folders = ["Aves/Prunella modularis", "Plantae/Prunella vulgaris", "Aves/Corvus corax"]
    found = inaturalist_hierarchy(folders)
    assert found["genus"].tolist() == ["Prunella (Aves)", "Prunella (Plantae)", "Corvus"]
    assert found["species"].tolist() == ["Prunella modularis", "Prunella vulgaris", "Corvus corax"]


words = st.text("abcdefghij", min_size=2, max_size=5)
folders = st.lists(
    st.builds(
        lambda top, genus, rest: f"{top}/{' '.join([genus.title(), *rest])}",
        st.sampled_from(taxonomy.SUPERCATEGORIES),
        words,
        st.lists(words, max_size=3),
    ),
    max_size=9,
)


@settings(deadline=None, max_examples=30)
@given(folders)
def test_species_lie_in_one_genus_and_genera_in_one_supercategory(names: list[str]) -> None:
    found = inaturalist_hierarchy(names)
    assert found["supercategory"].tolist() == [name.split("/")[0] for name in names]
    for inner, outer in (("species", "genus"), ("genus", "supercategory")):
        assert (found.groupby(inner)[outer].nunique() == 1).all()


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("Corvus corax", "Supercategory/Genus species"),
        ("Aves/", "Supercategory/Genus species"),
        ("Aves/×", "Supercategory/Genus species"),
        ("train/Aves/Corvus corax", "Supercategory/Genus species"),
        ("Birds/Corvus corax", "allowed are Actinopterygii, Amphibia"),
        ("Ave/Corvus corax", "did you mean 'Aves'"),
    ],
)
def test_another_layout_of_folders_is_an_error(folder: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        inaturalist_hierarchy(["Aves/Corvus corax", folder])


def test_inaturalist_2017_has_thirteen_supercategories() -> None:
    assert len(set(taxonomy.SUPERCATEGORIES)) == 13

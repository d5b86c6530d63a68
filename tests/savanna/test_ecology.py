"""The world without pixels: trees, names, species, locations, splits."""

import json
import subprocess
import sys
from itertools import combinations, pairwise

import numpy as np
import pytest

from nbsupport import savanna
from nbsupport.errors import UserError
from nbsupport.savanna.ecology import LOCATIONS, SPECIES, SPLITS, Ecology, ecology
from nbsupport.savanna.settings import Settings
from nbsupport.savanna.trees import child_counts, farthest

WORLDS = (0, 1, 2)
DEPTHS = [f"depth_{d}" for d in range(1, 7)]


@pytest.mark.parametrize("world", WORLDS)
def test_imagenet_stand_in_cuts_in_about_the_papers_ratios(world: int) -> None:
    table = ecology(world).classes("imagenet")
    assert table["tree"].value_counts().to_dict() == {"object": 76, "animal": 52}
    assert [table[d].nunique() for d in DEPTHS] == [2, 4, 8, 15, 32, 128]
    assert set(table["depth_1"]) == {"animal", "object"}
    assert (table["frequency"] == 1).all()


@pytest.mark.parametrize("world", WORLDS)
def test_inaturalist_stand_in_has_many_species_and_a_long_tail(world: int) -> None:
    table = ecology(world).classes("inaturalist")
    assert len(table) >= 160
    assert set(table["tree"]) == {"animal", "plant"}
    assert table["depth_3"].nunique() == 8
    assert table["frequency"].max() > 50 * table["frequency"].min()


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("source", ["imagenet", "inaturalist"])
def test_depths_are_nested_and_uneven(world: int, source: str) -> None:
    table = ecology(world).classes(source)
    big = 0
    for above, below in pairwise(DEPTHS):
        assert (table.groupby(below)[above].nunique() == 1).all()
        sizes = table.groupby(above)["name"].size()
        big += int((sizes >= 6).sum())
        assert sizes.nunique() > 1 or len(sizes) <= 2
    assert big >= 8
    assert (table["depth_6"] == table["name"]).all()


@pytest.mark.parametrize("world", WORLDS)
def test_names_are_unique_and_nobody_is_in_two_places(world: int) -> None:
    e = ecology(world)
    names = [
        *e.classes("imagenet")["name"],
        *e.classes("inaturalist")["name"],
        *e.species()["name"],
    ]
    assert len(set(names)) == len(names) == 128 + 176 + SPECIES + 1
    points = np.concatenate([e.latents(s) for s in ("imagenet", "inaturalist", "species")])
    assert len(np.unique(points, axis=0)) == len(points)


@pytest.mark.parametrize("world", WORLDS)
def test_each_test_set_has_twenty_of_each_class(world: int) -> None:
    e = ecology(world)
    for split in ("id_test", "ood_test"):
        counts = e.traps(split)["label"].value_counts()
        assert len(counts) == SPECIES + 1
        assert counts.min() >= 20
    train = e.traps("train")["label"].value_counts()
    assert train.max() > 5 * train.min()


@pytest.mark.parametrize("world", WORLDS)
def test_splits_share_neither_days_nor_with_ood_locations(world: int) -> None:
    e = ecology(world)
    table = {split: e.traps(split) for split in SPLITS}
    for split, rows in table.items():
        assert len(rows) == SPLITS[split]
        assert rows["index"].tolist() == list(range(len(rows)))
    days = [set(table[s]["day"]) for s in ("train", "id_val", "id_test")]
    assert all(a.isdisjoint(b) for a, b in combinations(days, 2))
    places = [
        set(table["train"]["location"]) | set(table["id_val"]["location"]),
        set(table["ood_test"]["location"]),
        set(table["ood_val"]["location"]),
    ]
    assert all(a.isdisjoint(b) for a, b in combinations(places, 2))
    assert set(table["id_test"]["location"]) <= set(range(LOCATIONS["id"]))


def test_locations_have_their_own_species() -> None:
    peaked = ecology(0).presence("id")
    even = Ecology(0, Settings(mix_concentration=50.0)).presence("id")
    np.testing.assert_allclose(peaked.sum(1), 1.0)
    assert peaked.max(1).mean() > even.max(1).mean()
    assert np.abs(peaked - peaked.mean(0)).sum(1).mean() > 0.5


def test_fewer_images_are_the_first_ones() -> None:
    e = ecology(0)
    assert e.traps("train", 50).equals(e.traps("train").iloc[:50])
    assert Ecology(0).traps("id_test").equals(e.traps("id_test"))
    assert not Ecology(1).traps("id_test").equals(e.traps("id_test"))


def test_mistakes_are_one_line_errors() -> None:
    e = ecology(0)
    for call in (
        lambda: e.classes("imagnet"),
        lambda: e.traps("id_tests"),
        lambda: e.traps("train", 4001),
        lambda: Ecology(-1),
    ):
        with pytest.raises(UserError) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_settings_and_pixels_enter_the_fingerprint() -> None:
    prints = {
        savanna.fingerprint(0, 32),
        savanna.fingerprint(1, 32),
        savanna.fingerprint(0, 64),
        savanna.fingerprint(0, 32, Settings(grass=0.1)),
    }
    assert len(prints) == 4
    json.dumps(Settings().spec())


def test_no_torch_is_needed() -> None:
    code = (
        "import sys; from nbsupport.savanna.ecology import ecology; ecology(0).traps('train');"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_children_are_shared_out_exactly() -> None:
    counts = child_counts(np.random.default_rng(0), 13, 52)
    assert counts.sum() == 52
    assert counts.min() >= 1
    assert len(set(counts)) > 2


def test_farthest_points_are_spread() -> None:
    points = np.array([[0.0], [0.1], [5.0], [5.1], [10.0]])
    assert set(farthest(points, 3)) in ({0, 2, 4}, {0, 3, 4}, {1, 3, 4})

"""Cameras that are never twice at one place: nothing about a place to learn by heart."""

import numpy as np
import pytest
import torch

from nbsupport.errors import UserError
from nbsupport.savanna.ecology import PLACE_LATENT, SPLITS, ecology
from nbsupport.savanna.roaming import DRIFT, FIRST_PLACE, drift, roaming
from nbsupport.savanna.roaming_world import RoamingWorld
from nbsupport.savanna.world import World

COLUMNS = ("label", "location", "day", "index")


def traps(world: World, split: str, rows: slice) -> torch.Tensor:
    table = roaming(0, split).iloc[rows]
    return world.traps(split, *(table[c].to_numpy() for c in COLUMNS))


def places(split: str, n: int) -> torch.Tensor:
    return torch.from_numpy(roaming(0, split, n)["location"].to_numpy(copy=True))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_no_place_comes_back_and_none_is_of_the_main_task(number: int) -> None:
    tables = {split: roaming(number, split) for split in SPLITS}
    places = np.concatenate([table["location"] for table in tables.values()])
    assert len(set(places)) == len(places) == sum(SPLITS.values())
    assert places.min() >= FIRST_PLACE > ecology(number).locations()["location"].max()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_mix_of_species_is_the_same_everywhere(number: int) -> None:
    frequency = ecology(number).species()["frequency"].to_numpy()
    for split, total in SPLITS.items():
        counts = roaming(number, split)["label"].value_counts().sort_index().to_numpy()
        assert np.abs(counts - frequency * total).max() < 1
        assert counts.min() >= 20
    half = SPLITS["train"] // 2  # a place's number says nothing about what stands there
    label = roaming(number, "train")["label"].to_numpy()
    assert abs((label[:half] == 0).mean() - (label[half:] == 0).mean()) < 0.06


def test_the_shifted_year_comes_after_every_id_picture() -> None:
    last = max(roaming(0, split)["day"].max() for split in ("train", "id_val", "id_test"))
    assert min(roaming(0, split)["day"].min() for split in ("ood_val", "ood_test")) > last


def test_pictures_do_not_depend_on_order_or_batch() -> None:
    world = RoamingWorld(0, 32)
    world.block = 12
    many = traps(world, "ood_test", slice(0, 24))
    assert torch.equal(traps(world, "ood_test", slice(7, 9)), many[7:9])
    assert torch.equal(traps(RoamingWorld(0, 32), "ood_test", slice(0, 24)), many)


def test_every_picture_has_a_background_of_its_own() -> None:
    world = RoamingWorld(0, 32)
    world.block = 16
    where = places("train", 16)
    images = world._scene(where).image.flatten(1)
    apart = torch.cdist(images, images) + torch.eye(16) * 1e6
    assert apart.min() > 1.0


def test_only_the_later_places_drift() -> None:
    world = RoamingWorld(0, 16)
    count = 2000
    grass = {}
    for split in ("train", "id_test", "ood_test"):
        grass[split] = world._scene(places(split, count)).grass.mean().item()
    assert grass["train"] == pytest.approx(grass["id_test"], rel=0.08)
    assert grass["ood_test"] < 0.7 * grass["train"]
    assert set(np.abs(drift(PLACE_LATENT))) == {0.0, DRIFT}


def test_every_place_has_the_same_nights() -> None:
    rates = RoamingWorld(0, 32)._night_rates(np.arange(5))
    assert rates.dtype == np.float32
    assert set(rates) == {np.float32(ecology(0).settings.night_rate)}


def test_mistakes_are_user_errors() -> None:
    with pytest.raises(UserError, match="unknown split"):
        roaming(0, "test")
    with pytest.raises(UserError, match="allowed are 1 to 2000"):
        roaming(0, "train", 2001)

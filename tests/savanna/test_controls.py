"""The controls' pictures: objects with textures of their own, photographs of the task's species."""

import colorsys
from pathlib import Path

import numpy as np
import pytest
import torch

from nbsupport.savanna import animals, own_textures
from nbsupport.savanna.attributes import COATS, DARK, LATENT, PALE, THING
from nbsupport.savanna.attributes import OWN_TEXTURE as SCHEME
from nbsupport.savanna.ecology import SPECIES, ecology
from nbsupport.savanna.world import World

FIXTURE = Path(__file__).parent / "controls.npz"
OBJECTS = np.arange(52, 128, 6)


@pytest.fixture(scope="module")
def world() -> World:
    return small_blocks(0)


def small_blocks(number: int) -> World:
    world = World(number, 32)
    world.block = 13
    return world


def own(world: World, label: np.ndarray = OBJECTS) -> torch.Tensor:
    return world.photos("imagenet", label, "train", np.arange(len(label)), own_textures=True)


def usual(world: World, label: np.ndarray = OBJECTS) -> torch.Tensor:
    return world.photos("imagenet", label, "train", np.arange(len(label)))


def test_only_objects_are_painted_otherwise(world: World) -> None:
    both = np.array([0, 20, 51, 52, 90, 127])
    same = (own(world, both) == usual(world, both)).flatten(1).float().mean(1)
    assert (same[:3] == 1).all()
    assert (same[3:] < 0.95).all()


def test_what_is_behind_an_object_stays(world: World) -> None:
    """Pairs differ in paint alone: same place, pose and light, so most pixels are the same."""
    same = (own(world) == usual(world)).all(1).flatten(1).float().mean(1)
    assert same.median() > 0.4
    corner = (own(world)[:, :, :4, :4] == usual(world)[:, :, :4, :4]).flatten(1).float().mean(1)
    assert corner.median() == 1


def hue_and_saturation(colours: np.ndarray) -> np.ndarray:
    return np.array([colorsys.rgb_to_hsv(*c)[:2] for c in np.clip(colours, 0, 1)])


def test_no_dye_has_the_hue_of_a_coat() -> None:
    latents = torch.from_numpy(np.random.default_rng(0).normal(size=(2000, LATENT))).float()
    first, second = own_textures.dyes(own_textures.build(latents))
    ground, mark = animals.palette(animals.build(latents))
    dyes = hue_and_saturation(torch.cat([first, second]).numpy())
    coats = hue_and_saturation(np.vstack([ground.numpy(), mark.numpy(), COATS, DARK, PALE]))
    assert dyes[:, 1].min() > 0.6
    lowest, highest = dyes[:, 0].min(), dyes[:, 0].max()
    inside = (coats[:, 0] > lowest - 0.02) & (coats[:, 0] < highest + 0.02)
    assert coats[inside, 1].max() < 0.35  # greys
    assert inside.mean() < 0.5


def test_two_dyes_of_an_object_can_be_told_apart() -> None:
    latents = torch.from_numpy(np.random.default_rng(1).normal(size=(2000, LATENT))).float()
    first, second = own_textures.dyes(own_textures.build(latents))
    assert (first - second).abs().sum(1).min() > 0.3


def test_every_texture_is_seen_and_each_differs_from_a_plain_coat() -> None:
    latents = ecology(0).latents("imagenet")[52:]
    kinds = latents[:, [SCHEME[name][0] for name in own_textures.TEXTURES]].argmax(1)
    assert set(kinds) == set(range(len(own_textures.TEXTURES)))
    assert {row[0] for row in SCHEME.values()}.isdisjoint(row[0] for row in THING.values())


def test_a_batch_of_one_is_a_batch_of_many(world: World) -> None:
    many = own(World(0, 32))
    one = world.photos("imagenet", OBJECTS[4:5], "train", np.array([4]), own_textures=True)
    assert torch.equal(one[0], many[4])


def test_drawing_stays_on_its_device() -> None:
    meta = World(0, 32, device="meta")
    meta.block = 13
    assert own(meta).device.type == "meta"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_photographed_species_are_those_of_the_traps_in_the_animals_tree(number: int) -> None:
    e = ecology(number)
    table = e.classes("species")
    assert table["name"].tolist() == e.species()["name"].tolist()[1:]
    assert len(table) == SPECIES
    assert (table["depth_6"] == table["name"]).all()
    known = e.classes("imagenet"), e.classes("inaturalist")
    for depth in ("depth_1", "depth_2", "depth_3"):
        names = set().union(*(set(k.loc[k["tree"] == "animal", depth]) for k in known))
        assert set(table[depth]) <= names
        assert (table.groupby("depth_4")[depth].nunique() == 1).all()


def test_species_are_photographed_as_they_are_drawn_on_the_plate(world: World) -> None:
    """The mean colour of a species in photographs goes with that on its plate."""
    plate = world.key_sheet()[0].float()
    subject = (plate - plate[:, :, :1, :1]).abs().sum(1, keepdim=True) > 40
    on_plate = (plate * subject).sum((1, 2, 3)) / (3 * subject.sum((1, 2, 3)))
    label = np.repeat(np.arange(SPECIES), 12)
    photos = world.photos("species", label, "train", np.tile(np.arange(12), SPECIES)).float()
    middle = photos[:, :, 12:20, 12:20].mean((1, 2, 3)).view(SPECIES, 12).mean(1)
    assert torch.corrcoef(torch.stack([on_plate, middle]))[0, 1] > 0.6


def test_images_are_those_of_the_fixture(world: World) -> None:
    """Moves only with VERSION: `python -m tests.savanna.test_controls` writes it anew."""
    with np.load(FIXTURE) as stored:
        assert set(stored) == set(samples(world))
        for name, drawn in samples(world).items():
            gap = np.abs(stored[name].astype(int) - drawn.numpy().astype(int))
            assert (gap <= 1).mean() >= 0.995, name


def samples(world: World) -> dict[str, torch.Tensor]:
    """A few images of each control."""
    label = np.arange(4)
    return {
        "own-textures": own(world, np.array([60, 75, 99, 120])),
        "species": world.photos("species", label * 5, "train", label),
    }


if __name__ == "__main__":
    np.savez_compressed(FIXTURE, **{k: v.numpy() for k, v in samples(small_blocks(0)).items()})

"""Pixels: every image is a pure function of its key."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from nbsupport import rng
from nbsupport.errors import UserError
from nbsupport.savanna import DEFAULT, Settings
from nbsupport.savanna.shapes import blend_table, circle, cover, grid, wave
from nbsupport.savanna.world import World

FIXTURE = Path(__file__).parent / "images.npz"
COLUMNS = ("label", "location", "day", "index")


def small_blocks(number: int, settings: Settings = DEFAULT) -> World:
    """A world that draws few images at a time: the same pictures, and small calls cost less."""
    world = World(number, 32, settings=settings)
    world.block = 12
    return world


@pytest.fixture(scope="module")
def world() -> World:
    return small_blocks(0)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def photos(world: World, stream: str = "train") -> torch.Tensor:
    return world.photos("inaturalist", np.arange(0, 176, 16), stream, np.arange(11))


def traps(world: World, split: str, n: int = 24) -> torch.Tensor:
    table = world.ecology.traps(split, n)
    return world.traps(split, *(table[c].to_numpy() for c in COLUMNS))


def test_a_batch_of_one_is_a_batch_of_many(world: World) -> None:
    label, index = np.array([3, 90, 170]), np.array([7, 1, 0])
    many = world.photos("inaturalist", label, "train", index)
    for i in range(len(label)):
        one = world.photos("inaturalist", label[i : i + 1], "train", index[i : i + 1])
        assert torch.equal(one[0], many[i])
    back = world.photos("inaturalist", label[::-1], "train", index[::-1])
    assert torch.equal(back.flip(0), many)


def test_traps_do_not_depend_on_order_or_batch(world: World) -> None:
    table = world.ecology.traps("train", 100)
    all_at_once = traps(world, "train", 100)
    order = np.random.default_rng(0).permutation(100)[:70]
    some = world.traps("train", *(table.iloc[order][c].to_numpy() for c in COLUMNS))
    assert torch.equal(some, all_at_once[torch.from_numpy(order)])


def test_the_size_of_blocks_does_not_change_a_pixel(world: World) -> None:
    assert world.block != World(0, 32).block
    assert torch.equal(photos(World(0, 32)), photos(world))
    assert torch.equal(traps(World(0, 32), "train"), traps(world, "train"))


def test_drawing_stays_on_its_device() -> None:
    """A test has no GPU; the "meta" device refuses to be mixed with the CPU just as well."""
    world = World(0, 32, device="meta")
    world.block = 12
    assert photos(world).device.type == "meta"
    assert traps(world, "train", 12).device.type == "meta"


def test_threads_do_not_change_a_pixel(world: World) -> None:
    one = photos(world)
    torch.set_num_threads(3)
    assert torch.equal(photos(world), one)


def test_a_new_stream_never_changes_an_old_image(world: World) -> None:
    before = photos(world)
    other = photos(world, "generator")
    assert torch.equal(photos(small_blocks(0)), before)
    assert (other != before).flatten(1).any(1).all()


def test_images_are_those_of_the_fixture(world: World) -> None:
    """Moves only with VERSION: `python -m tests.savanna.test_images` writes it anew."""
    with np.load(FIXTURE) as stored:
        for name, drawn in samples(world).items():
            gap = np.abs(stored[name].astype(int) - drawn.numpy().astype(int))
            assert (gap <= 1).mean() >= 0.995, name


def test_other_worlds_look_different(world: World) -> None:
    other = small_blocks(1)
    assert not torch.equal(photos(world), photos(other))
    assert not torch.equal(traps(world, "train"), traps(other, "train"))


def test_an_empty_picture_has_no_subject(world: World) -> None:
    n = 12
    label, place, day, index = np.zeros(n, int), np.arange(n), np.zeros(n, int), np.arange(n)
    empty = world.traps("train", label, place, day, index)
    world_without = small_blocks(0)
    latents = world_without.ecology._species_latents
    try:  # were anything of the stand-in latent drawn, this would show
        world_without.ecology._species_latents = latents[::-1].copy()
        assert torch.equal(world_without.traps("train", label, place, day, index), empty)
    finally:
        world_without.ecology._species_latents = latents
    filled = world.traps("train", label + 3, place, day, index)
    assert (filled != empty).float().mean() > 0.05


def test_night_is_grey_and_day_is_not() -> None:
    quiet = small_blocks(0, Settings(night_rate=0.5, sensor_noise=0.0))
    images = traps(quiet, "train", 96).int()
    spread = (images.amax(1) - images.amin(1)).flatten(1).amax(1)
    grey = (spread <= 1).float().mean()
    assert 0.2 < grey < 0.8
    none = small_blocks(0, Settings(night_rate=0.0, sensor_noise=0.0))
    images = traps(none, "train", 96).int()
    assert ((images.amax(1) - images.amin(1)).flatten(1).amax(1) > 1).float().mean() > 0.95


def test_key_sheet_shows_every_species(world: World) -> None:
    images, names = world.key_sheet()
    assert images.shape == (20, 3, 32, 32)
    assert len(set(names)) == 20
    assert (images.float().flatten(1).std(1) > 10).all()


def test_mistakes_are_user_errors(world: World) -> None:
    zero = np.zeros(1, int)
    for call in (
        lambda: world.photos("imagenet", zero + 128, "train", zero),
        lambda: world.photos("imagnet", zero, "train", zero),
        lambda: world.traps("trian", zero, zero, zero, zero),
        lambda: World(0, px=4),
    ):
        with pytest.raises(UserError):
            call()


def test_numbers_are_those_of_splitmix() -> None:
    golden = rng.mix(torch.tensor([rng.GOLDEN]))
    assert golden.item() == 0xE220A8397B1DCDAF - (1 << 64)  # first output for seed 0


def test_uniform_and_normal_have_their_moments() -> None:
    key = rng.keys(5, torch.arange(2000))
    u, z = rng.uniform(key, "a", 20), rng.normal(key, "a", 20)
    assert abs(u.mean() - 0.5) < 0.01
    assert abs(u.var() - 1 / 12) < 0.002
    assert abs(z.mean()) < 0.02
    assert abs(z.var() - 1) < 0.02
    assert not torch.equal(u, rng.uniform(key, "b", 20))
    assert abs(torch.corrcoef(u.T).fill_diagonal_(0)).max() < 0.1
    assert abs(rng.grain(key[:20], 32, 3).var() - 1) < 0.05


def test_shapes_measure_distance() -> None:
    x, y = grid(64, torch.device("cpu"))
    area = cover(circle(x, y, 0.1, -0.2, 0.5), 32.0).mean() * 4
    assert area == pytest.approx(np.pi * 0.25, rel=0.01)
    at = torch.tensor([0.25, 0.5, 0.75, 1.25])
    assert torch.allclose(wave(at), torch.tensor([-1.0, 0.0, 1.0, -1.0]), atol=1e-6)
    table = torch.tensor([[0.0] * 3, [1.0] * 3, [3.0] * 3])
    assert torch.allclose(
        blend_table(table, torch.tensor([0.0, 0.75]))[:, 0], torch.tensor([0.0, 2.0])
    )


def samples(world: World) -> dict[str, torch.Tensor]:
    """A few images of each kind, small enough to be kept."""
    label, index = np.arange(0, 128, 43), np.arange(3)
    return {
        "imagenet": world.photos("imagenet", label, "train", index),
        "inaturalist": world.photos("inaturalist", label + 40, "train", index),
        "other": world.photos("imagenet", label, "generator", index),
        "traps": traps(world, "id_test", 3),
    }


if __name__ == "__main__":
    np.savez_compressed(FIXTURE, **{k: v.numpy() for k, v in samples(World(0, 32)).items()})

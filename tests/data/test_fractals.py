"""FractalDB against a plain implementation of the published method, and as a source."""

import csv
import hashlib
from functools import cache
from io import StringIO
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from nbsupport import rng
from nbsupport.data.fractals import batched, drawing, orbits, pictures, systems
from nbsupport.data.fractals.drawing import Drawing
from nbsupport.data.sources import open_source
from nbsupport.data.subsets.subset import Subset
from nbsupport.errors import UserError
from nbsupport.study.study import Study

SMALL = Drawing(px=48, points=3000)
SPEC = {
    "name": "fractaldb",
    "categories": 3,
    "images_per_category": 4,
    "px": 8,
    "iterations": 900,
    "oversize": 3,
}
# The second category of the published data (data/csv_rate0.2_category1000/csv0/00001.csv).
PUBLISHED = """
-1.668389423696419183e-01,-6.072550667959302206e-01,1.728251339013286980e-02,\
2.048852284657074474e-01,2.111859836446616789e-01,5.155499518698667405e-01,2.522042471796301019e-02
-4.159289551462135304e-01,4.190396330592851548e-01,-3.485170920810727324e-01,\
-2.672146735447999966e-01,2.877306516523376878e-01,-2.116667333885886570e-01,2.738232818170721061e-01
9.038574880708072357e-02,-8.118400125885090191e-01,-7.785972314428670771e-01,\
-2.906130900075152290e-01,-5.889521589065931373e-01,-2.652835207608081891e-01,7.009562934649647969e-01
"""


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


# the published method, as plainly as it can be written -------------------------------------------
def plain_points(system: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    points = [(0.0, 0.0)]
    for number in numbers[:-1]:
        taken, so_far = system[-1], 0.0
        for row in system:
            so_far += row[6]
            if number <= so_far:
                taken = row
                break
        (x, y), (a, b, c, d, e, f, _) = points[-1], taken
        points.append((x * a + y * b + e, x * c + y * d + f))
    found = np.array(points)
    outside = np.flatnonzero(~np.isfinite(found).all(axis=1))
    return found[: max(1, outside[0] - 100)] if len(outside) else found


def plain_pixels(points: np.ndarray, size: int, padding: int) -> np.ndarray:
    moved = points - np.minimum(points.min(axis=0), 0.0)
    extent = moved.max(axis=0) - moved.min(axis=0)
    return (moved / extent * float(size - 2 * padding) + float(padding)).astype(np.uint16)


def plain_image(
    points: np.ndarray, size: int, padding: int, masks: np.ndarray | None = None
) -> np.ndarray:
    image = np.zeros((size, size), np.uint8)
    for number, (x, y) in enumerate(plain_pixels(points, size, padding)):
        if masks is None:
            image[y, x] = 127
        else:
            cells = [127 * int(digit) for digit in f"{masks[number]:09b}"]
            image[y + 1 : y + 4, x + 1 : x + 4] = np.reshape(cells, (3, 3))
    return image


@cache
def some_systems() -> list[np.ndarray]:
    """Categories and variations of them; the last one diverges."""
    found, factors = systems.categories(12), systems.variations()
    chosen = [systems.varied(found[i], factors[2 * i]) for i in range(12)]
    return [*chosen, diverging()]


def diverging() -> np.ndarray:
    every = ((s, f) for s in systems.categories(60) for f in systems.variations())
    varied = (systems.varied(s, f) for s, f in every)
    numbers = drawing.choices(SMALL.points)
    return next(v for v in varied if orbits.orbit(v, numbers).shape[1] < SMALL.points)


@pytest.mark.parametrize("number", range(13))
def test_points_and_patches_are_those_of_the_plain_method(number: int) -> None:
    system, numbers = some_systems()[number], drawing.choices(SMALL.points)
    with np.errstate(over="ignore", invalid="ignore"):  # the plain one goes on past infinity
        points, plain = orbits.orbit(system, numbers), plain_points(system, numbers)
    np.testing.assert_array_equal(points.T, plain)
    drawn = orbits.draw_points(points, 48, 6)
    np.testing.assert_array_equal(drawn, plain_image(plain, 48, 6))
    masks = orbits.patch_masks(number, len(plain))
    patched = orbits.draw_patches(points, masks, 48, 6)
    np.testing.assert_array_equal(patched, plain_image(plain, 48, 6, masks))
    assert 0 < np.count_nonzero(patched) < patched.size


def test_a_diverging_system_is_cut_and_still_drawn() -> None:
    points = orbits.orbit(some_systems()[-1], drawing.choices(SMALL.points))
    assert points.shape[1] < SMALL.points
    assert np.isfinite(points).all()


def test_points_too_far_apart_for_their_distance_to_be_a_number_are_drawn() -> None:
    points = np.array([[0.0, 1.7e308, -1.7e308], [0.0, 1.0, 2.0]])
    image = orbits.draw_points(points, 32, 6)
    assert np.argwhere(image).tolist() == [[6, 16], [16, 26], [26, 6]]


def test_no_mask_is_empty_and_all_occur() -> None:
    masks = orbits.patch_masks(-7, 20_000)
    assert masks.min() == 1
    assert masks.max() == 511
    assert len(np.unique(masks)) == 511


def test_masks_are_the_same_hash_everywhere() -> None:
    keys = torch.tensor([-7, 0, 2**62])
    together = batched.patch_masks(keys, 50).numpy()
    for key, row in zip(keys.tolist(), together, strict=True):
        np.testing.assert_array_equal(orbits.patch_masks(key, 50), row)
    first = 1 + ((rng.mix(torch.tensor([5 + rng.GOLDEN])) >> 33) & 0x7FFFFFFF) % 511
    assert orbits.patch_masks(5, 1)[0] == int(first)


def test_the_batched_pictures_are_those_drawn_one_by_one() -> None:
    chosen = some_systems()
    together = batched.pictures(chosen, SMALL, range(len(chosen))).numpy()
    for key, (system, image) in enumerate(zip(chosen, together, strict=True)):
        apart = np.count_nonzero(image != pictures.picture(system, SMALL, key))
        assert apart <= 2  # a point that rounding moves over the edge of a pixel


# categories ---------------------------------------------------------------------------------------
def test_the_search_finds_the_published_categories() -> None:
    found = list(islice(systems.search(), 3))
    published = np.loadtxt(StringIO(PUBLISHED), delimiter=",")
    np.testing.assert_array_equal(found[1], published)
    for system, held in zip(found, systems.read_table(), strict=False):
        np.testing.assert_array_equal(system, held)


def test_another_seed_finds_others() -> None:
    assert not np.array_equal(systems.categories(1, seed=2)[0], systems.categories(1)[0])


def test_the_table_holds_a_thousand_systems_within_the_limits_of_the_search() -> None:
    table = systems.read_table()
    assert len(table) == 1000
    assert {len(system) for system in table} == set(range(2, 8))
    assert all(np.abs(system[:, :6]).max() <= 1 for system in table)
    assert all(abs(system[:, 6].sum() - 1) < 1e-12 for system in table)


def test_the_table_is_written_as_it_is_read(tmp_path: Path) -> None:
    path = systems.write_table(tmp_path / "table.csv", count=2)
    with path.open() as file, systems.TABLE.open() as committed:
        rows = list(csv.reader(file))
        assert rows == list(csv.reader(committed))[: len(rows)]


# instances ----------------------------------------------------------------------------------------
def test_there_are_25_variations_of_one_factor_each() -> None:
    factors = systems.variations()
    assert factors.shape == (25, 6)
    assert len(np.unique(factors, axis=0)) == 25
    assert (np.count_nonzero(factors != 1, axis=1) == [0] + [1] * 24).all()
    assert set(factors.ravel()) == {0.2, 0.6, 1.0, 1.4, 1.8}


def test_a_thousand_instances_are_all_different_and_the_first_hundred_look_different() -> None:
    numbers = np.stack(pictures.instance(np.arange(pictures.INSTANCES)), axis=1)
    assert len(np.unique(numbers, axis=0)) == 1000
    assert len(np.unique(numbers[:100, [0, 2]], axis=0)) == 100
    assert numbers.max(axis=0).tolist() == [24, 9, 3]


def test_flips_are_those_of_one_image() -> None:
    image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert pictures.flipped(image, 1).tolist() == [[3, 4, 5], [0, 1, 2]]
    assert pictures.flipped(image, 2).tolist() == [[2, 1, 0], [5, 4, 3]]
    assert pictures.flipped(image, 3).tolist() == [[5, 4, 3], [2, 1, 0]]


def test_repeats_differ_in_their_patches_only() -> None:
    system = systems.categories(1)[0]
    keys = [pictures.mask_key(SMALL, 0, 0, repeat) for repeat in (0, 1)]
    first, second = (pictures.picture(system, SMALL, key) for key in keys)
    assert not np.array_equal(first, second)
    assert orbits.orbit(system, drawing.choices(SMALL.points)).shape[1] == SMALL.points


def test_averaging_keeps_the_mean() -> None:
    image = np.zeros((1, 4, 4), np.uint8)
    image[0, :2, :2] = [[127, 127], [0, 0]]
    assert pictures.reduced(image, 2).tolist() == [[[64, 0], [0, 0]]]  # 63.5 to the even number


def test_the_published_image_has_the_published_padding() -> None:
    assert Drawing().padding == 6
    assert Drawing(px=32, points=56_000, oversize=6).padding == 4


# the source ---------------------------------------------------------------------------------------
def test_the_source_has_a_table_of_its_classes_and_images() -> None:
    subset = Subset(open_source(SPEC))
    assert len(subset) == 12
    table = subset.table()
    assert set(table["tree"]) == {"fractal"}
    assert table["name"].iloc[-1] == "fractal 00002"
    data = subset.per_class(2).load()
    assert data.images.shape == (6, 3, 8, 8)
    assert data.images.dtype == torch.uint8
    assert data.labels.bincount().tolist() == [2, 2, 2]


def test_an_image_depends_on_its_category_and_number_alone() -> None:
    few = open_source(SPEC)
    many = open_source(SPEC | {"categories": 5, "images_per_category": 30})
    assert torch.equal(few.images(np.array([4, 7])), many.images(np.array([30, 33])))


def test_images_stay_as_they_are() -> None:
    """What a job's key stands for: raise pictures.VERSION when this changes."""
    images = open_source(SPEC).images(np.arange(12)).numpy()
    assert hashlib.sha256(images.tobytes()).hexdigest()[:16] == "7f425047d1f457b2"


def test_everything_that_moves_an_image_or_a_label_moves_the_fingerprint() -> None:
    changes = [{}, *({name: SPEC[name] + 1} for name in SPEC if name != "name"), {"seed": 5}]
    prints = {open_source(SPEC | change).fingerprint for change in changes}
    assert len(prints) == len(changes)


def test_the_spec_opens_the_same_source_again() -> None:
    source = open_source(SPEC)
    assert open_source(source.spec()).fingerprint == source.fingerprint


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"categories": 1}, "at least 2"),
        ({"images_per_category": 1001}, "1 to 1,000"),
        ({"images_per_category": 0}, "1 to 1,000"),
    ],
)
def test_a_count_that_is_not_possible_is_a_one_line_error(change: dict, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        open_source(SPEC | change)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("profile", ["smoke", "demo"])
def test_there_are_as_many_fractals_as_images_of_the_stand_in(profile: str) -> None:
    study, other = Study(profile), Study(profile, world=2)
    fractals = study.fractaldb
    assert len(fractals) == len(study.imagenet)
    assert fractals.num_classes == study.imagenet.num_classes
    assert fractals.source.fingerprint == other.fractaldb.source.fingerprint


def test_a_gpu_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    labels, numbers = np.array([0, 1, 0]), np.array([0, 1, 25])
    found, drawing = systems.categories(2), Drawing(px=16, points=800)
    on_cpu = pictures.draw(found, drawing, labels, numbers)
    asked = []

    def on_cpu_in_its_place(chosen, drawing, keys, device):
        asked.append(device)
        return together(chosen, drawing, keys)

    together = batched.pictures
    monkeypatch.setattr(batched, "pictures", on_cpu_in_its_place)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert (pictures.draw(found, drawing, labels, numbers) != on_cpu).sum() <= 6
    assert asked == ["cuda"]

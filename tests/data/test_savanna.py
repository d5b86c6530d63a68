"""The simulated stand-ins and the camera-trap task, as sources and tasks."""

import errno
import fcntl
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from nbsupport.data.pictures.cache import cached_images
from nbsupport.data.pictures.listings import remembered
from nbsupport.data.sources import open_source
from nbsupport.data.sources.savanna import long_tail
from nbsupport.data.subsets.subset import Subset
from nbsupport.data.tasks import open_task
from nbsupport.errors import UserError

IMAGENET = {"name": "savanna", "kind": "imagenet", "world": 0, "px": 16, "images_per_class": 3}


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def test_the_balanced_source_has_the_same_count_for_every_class() -> None:
    source = open_source(IMAGENET)
    assert set(np.bincount(source.labels())) == {3}
    assert source.classes()["images"].sum() == len(source)


def test_a_smaller_source_keeps_animals_and_objects() -> None:
    source = open_source(IMAGENET | {"classes": 8})
    assert set(source.classes()["tree"]) == {"animal", "object"}
    assert len(source) == 24


def test_an_image_does_not_depend_on_how_many_there_are() -> None:
    few, many = (open_source(IMAGENET | {"classes": 4, "images_per_class": n}) for n in (2, 5))
    third_class_few, third_class_many = (
        few.images(np.array([4, 5])),
        many.images(np.array([10, 11])),
    )
    assert torch.equal(third_class_few, third_class_many)


def test_the_long_tail_has_enough_in_its_head_and_falls() -> None:
    counts = long_tail(np.arange(176, 0, -1), floor=40, balanced=128)
    assert (counts[:128] >= 40).all()
    assert (np.diff(counts) <= 0).all()
    assert counts[-1] == 5


def test_a_subset_loads_its_images_with_labels_from_zero() -> None:
    spec = IMAGENET | {"kind": "inaturalist", "classes": 6, "balanced_classes": 4}
    data = Subset(open_source(spec)).most_frequent(4).per_class(2).load()
    assert data.images.shape == (8, 3, 16, 16)
    assert data.images.dtype == torch.uint8
    assert data.labels.bincount().tolist() == [2, 2, 2, 2]
    assert data.num_classes == len(data.names) == 4


def test_the_table_of_a_subset_has_a_row_per_image_with_its_hierarchy() -> None:
    table = Subset(open_source(IMAGENET)).per_class(2).table()
    assert len(table) == 256
    assert {"id", "label", "name", "tree", "depth_1", "depth_6"} <= set(table.columns)


def test_the_task_loads_each_split_with_every_class() -> None:
    task = open_task({"name": "savanna", "world": 0, "px": 16, "limit": None})
    data = task.load("id_test")
    assert data.images.shape[1:] == (3, 16, 16)
    assert data.labels.bincount(minlength=task.num_classes).min() >= 20
    assert task.names[0] == "empty"


def test_the_limit_keeps_the_first_images_of_a_split() -> None:
    task = open_task({"name": "savanna", "world": 0, "px": 16, "limit": 7})
    whole = open_task({"name": "savanna", "world": 0, "px": 16, "limit": None})
    assert torch.equal(task.load("train").images, whole.load("train").images[:7])


def test_own_textures_change_objects_and_the_fingerprint_and_no_animal() -> None:
    usual, own = open_source(IMAGENET), open_source(IMAGENET | {"own_textures": True})
    animals, objects = np.arange(0, 9), np.arange(len(usual) - 9, len(usual))
    assert torch.equal(own.images(animals), usual.images(animals))
    assert (own.images(objects) != usual.images(objects)).flatten(1).any(1).all()
    assert own.fingerprint != usual.fingerprint
    assert open_source(own.spec()).spec() == own.spec()
    assert "own_textures" not in usual.spec()


def test_the_species_of_the_task_are_a_balanced_source_without_the_empty_class() -> None:
    source = open_source(IMAGENET | {"kind": "species"})
    task = open_task({"name": "savanna", "world": 0, "px": 16, "limit": None})
    assert tuple(source.classes()["name"]) == task.names[1:]
    assert set(np.bincount(source.labels())) == {3}
    assert Subset(source).under("animal").num_classes == len(task.names) - 1
    assert source.images(np.array([0, 59])).shape == (2, 3, 16, 16)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda: open_source(IMAGENET | {"kind": "inaturalist", "own_textures": True}),
            "only 'imagenet' has objects",
        ),
        (lambda: open_source({"name": "savana"}), "did you mean 'savanna'"),
        (lambda: open_source(IMAGENET | {"kind": "imagnet"}), "did you mean 'imagenet'"),
        (lambda: open_source(IMAGENET | {"classes": 1}).classes(), "allowed are 2 to 128"),
        (lambda: open_task({"name": "iwildcan"}), "unknown task"),
        (
            lambda: open_task({"name": "savanna", "world": 0, "px": 16, "limit": None}).load(
                "test"
            ),
            "unknown split",
        ),
    ],
)
def test_a_wrong_name_or_number_is_a_one_line_error(make: object, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        make()  # type: ignore[operator]
    assert "\n" not in str(caught.value)


def test_images_are_drawn_once_and_mapped_afterwards() -> None:
    calls = []

    def draw(rows: np.ndarray) -> torch.Tensor:
        calls.append(len(rows))
        return torch.zeros(len(rows), 3, 4, 4, dtype=torch.uint8)

    for _ in range(2):
        images = cached_images("toy", 1500, 4, draw)
    assert images.shape == (1500, 3, 4, 4)
    assert calls == [1024, 476]


def test_a_drawing_that_fails_leaves_nothing_behind(own_store: Path) -> None:
    def draw(rows: np.ndarray) -> torch.Tensor:
        raise RuntimeError("stopped halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        cached_images("toy", 5, 4, draw)
    assert not list((own_store / "images").glob("*.npy"))
    assert not list((own_store / "images").glob("*.partial"))


def test_a_store_that_cannot_be_written_is_a_one_line_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "file" / "store"))
    with pytest.raises(UserError, match="NBSUPPORT_STORE"):
        cached_images("toy", 5, 4, lambda rows: torch.zeros(len(rows), 3, 4, 4))


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_disk_without_locks_is_a_one_line_error(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(file: int, how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    for keep in (
        lambda: cached_images("toy", 5, 4, lambda rows: torch.zeros(len(rows), 3, 4, 4)),
        lambda: remembered("a list", lambda kept: True, list),
    ):
        with pytest.raises(UserError, match=r"no file locks.*NBSUPPORT_STORE"):
            keep()

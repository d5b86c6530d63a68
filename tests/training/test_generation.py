"""The stage that samples images: what it leaves behind, and what it refuses."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from nbsupport.data.sources import open_source
from nbsupport.errors import UserError
from nbsupport.training.stages.assets import GENERATOR
from nbsupport.training.stages.generate import generate

SPEC = {
    "kind": "imagenet",
    "world": 0,
    "px": 32,
    "images_per_class": 3,
    "classes": 4,
    "variety": 0.16,
    "seed": 0,
    "weights": GENERATOR.sha256,
}


def test_it_leaves_images_and_tells_of_each_class(tmp_path: Path):
    reports: list[dict] = []
    result = generate(SPEC, tmp_path, report=reports.append)
    assert {path.name for path in tmp_path.iterdir()} == {"images.npy"}
    images = np.load(tmp_path / "images.npy")
    assert images.shape == (12, 3, 32, 32)
    assert images.dtype == np.uint8
    assert images.std() > 10
    assert (result["images"], result["classes"]) == (12, 4)
    assert result["seconds"] > 0
    assert result["sha256"] == sha256((tmp_path / "images.npy").read_bytes()).hexdigest()
    assert [row["epoch"] for row in reports] == [1, 2, 3, 4]


def test_fewer_images_or_classes_are_the_same_images(tmp_path: Path):
    names = ("many", "few")
    for name, change in zip(names, ({"images_per_class": 45}, {"classes": 2}), strict=True):
        (tmp_path / name).mkdir()
        generate(SPEC | change, tmp_path / name)
    many, few = (np.load(tmp_path / name / "images.npy") for name in names)
    assert np.array_equal(few[:3], many[:3])  # the first class of the table
    assert np.array_equal(few[3:], many[3 * 45 : 3 * 45 + 3])  # and its last


def test_a_second_attempt_after_one_cut_short_is_whole(tmp_path: Path):
    (tmp_path / "images.npy.partial").write_bytes(b"half")
    generate(SPEC, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"images.npy"}


def test_what_it_cannot_make_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match="images of 32 pixels"):
        generate(SPEC | {"px": 64}, tmp_path)
    with pytest.raises(UserError, match="checksum"):
        generate(SPEC | {"weights": "0" * 64}, tmp_path)
    with pytest.raises(ValueError, match="from the weights alone"):
        generate(SPEC, tmp_path, tmp_path)


# the source that reads them -----------------------------------------------------------------------
def test_the_source_has_the_classes_of_the_imagenet_stand_in():
    source = open_source({"name": "generated", "job": "a" * 64, **SPEC})
    like = {name: SPEC[name] for name in ("kind", "world", "px", "images_per_class", "classes")}
    natural = open_source({"name": "savanna", **like})
    assert source.classes().equals(natural.classes())
    assert np.array_equal(source.labels(), natural.labels())
    assert open_source(source.spec()).spec() == source.spec()
    assert "a" * 64 in source.fingerprint


def test_images_that_are_not_generated_yet_are_a_one_line_error(tmp_path: Path):
    source = open_source({"name": "generated", "job": "b" * 64, "folder": str(tmp_path), **SPEC})
    with pytest.raises(UserError, match="not generated yet") as caught:
        source.images(np.arange(2))
    assert "\n" not in str(caught.value)

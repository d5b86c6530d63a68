"""Tiny-ImageNet (folder and zip), FractalDB and generated images in files."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from nbsupport.data.fractals.pictures import INSTANCES, VARIATIONS
from nbsupport.data.sources import (
    fractaldb_files,
    generated_files,
    open_source,
    tiny_imagenet,
)
from nbsupport.data.subsets.subset import Subset
from nbsupport.errors import UserError

Write = Callable[..., None]


def zipped(top: Path) -> Path:
    return Path(shutil.make_archive(str(top), "zip", top.parent, top.name))


# Tiny-ImageNet ------------------------------------------------------------------------------------
def test_the_training_images_are_used_and_no_others(tiny: Path) -> None:
    source = tiny_imagenet.open_it(px=8)
    assert source.classes()["images"].tolist() == [2] * 200
    assert source.classes()["wnid"].tolist() == sorted((tiny / "wnids.txt").read_text().split())
    assert source.pictures.names[0] == "n01443537/images/n01443537_0.JPEG"


def test_part_of_each_class_is_the_first_by_number(tiny: Path) -> None:
    whole, part = tiny_imagenet.open_it(px=8), tiny_imagenet.open_it(px=8, per_class=1)
    assert part.pictures.names == tuple(n for n in whole.pictures.names if n.endswith("_0.JPEG"))
    assert part.spec() == whole.spec() | {"per_class": 1}
    assert tiny_imagenet.open_it(px=8, per_class=2).fingerprint == whole.fingerprint
    for wrong in (0, 501, True, "half"):
        with pytest.raises(UserError, match="from 1 to 500"):
            tiny_imagenet.open_it(px=8, per_class=wrong)


def test_zip_and_folder_are_the_same_source(tiny: Path) -> None:
    folder = tiny_imagenet.open_it(px=8)
    zipped(tiny)
    packed = tiny_imagenet.open_it(px=8)
    assert packed.place.path.parent.parent.suffix == ".zip"
    assert packed.fingerprint == folder.fingerprint
    assert torch.equal(packed.images(np.arange(9)), folder.images(np.arange(9)))
    assert [p.name for p in tiny.parent.iterdir() if p.suffix == ""] == [tiny.name]


def repacked(tiny: Path, rename: Callable[[str], str | None]) -> Path:
    """The zip with other names of its files: None leaves one out."""
    path = tiny.parent / "tiny-imagenet-200.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(tiny.rglob("*.*")):
            if name := rename(str(file.relative_to(tiny))):
                archive.writestr(name, file.read_bytes())
    return path


def in_train(name: str) -> str | None:
    return name.removeprefix("train/") if name.startswith("train/") else None


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: f"tiny-imagenet-200/{name}",
        lambda name: f"tiny/{name}",
        lambda name: f"data/tiny/tiny-imagenet-200/{name}",
        lambda name: name,
        lambda name: f"./{name}",
        lambda name: in_train(name),
        lambda name: in_train(name) and f"tiny/{in_train(name)}",
        lambda name: f"tiny-imagenet-200/{name}".replace("/", "\\"),
        lambda name: f"__MACOSX/{name}" if name.startswith("val") else f"a/{name}",
    ],
    ids=["official", "other", "deep", "none", "dot", "classes", "other-classes", "windows", "mac"],
)
def test_a_zip_of_any_top_folder_is_the_same_source(
    tiny: Path, rename: Callable[[str], str | None]
) -> None:
    folder = tiny_imagenet.open_it(px=8)
    repacked(tiny, rename)
    packed = tiny_imagenet.open_it(px=8)
    assert packed.place.path.is_relative_to(f"{tiny}.zip")
    assert packed.fingerprint == folder.fingerprint
    assert torch.equal(packed.images(np.arange(9)), folder.images(np.arange(9)))


@pytest.mark.parametrize("above", ["tiny-imagenet-200", "data/tiny", "train"])
def test_a_folder_unpacked_one_deeper_is_the_same_source(tiny: Path, above: str) -> None:
    folder = tiny_imagenet.open_it(px=8).fingerprint
    moved = tiny.rename(tiny.with_name("moved"))
    (tiny / above).parent.mkdir(parents=True)
    moved.rename(tiny / above)
    assert tiny_imagenet.open_it(px=8).fingerprint == folder


def test_validation_pictures_in_class_folders_are_not_trained_on(tiny: Path) -> None:
    """As many rearrange them."""
    folder = tiny_imagenet.open_it(px=8).fingerprint
    shutil.copytree(tiny / "train", tiny / "val", dirs_exist_ok=True)
    assert tiny_imagenet.open_it(px=8).fingerprint == folder
    shutil.rmtree(tiny / "train")
    with pytest.raises(UserError, match="is the folder of no class"):
        tiny_imagenet.open_it(px=8)


@pytest.mark.parametrize("inner", ["@eaDir", ".AppleDouble", "thumbs", "#recycle"])
def test_thumbnails_in_a_class_are_no_pictures_of_it(
    fractals: Path, write: Write, picture: Callable[..., bytes], inner: str
) -> None:
    before = fractaldb_files.open_it(px=8).fingerprint
    names = [f"00001/{inner}/{i}/SYNOPHOTO_THUMB_M.jpg" for i in range(3)]
    write(fractals, names, picture("L", "PNG"))
    source = fractaldb_files.open_it(px=8)
    assert source.fingerprint == before
    assert source.inner_pictures == (names if inner == "thumbs" else [])


def test_pictures_two_folders_deep_are_those_of_their_class(fractals: Path) -> None:
    """Where there are no others: an archive unpacked into a folder of its name."""
    before = len(fractaldb_files.open_it(px=8))
    (fractals / "00001").rename(fractals / "moved")
    (fractals / "00001").mkdir()
    (fractals / "moved").rename(fractals / "00001" / "00001")
    source = fractaldb_files.open_it(px=8)
    assert (len(source), source.inner_pictures) == (before, [])


def test_a_zip_that_climbs_out_of_itself(root: Path, taxonomy: object) -> None:
    with zipfile.ZipFile(root / "tiny-imagenet-200.zip", "w") as archive:
        archive.writestr("tiny-imagenet-200/train/../../../evil.JPEG", b"")
    with pytest.raises(UserError, match="leads out of the zip"):
        tiny_imagenet.open_it(px=8)


def test_half_a_zip(tiny: Path) -> None:
    path = zipped(tiny)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UserError, match="no whole zip"):
        tiny_imagenet.open_it(px=8)


def test_a_class_that_the_zip_lacks(tiny: Path) -> None:
    shutil.rmtree(tiny / "train" / "n02124075")
    zipped(tiny)
    with pytest.raises(UserError, match="class folder n02124075/ is missing"):
        tiny_imagenet.open_it(px=8)


def test_tiny_imagenet_can_be_planned_with(taxonomy: Write) -> None:
    taxonomy(tiny_imagenet.tiny_wnids(), tiny_imagenet.tiny_wnids())
    source = tiny_imagenet.open_it(px=64, nominal=True)
    assert (len(source), len(source.classes())) == (100_000, 200)
    assert len(Subset(source).per_class(500)) == 100_000


@pytest.mark.data("tiny_imagenet")
def test_the_real_tiny_imagenet(
    root: Path, taxonomy: Write, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbsupport.data.pictures import decode_once

    monkeypatch.setenv("NBSUPPORT_DATA", str(real_data))
    monkeypatch.setattr(decode_once, "AT_ONCE", 0)
    taxonomy(tiny_imagenet.tiny_wnids(), tiny_imagenet.tiny_wnids())
    source = tiny_imagenet.open_it(px=32)
    counts = set(source.classes()["images"])
    assert len(source.classes()) == 200
    assert len(counts) == 1
    assert counts <= {250, 500}
    images = source.images(np.linspace(0, len(source) - 1, 50).astype(int)).float()
    assert images.std((1, 2, 3)).min() > 5
    assert images.mean(0).std() < images.std(0).mean()  # fifty pictures, not one


# FractalDB ----------------------------------------------------------------------------------------
@pytest.fixture
def fractals(root: Path, write: Write, picture: Callable[..., bytes]) -> Path:
    """A picture of each of 1000 categories, whose numbers have gaps, as in the public search."""
    names = [f"{c:05d}/{c:05d}_00_count_0_flip0.png" for c in range(1, 3000, 3)]
    write(root / "fractaldb", names, picture("L", "PNG"))
    return root / "fractaldb"


def test_fractals_are_labelled_by_their_folder(fractals: Path) -> None:
    source = fractaldb_files.open_it(px=8)
    assert source.classes()["name"].tolist()[:2] == ["fractal 00001", "fractal 00004"]
    assert source.labels().tolist() == list(range(1000))
    assert source.count_problems() == []
    image = source.images(np.array([5]))[0]
    assert torch.equal(image[0], image[1])
    with pytest.raises(UserError, match="no tree of classes"):
        len(Subset(source).superclasses(1))


def test_wrong_fractals_are_named(fractals: Path, write: Write) -> None:
    shutil.rmtree(fractals / "00001")
    write(fractals, ["00004/4.png", "images/x.png"])
    (fractals / "00007" / "00007_00_count_0_flip0.png").unlink()
    with pytest.raises(UserError, match=r"images/ is the folder of no class, and 2 more"):
        fractaldb_files.open_it(px=8)
    source = fractaldb_files.open_it(px=8, strict=False)
    assert source.problems()[1:] == [
        "999 class folders, 1,000 are expected: too few",
        "class folder 00007/ holds no picture",
    ]
    assert source.count_problems() == [
        "00004/4.png is not named as published (00001/00001_00_count_0_flip0.png)"
    ]
    write(fractals, ["09998/09998_24_count_9_flip3.png", "09999/09999_24_count_9_flip3.png"])
    problems = fractaldb_files.open_it(px=8, strict=False).problems()
    assert "1,001 class folders, 1,000 are expected: too many" in problems


def test_fractals_can_be_planned_with_as_published() -> None:
    source = fractaldb_files.open_it(px=224, nominal=True)
    assert set(source.classes()["images"]) == {INSTANCES}
    assert len(source) == 1_000_000
    assert VARIATIONS < 100  # two digits in a file's name


# generated images ---------------------------------------------------------------------------------
def test_generated_images_have_imagenets_classes(
    root: Path, taxonomy: Write, write: Write, picture: Callable[..., bytes]
) -> None:
    wnids = ("n01440764", "n03126707")
    taxonomy(wnids, ("tench", "crane"))
    names = [f"{wnid}/{i:05d}.png" for wnid in wnids for i in range(3)]
    write(root / "generated", names, picture(kind="PNG"))
    source = open_source({"name": "generated_files", "px": 9})
    assert source.classes()["name"].tolist() == ["tench", "crane"]
    assert source.images(np.array([5])).shape == (1, 3, 9, 9)
    shutil.rmtree(root / "generated" / "n03126707")
    with pytest.raises(UserError, match="n03126707/ is missing"):
        generated_files.open_it(px=9)


def test_generated_images_can_be_planned_with(taxonomy: Write) -> None:
    wnids = [f"n{i:08d}" for i in range(1000)]
    taxonomy(wnids, wnids)
    source = generated_files.open_it(px=224, nominal=True)
    assert len(Subset(source).per_class(1000)) == 1_000_000

"""ImageNet from tars, of classes or of WebDataset: the pictures, and the keys, of its folders."""

import io
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from nbsupport.data.pictures import shards
from nbsupport.data.sources.imagenet import open_it
from nbsupport.errors import UserError

Write = Callable[..., None]
Names = list[tuple[str, bytes]]


def pack(tar: Path, files: Names) -> None:
    """A tar with these files, as WebDataset writes it."""
    with tarfile.open(tar, "w", format=tarfile.USTAR_FORMAT) as opened:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            opened.addfile(entry, io.BytesIO(content))


def by_class(train: Path, pictures: list[Path]) -> None:
    """A tar a class, as in ILSVRC2012_img_train.tar."""
    for wnid in {path.parent.name for path in pictures}:
        own = [path for path in pictures if path.parent.name == wnid]
        pack(train / f"{wnid}.tar", [(path.name, path.read_bytes()) for path in own])


def as_shards(train: Path, pictures: list[Path]) -> None:
    """Two shards of WebDataset, labels beside the pictures, and one of another split."""
    labels = {wnid: i for i, wnid in enumerate(sorted({p.parent.name for p in pictures}))}
    files: list[Names] = [[], []]
    for number, path in enumerate(pictures):
        label = str(labels[path.parent.name]).encode()
        own = [(path.name, path.read_bytes()), (f"{path.stem}.cls", label)]
        files[number % 2] += own
    for number, own in enumerate(files):
        pack(train / f"imagenet1k-train-{number:04d}.tar", own)
    pack(train / "imagenet1k-validation-00.tar", [("n01440764_999.JPEG", b"")])


@pytest.fixture(params=[by_class, as_shards])
def packed(imagenet: Path, request: pytest.FixtureRequest) -> tuple[Path, str, torch.Tensor]:
    """The folder of tars; the fingerprint and the images of the class folders in their place."""
    source = open_it(px=8, strict=False)
    before = (source.fingerprint, source.images(np.arange(len(source))))
    folders = [path for path in imagenet.iterdir() if path.is_dir()]
    request.param(imagenet, sorted(imagenet.rglob("*.JPEG")))
    for folder in folders:
        shutil.rmtree(folder)
    return imagenet, *before


def test_tars_are_read_as_what_they_unpack_to(
    packed: tuple[Path, str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, fingerprint, images = packed
    source = open_it(px=8)  # strict: nothing is wrong with it
    assert source.fingerprint == fingerprint
    monkeypatch.setattr("nbsupport.data.pictures.decode_once.AT_ONCE", 0)  # nothing kept is used
    rows = np.arange(len(source))[::-1].copy()
    assert torch.equal(source._decode(rows), images[rows])


def test_tars_are_listed_once(
    packed: tuple[Path, str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_it(px=8).counts

    def listed(*_: object) -> None:
        raise AssertionError("listed again")

    with monkeypatch.context() as patched:
        patched.setattr(shards, "_listed", listed)
        assert open_it(px=8).counts == first
    tar = shards.tars_in(packed[0])[0]
    tar.write_bytes(tar.read_bytes() + bytes(1024))
    assert open_it(px=8).counts == first  # listed again, as the tar has changed


def test_labels_beside_pictures_name_their_class(imagenet: Path) -> None:
    pictures = sorted(imagenet.rglob("*.JPEG"))
    wnids = sorted({path.parent.name for path in pictures})
    files = [(f"{i:06d}.jpg", p.read_bytes()) for i, p in enumerate(pictures)]
    labels = [
        (f"{i:06d}.cls", str(wnids.index(p.parent.name)).encode()) for i, p in enumerate(pictures)
    ]
    for folder in [path for path in imagenet.iterdir() if path.is_dir()]:
        shutil.rmtree(folder)
    pack(imagenet / "a-0.tar", files + labels)
    source = open_it(px=8)
    assert source.pictures.names[0] == f"{wnids[0]}/a-0-000000.jpg"
    assert list(source.counts.values()) == [3] * 5


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([("000001.jpg", b"x")], "which class 000001.jpg is of: .*no label"),
        ([("000001.jpg", b"x"), ("000001.cls", b"1000")], "a label of '1000' beside it; labels"),
        ([("000001.jpg", b"x"), ("000001.cls", b"cat")], "a label of 'cat' beside it"),
    ],
)
def test_a_picture_of_no_class_is_named(imagenet: Path, files: Names, told: str) -> None:
    for folder in [path for path in imagenet.iterdir() if path.is_dir()]:
        shutil.rmtree(folder)
    pack(imagenet / "a-0.tar", files)
    with pytest.raises(UserError, match=told) as error:
        open_it(px=8)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("left", [100, 700])
def test_a_tar_that_is_cut_off_is_named(packed: tuple[Path, str, torch.Tensor], left: int) -> None:
    tar = shards.tars_in(packed[0])[0]
    tar.write_bytes(tar.read_bytes()[:left])
    with pytest.raises(UserError, match=f"{tar.name} is (no whole tar|cut off)"):
        open_it(px=8)

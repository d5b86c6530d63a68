"""ImageNet in torchvision's layout: labels, pictures, class folders, planning without data."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.datasets import ImageFolder

from nbsupport.data.pictures import decode_once
from nbsupport.data.pictures.cache import image_file
from nbsupport.data.pictures.files import decode
from nbsupport.data.sources import imagenet as module
from nbsupport.data.sources import open_source
from nbsupport.data.sources.imagenet import extremes, open_it
from nbsupport.data.subsets.subset import Subset
from nbsupport.errors import UserError
from nbsupport.paths import root as root_of_project

Write = Callable[..., None]


def one_line(error: pytest.ExceptionInfo[UserError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


# what is read -------------------------------------------------------------------------------------
def test_classes_and_pictures_are_those_of_torchvision(imagenet: Path) -> None:
    source, theirs = open_it(px=8), ImageFolder(imagenet)
    assert source.classes()["wnid"].tolist() == theirs.classes
    names = [str(imagenet / name) for name in source.pictures.names]
    assert list(zip(names, source.labels().tolist(), strict=True)) == theirs.samples
    assert source.labels().dtype == np.int64


def test_names_are_unique_and_the_tree_is_kept(imagenet: Path) -> None:
    table = open_it(px=8).classes()
    cranes = ["crane (n02012849)", "crane (n03126707)"]
    assert table["name"].tolist() == ["tench", "goldfish", cranes[0], "tabby", cranes[1]]
    assert table["label"].tolist() == [0, 1, 2, 3, 4]
    assert table["images"].tolist() == [3] * 5
    assert Subset(open_it(px=8)).under("animal").num_classes == 4
    assert open_it(px=8).below("object").tolist() == [False] * 4 + [True]


def test_an_image_is_the_picture_cut_square(imagenet: Path) -> None:
    source = open_it(px=14)
    image = source.images(np.array([4]))[0]
    with Image.open(imagenet / source.pictures.names[4]) as picture:
        middle = np.asarray(picture.convert("RGB"))[:, 3:17].transpose(2, 0, 1)
    assert image.dtype == torch.uint8
    assert np.abs(image.numpy().astype(int) - middle).max() <= 1


@pytest.mark.parametrize(("mode", "kind"), [("L", "JPEG"), ("CMYK", "JPEG"), ("RGB", "PNG")])
def test_gray_and_cmyk_pictures_and_pngs_called_jpeg_are_read(
    imagenet: Path, write: Write, picture: Callable[..., bytes], mode: str, kind: str
) -> None:
    """ImageNet has all of these (n02105855_2933.JPEG is a PNG)."""
    name = "n01440764/n01440764_2.JPEG"
    write(imagenet, [name], picture(mode, kind))
    source = open_it(px=14)
    image = source.images(np.array([source.pictures.names.index(name)]))[0].float()
    assert (image.std(0) < 6).all()  # no colour
    brightness = image.mean((0, 1))
    assert (brightness.diff() > 0).all()


def test_images_come_by_id_in_any_order_and_repeated(imagenet: Path) -> None:
    source = open_it(px=8)
    everything = source.images(np.arange(15))
    ids = np.array([7, 0, 7, 14])
    assert torch.equal(source.images(ids), everything[ids])


def test_a_damaged_note_of_the_camera_harms_no_picture(imagenet: Path, tmp_path: Path) -> None:
    """A few of ImageNet's have one. In a process of its own, whose warnings are errors."""
    path = imagenet / "n02012849" / "n02012849_33.JPEG"
    content = path.read_bytes()
    after = (
        4 + int.from_bytes(content[4:6], "big") - 2
    )  # the JFIF header, with which PIL is content
    beyond = b"\xff\xff\0\0"  # where the resolution is said to lie
    note = b"Exif\0\0II*\0\x08\0\0\0\x02\0"
    note += b"\x1a\x01\x05\0\x01\0\0\0" + beyond + b"\x28\x01\x03\0\x01\0\0\0\x02\0\0\0"
    header = b"\xff\xe1" + (len(note) + 2).to_bytes(2, "big") + note
    path.write_bytes(content[:2] + header + content[after:])
    look = (
        "import sys, pathlib; from nbsupport.data.pictures.files import decode; "
        "print(decode(pathlib.Path(sys.argv[1]).read_bytes(), 8, 'crop', 'x').shape)"
    )
    command = [sys.executable, "-W", "error", "-c", look, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root_of_project())
    assert done.stdout == "(3, 8, 8)\n", done.stderr


def test_all_are_decoded_once_into_the_file_that_preparing_fills(imagenet: Path) -> None:
    source = open_it(px=8)
    before = source.images(np.arange(15))
    assert image_file(source.pictures.fingerprint, 15, 8).exists()
    for path in imagenet.rglob("*.JPEG"):
        path.write_bytes(b"")
    assert torch.equal(source.images(np.arange(15)), before)


def test_where_all_would_be_too_large_only_those_asked_for_are_decoded(
    imagenet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = open_it(px=8).images(np.arange(15))
    small = open_it(px=9).images(np.array([3]))
    monkeypatch.setattr(decode_once, "AT_ONCE", 100)
    assert torch.equal(open_it(px=8).images(np.array([3, 1])), whole[[3, 1]])  # prepared
    source = open_it(px=5)
    name = source.pictures.names[0]
    (imagenet / name).write_bytes(b"broken")
    assert source.images(np.array([3])).shape == (1, 3, 5, 5)
    assert not image_file(source.pictures.fingerprint, 15, 5).exists()
    assert small.shape == (1, 3, 9, 9)


def test_a_disk_without_room_is_not_written_to(
    imagenet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode_once, "has_room", lambda size: False)
    source = open_it(px=8)
    assert source.images(np.arange(2)).shape == (2, 3, 8, 8)
    assert not image_file(source.pictures.fingerprint, 15, 8).exists()


def test_hidden_files_and_linked_folders(imagenet: Path, write: Write, tmp_path: Path) -> None:
    write(imagenet, ["n01440764/._n01440764_2.JPEG", ".ipynb_checkpoints/n0_1.JPEG"], b"no picture")
    (imagenet / "n02123045").rename(tmp_path / "elsewhere")
    (imagenet / "n02123045").symlink_to(tmp_path / "elsewhere")
    assert open_it(px=8).classes()["images"].tolist() == [3] * 5


# what it depends on -------------------------------------------------------------------------------
def test_the_fingerprint_depends_on_files_and_tree_and_not_on_the_place(
    imagenet: Path, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taxonomy: Write
) -> None:
    first = open_it(px=8).fingerprint
    moved = tmp_path / "moved"
    imagenet.parent.parent.rename(moved)
    monkeypatch.setenv("NBSUPPORT_DATA", str(moved))
    assert open_it(px=8).fingerprint == first
    assert str(tmp_path) not in str(open_it(px=8).spec()) + first
    write(moved / "imagenet" / "train", ["n01440764/n01440764_99.JPEG"])
    other = open_it(px=8).fingerprint
    assert other != first
    wnids = open_it(px=8).classes()["wnid"].tolist()
    taxonomy(wnids, ["a", "b", "c", "d", "e"])
    assert open_it(px=8).fingerprint != other


def test_the_spec_opens_the_same_source_again(imagenet: Path) -> None:
    for source in (open_it(px=8), open_it(px=9, strict=False)):
        again = open_source(source.spec())
        assert again.spec() == source.spec()
        assert again.fingerprint == source.fingerprint
    assert open_it(px=8).spec() == {"name": "imagenet", "px": 8}
    nominal = {"name": "imagenet", "px": 9, "nominal": True}
    assert open_source(nominal).spec() == nominal


# what can be wrong --------------------------------------------------------------------------------
def _empty_folder(train: Path) -> None:
    for path in (train / "n02123045").iterdir():
        path.unlink()


def _missing_folder(train: Path) -> None:
    (train / "n02123045").rename(train.parent / "n02123045")


def _other_folder(train: Path) -> None:
    (train / "cats").mkdir()


def _packed(train: Path) -> None:
    (train / "n02123045.tar").write_bytes(b"")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_empty_folder, "class folder n02123045/ holds no picture"),
        (_missing_folder, "class folder n02123045/ is missing"),
        (_other_folder, "cats/ is the folder of no class"),
        (_packed, "n02123045.tar is not unpacked"),
    ],
)
def test_a_wrong_class_folder_is_named(
    imagenet: Path, change: Callable[[Path], None], said: str
) -> None:
    change(imagenet)
    with pytest.raises(UserError) as error:
        open_it(px=8)
    assert said in one_line(error)
    assert "data check imagenet" in one_line(error)
    assert open_it(px=8, strict=False).problems() == [said]


def test_without_strict_what_there_is_is_used(imagenet: Path, write: Write) -> None:
    _empty_folder(imagenet)
    write(imagenet, ["cats/cat_1.JPEG", "stray.JPEG"])
    source = open_it(px=8, strict=False)
    assert source.classes()["name"].tolist() == [
        "tench",
        "goldfish",
        "crane (n02012849)",
        "crane (n03126707)",
    ]
    assert np.bincount(source.labels()).tolist() == [3] * 4


def test_data_that_are_not_there(
    root: Path, taxonomy: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as error:
        open_it(px=8)
    assert f"imagenet is not in {root} (looked for imagenet/train)" in one_line(error)
    assert "ILSVRC2012_img_train.tar" in one_line(error)
    assert "python -m nbsupport data" in one_line(error)
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="nowhere is no folder"):
        open_it(px=8)
    monkeypatch.delenv("NBSUPPORT_DATA")
    with pytest.raises(UserError, match="NBSUPPORT_DATA is not set"):
        open_it(px=8)


def test_an_empty_folder_has_no_picture(imagenet: Path) -> None:
    for path in imagenet.rglob("*.JPEG"):
        path.unlink()
    with pytest.raises(UserError, match="no picture in a class folder"):
        open_it(px=8, strict=False)


@pytest.mark.parametrize("px", [0, -1, 2.5, "64", True, None])
def test_a_size_that_is_none(px: object) -> None:
    with pytest.raises(UserError, match="px="):
        open_it(px=px)


# broken pictures ----------------------------------------------------------------------------------
def test_a_truncated_picture_is_named(imagenet: Path) -> None:
    path = imagenet / "n02012849" / "n02012849_33.JPEG"
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(UserError) as error:
        open_it(px=8).images(np.array([0]))
    assert "n02012849/n02012849_33.JPEG" in one_line(error)
    assert "truncated" in one_line(error)


def test_broken_pictures_are_left_out_only_when_the_user_says_so(
    imagenet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [imagenet / "n02012849" / f"n02012849_{i}.JPEG" for i in (2, 33)]
    for path in broken:
        path.write_bytes(b"no picture")
    before = open_it(px=8)
    monkeypatch.setenv("NBSUPPORT_SKIP_BROKEN", "1")
    with pytest.raises(UserError, match="and 1 others cannot be read and will be left out"):
        before.images(np.array([0]))
    monkeypatch.delenv("NBSUPPORT_SKIP_BROKEN")
    after = open_it(px=8)
    assert after.classes()["images"].tolist() == [3, 3, 1, 3, 3]
    assert after.fingerprint != before.fingerprint
    assert after.images(np.arange(13)).shape == (13, 3, 8, 8)
    broken[0].write_bytes(b"other content")
    assert len(open_it(px=8, fresh=True)) == 15  # other files: the list is not of these


def test_a_picture_overwritten_in_place_is_noticed_and_not_left_out(
    imagenet: Path, monkeypatch: pytest.MonkeyPatch, picture: Callable[..., bytes]
) -> None:
    source = open_it(px=8)
    (imagenet / source.pictures.names[1]).write_bytes(picture(size=(40, 30)))
    monkeypatch.setenv("NBSUPPORT_SKIP_BROKEN", "1")
    with pytest.raises(UserError, match="has changed since its folder was listed"):
        open_it(px=8).images(np.array([0]))
    assert open_it(px=8, fresh=True).images(np.arange(15)).shape == (15, 3, 8, 8)
    assert open_it(px=8).fingerprint != source.fingerprint


def test_a_class_of_broken_pictures_is_empty(
    imagenet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (imagenet / "n02012849").iterdir():
        path.write_bytes(b"no picture")
    monkeypatch.setenv("NBSUPPORT_SKIP_BROKEN", "1")
    with pytest.raises(UserError, match="left out"):
        open_it(px=8).images(np.array([0]))
    with pytest.raises(UserError, match="n02012849/ holds no picture"):
        open_it(px=8)


def test_skipping_takes_no_other_value(imagenet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (imagenet / "n02012849" / "n02012849_2.JPEG").write_bytes(b"no picture")
    monkeypatch.setenv("NBSUPPORT_SKIP_BROKEN", "yes")
    with pytest.raises(UserError, match="NBSUPPORT_SKIP_BROKEN='yes'"):
        open_it(px=8).images(np.array([0]))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), kind=st.sampled_from(["JPEG", "PNG"]))
def test_a_damaged_picture_is_read_or_named(
    picture: Callable[..., bytes], data: st.DataObject, kind: str
) -> None:
    """No damage leads to another error than a UserError."""
    content = bytearray(picture(kind=kind))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    with suppress(UserError):
        assert decode(cut, 8, "crop", "a.JPEG").shape == (3, 8, 8)


# planning -----------------------------------------------------------------------------------------
def test_without_data_it_can_be_planned_with(
    monkeypatch: pytest.MonkeyPatch, taxonomy: Write
) -> None:
    monkeypatch.delenv("NBSUPPORT_DATA", raising=False)
    wnids = [f"n{i:08d}" for i in range(1000)]
    taxonomy(wnids, wnids)
    source = open_it(px=224, nominal=True)
    assert (len(source), len(source.classes())) == (1_281_167, 1000)
    counts = source.classes()["images"]
    assert (counts.min(), counts.max()) == (732, 1300)
    assert len(Subset(source).per_class(150)) == 150_000
    with pytest.raises(UserError, match="at most 732 per class"):
        len(Subset(source).per_class(1000))
    with pytest.raises(UserError) as error:
        source.images(np.arange(3))
    assert "nominal=True" in one_line(error)


@given(total=st.integers(732 * 50, 1300 * 50))
def test_nominal_class_sizes_add_up(total: int) -> None:
    counts = extremes(total, 50)
    assert sum(counts) == total
    assert all(732 <= count <= 1300 for count in counts)
    assert sum(count not in (732, 1300) for count in counts) <= 1


def test_impossible_class_sizes() -> None:
    with pytest.raises(UserError, match="732 to 1,300"):
        extremes(1301 * 50, 50)


def test_check_names_classes_of_other_sizes_than_published(imagenet: Path) -> None:
    assert open_it(px=8).count_problems()[0] == (
        "class folder n01440764/ holds 3 pictures, published are 732 to 1,300"
    )
    assert module.LEAST == 732

"""Where pictures lie: a folder or a zip, and what can be wrong with either."""

import errno
import os
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from nbsupport.data.pictures.files import ENDINGS, NOT_DATA, Folder, Pictures, Zip, place, scan
from nbsupport.errors import UserError

CONTENT = np.random.default_rng(0).bytes(4000)


def packed(path: Path, *names: str) -> Path:
    """A zip with a file of each name."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, CONTENT)
    return path


def change(path: Path, at: int, byte: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] = byte
    path.write_bytes(content)


def said(action: object, *arguments: object) -> str:
    """The one line of the UserError that an action raises."""
    with pytest.raises(UserError) as caught:
        action(*arguments)  # type: ignore[operator]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_follows_links_and_leaves_out_what_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "1.jpg").write_bytes(CONTENT)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "dog").symlink_to(tmp_path / "disk")
    (tmp_path / "set" / ".hidden.jpg").write_bytes(b"")
    assert Folder(tmp_path / "set").sizes() == {"dog/1.jpg": 4000}
    assert Folder(tmp_path / "nowhere").sizes() == {}


def test_a_link_to_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "lost.jpg").symlink_to(tmp_path / "nowhere")
    assert "lost.jpg: No such file or directory; put it right" in said(Folder(tmp_path).sizes)


def test_a_folder_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr("nbsupport.data.pictures.files.os.scandir", refuse)
    assert f"{tmp_path}: Permission denied; put it right" in said(Folder(tmp_path).sizes)


def test_a_zip_leaves_out_what_a_mac_adds(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", "a/1.jpg", "__MACOSX/a/._1.jpg", "a/._1.jpg", "a/.DS_Store")
    assert Zip(path).below("", ENDINGS) == ["a/1.jpg"]


def test_a_zip_of_windows_is_read_as_it_is_meant(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", "a\\dog\\1.jpg", "a\\.hidden\\2.jpg", "b/3.jpg", "a\\empty\\")
    assert Zip(path).sizes() == {"a/dog/1.jpg": 4000, "b/3.jpg": 4000}
    assert Zip(path).read("a/dog/1.jpg") == CONTENT
    assert "has no file a/dog/2.jpg" in said(Zip(path).read, "a/dog/2.jpg")


@pytest.mark.parametrize("name", [*NOT_DATA, ".AppleDouble", ".thumbnails", "@EADIR"])
def test_what_a_system_keeps_for_itself_is_no_part_of_the_data(name: str, tmp_path: Path) -> None:
    names = ("dog/1.jpg", f"dog/{name}/1.jpg", f"dog/{name}/1.jpg/SYNOPHOTO.jpg", f"{name}/2.jpg")
    path = packed(tmp_path / "a.zip", *names[:3])
    with zipfile.ZipFile(path) as archive:
        members = [n for n in archive.namelist() if n != names[1]]
        archive.extractall(tmp_path / "a", members)
    assert Zip(path).below("") == ["dog/1.jpg"]
    assert Folder(tmp_path / "a").sizes() == {"dog/1.jpg": 4000}
    assert scan(tmp_path / "a")[1].keys() == {"", "dog"}


def test_a_pipe_is_no_picture(tmp_path: Path) -> None:
    """Reading one would wait for ever."""
    os.mkfifo(tmp_path / "1.jpg")
    (tmp_path / "2.jpg").write_bytes(CONTENT)
    assert Folder(tmp_path).sizes() == {"2.jpg": 4000}


def test_a_zip_packed_in_a_way_that_is_damaged(tmp_path: Path) -> None:
    """Each way of packing has errors of its own."""
    for way in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path = tmp_path / f"{way}.zip"
        with zipfile.ZipFile(path, "w", way) as archive:
            archive.writestr("1.jpg", CONTENT)
        whole, named = path.read_bytes(), 0
        for at in range(35, 95, 3):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
            try:
                assert Zip(path).read("1.jpg") == CONTENT  # a byte that is not needed
            except UserError as error:
                named += "1.jpg in" in str(error)
        assert named > 10


def test_a_list_of_a_zip_that_is_damaged(tmp_path: Path) -> None:
    """No byte of it leads to another error than a UserError."""
    whole = packed(tmp_path / "a.zip", "1.jpg", "dog/2.jpg").read_bytes()
    path = tmp_path / "b.zip"
    for at in range(whole.index(b"PK\x01\x02"), len(whole)):
        for byte in (0, 0x7F, 0xFF):
            path.write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
            with suppress(UserError):
                for name in Zip(path).sizes():
                    Zip(path).read(name)


@pytest.mark.parametrize("name", ["../1.jpg", "/1.jpg", "a/../../1.jpg", "a\\..\\1.jpg"])
def test_a_zip_that_leads_out_of_itself_is_refused(tmp_path: Path, name: str) -> None:
    assert "leads out of the zip" in said(Zip(packed(tmp_path / "a.zip", name)).sizes)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path, start: change(path, start, 0xFF), "1.jpg in"),  # zlib cannot read it
        (lambda path, start: change(path, start + 2000, 0x55), "1.jpg in"),  # checksum
        (lambda path, start: encrypt(path), "encrypted"),
    ],
    ids=["unreadable", "changed", "encrypted"],
)
def test_a_damaged_part_of_a_zip_is_named(tmp_path: Path, damage: object, told: str) -> None:
    path = packed(tmp_path / "a.zip", "1.jpg", "2.jpg")
    start = 30 + len("1.jpg")  # a zip begins with the first file's header of 30 bytes and its name
    damage(path, start)  # type: ignore[operator]
    line = said(Zip(path).read, "1.jpg")
    assert told in line
    assert "1.jpg in" in line
    assert "get the zip again" in line
    assert Zip(path).read("2.jpg") == CONTENT


def encrypt(path: Path) -> None:
    """Say of the first file, where it begins and in the list at the end, that it is encrypted."""
    change(path, 6, 1)
    change(path, path.read_bytes().index(b"PK\x01\x02") + 8, 1)


@pytest.mark.parametrize(
    ("content", "told"), [(b"", "it is empty"), (b"no picture", "of no known kind")]
)
def test_what_is_no_picture_is_said_without_python_s_names(
    tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "1.jpg").write_bytes(content)
    line = said(Pictures(place(tmp_path), ["1.jpg"]).square, 0, 8)
    assert f"1.jpg cannot be read as a picture ({told}): restore the file" in line


def test_pictures_are_decoded_by_several_threads_in_their_order(tmp_path: Path) -> None:
    from threading import Barrier

    from PIL import Image

    from nbsupport.machine import cpu_count

    for i in range(9):
        Image.new("RGB", (8, 8), (20 * i, 0, 0)).save(tmp_path / f"{i}.png")
    together = Barrier(min(2, cpu_count()))

    class Waiting(Pictures):
        def square(self, row: int, px: int) -> np.ndarray:
            together.wait(timeout=60)  # raises where one thread decodes alone
            return super().square(row, px)

    rows = np.array([3, 0, 8, 1])
    found = Waiting(place(tmp_path), [f"{i}.png" for i in range(9)]).squares(rows, 8)
    assert found.shape == (4, 3, 8, 8)
    assert found[:, 0, 4, 4].tolist() == [60, 0, 160, 20]

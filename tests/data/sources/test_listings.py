"""Kept listings: made once, trusted while folders are unchanged."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from nbsupport.data.pictures import listings
from nbsupport.data.pictures.files import Folder, Zip
from nbsupport.data.pictures.listings import ListedFolder, PartOf, remembered
from nbsupport.errors import UserError

Write = Callable[..., None]


@pytest.fixture
def folder(root: Path, write: Write) -> Path:
    write(root / "set", ["a/1.jpg", "a/b/2.jpg", "c/3.jpg", "4.jpg"])
    (root / "set" / "empty").mkdir()
    for at in (root / "set").rglob("*"):
        os.utime(at, (1e9, 1e9))  # long ago: a change now is another time
    return root / "set"


def forbid_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    def scan(*_: object) -> None:
        raise AssertionError("listed again")

    monkeypatch.setattr(listings, "scan", scan)


def test_a_listing_is_that_of_the_folder(folder: Path) -> None:
    assert ListedFolder(folder).sizes() == Folder(folder).sizes()
    assert ListedFolder(folder).folders() == ["a", "a/b", "c", "empty"]


def test_it_is_made_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ListedFolder(folder).sizes()
    forbid_scans(monkeypatch)
    assert ListedFolder(folder).sizes() == first
    with pytest.raises(AssertionError):
        ListedFolder(folder, fresh=True).sizes()


@pytest.mark.parametrize("name", ["a/new.jpg", "empty/new.jpg", "new/new.jpg", "new.jpg"])
def test_a_new_file_is_seen(folder: Path, write: Write, name: str) -> None:
    before = ListedFolder(folder).sizes()
    write(folder, [name])
    assert set(ListedFolder(folder).sizes()) == {*before, name}


def test_a_file_or_folder_that_went_is_seen(folder: Path) -> None:
    before = ListedFolder(folder).sizes()
    (folder / "c" / "3.jpg").unlink()
    assert set(ListedFolder(folder).sizes()) == {*before} - {"c/3.jpg"}
    (folder / "c").rmdir()
    assert "c" not in ListedFolder(folder).folders()


def test_a_damaged_listing_is_made_again(folder: Path, root: Path) -> None:
    first = ListedFolder(folder).sizes()
    (kept,) = (root.parent / "store" / "listings").glob("*.json")
    kept.write_text("{")
    assert ListedFolder(folder).sizes() == first
    assert not list(kept.parent.glob("*.partial"))


def test_a_link_to_nowhere_and_one_in_a_circle_are_named(folder: Path) -> None:
    (folder / "a" / "lost.jpg").symlink_to(folder / "nowhere")
    with pytest.raises(UserError, match=r"lost\.jpg: No such file"):
        ListedFolder(folder).sizes()
    (folder / "a" / "lost.jpg").unlink()
    (folder / "a" / "round").symlink_to(folder / "a")
    with pytest.raises(UserError, match="symbolic links"):
        ListedFolder(folder).sizes()


def test_a_name_that_is_no_text_is_named(folder: Path) -> None:
    (folder / os.fsdecode(b"\xff.jpg")).write_bytes(b"")
    with pytest.raises(UserError, match="not UTF-8"):
        ListedFolder(folder).sizes()


def test_a_store_that_cannot_be_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "file" / "store"))
    with pytest.raises(UserError, match="set NBSUPPORT_STORE"):
        ListedFolder(folder).sizes()


def test_what_is_remembered_is_made_again_when_it_no_longer_holds(root: Path) -> None:
    assert remembered("x", lambda kept: True, lambda: {"n": 1}) == {"n": 1}
    assert remembered("x", lambda kept: True, lambda: {"n": 2}) == {"n": 1}
    assert remembered("x", lambda kept: kept["n"] == 3, lambda: {"n": 3}) == {"n": 3}
    assert remembered("y", lambda kept: True, lambda: {"n": 4}) == {"n": 4}


def test_a_part_of_a_zip_is_like_the_folder_it_was_made_of(folder: Path, root: Path) -> None:
    with zipfile.ZipFile(root / "set.zip", "w") as archive:
        for path in sorted(folder.rglob("*.jpg")):
            archive.write(path, f"top/{path.relative_to(folder).as_posix()}")
        archive.writestr("other/5.jpg", b"")
    part, listed = PartOf(Zip(root / "set.zip"), "top/"), ListedFolder(folder)
    assert part.sizes() == listed.sizes()
    assert part.folders() == ["a", "a/b", "c"]
    assert part.read("a/b/2.jpg") == listed.read("a/b/2.jpg")

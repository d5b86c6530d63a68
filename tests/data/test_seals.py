"""Kept images that were damaged are noticed when they are opened, and made again, bit by bit."""

import json
import os
import warnings
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch

from nbsupport.data.pictures import decode_once as preparing
from nbsupport.data.pictures import seals
from nbsupport.data.pictures.cache import cached_images, image_file
from nbsupport.data.pictures.decode_once import (
    BrokenPicturesError,
    cached_pictures,
    decode_once,
    prepared_pictures,
)
from nbsupport.data.pictures.files import Pictures, place
from nbsupport.data.rehearsal_pictures import encoded
from nbsupport.errors import StoreWarning

PX, COUNT = 16, 40
Made = tuple[Path, Callable[[], np.ndarray], list[int]]


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def pixels(rows: np.ndarray) -> np.ndarray:
    return np.stack([np.random.default_rng(r).integers(1, 255, (3, PX, PX)) for r in rows])


class Counting(Pictures):
    """Remembers how many pictures were decoded."""

    calls: list[int]

    def square(self, row: int, px: int) -> np.ndarray:
        self.calls.append(row)
        return super().square(row, px)


def pictures_in(folder: Path, calls: list[int]) -> Counting:
    folder.mkdir()
    for row, image in enumerate(pixels(np.arange(COUNT)).astype(np.uint8)):
        (folder / f"{row:02}.png").write_bytes(encoded(image.transpose(1, 2, 0), ".png"))
    where = place(folder)
    counting = Counting(where, where.below(""))
    counting.calls = calls
    return counting


@pytest.fixture(params=["drawn", "decoded"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    """A file of kept images, a way to open it, and the rows that were made."""
    calls: list[int] = []
    if request.param == "drawn":

        def draw(rows: np.ndarray) -> torch.Tensor:
            calls.extend(rows.tolist())
            return torch.from_numpy(pixels(rows).astype(np.uint8))

        return image_file("toy", COUNT, PX), lambda: cached_images("toy", COUNT, PX, draw), calls
    counting = pictures_in(tmp_path / "a", calls)
    return (
        image_file(counting.fingerprint, COUNT, PX),
        lambda: cached_pictures(counting, PX),
        calls,
    )


def zeros(path: Path) -> None:
    """What a disk may hold after a power cut: the header, and zeros to the old length."""
    size = path.stat().st_size
    os.truncate(path, 128)
    os.truncate(path, size)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "emptied": (lambda path: os.truncate(path, 0), "has 0 bytes instead of"),
    "cut off": (lambda path: os.truncate(path, path.stat().st_size // 2), "bytes instead of"),
    "longer": (lambda path: os.truncate(path, path.stat().st_size + 1), "bytes instead of"),
    "zeros": (zeros, "does not match its checksum"),
    "unsealed": (lambda path: seals.seal_file(path).unlink(), "no checksum beside it"),
    "spoilt seal": (lambda path: seals.seal_file(path).write_bytes(b"\0"), "cannot be read"),
    "list for a seal": (lambda path: seals.seal_file(path).write_text("[]"), "cannot be read"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_made_again_with_a_warning(made: Made, damage: str) -> None:
    path, images, calls = made
    expected = np.array(images())
    np.testing.assert_array_equal(expected, pixels(np.arange(COUNT)))
    spoil, told = DAMAGES[damage]
    spoil(path)
    calls.clear()
    with pytest.warns(StoreWarning, match=told) as caught:
        np.testing.assert_array_equal(images(), expected)
    assert [str(path) in str(w.message) and "\n" not in str(w.message) for w in caught] == [True]
    assert sorted(calls) == list(range(COUNT))
    calls.clear()
    np.testing.assert_array_equal(images(), expected)
    assert calls == []


def test_a_flipped_bit_is_noticed_by_the_next_process(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the file's time does not tell."""
    path, images, _ = made
    images()
    content, times = bytearray(path.read_bytes()), path.stat()
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    monkeypatch.setattr(seals, "_SOUND", set())
    with pytest.warns(StoreWarning, match="does not match its checksum"):
        np.testing.assert_array_equal(images(), pixels(np.arange(COUNT)))


def test_a_whole_file_is_read_once_a_process(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    path, images, _ = made
    images()
    read: list[Path] = []
    plain = seals.sha256_of
    monkeypatch.setattr(seals, "_SOUND", set())
    monkeypatch.setattr(seals, "sha256_of", lambda p: read.append(p) or plain(p))
    for _ in range(3):
        images()
    assert read == [path]


def test_a_large_file_is_read_where_its_time_has_changed(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, images, _ = made
    images()
    monkeypatch.setattr(seals, "LARGE", 10)
    monkeypatch.setattr(seals, "_SOUND", set())
    plain = seals.sha256_of
    monkeypatch.setattr(seals, "sha256_of", lambda _: pytest.fail("the file was read"))
    images()
    monkeypatch.setattr(seals, "sha256_of", plain)
    zeros(path)
    with pytest.warns(StoreWarning, match="does not match"):
        images()


def test_whole_files_need_no_right_to_write(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    _, images, _ = made
    expected = np.array(images())

    def refuse(*_: object, **__: object) -> None:
        raise OSError("read-only")

    for name in ("mkdir", "write_text", "replace"):
        monkeypatch.setattr(Path, name, refuse)
    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(seals, "_SOUND", set())
    np.testing.assert_array_equal(images(), expected)


def test_what_was_skipped_belongs_to_the_file(tmp_path: Path) -> None:
    """Without its list, black pictures would be trained on."""
    (tmp_path / "a").mkdir()
    for row in range(3):
        (tmp_path / "a" / f"{row}.png").write_bytes(b"no picture" if row == 1 else GOOD)
    where = place(tmp_path / "a")
    pictures = Pictures(where, where.below(""))
    assert decode_once(pictures, PX, skip_broken=True).skipped == (1,)
    listed = image_file(pictures.fingerprint, 3, PX).with_suffix(".skipped.csv")
    for text in ("row,name,reason\n", None):
        listed.unlink() if text is None else listed.write_text(text)
        with pytest.warns(StoreWarning, match=r"skipped.csv is missing or does not match"):
            assert decode_once(pictures, PX, skip_broken=True).skipped == (1,)


def test_more_than_is_kept_unasked_is_decoded_when_read(
    made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, images, _ = made
    images()
    if not (tmp_path / "a").exists():
        return
    zeros(path)
    where = place(tmp_path / "a")
    monkeypatch.setattr("nbsupport.data.pictures.decode_once.AT_ONCE", 1)
    with pytest.warns(StoreWarning, match="decoded when they are read"):
        assert prepared_pictures(Pictures(where, where.below("")), PX) is None


# what an interrupted preparation has left ---------------------------------------------------------
@pytest.fixture
def counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counting:
    """Pictures prepared in blocks of four."""
    monkeypatch.setattr(preparing, "BLOCK", 4)
    return pictures_in(tmp_path / "b", [])


@pytest.mark.parametrize("damage", ["cut off", "emptied", "zeros", "header"])
def test_a_damaged_beginning_is_no_beginning(counting: Counting, damage: str) -> None:
    """Under a journal that says that all is done."""
    whole = decode_once(counting, PX).path
    begun, journal = whole.with_suffix(".preparing"), whole.with_suffix(".journal")
    whole.rename(begun)
    if damage == "header":
        begun.write_bytes(bytes(128) + begun.read_bytes()[128:])
    else:
        DAMAGES[damage][0](begun)
    made = pixels(np.arange(COUNT)).astype(np.uint8).transpose(0, 2, 3, 1)
    lines = [
        {
            "from": row,
            "to": row + 2,
            "skipped": [],
            "sha256": sha256(made[row : row + 2].tobytes()).hexdigest(),
        }
        for row in range(0, COUNT, 2)
    ]
    journal.write_text("".join(f"{json.dumps(line)}\n" for line in lines) + "\0\0\n{}\n")
    assert decode_once(counting, PX).decoded == COUNT
    np.testing.assert_array_equal(cached_pictures(counting, PX), pixels(np.arange(COUNT)))


def test_blocks_that_are_whole_are_kept_beside_one_that_is_not(counting: Counting) -> None:
    last = counting.place.path / counting.names[-1]
    assert counting.fingerprint  # of the sizes that they have now
    content = last.read_bytes()
    last.write_bytes(content[:-30])
    with pytest.raises(BrokenPicturesError):
        decode_once(counting, PX)
    begun = image_file(counting.fingerprint, COUNT, PX).with_suffix(".preparing")
    spoilt = bytearray(begun.read_bytes())
    spoilt[-(COUNT - 5) * 3 * PX * PX] ^= 1  # in row 5
    begun.write_bytes(spoilt)
    last.write_bytes(content)
    counting.calls.clear()
    decode_once(counting, PX)
    assert sorted(counting.calls) == [4, 5, 6, 7, 36, 37, 38, 39]
    np.testing.assert_array_equal(cached_pictures(counting, PX), pixels(np.arange(COUNT)))


GOOD = encoded(np.zeros((PX, PX, 3), dtype=np.uint8), ".png")


def test_nothing_is_said_of_what_is_whole(made: Made) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            made[1]()

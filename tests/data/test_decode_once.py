"""Preparing pictures: what is in the file, what an interruption keeps, what can go wrong."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nbsupport.data.pictures import decode_once as preparing
from nbsupport.data.pictures.cache import cached_images, image_file
from nbsupport.data.pictures.decode_once import (
    BrokenPicturesError,
    blocks,
    cached_pictures,
    decode_once,
    read_pictures,
    skipped_pictures,
    without_skipped,
)
from nbsupport.data.pictures.files import Pictures, place
from nbsupport.errors import UserError
from nbsupport.paths import root

PX = 12


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(preparing, "BLOCK", 4)
    return tmp_path / "store" / "images"


def drawn(folder: Path, count: int) -> Pictures:
    """JPEGs of different sizes and colours."""
    rng = np.random.default_rng(count)
    (folder / "a").mkdir(parents=True, exist_ok=True)
    for i in range(count):
        pixels = rng.integers(0, 256, (20 + i % 5, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "a" / f"{i:03d}.jpg")
    where = place(folder)
    return Pictures(where, where.below(""))


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    return drawn(tmp_path / "pictures", 18)


def cut(pictures: Pictures, row: int) -> None:
    """Half of a file; its length was listed before, so that the fingerprint stays."""
    assert pictures.fingerprint
    path = pictures.place.path / pictures.names[row]
    path.write_bytes(path.read_bytes()[:400])


class Counting(Pictures):
    """Remembers which rows were decoded."""

    def __init__(self, pictures: Pictures) -> None:
        super().__init__(pictures.place, pictures.names, pictures.resize)
        self.rows: list[int] = []

    def square(self, row: int, px: int) -> np.ndarray:
        self.rows.append(row)
        return super().square(row, px)


def plain(pictures: Pictures) -> np.ndarray:
    return pictures.squares(np.arange(len(pictures)), PX)


# what is in the file ------------------------------------------------------------------------------
@pytest.mark.parametrize("workers", [1, 3])
def test_the_file_is_what_cached_images_maps(pictures: Pictures, workers: int) -> None:
    done = decode_once(pictures, PX, workers=workers)
    assert (done.count, done.decoded, done.skipped) == (18, 18, ())

    def never(rows: np.ndarray) -> None:
        raise AssertionError("decoded although it is prepared")

    found = cached_images(pictures.fingerprint, len(pictures), PX, never)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, plain(pictures))
    assert found[np.array([3, 1])].strides[1] == 1, "channels are not last in memory"


def test_a_zip_is_read_by_several_threads(pictures: Pictures, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in pictures.names:
            archive.write(pictures.place.path / name, name)
    packed = Pictures(place(tmp_path / "all.zip"), pictures.names)
    decode_once(packed, PX, workers=4)
    np.testing.assert_array_equal(cached_pictures(packed, PX), plain(pictures))


def test_the_originals_are_only_read(pictures: Pictures) -> None:
    before = {name: pictures.place.read(name) for name in pictures.names}
    decode_once(pictures, PX)
    where = place(pictures.place.path)
    assert {name: where.read(name) for name in where.sizes()} == before


def test_pictures_are_prepared_when_first_asked_for_and_once(pictures: Pictures) -> None:
    counting = Counting(pictures)
    for _ in range(2):
        np.testing.assert_array_equal(cached_pictures(counting, PX), plain(pictures))
    assert sorted(counting.rows) == list(range(18))


def test_many_pictures_are_decoded_when_read_until_they_are_prepared(
    pictures: Pictures, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "AT_ONCE", 100)
    counting, rows = Counting(pictures), np.array([7, 2])
    np.testing.assert_array_equal(read_pictures(counting, PX)(rows), plain(pictures)[rows])
    assert counting.rows == [7, 2]
    assert not image_file(pictures.fingerprint, 18, PX).exists()
    decode_once(pictures, PX)
    np.testing.assert_array_equal(read_pictures(counting, PX)(rows), plain(pictures)[rows])
    assert counting.rows == [7, 2]


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=40))
def test_blocks_are_the_missing_rows_in_short_runs(missing: list[bool]) -> None:
    found = list(blocks(np.array(missing, dtype=bool)))
    assert [row for run in found for row in run] == [i for i, m in enumerate(missing) if m]
    assert all(1 <= len(run) <= preparing.BLOCK for run in found)


# going on -----------------------------------------------------------------------------------------
@settings(max_examples=10, deadline=None)
@given(stop=st.integers(0, 17))
def test_what_was_done_before_an_interruption_is_not_done_again(stop: int) -> None:
    class Stopping(Counting):
        def square(self, row: int, px: int) -> np.ndarray:
            if row == stop:
                raise KeyboardInterrupt
            return super().square(row, px)

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBSUPPORT_STORE", f"{folder}/store")
        pictures = drawn(Path(folder) / "pictures", 18)
        with pytest.raises(KeyboardInterrupt):
            decode_once(Stopping(pictures), PX, workers=1)
        again, reports = Counting(pictures), []
        done = decode_once(again, PX, workers=1, report=reports.append)
        assert again.rows == list(range(stop // 4 * 4, 18))
        assert done.decoded == len(again.rows)
        assert sum(reports) == 18
        np.testing.assert_array_equal(cached_pictures(pictures, PX), plain(pictures))


KILLED = """
import sys, time
from pathlib import Path
from nbsupport.data.pictures import decode_once as preparing
from nbsupport.data.pictures.files import Pictures, place

class Slow(Pictures):
    def square(self, row, px):
        time.sleep(0.02)
        return super().square(row, px)

preparing.BLOCK = 4
where = place(Path(sys.argv[1]))
pictures = Slow(where, where.below(""))
preparing.decode_once(pictures, int(sys.argv[2]), workers=2, report=lambda n: print(n, flush=True))
"""


def test_a_killed_preparation_goes_on_where_it_was(tmp_path: Path, own_store: Path) -> None:
    pictures = drawn(tmp_path / "many", 60)
    command = [sys.executable, "-c", KILLED, str(pictures.place.path), str(PX)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root()) as process:
        assert process.stdout is not None
        for _ in range(4):  # nothing from before, then three blocks
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not list(own_store.glob("*.npy"))
    journal = next(own_store.glob("*.journal"))
    with journal.open("a") as file:
        file.write('{"from": 0, "to": 6')  # as a kill in the middle of a line leaves it
    counting = Counting(pictures)
    done = decode_once(counting, PX)
    assert 0 < done.decoded <= 60 - 3 * 4
    assert len(counting.rows) == done.decoded
    np.testing.assert_array_equal(cached_pictures(pictures, PX), plain(pictures))
    left = {p.name.partition(".")[2] for p in own_store.iterdir()}
    assert left - {"lock"} == {"npy", "seal.json"}


def test_a_journal_without_its_file_says_nothing(pictures: Pictures, own_store: Path) -> None:
    own_store.mkdir(parents=True)
    journal = image_file(pictures.fingerprint, 18, PX).with_suffix(".journal")
    journal.write_text('{"from": 0, "to": 16, "skipped": []}\n')
    assert decode_once(pictures, PX).decoded == 18


def test_prepared_twice_is_prepared_once(pictures: Pictures, own_store: Path) -> None:
    decode_once(pictures, PX)
    begun = image_file(pictures.fingerprint, 18, PX).with_suffix(".preparing")
    begun.write_bytes(b"left over")
    counting = Counting(pictures)
    assert decode_once(counting, PX).decoded == 0
    assert counting.rows == []
    assert not begun.exists()


MEASURED = """
import resource, sys
from pathlib import Path
from nbsupport.data.pictures.files import Pictures, place
from nbsupport.data.pictures.decode_once import decode_once

where = place(Path(sys.argv[1]))
decode_once(Pictures(where, ["a/000.jpg"] * 4), 192, workers=2)
peak = lambda: 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
done = decode_once(Pictures(where, ["a/000.jpg"] * 900), 192, workers=2)
print(done.path.stat().st_size, peak() - before)
"""


def test_memory_does_not_grow_with_the_data(tmp_path: Path) -> None:
    pictures = drawn(tmp_path / "one", 1)
    command = [sys.executable, "-c", MEASURED, str(pictures.place.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root())
    size, grown = map(int, done.stdout.split())
    assert size > 99e6
    assert grown < 10e6


# what goes wrong ----------------------------------------------------------------------------------
def test_a_broken_picture_is_named_once_all_others_are_done(pictures: Pictures) -> None:
    content = pictures.place.read(pictures.names[5])
    cut(pictures, 5)
    with pytest.raises(UserError, match=r"1 of 18 .*a/005\.jpg .*; the other 17 .*--skip-broken"):
        decode_once(pictures, PX)
    assert not image_file(pictures.fingerprint, 18, PX).exists()
    (pictures.place.path / pictures.names[5]).write_bytes(content)
    counting = Counting(pictures)
    decode_once(counting, PX)
    assert sorted(counting.rows) == [4, 5, 6, 7]
    np.testing.assert_array_equal(cached_pictures(pictures, PX), plain(pictures))


def test_a_broken_picture_is_skipped_where_the_user_says_so(pictures: Pictures) -> None:
    cut(pictures, 5)
    for _ in range(2):
        assert decode_once(pictures, PX, skip_broken=True).skipped == (5,)
    np.testing.assert_array_equal(skipped_pictures(pictures, PX), [5])
    listed = image_file(pictures.fingerprint, 18, PX).with_suffix(".skipped.csv").read_text()
    assert listed.startswith("row,name,reason\n5,a/005.jpg,")
    with pytest.raises(BrokenPicturesError, match=r"1 pictures were left black .*a/005\.jpg"):
        cached_pictures(pictures, PX)


@pytest.mark.parametrize("rows", [[0], [5], [17], [0, 1, 2, 9, 16, 17]])
def test_what_is_prepared_goes_on_without_the_skipped(pictures: Pictures, rows: list[int]) -> None:
    expected = np.delete(plain(pictures), rows, axis=0)
    kept = Pictures(pictures.place, [n for i, n in enumerate(pictures.names) if i not in rows])
    for row in rows:
        cut(pictures, row)
    decode_once(pictures, PX, skip_broken=True)
    path = without_skipped(pictures, kept, PX)
    left = [file for file in path.parent.iterdir() if file.suffix not in (".lock", ".json")]
    assert left == [path] == [image_file(kept.fingerprint, len(kept), PX)]
    counting = Counting(kept)
    np.testing.assert_array_equal(cached_pictures(counting, PX), expected)
    assert counting.rows == []


def test_a_later_preparation_forgets_what_was_black(pictures: Pictures) -> None:
    content = pictures.place.read(pictures.names[5])
    cut(pictures, 5)
    decode_once(pictures, PX, skip_broken=True).path.unlink()
    (pictures.place.path / pictures.names[5]).write_bytes(content)
    assert decode_once(pictures, PX, skip_broken=True).skipped == ()  # none is broken now
    np.testing.assert_array_equal(cached_pictures(pictures, PX), plain(pictures))


def test_too_many_broken_pictures_end_it(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "MOST_BROKEN", 3)
    for row in range(18):
        cut(pictures, row)
    with pytest.raises(UserError, match=r"4 of 18 pictures .* is this the data set\?"):
        decode_once(pictures, PX, workers=1)


def test_a_disk_without_room_is_told_before_anything_is_written(
    pictures: Pictures, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 18 * 3 * PX**2 - 1})
    monkeypatch.setattr(preparing.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(UserError, match=r"18 pictures at 12 px need 0\.00 GB.*NBSUPPORT_STORE"):
        decode_once(pictures, PX)
    assert [path.suffix for path in own_store.iterdir()] in ([".lock"], [])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_keeps_what_is_done(
    pictures: Pictures, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = os.pwrite, []

    def full(*where: object) -> int:
        written.append(where)
        if len(written) > 9:
            raise OSError(number, os.strerror(number))
        return write(*where)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(UserError, match="is full: what is prepared is kept") as caught:
        decode_once(pictures, PX, workers=1)
    assert "\n" not in str(caught.value)
    monkeypatch.setattr(os, "pwrite", write)
    assert decode_once(pictures, PX).decoded == 18 - 8
    np.testing.assert_array_equal(cached_pictures(pictures, PX), plain(pictures))


def test_a_small_disk_is_full_and_then_larger(
    pictures: Pictures, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same on a real one; writing through a map would end the process there."""
    own_store.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", str(own_store)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        with monkeypatch.context() as patch:
            patch.setattr(preparing._Filling, "_check_room", lambda self, pictures: None)
            with pytest.raises(UserError, match="is full: what is prepared is kept"):
                decode_once(pictures, 3 * PX, workers=1)
        larger = ["mount", "-o", "remount,size=400k", str(own_store)]
        subprocess.run(larger, check=True)
        assert 0 < decode_once(pictures, 3 * PX).decoded < 18
        expected = pictures.squares(np.arange(18), 3 * PX)
        np.testing.assert_array_equal(np.array(cached_pictures(pictures, 3 * PX)), expected)
    finally:
        subprocess.run(["umount", "--lazy", str(own_store)], check=True)


def test_a_disk_that_takes_a_part_is_given_the_rest(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, content, at: write(file, content[:100], at))
    decode_once(pictures, PX)
    np.testing.assert_array_equal(cached_pictures(pictures, PX), plain(pictures))


def test_two_at_once_are_told_to_wait(pictures: Pictures, own_store: Path) -> None:
    own_store.mkdir(parents=True)
    path = image_file(pictures.fingerprint, 18, PX).with_suffix(".lock")
    with FileLock(path), pytest.raises(UserError, match="by another process: wait"):
        decode_once(pictures, PX)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"px": 3}, "px=3: give a whole number of pixels from 8 to 2,048"),
        ({"px": 12.5}, "px=12.5: give a whole"),
        ({"px": PX, "workers": 0}, "workers=0: give a number of threads of at least 1"),
    ],
)
def test_a_wrong_number_is_a_one_line_error(
    pictures: Pictures, options: dict[str, int], told: str
) -> None:
    with pytest.raises(UserError, match=told):
        decode_once(pictures, **options)


def test_no_pictures_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no pictures"):
        decode_once(Pictures(place(tmp_path), []), PX)


def test_a_store_that_cannot_be_written_is_a_one_line_error(
    pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "file" / "store"))
    with pytest.raises(UserError, match=r"Not a directory.*NBSUPPORT_STORE"):
        decode_once(pictures, PX)

"""Pictures decoded and resized once, into the file that `cached_images` maps.

Blocks of pictures are decoded by threads and entered in a journal beside the file once they are on
disk. Who is stopped goes on from the journal; a block that was half written is decoded again. Each
thread holds one picture at a time, encoded and decoded, so that memory does not grow with the data:
two threads take less than 10 MB for pictures of a few hundred pixels, however many there are.
"""

import csv
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import Timeout

from nbsupport.data.pictures import seals
from nbsupport.data.pictures.cache import has_room, held, image_file, mapped
from nbsupport.data.pictures.files import Pictures
from nbsupport.data.pictures.journal import Journal
from nbsupport.data.pictures.listings import ChangedFileError
from nbsupport.data.pictures.readers import rows_of
from nbsupport.errors import UserError
from nbsupport.machine import cpu_count
from nbsupport.sharing import said

if TYPE_CHECKING:
    import torch

BLOCK = 64  # pictures between two entries in the journal: about a second, 13 MB at 256 px
SMALLEST, LARGEST = 8, 2048  # px; a file of 3 x 3 pixels could be of either memory order
MOST_BROKEN = 100  # pictures that cannot be read before it is the data set that is wrong
AT_ONCE = 2**33  # bytes of pictures that are prepared as soon as they are asked for: 8 GB
FULL = (errno.ENOSPC, errno.EDQUOT)

Report = Callable[[int], None]


class BrokenPicturesError(UserError):
    """Pictures that cannot be read, by name; all others are prepared."""

    def __init__(self, message: str, names: tuple[str, ...]) -> None:
        super().__init__(message)
        self.names = names


@dataclass(frozen=True)
class Preparation:
    """What a call did: the file, pictures in it, how many it decoded, and skipped ones (rows)."""

    path: Path
    count: int
    decoded: int
    skipped: tuple[int, ...] = ()


def cached_pictures(pictures: Pictures, px: int) -> np.ndarray:
    """The pictures as uint8 [n, 3, px, px], memory-mapped, read-only; prepared where they are not.

    Channels are last in memory. Of processes that ask at once one prepares and the others wait.
    Raises UserError as `decode_once` does, and BrokenPicturesError where some were left black.
    """
    path = image_file(pictures.fingerprint, len(pictures), _checked(px))
    if seals.problem(path) != "":
        decode_once(pictures, px, wait=True)
    black = tuple(pictures.names[row] for row in skipped_pictures(pictures, px))
    if black:
        raise BrokenPicturesError(
            f"{pictures.place.path}: {len(black):,} pictures were left black in {path}, such as "
            f"{black[0]}: remove that file, then run python -m nbsupport data prepare again",
            black,
        )
    return mapped(path)


def prepared_pictures(pictures: Pictures, px: int) -> np.ndarray | None:
    """As `cached_pictures`, or None where it is better to decode those that are asked for.

    They are prepared now where they take up to 8 GB and the disk has room. More than that are
    decoded anew whenever they are read, until `python -m nbsupport data prepare` has kept them.
    """
    size = 3 * px * px * len(pictures)
    path = image_file(pictures.fingerprint, len(pictures), px)
    damage = seals.problem(path)
    if damage != "" and (size > AT_ONCE or not has_room(size)):
        if damage:
            seals.warn_of(path, damage, "pictures are decoded when they are read")
        return None
    return cached_pictures(pictures, px)


def read_pictures(pictures: Pictures, px: int) -> "Callable[[np.ndarray], torch.Tensor]":
    """How `load_images` reads pictures in files: from `prepared_pictures`, or one by one."""
    import torch

    images = prepared_pictures(pictures, px)
    if images is None:
        return lambda rows: torch.from_numpy(pictures.squares(rows, px))
    return lambda rows: torch.from_numpy(rows_of(images, rows))


def skipped_pictures(pictures: Pictures, px: int) -> np.ndarray:
    """Rows int64 [k] that a preparation skipped because they cannot be read: they are black."""
    listed = _skipped_list(image_file(pictures.fingerprint, len(pictures), px))
    if not listed.exists():
        return np.zeros(0, dtype=np.int64)
    with listed.open(encoding="utf-8", newline="") as file:
        return np.array([int(line["row"]) for line in csv.DictReader(file)], dtype=np.int64)


def without_skipped(pictures: Pictures, kept: Pictures, px: int) -> Path:
    """Make what was prepared of `pictures` that of `kept`, a part of them in the same order.

    Nothing is decoded again, and no second file is written: rows move up in the one there is. Who
    is stopped meanwhile has nothing prepared. Returns where the pictures are.
    """
    path = image_file(pictures.fingerprint, len(pictures), px)
    new = image_file(kept.fingerprint, len(kept), px)
    rows = np.flatnonzero(np.isin(pictures.names, kept.names))
    with held(path), held(new):
        moving = path.replace(new.with_suffix(".preparing"))  # without its journal: no use yet
        _skipped_list(path).unlink(missing_ok=True)
        images = np.load(moving, mmap_mode="r+")
        for start in range(0, len(rows), BLOCK):
            images[start : start + BLOCK][: len(rows) - start] = images[rows[start : start + BLOCK]]
        images.flush()
        begin = images.offset
        with moving.open("r+b") as file:
            header = np.lib.format.header_data_from_array_1_0(images[: len(rows)])
            np.lib.format.write_array_header_1_0(file, header)
            if file.tell() != begin:
                raise ValueError(f"a header of {file.tell()} bytes in place of {begin}")
            file.truncate(begin + len(rows) * 3 * px * px)
        seals.publish(moving, new)
        seals.seal_file(path).unlink(missing_ok=True)
    return new


def decode_once(
    pictures: Pictures,
    px: int,
    *,
    workers: int | None = None,
    skip_broken: bool = False,
    wait: bool = False,
    report: Report | None = None,
) -> Preparation:
    """Decode every picture to px and keep them; what an earlier call finished is not done again.

    `workers` threads decode (default: one a core); `report` is given the number of pictures done,
    earlier ones first. A picture that cannot be read is black where `skip_broken`, and its row is
    listed in a file beside, for `without_skipped`; else all others are prepared first and UserError
    names it. UserError too where the disk has not enough room or fills up, or where another process
    prepares the same and `wait` is false. The pictures themselves are only read.
    """
    path = image_file(pictures.fingerprint, len(pictures), _checked(px))
    threads = cpu_count() if workers is None else workers
    if not len(pictures):
        raise UserError(f"{pictures.place.path} holds no pictures: there is nothing to prepare")
    if threads < 1:
        raise UserError(f"workers={workers}: give a number of threads of at least 1")
    try:
        with held(path, wait=wait):
            filling = _Filling(path, pictures, px, skip_broken, report or _silent)
            damage = seals.problem(path)
            if damage == "":
                return filling.found()
            if damage:
                seals.warn_of(path, damage, "pictures are decoded again")
                path.unlink()  # the disk may not have room for both
            return filling.run(threads)
    except Timeout:
        raise UserError(
            f"{pictures.place.path} is being prepared at {px} px by another process: "
            "wait until it is done, then ask again"
        ) from None
    except OSError as error:
        raise _no_room(path.parent, error) from error


def _checked(px: int) -> int:
    if isinstance(px, bool) or not isinstance(px, int) or not SMALLEST <= px <= LARGEST:
        raise UserError(f"px={px!r}: give a whole number of pixels from {SMALLEST} to {LARGEST:,}")
    return px


def _silent(_: int) -> None:
    """A report that nobody reads."""


def _no_room(folder: Path, error: OSError) -> UserError:
    if error.errno in FULL:
        return UserError(
            f"the disk that holds {folder} is full: what is prepared is kept; free some space, "
            "then the same command goes on"
        )
    return UserError(
        f"cannot keep prepared pictures in {folder} ({said(error)}): "
        "set NBSUPPORT_STORE to a folder that can be written"
    )


# the file -----------------------------------------------------------------------------------------
def blocks(missing: np.ndarray) -> Iterator[range]:
    """The missing rows (bool [count]) in runs of at most BLOCK, as they follow one another."""
    edges = np.flatnonzero(np.diff(missing, prepend=False, append=False))
    for start, stop in edges.reshape(-1, 2).tolist():
        for first in range(start, stop, BLOCK):
            yield range(first, min(first + BLOCK, stop))


class _Filling:
    """One call's work on one file."""

    def __init__(
        self, path: Path, pictures: Pictures, px: int, skip_broken: bool, report: Report
    ) -> None:
        self.path, self.pictures, self.px = path, pictures, px
        self.skip_broken, self.report = skip_broken, report
        self.partial = path.with_suffix(".preparing")
        self.journal = Journal(path.with_suffix(".journal"))
        self.each, self.shape = 3 * px * px, (len(pictures), px, px, 3)
        self.broken: dict[int, str] = {}

    def found(self) -> Preparation:
        """What was prepared before, or drawn by `cached_images`; what was begun beside it goes."""
        for begun in (self.partial, self.journal.path):
            begun.unlink(missing_ok=True)
        skipped = skipped_pictures(self.pictures, self.px).tolist()
        return Preparation(self.path, len(self.pictures), 0, tuple(skipped))

    def run(self, threads: int) -> Preparation:
        count = len(self.pictures)
        self._go_on()
        missing = self.journal.missing(count)
        self._check_room(int(missing.sum()))
        self._begin()
        self.report(count - int(missing.sum()))
        with self.partial.open("r+b", buffering=0) as file:
            self._fill(file.fileno(), list(blocks(missing)), threads)
        if self.broken:
            outcome = f"the other {count - len(self.broken):,} are prepared"
            names = tuple(self.pictures.names[row] for row in sorted(self.broken))
            raise BrokenPicturesError(self._told(outcome), names)
        self._finish()
        skipped = tuple(self.journal.skipped())
        return Preparation(self.path, count, int(missing.sum()), skipped)

    def _go_on(self) -> None:
        """Keep what an earlier call left on disk, as far as it is what that call wrote."""
        try:
            left = np.load(self.partial, mmap_mode="r")
            sound = left.shape == self.shape and left.dtype == np.uint8
        except (OSError, ValueError, EOFError):
            sound = False
        if sound:  # a journal without its file says nothing
            self.journal.keep_whole(lambda rows: left[rows.start : rows.stop].tobytes())
        else:
            self.journal.clear()
            self.partial.unlink(missing_ok=True)

    def _check_room(self, pictures: int) -> None:
        needed, free = pictures * self.each, shutil.disk_usage(self.path.parent).free
        if needed > free:
            raise UserError(
                f"{pictures:,} pictures at {self.px} px need {needed / 1e9:,.2f} GB, and the disk "
                f"that holds {self.path.parent} has {free / 1e9:,.2f} GB free: free some space, "
                "set NBSUPPORT_STORE to a folder on another disk, or give fewer pixels"
            )

    def _begin(self) -> None:
        """The file at its full length, which takes no room before it is written."""
        if not self.partial.exists():
            fresh = self.partial.with_suffix(".fresh")
            np.lib.format.open_memmap(fresh, mode="w+", dtype=np.uint8, shape=self.shape)
            fresh.replace(self.partial)
        self.journal.begin()
        self.start = np.load(self.partial, mmap_mode="r").offset

    def _fill(self, file: int, todo: list[range], threads: int) -> None:
        pool = ThreadPoolExecutor(threads, thread_name_prefix="nbsupport-prepare")
        try:
            running = {pool.submit(self._write, file, rows): rows for rows in todo}
            for done in as_completed(running):
                self._enter(running[done], done)
        finally:
            pool.shutdown(cancel_futures=True)

    def _enter(self, rows: range, done: "Future[tuple[dict[int, str], str]]") -> None:
        """Into the journal with a block, unless something in it has to be restored first."""
        unread, checksum = done.result()
        if unread and not self.skip_broken:
            self.broken |= unread
            if len(self.broken) >= MOST_BROKEN:
                raise UserError(self._told("stopped there: is this the data set?"))
        else:
            self.journal.add(rows, unread, checksum)
        self.report(len(rows) - (0 if self.skip_broken else len(unread)))

    def _write(self, file: int, rows: range) -> tuple[dict[int, str], str]:
        """A block of pictures onto the disk. Returns why those that are broken are (row: reason),
        and the block's SHA-256.

        Written, not mapped: a full disk is then an error and not the end of the process.
        """
        unread, checksum = {}, sha256()
        for row in rows:
            try:
                pixels = self.pictures.square(row, self.px).transpose(1, 2, 0)
            except ChangedFileError:
                raise
            except UserError as error:
                unread[row] = str(error)
                pixels = np.zeros((self.px, self.px, 3), dtype=np.uint8)
            checksum.update(content := pixels.tobytes())
            _write_all(file, content, self.start + row * self.each)
        os.fsync(file)  # only now is it sure that the disk had room
        return unread, checksum.hexdigest()

    def _told(self, outcome: str) -> str:
        rows = sorted(self.broken)
        named = ", ".join(self.pictures.names[row] for row in rows[:10])
        more = f" and {len(rows) - 10:,} more" if len(rows) > 10 else ""
        return (
            f"{len(rows):,} of {len(self.pictures):,} pictures in {self.pictures.place.path} "
            f"cannot be read: {named}{more} ({self.broken[rows[0]]}); {outcome}, and the same "
            "command goes on from there; a source can do without them: --skip-broken of python -m "
            "nbsupport data prepare"
        )

    def _finish(self) -> None:
        skipped = self.journal.skipped()
        _skipped_list(self.path).unlink(missing_ok=True)  # of an earlier file of this name
        if skipped:
            with _skipped_list(self.path).open("w", encoding="utf-8", newline="") as file:
                lines = csv.writer(file)
                lines.writerow(("row", "name", "reason"))
                lines.writerows((r, self.pictures.names[r], why) for r, why in skipped.items())
        seals.publish(self.partial, self.path, [_skipped_list(self.path)] if skipped else [])
        self.journal.path.unlink()


def _skipped_list(path: Path) -> Path:
    return path.with_suffix(".skipped.csv")


def _write_all(file: int, content: bytes, at: int) -> None:
    """A disk that is nearly full takes a part, and says so only at the next write."""
    left = memoryview(content)
    while left:
        written = os.pwrite(file, left, at)
        left, at = left[written:], at + written

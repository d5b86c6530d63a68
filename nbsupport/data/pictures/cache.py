"""Rendered images, kept once on disk and mapped into every process that trains on them."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nbsupport import sharing
from nbsupport.data.pictures import seals
from nbsupport.errors import UserError
from nbsupport.paths import store_dir

if TYPE_CHECKING:
    import torch

CHUNK = 1024  # images drawn between two writes: 3 MB at 32 px


def cached_images(
    fingerprint: str, count: int, px: int, draw: Callable[[np.ndarray], "torch.Tensor"]
) -> np.ndarray:
    """The images of a fingerprint: uint8 [count, 3, px, px], memory-mapped, read-only.

    `draw` takes int64 row numbers [n] and returns uint8 [n, 3, px, px]. It is called only where the
    images are not on disk yet, or are damaged (a StoreWarning says so); of processes that ask at
    once one draws and the others wait. Raises UserError where the store cannot be written.
    """
    path = image_file(fingerprint, count, px)
    try:
        if seals.problem(path) != "":
            with held(path):
                if damage := seals.problem(path):
                    seals.warn_of(path, damage, "they are drawn again")
                if damage != "":
                    _draw_all(path, count, px, draw)
        return mapped(path)
    except OSError as error:
        raise UserError(
            f"cannot keep rendered images in {path.parent} ({sharing.said(error)}): "
            "free some space or set NBSUPPORT_STORE to a folder that can be written"
        ) from error


def image_file(fingerprint: str, count: int, px: int) -> Path:
    """Where the images of a fingerprint lie, or will once they are drawn or prepared."""
    name = hashlib.sha256(f"{fingerprint}|{count}|{px}".encode()).hexdigest()[:24]
    return store_dir() / "images" / f"{name}.npy"


def has_room(size: int) -> bool:
    """Whether the store's disk has `size` bytes: a mapped file that finds none ends Python."""
    folder = store_dir().absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free > size


@contextmanager
def held(path: Path, *, wait: bool = True) -> Iterator[None]:
    """For the one process that fills an image file. filelock's Timeout where it is another."""
    with sharing.filling(path.parent, store_dir()):
        lock = sharing.file_lock(path.with_suffix(".lock"), store_dir())
        with lock.acquire(timeout=-1 if wait else 0):
            yield


def mapped(path: Path) -> np.ndarray:
    """A file's images [count, 3, px, px]. Drawn ones lie in that order, prepared ones have their
    channels last in memory, as they were decoded and as batches are made of them."""
    images = np.load(path, mmap_mode="r")
    return images if images.shape[1] == 3 else images.transpose(0, 3, 1, 2)


def _draw_all(
    path: Path, count: int, px: int, draw: Callable[[np.ndarray], "torch.Tensor"]
) -> None:
    partial = path.with_suffix(f".{os.getpid()}.partial")
    images = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=(count, 3, px, px))
    try:
        for start in range(0, count, CHUNK):
            rows = np.arange(start, min(start + CHUNK, count))
            images[rows] = draw(rows).cpu().numpy()
        images.flush()
        seals.publish(partial, path)
    finally:
        partial.unlink(missing_ok=True)

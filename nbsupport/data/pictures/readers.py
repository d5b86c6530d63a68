"""Rows of an image file: through its map, or by reads that wait for no page after the other.

A map of a file on a network disk fetches one page at a time, 4 KB to 128 KB for an answer over the
network, and the thread stands still meanwhile. NBSUPPORT_READERS=16 asks for so many whole images
at once instead. From a local disk, whose pages the system keeps, the map is as fast (0, the usual).
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np

from nbsupport.errors import UserError

VARIABLE = "NBSUPPORT_READERS"
MOST = 256  # more wait for each other


def rows_of(images: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The images at these rows [k] of a mapped file: uint8 [k, 3, px, px].

    Raises OSError where the file cannot be read, UserError for a wrong NBSUPPORT_READERS.
    """
    number = readers()
    if not number or not isinstance(images, np.memmap) or not hasattr(os, "pread"):
        return images[rows]
    last = images.strides[1] == 1  # channels last, as prepared files have them
    shape = (images.shape[2], images.shape[3], 3) if last else images.shape[1:]
    found = np.empty((len(rows), *shape), np.uint8)
    size = int(np.prod(shape))
    with Path(str(images.filename)).open("rb", buffering=0) as file:

        def put(at: int) -> None:
            begins = images.offset + int(rows[at]) * size
            found[at] = np.frombuffer(_whole(file.fileno(), size, begins), np.uint8).reshape(shape)

        for _ in _threads(os.getpid(), number).map(put, range(len(rows))):
            pass  # the first that fails raises
    return found.transpose(0, 3, 1, 2) if last else found


def readers() -> int:
    """How many images are read at once; 0: through the map. UserError for what is no number."""
    given = os.environ.get(VARIABLE) or "0"
    if not given.isdecimal() or int(given) > MOST:
        raise UserError(f"{VARIABLE}={given}: give a number of reads at a time, 0 to {MOST}")
    return int(given)


def _whole(file: int, size: int, begins: int) -> bytes:
    parts: list[bytes] = []
    while size:
        part = os.pread(file, size, begins)
        if not part:
            raise OSError("the image file ends early")
        parts.append(part)
        size, begins = size - len(part), begins + len(part)
    return b"".join(parts)


@lru_cache(maxsize=1)
def _threads(process: int, number: int) -> ThreadPoolExecutor:
    del process  # of one that was forked no thread goes on
    return ThreadPoolExecutor(number, thread_name_prefix="nbsupport-rows")

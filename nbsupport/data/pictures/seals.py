"""Checksums beside files of images: one that was cut off or overwritten is not trained on.

A seal holds a file's size, its SHA-256 and the time of its last change. A process compares the
checksum when it first opens a file (0.6 s for a gigabyte), and again where the file has changed
since; a file of more than `LARGE` bytes is read only where its time is not the one in the seal.
"""

import json
import os
import warnings
from collections.abc import Iterable
from hashlib import file_digest
from pathlib import Path
from typing import Any

from nbsupport.data.pictures.listings import write_text
from nbsupport.errors import StoreWarning

LARGE = 2**33  # bytes: 8 GB are read in 5 s, an ImageNet of 256 px in minutes
_SOUND: set[tuple[Any, ...]] = set()  # files, as they were when this process found them sound


def seal_file(path: Path) -> Path:
    """Where the seal of a file lies."""
    return path.with_suffix(".seal.json")


def publish(partial: Path, path: Path, beside: Iterable[Path] = ()) -> None:
    """Put a complete file in its place, sealed: a reader sees the whole file or none.

    `beside` are small files that belong to it and are there already.
    """
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    content = {
        "size": partial.stat().st_size,
        "time": partial.stat().st_mtime_ns,
        "sha256": (checksum := sha256_of(partial)),
        "beside": {other.name: sha256_of(other) for other in beside},
    }
    write_text(seal_file(path), json.dumps(content))
    partial.replace(path)
    _SOUND.add(_state(path, checksum))


def problem(path: Path) -> str | None:
    """What is wrong with a kept file, "" where nothing is, None where there is none."""
    try:
        seal = json.loads(seal_file(path).read_text(encoding="utf-8"))
        size, time, checksum, beside = (seal[n] for n in ("size", "time", "sha256", "beside"))
        others = {path.with_name(name): digest for name, digest in beside.items()}
    except OSError:
        return "the file has no checksum beside it" if path.exists() else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return "the checksum beside the file cannot be read" if path.exists() else None
    if not path.exists():
        return None
    for other, digest in others.items():
        if not other.exists() or sha256_of(other) != digest:
            return f"{other.name} is missing or does not match its checksum"
    if path.stat().st_size != size:
        return f"the file has {path.stat().st_size:,} bytes instead of {size:,}"
    return "" if _matches(path, checksum, time) else "the file does not match its checksum"


def warn_of(path: Path, damage: str, what: str) -> None:
    """Tell the user that a file is no longer used, and what is done about it."""
    warnings.warn(f"kept images in {path}: {damage}; {what}", StoreWarning, stacklevel=2)


def sha256_of(path: Path) -> str:
    """The checksum of a file's content, in hex digits."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _state(path: Path, checksum: str) -> tuple[Any, ...]:
    found = path.stat()
    return str(path), checksum, found.st_ino, found.st_size, found.st_mtime_ns


def _matches(path: Path, checksum: str, time: int) -> bool:
    """Whether a file has this checksum, read no more often than the module says."""
    state = _state(path, checksum)
    trusted = path.stat().st_size > LARGE and path.stat().st_mtime_ns == time
    if state not in _SOUND and not trusted and sha256_of(path) != checksum:
        return False
    _SOUND.add(state)
    return True

"""Pictures in files: a folder or a zip, listed once, each read by its row."""

import io
import logging
import os
import re
import stat
import warnings
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from hashlib import sha256
from operator import itemgetter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.errors import UserError
from nbsupport.machine import cpu_count

if TYPE_CHECKING:
    from PIL.Image import Image

ENDINGS = (".jpg", ".jpeg", ".png")
RESIZES = ("crop", "squash")
# Of a file server (Synology, QNAP), Windows, a Mac's zip, a disk that was repaired: thumbnails and
# deleted files have the endings of pictures too.
NOT_DATA = (
    "@eaDir",
    "@Recycle",
    "@Recently-Snapshot",
    "@tmp",
    "@__thumb",
    "#recycle",
    "#snapshot",
    "$RECYCLE.BIN",
    "RECYCLER",
    "System Volume Information",
    "lost+found",
    "__MACOSX",
    "Thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
)
_NOT_DATA = frozenset(name.casefold() for name in NOT_DATA)

# What PIL warns of, or logs, harms no pixel that is read (a camera's note that is cut off, as in a
# few pictures of ImageNet; a palette's transparency; 100 megapixels), and names no file.
HARMLESS = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
logging.getLogger("PIL").setLevel(logging.CRITICAL)


class Place(ABC):
    """Where a data set lies: a folder or a zip, whose files have names with / in them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def sizes(self) -> dict[str, int]:
        """Name of every file below, in order, and its length in bytes."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """A file's content. UserError where it is missing or cannot be read."""

    def below(self, folder: str, endings: Iterable[str] = ENDINGS) -> list[str]:
        """The names below a folder (ending in /, "" is all) with one of these endings."""
        wanted = tuple(endings)
        return [
            name
            for name in self.sizes()
            if name.startswith(folder) and name.lower().endswith(wanted)
        ]


class Folder(Place):
    """A folder on disk; what is `aside` is no part of it, links to folders are followed.

    UserError for a folder or a link that cannot be read.
    """

    def sizes(self) -> dict[str, int]:
        return self._sizes

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return scan(self.path)[0] if self.path.exists() else {}

    def read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except (OSError, MemoryError) as error:
            raise UserError(
                f"{self.path / name}: {reason(error)}; restore the file, "
                "then ask again with python -m nbsupport data check"
            ) from error


class Zip(Place):
    """A zip, read where it is and never unpacked; what is `aside` is no part of it.

    Names that a program of Windows has written, with \\ in the place of /, are read as they are
    meant. UserError for a zip that leads out of itself.
    """

    def sizes(self) -> dict[str, int]:
        return self._sizes

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return {name: entry.file_size for name, entry in self._entries.items()}

    @cached_property
    def _entries(self) -> dict[str, zipfile.ZipInfo]:
        """The files of the zip by name, in order."""
        named = [(e.filename.replace("\\", "/"), e) for e in self._archive().infolist()]
        files = [(n, e) for n, e in named if not n.endswith("/") and not any(map(aside, _inner(n)))]
        for name, entry in files:
            if PurePosixPath(name).is_absolute() or ".." in name.split("/"):
                raise UserError(
                    f"{self.path} holds the path {entry.filename!r}, which leads out of the zip: "
                    "get the file again from where it is published"
                )
        return dict(sorted(files, key=itemgetter(0)))

    def read(self, name: str) -> bytes:
        entry = self._entries.get(name)
        if entry is None:
            raise UserError(f"{self.path} has no file {name}: get the zip again")
        try:
            return self._archive().read(entry)
        except Exception as error:  # of a zip that is cut off, changed, encrypted or packed oddly
            raise UserError(f"{name} in {self.path}: {reason(error)}; get the zip again") from error

    def _archive(self) -> zipfile.ZipFile:
        """One open file a process: after a fork two would move each other's position."""
        if getattr(self, "_opened", (None, None))[0] != os.getpid():
            try:
                self._opened = (os.getpid(), zipfile.ZipFile(self.path))
            except Exception as error:  # of its list of files, as of the files
                raise UserError(
                    f"{self.path} is no whole zip ({reason(error)}): get it again"
                ) from error
        return self._opened[1]


def _inner(name: str) -> list[str]:
    """The parts of a zip's path that name a file or folder in it."""
    return [part for part in name.split("/") if part not in (".", "..")]


def aside(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or kept there by a system for itself."""
    return name.startswith(".") or name.casefold() in _NOT_DATA


def reason(error: BaseException) -> str:
    """What an error of any library says, in one line; its name where it says nothing."""
    told = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return one_line(" ".join(told.split()))


def one_line(text: str) -> str:
    """The text with whatever would break a line, or move a terminal, as Python escapes it."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def shallowest(names: Iterable[str]) -> list[str]:
    """Of a class's pictures those in the fewest folders: any below are thumbnails or copies."""
    by_depth: dict[int, list[str]] = {}
    for name in names:
        by_depth.setdefault(name.count("/"), []).append(name)
    return by_depth[min(by_depth)] if by_depth else []


# listing a folder ---------------------------------------------------------------------------------
Times = dict[str, int]  # folder, by its name below the place: when it changed, in ns


def scan(folder: Path) -> tuple[dict[str, int], Times]:
    """Names of all files below a folder, in order, with their lengths; and of the folders.

    What is `aside` is left out, and so are pipes and devices, which would be read for ever.
    UserError for what cannot be read.
    """
    sizes: dict[str, int] = {}
    times: Times = {}
    try:
        _scan(folder, "", sizes, times)
    except OSError as error:
        raise UserError(
            f"{error.filename}: {error.strerror}; put it right or take it away, then ask again"
        ) from error
    return sizes, times


def _scan(folder: Path, start: str, sizes: dict[str, int], times: Times) -> None:
    """Enter a folder's files and those below. Its time is taken first: what comes later shows."""
    times[start.rstrip("/")] = folder.stat().st_mtime_ns
    with os.scandir(folder) as entries:
        shown = sorted((e for e in entries if not aside(e.name)), key=_name)
    _check_text(folder, (entry.name for entry in shown))
    for entry in shown:
        if entry.is_dir():
            _scan(folder / entry.name, f"{start}{entry.name}/", sizes, times)
        elif stat.S_ISREG((status := entry.stat()).st_mode):
            sizes[start + entry.name] = status.st_size


def _name(entry: "os.DirEntry[str]") -> str:
    return entry.name


def _check_text(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise UserError(
                f"{folder} holds a name that is not UTF-8 ({name!r}): rename the file"
            ) from None


def place(path: Path) -> Place:
    """The folder or zip at a path. UserError where there is none."""
    if path.is_dir():
        return Folder(path)
    if path.is_file() and path.suffix == ".zip":
        return Zip(path)
    raise UserError(
        f"{path} is neither a folder nor a zip: say where the data are with NBSUPPORT_DATA"
    )


class Pictures:
    """Pictures at a place, in a fixed order: `names` [n]. Cheap: no file is read until asked for.

    resize "crop": the shorter side becomes px, the middle square is kept. "squash": both sides
    become px (what `wilds` does with iWildCam).
    """

    def __init__(self, where: Place, names: Iterable[str], resize: str = "crop") -> None:
        if resize not in RESIZES:
            raise ValueError(f"resize={resize!r}: one of {RESIZES}")
        self.place, self.names, self.resize = where, tuple(names), resize

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def fingerprint(self) -> str:
        """Of names and lengths, in order: not of the place, nor of every byte."""
        sizes = self.place.sizes()
        text = "".join(f"{name}\0{sizes[name]}\n" for name in self.names)
        return f"{self.resize}-{sha256(text.encode()).hexdigest()[:16]}"

    def square(self, row: int, px: int) -> np.ndarray:
        """A picture as uint8 [3, px, px]. UserError, naming the file, where it cannot be read."""
        name = self.names[row]
        return decode(self.place.read(name), px, self.resize, f"{self.place.path}: {name}")

    def squares(self, rows: np.ndarray, px: int) -> np.ndarray:
        """The pictures at these rows [k] as uint8 [k, 3, px, px], decoded by all cores."""
        found = np.empty((len(rows), 3, px, px), dtype=np.uint8)

        def put(at: int) -> None:
            found[at] = self.square(int(rows[at]), px)

        for _ in decoders().map(put, range(len(rows))):
            pass  # the first that is broken raises
        return found


def decoders() -> ThreadPoolExecutor:
    """Threads that decode, one a core, for all who ask in this process; Pillow frees the lock."""
    return _decoders(os.getpid())


@lru_cache(maxsize=1)
def _decoders(process: int) -> ThreadPoolExecutor:
    del process  # of one that was forked no thread goes on
    return ThreadPoolExecutor(cpu_count(), thread_name_prefix="nbsupport-decode")


def decode(content: bytes, px: int, resize: str, name: str) -> np.ndarray:
    """An encoded picture as uint8 [3, px, px]; UserError, with its name, where it is broken."""
    from PIL import Image, UnidentifiedImageError

    _hush()
    try:
        with Image.open(io.BytesIO(content)) as opened:
            opened.draft("RGB", (2 * px, 2 * px))  # a large JPEG is decoded at a fraction
            picture = _in_colour(opened)
        fitted = picture.resize((px, px), Image.Resampling.BILINEAR, box=_BOXES[resize](picture))
        return np.asarray(fitted).transpose(2, 0, 1)
    except Exception as error:  # a decoder may raise anything: IndexError, struct.error, ...
        unknown = isinstance(error, UnidentifiedImageError)
        why = "it is empty" if not content else "of no known kind" if unknown else reason(error)
        raise UserError(
            f"{one_line(name)} cannot be read as a picture ({why}): restore the file"
        ) from error


def _hush() -> None:
    """Keep PIL's warnings off pages and screens. Asked for each picture: filters are changed by
    others, and a filter of one thread is a filter of all."""
    if not warnings.filters or warnings.filters[0] != HARMLESS:
        warnings.filterwarnings("ignore", category=Warning, module=HARMLESS[3].pattern)


def _in_colour(opened: "Image") -> "Image":
    """A picture in RGB, 8 bits a channel. ValueError where nothing says which number is white.

    Grey of 16 bits keeps its higher eight, as colours of 16 bits do. Transparency is dropped.
    """
    from PIL import Image

    mode = opened.mode
    if mode.startswith("I;16") or (mode == "I" and opened.format in ("PNG", "PPM")):
        grey = np.asarray(opened)
        return Image.fromarray((grey >> 8).astype(np.uint8)).convert("RGB")
    if mode in ("I", "F"):
        raise ValueError(f"pixels of 32 bits, PIL's mode {mode}: nothing says which is white")
    return opened.convert("RGB")


def _middle(picture: "Image") -> tuple[float, float, float, float]:
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side


_BOXES: dict[str, Callable[..., tuple[float, float, float, float] | None]] = {
    "crop": _middle,
    "squash": lambda _: None,
}

"""Pictures in files: a folder or a zip, listed once, each read by its row."""

import io
import os
import warnings
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path, PurePosixPath

import numpy as np

from nbsupport.errors import UserError
from nbsupport.machine import cpu_count

ENDINGS = (".jpg", ".jpeg", ".png")
# What Python raises for an entry of a zip that is cut off, overwritten, encrypted or packed oddly.
DAMAGED = (OSError, EOFError, zipfile.BadZipFile, zlib.error, ValueError, RuntimeError)
RESIZES = ("crop", "squash")

# A camera's note that is cut off, as in a few pictures of ImageNet, harms no pixel, nor does what a
# palette says of transparency; PIL's warnings name no file, and would stand on a page.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")
warnings.filterwarnings("ignore", category=UserWarning, message="Palette images with Transparency")


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
    """A folder on disk; hidden files and folders are no part of it, links to folders are followed.

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
        except OSError as error:
            raise UserError(
                f"{self.path / name}: {error.strerror}; restore the file, "
                "then ask again with python -m nbsupport data check"
            ) from error


class Zip(Place):
    """A zip, read where it is and never unpacked. UserError for one that leads out of itself."""

    def sizes(self) -> dict[str, int]:
        return self._sizes

    @cached_property
    def _sizes(self) -> dict[str, int]:
        entries = [entry for entry in self._archive().infolist() if not _aside(entry)]
        for entry in entries:
            name = PurePosixPath(entry.filename)
            if name.is_absolute() or ".." in name.parts or "\\" in entry.filename:
                raise UserError(
                    f"{self.path} holds the path {entry.filename!r}, which leads out of the zip: "
                    "get the file again from where it is published"
                )
        return {entry.filename: entry.file_size for entry in sorted(entries, key=_by_name)}

    def read(self, name: str) -> bytes:
        try:
            return self._archive().read(name)
        except KeyError:
            raise UserError(f"{self.path} has no file {name}: get the zip again") from None
        except DAMAGED as error:
            raise UserError(f"{name} in {self.path}: {error}; get the zip again") from error

    def _archive(self) -> zipfile.ZipFile:
        """One open file a process: after a fork two would move each other's position."""
        if getattr(self, "_opened", (None, None))[0] != os.getpid():
            try:
                self._opened = (os.getpid(), zipfile.ZipFile(self.path))
            except (OSError, zipfile.BadZipFile) as error:
                raise UserError(f"{self.path} is no whole zip ({error}): get it again") from error
        return self._opened[1]


def _by_name(entry: zipfile.ZipInfo) -> str:
    return entry.filename


def _aside(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a folder, or hidden, or what a Mac adds to a zip it packs."""
    parts = entry.filename.split("/")
    hidden = any(part.startswith(".") and part not in (".", "..") for part in parts)
    return entry.is_dir() or hidden or parts[0] == "__MACOSX"


# listing a folder ---------------------------------------------------------------------------------
Times = dict[str, int]  # folder, by its name below the place: when it changed, in ns


def scan(folder: Path) -> tuple[dict[str, int], Times]:
    """Names of all files below a folder, in order, with their lengths; and of the folders.

    Hidden ones are left out. UserError for what cannot be read.
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
        shown = sorted((e for e in entries if not e.name.startswith(".")), key=_name)
    _check_text(folder, (entry.name for entry in shown))
    for entry in shown:
        if entry.is_dir():
            _scan(folder / entry.name, f"{start}{entry.name}/", sizes, times)
        else:
            sizes[start + entry.name] = entry.stat().st_size


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

    try:
        with Image.open(io.BytesIO(content)) as opened:
            opened.draft("RGB", (2 * px, 2 * px))  # a large JPEG is decoded at a fraction
            picture = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        unknown = isinstance(error, UnidentifiedImageError)
        reason = "it is empty" if not content else "of no known kind" if unknown else error
        raise UserError(
            f"{name} cannot be read as a picture ({reason}): restore the file"
        ) from error
    fitted = picture.resize((px, px), Image.Resampling.BILINEAR, box=_BOXES[resize](picture))
    return np.asarray(fitted).transpose(2, 0, 1)


def _middle(picture: "object") -> tuple[float, float, float, float]:
    width, height = picture.size  # type: ignore[attr-defined]
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side


_BOXES: dict[str, Callable[..., tuple[float, float, float, float] | None]] = {
    "crop": _middle,
    "squash": lambda _: None,
}

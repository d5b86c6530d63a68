"""The built book as one zip file: the same book gives the same file, to the byte."""

import zipfile
from pathlib import Path

from nbsupport.building.editions import FULL, build_folder, built, edition_named
from nbsupport.building.outputs import writing
from nbsupport.errors import UserError

WRITTEN = (1980, 1, 1, 0, 0, 0)  # of every file: the earliest time that a zip file can hold
READABLE = 0o644 << 16


def pack(html: Path | None = None, target: Path | None = None, edition: str = FULL) -> str:
    """Pack the built book into `_build/book.zip`, another edition into `_build/book-EDITION.zip`;
    the closing line.

    Files stand in the order of their names, without the times at which they were made. Raises
    UserError where no book is built, or nothing can be written.
    """
    name = "book" if edition_named(edition) == FULL else f"book-{edition}"
    path = target or (html.parent if html else build_folder(FULL)) / f"{name}.zip"
    source = html or built(edition)
    if not (source / "index.html").is_file():
        wanted = "" if edition == FULL else f" EDITION={edition}"
        raise UserError(f"there is no built book: make read{wanted}, or make book{wanted}, first")
    files = sorted(
        (found.relative_to(source).as_posix(), found)
        for found in source.rglob("*")
        if found.is_file() and found.name != ".buildinfo"
    )
    partial = path.with_suffix(".partial")
    with writing():
        with zipfile.ZipFile(partial, "w") as packed:
            for name, file in files:
                packed.writestr(_entry(f"book/{name}"), file.read_bytes(), compresslevel=9)
        partial.replace(path)
    size = path.stat().st_size
    return f"The book is packed: {path} ({size / 1e6:.0f} MB; unpack it and open book/index.html)"


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, WRITTEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = READABLE
    entry.create_system = 3  # the same from every system
    return entry

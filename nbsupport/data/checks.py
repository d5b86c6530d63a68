"""Whether a data set on disk is whole: folders, counts, pictures that open, checksums."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.data.catalogue import (
    PRE_TRAINING,
    WEIGHTS,
    CatalogueEntry,
    Check,
    Counting,
    data_root,
    is_rehearsal,
)
from nbsupport.data.pictures.broken import leave_out, list_file, no_way_out
from nbsupport.data.pictures.files import Pictures
from nbsupport.data.pictures.listings import NoListingError
from nbsupport.data.rehearsal import unfinished
from nbsupport.errors import UserError

if TYPE_CHECKING:
    from nbsupport.data.sources.files import FileSource

PUBLISHED = "published results"  # the role of scores of others, which have no pictures
SAMPLE = 200  # pictures opened where not every one is asked for
CHECK_PX = 32  # their size then: a JPEG is decoded to its end at any size
THREADS = 8  # they wait for the disk, and Pillow decodes without the interpreter's lock
CHUNK = 1024  # pictures between two reports of progress
BLOCK = 2**24  # bytes of an archive read at once


@dataclass
class Report:
    """What a check found: problems make it fail, notes do not; a line each."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Wish:
    """How a check is made: of `every` picture or a sample; whether broken ones are listed."""

    every: bool = False
    skip_broken: bool = False
    progress: Counting | None = None


QUICK = Wish()


def check(entry: CatalogueEntry, wish: Wish = QUICK) -> Report:
    """Look at a data set: its class folders, its counts, its pictures, its archive.

    `skip_broken` opens every picture of a source and writes the list of those that sources leave
    out. UserError where the data folder is not there, or the entry has no check.
    """
    root, report = data_root(entry), Report()
    look = _look_of(entry, wish)
    where = entry.at(root)
    if where is None:
        report.problems.append(f"not in {root} (looked for {entry.looked_for}); {entry.get}")
        return report
    report.problems += entry.missing_beside(root)
    if is_rehearsal(root):
        report.problems += unfinished(root, entry.name)
    try:
        if look is None:
            _check_source(entry, root, report, wish)
        else:
            report.problems += look(where, every=wish.every, progress=wish.progress)
    except NoListingError:
        raise
    except UserError as error:
        report.problems.append(str(error))
    return report


def _look_of(entry: CatalogueEntry, wish: Wish) -> Check | None:
    """A task's own check; None for a source. UserError where what is wished for cannot be done."""
    if entry.role == WEIGHTS:
        raise UserError(f"{entry.name}: weights are checked when they are loaded; {entry.get}")
    if entry.role == PRE_TRAINING:
        return None
    if wish.skip_broken and entry.role == PUBLISHED:
        raise UserError(f"{entry.name} has no pictures: leave out --skip-broken")
    if wish.skip_broken:
        raise no_way_out(entry.name)
    look: Check | None = getattr(import_module(entry.module), "check", None)
    if look is None:
        raise UserError(f"{entry.name}: {entry.module} has no check, only python -m nbsupport data")
    return look


# sources ------------------------------------------------------------------------------------------
def _check_source(entry: CatalogueEntry, root: Path, report: Report, wish: Wish) -> None:
    source: FileSource = import_module(entry.module).open_it(px=1, strict=False, fresh=True)
    _compare(source, report)
    pictures = source.every_picture
    broken = unreadable(pictures, wish.every or wish.skip_broken, wish.progress)
    if wish.skip_broken:
        leave_out(pictures, broken, afresh=True)
        report.notes += broken.values()
        report.notes.append(_where_listed(pictures, len(broken)))
    else:
        report.problems += [line for name, line in broken.items() if name not in source.skipped]
        if source.skipped:
            report.notes.append(_where_listed(pictures, len(source.skipped)))
    _check_archive(root, report, source, wish.progress)


def _where_listed(pictures: Pictures, count: int) -> str:
    if not count:
        return "no picture is broken: none is left out"
    return f"{count:,} broken pictures are left out, as {list_file(pictures)} says"


def _compare(source: "FileSource", report: Report) -> None:
    """Class folders and numbers of pictures with those published."""
    entry, found = source.entry, len(source.every_picture)
    report.notes += [f"{found:,} pictures of {len(source.counts):,} classes", *source.notes()]
    if inner := source.inner_pictures:
        report.notes.append(
            f"{len(inner):,} pictures in folders inside class folders are not used, such as "
            f"{inner[0]}"
        )
    if source.rehearsal:
        report.notes.append("made for rehearsal: not compared with what was published")
        return
    report.problems += [*source.problems(), *source.count_problems()]
    if found not in source.published():
        wanted = " or ".join(f"{count:,}" for count in source.published())
        line = f"{found:,} pictures, published are {wanted}"
        (report.problems if entry.exact else report.notes).append(line)


def unreadable(pictures: Pictures, every: bool, progress: Counting | None) -> dict[str, str]:
    """Name, and what is wrong, of pictures that cannot be read: of all or of an even sample."""
    count = len(pictures) if every else min(SAMPLE, len(pictures))
    rows = np.linspace(0, max(len(pictures) - 1, 0), count).round().astype(int)
    broken: dict[str, str] = {}
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, count, CHUNK):
            part = rows[start : start + CHUNK].tolist()
            looked = pool.map(lambda row: _problem(pictures, row), part)
            found = {pictures.names[row]: line for row, line in zip(part, looked, strict=True)}
            broken |= {name: line for name, line in found.items() if line}
            if progress:
                progress(start + len(part), count)
    return broken


def _problem(pictures: Pictures, row: int) -> str | None:
    try:
        pictures.square(row, CHECK_PX)
    except UserError as error:
        return str(error)
    return None


# archives -----------------------------------------------------------------------------------------
def _check_archive(
    root: Path, report: Report, source: "FileSource", progress: Counting | None
) -> None:
    """The md5 of the archive where it is still there.

    An archive that is read as it is, and holds another number of pictures than the official one,
    is another archive: that is said, and its md5 is not compared.
    """
    archive = source.entry.archive
    for path in [root / place for place in archive.places] if archive else []:
        if not archive or not path.is_file():
            continue
        used = source.place.path.is_relative_to(path)
        if used and len(source.every_picture) != source.entry.images:
            report.notes.append(f"{path} is not the official archive: its md5 is not compared")
        elif (found := md5(path, progress)) != archive.md5:
            report.problems.append(
                f"{path}: md5 is {found}, published is {archive.md5}; download it again"
            )
        else:
            report.notes.append(f"{path}: md5 as published")


def md5(path: Path, progress: Counting | None = None) -> str:
    """The md5 of a file, as hexadecimal digits. UserError where it cannot be read."""
    digest, done, size = hashlib.md5(usedforsecurity=False), 0, path.stat().st_size
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                done += len(block)
                if progress:
                    progress(done, size)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; download it again") from error
    return digest.hexdigest()


# a cheap look -------------------------------------------------------------------------------------
def state(entry: CatalogueEntry, root: Path) -> str:
    """Whether a data set is below a data folder and seems whole; no picture is looked for."""
    if entry.role == WEIGHTS:
        return "fetched when first used"
    try:
        where = entry.at(root)
        if where is None:
            return "not here"
        missing = entry.missing_beside(root)
        if missing:
            return f"not whole: {missing[0]}"
        return _class_folders(entry) if entry.role == PRE_TRAINING else _task(entry, where)
    except (UserError, OSError) as error:
        return f"not whole: {error}"


def _task(entry: CatalogueEntry, where: Path) -> str:
    """Where a task lies; its module's `glance` raises UserError where it is plainly not whole."""
    if look := getattr(import_module(entry.module), "glance", None):
        look(where)
    return f"here: {where}"


def _class_folders(entry: CatalogueEntry) -> str:
    source: FileSource = import_module(entry.module).open_it(px=1, nominal=True)
    found = sum(map(source.is_class, source.class_folders()))
    if source.rehearsal:
        return f"here, made for rehearsal: {found:,} class folders in {entry.find()}"
    whole = "here" if found == entry.classes else "not whole"
    return f"{whole}: {found:,} of {entry.classes:,} class folders in {entry.find()}"

"""Removing from the store what it made, and nothing else that lies in its folder."""

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from filelock import Timeout

from nbsupport.errors import UserError, unknown
from nbsupport.jobs import job
from nbsupport.jobs.store import Entry, Store
from nbsupport.sharing import file_lock, is_shared

# Names of the files that the store makes in its folders besides jobs. Lists of broken pictures
# are the user's word, and stay.
KEPT = {
    "images": re.compile(r"[0-9a-f]{24}\.[\w.]+"),
    "listings": re.compile(r"[0-9a-f]{24}\.[\w.]+|broken-[^.]+\.(?:lock|lease|\d+\.partial)"),
    "locks": re.compile(r"[0-9a-f]{64}\.(?:lock|lease(?:\.[\w-]+)?)|\.probe-\d+(?:\.lease)?"),
    "paces": re.compile(r"[0-9a-f]{24}\.json"),
    "sweeps": re.compile(r"[\w.-]+\.json(?:\.tmp)?"),
    "records": re.compile(r"(?:claims-)?(?:smoke|rehearsal)\.(?:csv|json|sums)(?:\.lock)?"),
}
STATES = ("done", "partial", "broken")  # in which a job can be removed
_AGE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([hdw])")
_SECONDS = {"h": 3600, "d": 86400, "w": 7 * 86400}


class Removed(NamedTuple):
    """What was removed, the bytes freed, and what was left: jobs under way, others' files."""

    jobs: list[Entry]
    freed: int
    busy: list[Entry]
    left: list[Path]


def age(text: str) -> float:
    """Seconds of a duration such as 30d; UserError for what is none."""
    found = _AGE.fullmatch(text)
    if not found:
        raise UserError(
            f"--older {text}: give a number and a unit, h (hours), d (days) or w (weeks), as in 30d"
        )
    return float(found[1]) * _SECONDS[found[2]]


def chosen(
    store: Store, key: str = "", *, stage: str = "", state: str = "", older: float | None = None
) -> list[Entry]:
    """The jobs under a key (all without one), of a stage, in a state, last written more than
    `older` seconds ago: each where it is given. UserError for a stage or a state of no job."""
    entries = store.jobs()
    stages = {entry.stage for entry in entries} | set(job.STAGES)
    if stage and stage not in stages:
        raise unknown("stage", stage, stages)
    if state and state not in STATES:
        raise unknown("state", state, STATES)
    return [
        entry
        for entry in entries
        if entry.key.startswith(key)
        and stage in ("", entry.stage)
        and state in ("", entry.state)
        and (older is None or entry.when < time.time() - older)
    ]


def remove_jobs(store: Store, entries: Iterable[Entry]) -> Removed:
    """Remove jobs, but none that a process works on. Raises StoreError where it may not."""
    done = Removed([], 0, [], [])
    for entry in entries:
        folder = store.root / entry.stage / entry.key
        try:
            freed = store.remove_folder(folder)
        except Timeout:
            done.busy.append(entry)
            continue
        done.jobs.append(entry)
        done = done._replace(freed=done.freed + freed)
        done.left.extend([folder] if folder.exists() else [])
    return done


def clear(store: Store) -> Removed:
    """Remove every job, and what is kept of images and folders' listings; what others have put
    into the store's folder is left and returned, and so is what is in use."""
    stages = {folder.parent for folder in store.folders()}
    jobs = remove_jobs(store, store.jobs())
    before = store.size()
    with store.writing():
        for path in list(kept_files(store.root)):
            _remove_unlocked(path, store.root)
        for folder in (*stages, *(store.root / name for name in KEPT)):
            _remove_empty(folder)
        if store.root.is_dir() and not is_shared(store.root):
            _remove_empty(store.root)
    in_use = {store.root / entry.stage / entry.key for entry in jobs.busy}
    in_use.update(kept_files(store.root))
    left = [path for path in _left(store.root, stages) if path not in in_use]
    return jobs._replace(freed=jobs.freed + before - store.size(), left=left)


def kept_files(root: Path) -> Iterator[Path]:
    """What the store has made besides jobs. Locks come last in their folder."""
    for folder, names in KEPT.items():
        for path in sorted(
            _inside(root / folder), key=lambda path: path.suffix in (".lock", ".lease")
        ):
            if names.fullmatch(path.name) and path.is_file() and not path.is_symlink():
                yield path


def _remove_unlocked(path: Path, root: Path) -> None:
    """Remove a file, and its lock with it, unless a process has that."""
    lock = path if path.name.startswith(".probe") else _lock_of(path)
    with suppress(Timeout), file_lock(lock, root).acquire(timeout=0):
        path.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name.partition('.')[0]}.lock")


def _remove_empty(folder: Path) -> None:
    """Remove a folder that is empty, and that this user may remove."""
    if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
        with suppress(PermissionError):
            folder.rmdir()


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _left(root: Path, stages: set[Path]) -> Iterator[Path]:
    """What is in the store's folder: folder by folder where the store works, else as a whole."""
    ours = {folder.name for folder in stages} | {*KEPT, *job.STAGES}
    for path in _inside(root):
        yield from _inside(path) if path.name in ours and path.is_dir() else [path]

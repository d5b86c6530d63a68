"""Where jobs are kept, as those see it who do them: is it done, may I do it, what came of it.

A depot is a folder today; an object store would be another class with the same four methods. The
store (`store`) is a depot with what people ask for besides: lists, checks, removal.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from filelock import Timeout

from nbsupport import sharing
from nbsupport.errors import UserError
from nbsupport.jobs import job as spec
from nbsupport.jobs.job import Job
from nbsupport.jobs.problems import StoreError, no_locks, store_error

RESULT = "result.json"
_FOLDER = re.compile(r"[0-9a-f]{64}(\.broken-\d+)?")
# A file that is being written: its whole content comes to another name in one step.
_DRAFT = re.compile(r".*\.(?:tmp|partial)|\.tmp\w{6}")

Files = dict[str, bytes]  # what is in a job's folder, by name


class Depot(Protocol):
    """Where finished jobs are kept, and those under way.

    Only one process at a time does a job: the one that holds its lease.
    """

    def done(self, job: Job | str) -> bool:
        """Whether the job has a result; a glance, the content is not checked."""

    def lease(self, job: Job | str) -> AbstractContextManager[Any]:
        """Take the right to do the job; filelock's Timeout where another process has it."""

    def fetch(self, stage: str, key: str) -> Files:
        """What is kept of a job, done or under way; nothing where it has not begun."""

    def publish(self, stage: str, key: str, files: Files) -> None:
        """Keep what was made of a job elsewhere; it is done when `files` hold its result."""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; ValueError where the file holds anything else."""
    content = json.loads(path.read_bytes())
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} is no JSON object")
    return content


def packed(folder: Path) -> Files:
    """The files of a folder, without those that are being written."""
    if not folder.is_dir():
        return {}
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _DRAFT.fullmatch(path.name):
            with suppress(FileNotFoundError):  # a job under way may remove it
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def unpack(files: Files, folder: Path) -> None:
    """Put files into a folder: each in one step, the result last, for with it a job is done."""
    for name in sorted(files, key=lambda name: name == RESULT):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        put_whole(folder / name, files[name])


def put_whole(path: Path, content: bytes) -> None:
    """Put a file in its place at once, with all of its content on the disk."""
    draft = path.with_name(f"{path.name}.tmp")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _is_job(folder: Path) -> bool:
    """Whether a folder with a key's name is a job, and not somebody's copy of one elsewhere."""
    if folder.parent.name in spec.STAGES:
        return (folder / "spec.json").exists()
    try:
        return read_json(folder / "spec.json").get("stage") == folder.parent.name
    except (OSError, ValueError):
        return False


class FolderDepot:
    """A depot in the folder `root`: a job in `root/<stage>/<key>/`, locks in `root/locks/`.

    A method that takes a job also takes its key where the folder can be found by it. Reading needs
    no right to write. On a disk that several machines share, leases stand for locks (`leases`).
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def folder(self, job: Job | str) -> Path:
        """The folder of a job; UserError for a key that no folder has."""
        if isinstance(job, Job):
            return self.root / job.stage / job.key
        found = next(self._folders(job), None)
        if found is None:
            raise UserError(f"no job {job[:12]!r} in the store {self.root}")
        return found

    def folders(self) -> Iterator[Path]:
        """The folder of every job, of damaged ones too."""
        return self._folders("*")

    def _folders(self, name: str) -> Iterator[Path]:
        """Job folders whose name matches the pattern `name`, in every stage."""
        for path in sorted(self.root.glob(f"*/{name}")):
            if _FOLDER.fullmatch(path.name) and _is_job(path):
                yield path

    def done(self, job: Job | str) -> bool:
        """Whether the job has a result; a glance, the content is not checked."""
        if isinstance(job, Job):
            return (self.folder(job) / RESULT).exists()
        return any((folder / RESULT).exists() for folder in self._folders(job))

    def fetch(self, stage: str, key: str) -> Files:
        """What is in the job's folder, whole files only."""
        return packed(self.root / stage / key)

    def publish(self, stage: str, key: str, files: Files) -> None:
        """Write files into the job's folder, the result last. The caller holds the job's lease.

        Raises StoreError where they cannot be written.
        """
        folder = self.root / stage / key
        with self.writing(), sharing.filling(folder, self.root):
            unpack(files, folder)

    def lock(self, job: Job | str) -> sharing.Lock:
        """The job's lock, not yet taken; see `lease`."""
        key = job.key if isinstance(job, Job) else job
        folder = self.root / "locks"
        with self.writing(), sharing.filling(folder, self.root):
            return sharing.file_lock(folder / f"{key}.lock", self.root)

    def lease(self, job: Job | str) -> sharing.Held:
        """Take the job's lock at once: `with store.lease(job):`.

        It is free again when its process ends, however that ends: at once on a disk of this
        machine, after three minutes on one that machines share and another's process has died.
        Raises filelock's Timeout where another process has it, StoreError where it cannot be taken.
        """
        with self.writing():
            return self.lock(job).acquire(timeout=0)

    def locked(self, job: Job | str) -> bool:
        """Whether a process works on the job at this moment."""
        key = job.key if isinstance(job, Job) else job
        place = self.root / "locks" / f"{key}.lock"
        if not any(place.with_suffix(suffix).exists() for suffix in (".lock", ".lease")):
            return False
        try:
            with self.lease(key):
                return False
        except Timeout:
            return True
        except StoreError:
            # Where nothing can be written, nobody works.
            return False

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turns an OSError about the store into a StoreError that says what to do."""
        try:
            yield
        except Timeout:
            # Of a lock, and an OSError too.
            raise
        except OSError as problem:
            told = store_error(problem, self.root) or no_locks(problem, self.root)
            raise told or StoreError(
                f"the store {self.root} cannot be written ({problem}): point NBSUPPORT_STORE to "
                "another folder"
            ) from problem

    def require_writable(self) -> None:
        """Raises StoreError where nothing can be written to the store, or nothing locked."""
        with self.writing():
            for folder in (self.root, self.root / "locks"):
                probe = folder / f".probe-{os.getpid()}"
                with sharing.filling(folder, self.root):
                    try:
                        with sharing.file_lock(probe, self.root):
                            probe.write_bytes(b"x" * 4096)
                    finally:
                        probe.unlink(missing_ok=True)

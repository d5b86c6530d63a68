"""Where finished jobs are kept: a folder a job, done when its result.json is there."""

import os
import re
import shutil
import warnings
from contextlib import suppress
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, NamedTuple

from filelock import Timeout

from nbsupport.errors import UserError
from nbsupport.jobs import job as spec
from nbsupport.jobs.depot import RESULT, FolderDepot, read_json
from nbsupport.jobs.job import FILES, Job, canonical
from nbsupport.jobs.problems import StoreWarning

WEIGHTS = "weights.safetensors"
# What is in a job's folder, and what a killed process leaves of it.
_MADE = re.compile(
    r"(?:(?:spec|result|environment)\.json|log\.txt|metrics\.jsonl|images\.npy"
    r"|(?:weights|checkpoint)\.safetensors)(?:\.tmp|\.partial)?|\.tmp\w{6}"
)


class Entry(NamedTuple):
    """A line of the list of jobs: `state` is done, running, partial or broken.

    `seconds` of wall time, `size` in bytes, `when` it was last written (UNIX time).
    """

    stage: str
    key: str
    label: str
    state: str
    seconds: float | None
    size: int
    when: float


def weights_seal(folder: Path) -> dict[str, Any] | None:
    """Size and SHA-256 of a folder's weights, None where it has none."""
    path = folder / WEIGHTS
    return {"size": path.stat().st_size, "sha256": _sha256(path)} if path.exists() else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _wrong_weights(folder: Path, seal: dict[str, Any] | None, *, full: bool) -> str:
    """What is wrong with a folder's weights, "" where nothing is."""
    if seal is None:
        return ""
    size = (folder / WEIGHTS).stat().st_size
    if size != seal["size"]:
        return f"{WEIGHTS} has {size} bytes instead of {seal['size']}"
    return f"{WEIGHTS} does not match its checksum" if full and weights_seal(folder) != seal else ""


def _wrong_file(folder: Path, result: dict[str, Any]) -> str:
    """What is wrong with the other file that a stage leaves, "" where nothing is.

    Pages read it when every job is done, so a glance has to tell: 0.1 s for the demo's 31 MB.
    """
    name = FILES.get(folder.parent.name)
    if name is None or _sha256(folder / name) == result["sha256"]:
        return ""
    return f"{name} does not match its checksum"


def _size(folder: Path) -> int:
    total = 0
    for here, _, names in os.walk(folder):
        for name in names:
            # A file may go while others work in the store.
            with suppress(FileNotFoundError):
                total += (Path(here) / name).lstat().st_size
    return total


def delete(folder: Path) -> int:
    """Remove a job's folder; the bytes freed are returned.

    What somebody else has put there is left: a file that none of this project's stages makes, a
    folder, and what a link in the folder's place leads to. Stages of others may make any file.
    """
    before = _size(folder)
    if folder.is_symlink():
        folder.unlink()
        return 0
    # Without its result a job is not done, should the rest be cut short.
    (folder / RESULT).unlink(missing_ok=True)
    if not spec.STAGES.get(folder.parent.name, "").startswith("nbsupport."):
        shutil.rmtree(folder)
        return before
    for path in folder.iterdir():
        if _MADE.fullmatch(path.name) and not path.is_dir():
            path.unlink()
    if any(folder.iterdir()):
        return before - _size(folder)
    folder.rmdir()
    return before


class Store(FolderDepot):
    """The jobs kept under `root`, in `root/<stage>/<key>/`; locks are in `root/locks/`.

    A method that takes a job also takes its key. Reading needs no right to write.
    """

    def record(self, job: Job | str) -> dict[str, Any]:
        """All of result.json: result, checksum, weights (size, sha256), wall_seconds, finished.

        Raises ValueError where it is damaged, FileNotFoundError where there is none.
        """
        record = read_json(self.folder(job) / RESULT)
        try:
            seal = sha256(canonical(record["result"]).encode("ascii")).hexdigest()
            sound = record["checksum"] == seal and "weights" in record
        except (KeyError, TypeError) as problem:
            raise ValueError(f"{RESULT} is incomplete") from problem
        if not sound:
            raise ValueError(f"{RESULT} does not match its checksum")
        return record

    def problem(self, job: Job | str, *, full: bool = False) -> str | None:
        """What is wrong with a done job, "" where nothing is, None where it is not done.

        Compares result.json with its checksum, the weights with their size (with `full`, also
        with their SHA-256), and what else the stage left (see `spec.FILES`) with its SHA-256.
        """
        if not self.done(job):
            return None
        folder = self.folder(job)
        try:
            record = self.record(job)
            return _wrong_weights(folder, record["weights"], full=full) or _wrong_file(
                folder, record["result"]
            )
        except FileNotFoundError as problem:
            return f"{Path(problem.filename).name} is missing"
        except (ValueError, KeyError, TypeError) as problem:
            return f"{RESULT} is damaged ({problem})"

    def check(self, job: Job | str, *, full: bool = False) -> bool:
        """Whether the job is done and undamaged (see `problem`)."""
        return self.problem(job, full=full) == ""

    def result(self, job: Job | str) -> dict[str, Any]:
        """What the stage returned; UserError where the job is not done or is damaged."""
        problem = self.problem(job)
        if problem == "":
            return self.record(job)["result"]
        name = self.folder(job)
        what = "is not done" if problem is None else f"is damaged: {problem}"
        raise UserError(f"the job in {name} {what}; run what needs it again")

    def set_aside(self, job: Job | str, problem: str) -> str:
        """Rename a damaged job's folder to `<key>.broken-N`; a sentence on it is returned.

        The caller holds the job's lock.
        """
        folder = self.folder(job)
        number = 1
        while (aside := folder.with_name(f"{folder.name}.broken-{number}")).exists():
            number += 1
        with self.writing():
            folder.rename(aside)
        return f"{problem} in {folder}: set aside as {aside.name}, and made again when needed"

    def warn(self, text: str) -> None:
        """Tell the user of damage, as a StoreWarning."""
        warnings.warn(text, StoreWarning, stacklevel=2)

    def jobs(self) -> list[Entry]:
        """A light record of every job, damaged ones included, by stage and key."""
        return [self._entry(folder) for folder in self.folders()]

    def _entry(self, folder: Path) -> Entry:
        key, _, aside = folder.name.partition(".")
        label, seconds = "", None
        with suppress(ValueError):
            label = str(read_json(folder / "spec.json").get("label", ""))
        problem = "set aside" if aside else self.problem(key)
        if problem == "":
            seconds = self.record(key).get("wall_seconds")
            state = "done"
        elif problem is None:
            state = "running" if self.locked(key) else "partial"
        else:
            state = "broken"
        when = folder.stat().st_mtime
        return Entry(folder.parent.name, folder.name, label, state, seconds, _size(folder), when)

    def find(self, prefix: str) -> str:
        """The one key that begins with `prefix`; UserError where none or several do."""
        if not re.fullmatch(r"[0-9a-f]{1,64}", prefix):
            raise UserError(f"{prefix!r} is no key: give the first hex digits of one, as in `jobs`")
        keys = sorted({folder.name[:64] for folder in self._folders(f"{prefix}*")})
        if not keys:
            raise UserError(f"no job in {self.root} has a key that begins with {prefix}")
        if len(keys) > 1:
            some = ", ".join(key[: len(prefix) + 6] for key in keys[:5])
            raise UserError(f"{len(keys)} keys begin with {prefix} ({some}): give more digits")
        return keys[0]

    def remove(self, job: Job | str) -> int:
        """Delete a job and what was set aside of it; the bytes freed are returned.

        Files that no stage has made are left (see `delete`). UserError while a process works on it.
        """
        key = job.key if isinstance(job, Job) else job
        folders = list(self._folders(f"{key}*"))
        if not folders:
            raise UserError(f"no job {key[:12]!r} in the store {self.root}")
        try:
            return sum(self.remove_folder(folder) for folder in folders)
        except Timeout:
            raise UserError(f"the job {key[:12]} is being trained: stop that first") from None

    def remove_folder(self, folder: Path) -> int:
        """Delete one folder of a job, set aside or not; the bytes freed are returned.

        filelock's Timeout while a process works on the job.
        """
        with self.writing(), self.lease(folder.name[:64]):
            return delete(folder)

    def size(self) -> int:
        """Bytes of everything under the store's root."""
        return _size(self.root)

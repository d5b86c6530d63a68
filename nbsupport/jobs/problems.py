"""What can go wrong with the store and the jobs, told in the user's terms."""

import errno
import re
from collections.abc import Iterator
from pathlib import Path

from nbsupport.errors import StoreWarning, UserError
from nbsupport.sharing import NO_LOCKS

__all__ = ["Interrupted", "JobsFailed", "StoreError", "StoreWarning"]

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR}


# PyTorch's words for a GPU that fails; before 2.8 all of them came as plain RuntimeErrors.
_GPU_FULL = re.compile(r"\b(?:CUDA|HIP) (?:error: )?out of memory")
_GPU_FAILED = re.compile(r"\b(?:CUDA|HIP|cuDNN|MIOpen)(?: driver| kernel)? (?:error|failed)\b")


class StoreError(UserError):
    """The store cannot be written: nothing more can be kept, what is done stays."""


class JobsFailed(UserError):  # noqa: N818 - it reports on jobs, it is not an error by itself
    """Some jobs failed; the others are done and kept.

    `failed` holds (key, label, error, log path or "") and `skipped` (key, label); `results` has
    the outcome of the jobs that are done.
    """

    def __init__(
        self,
        total: int,
        failed: list[tuple[str, str, str, str]],
        skipped: list[tuple[str, str]],
        results: dict[str, dict],
    ) -> None:
        self.failed, self.skipped, self.results = failed, skipped, results
        errors = {error for _, _, error, log in failed if not log}
        if len(errors) == 1 and all(not log for *_, log in failed):
            # The user's own mistake, the same for every job: his message is all there is to say.
            super().__init__(errors.pop())
            return
        rest = f", {len(skipped)} that need them skipped" if skipped else ""
        lines = [f"{len(failed)} of {total} jobs failed{rest}; the others are done and kept:"]
        for key, label, error, log in failed:
            lines.append(f"  {label} ({key[:12]}): {error}" + (f"; log: {log}" if log else ""))
        super().__init__("\n".join(lines))


class Interrupted(KeyboardInterrupt):
    """The user stopped the run; the message says what is kept and how to go on."""


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        yield problem
        seen.add(id(problem))
        problem = problem.__cause__ or problem.__context__


def gpu_trouble(problem: BaseException) -> str:
    """What an exception says of a GPU: "memory" where that is full, "context" where this process
    can use it no more, else "". Told by names and texts, so that torch need not be imported."""
    for cause in _causes(problem):
        names = {base.__name__ for base in type(cause).__mro__}
        if "OutOfMemoryError" in names or _GPU_FULL.search(str(cause)):
            return "memory"
        if "AcceleratorError" in names or _GPU_FAILED.search(str(cause)):
            return "context"
    return ""


def _errno(problem: BaseException) -> int | None:
    """The system's error number; safetensors' own exception has it in its text only."""
    if isinstance(problem, OSError):
        return problem.errno
    found = re.search(r"os error (\d+)", str(problem))
    return int(found[1]) if found else None


def _concerns(problem: BaseException, root: Path, *, unnamed: bool = False) -> bool:
    """Whether the file that the exception names is in the store, or a folder above it."""
    name = getattr(problem, "filename", None)
    if not isinstance(name, str | Path):
        return unnamed
    file, top = Path(name).absolute(), root.absolute()
    return file.is_relative_to(top) or top.is_relative_to(file)


def no_locks(problem: OSError, root: Path) -> StoreError | None:
    """The StoreError behind the refusal of a lock, None where the disk has locks."""
    if problem.errno not in NO_LOCKS:
        return None
    return StoreError(
        f"the disk of the store {root} has no file locks ({problem.strerror}), and without them "
        "two processes would train the same job: point NBSUPPORT_STORE to a folder on another "
        "disk, or have it mounted with its locks"
    )


def store_error(problem: BaseException, root: Path) -> StoreError | None:
    """The StoreError behind an exception: a full disk, or a store that cannot be written.

    None where the exception is about something else.
    """
    for cause in _causes(problem):
        if isinstance(cause, StoreError):
            return cause
        number = _errno(cause)
        # The error of a write names no file, and jobs write to the store.
        if number in _FULL and _concerns(cause, root, unnamed=True):
            return StoreError(
                f"the disk of the store {root} is full: make room there, or point NBSUPPORT_STORE "
                "to a folder on another disk; what is done is kept, the same command goes on"
            )
        if number in _FORBIDDEN and _concerns(cause, root):
            return StoreError(
                f"the store {root} cannot be written ({cause}): allow it, or point "
                "NBSUPPORT_STORE to a folder that you may write"
            )
        if number in _IN_THE_WAY and _concerns(cause, root):
            name = getattr(cause, "filename", root)
            return StoreError(
                f"the store {root} cannot be written: {name} is in the way; move it, or point "
                "NBSUPPORT_STORE to another folder"
            )
    return None

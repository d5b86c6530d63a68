"""The folders that pages and the book are written to: one build at a time, errors in one line."""

import errno
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from nbsupport.errors import UserError
from nbsupport.sharing import NO_LOCKS, Lock, file_lock

_ADVICE = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EEXIST: "move what is in the way",
    errno.ENOTDIR: "move the file that is in a folder's place",
}


@contextmanager
def writing() -> Iterator[None]:
    """Turns an OSError of a build into a UserError: the reason, the file, what to do."""
    try:
        yield
    except BrokenPipeError:
        raise  # nobody reads what is printed: no matter of files
    except OSError as error:
        problem = _first(error)
        where = f": {problem.filename}" if problem.filename else ""
        advice = _ADVICE.get(problem.errno or 0, "allow it, or work in a copy of the project")
        raise UserError(
            f"cannot build here ({problem.strerror or problem}{where}): {advice}; what was trained "
            "is kept, the same command goes on"
        ) from error


def _first(error: OSError) -> OSError:
    """The first of the errors that the copying of a folder gathers, with their texts only."""
    if not isinstance(error, shutil.Error):
        return error
    _, place, text = error.args[0][0]
    found = re.search(r"\[Errno (\d+)\]", text)
    return OSError(int(found[1]), os.strerror(int(found[1])), place) if found else OSError(text)


def require_writable(*folders: Path) -> None:
    """Make the folders, and see that they and the temporary one take files: else an OSError."""
    for folder in (*folders, Path(tempfile.gettempdir())):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as probe:
            probe.write(b"x" * 4096)


@contextmanager
def claimed(folder: Path, purpose: str) -> Iterator[None]:
    """Write to a folder alone: while another process does, wait, and say for whom.

    The lock lies beside the folder, so that it outlives the folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = file_lock(folder.with_name(f".{folder.name}.lock"), folder.parent)
    note = folder.with_name(f".{folder.name}.writer")
    if not _acquired(lock, folder):
        _say(f"waiting for {_holder(note)}, which writes to {folder}; Ctrl-C stops waiting")
        lock.acquire()
    try:
        note.write_text(f"process {os.getpid()} on {socket.gethostname()} ({purpose})", "utf-8")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _acquired(lock: Lock, folder: Path) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    except (OSError, NotImplementedError) as error:
        if getattr(error, "errno", errno.ENOSYS) not in NO_LOCKS:
            raise
        _say(f"warning: this disk has no locks: start no other build that writes to {folder}")
    return True


def _holder(note: Path) -> str:
    try:
        return note.read_text(encoding="utf-8")
    except OSError:  # it begins or ends at this moment
        return "another process"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

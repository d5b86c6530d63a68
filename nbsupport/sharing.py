"""A store that several users share: what one of them makes in it, the others can write.

A store that a group, or everybody, may write to stays so whatever the umask of who works in it:
what is made in it has the permissions of its top folder, and the folder's group.
"""

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import AcquireReturnProxy, FileLock

from nbsupport import leases

Lock = FileLock | leases.Lease
Held = AcquireReturnProxy | leases.Lease  # a lock that was taken

# What asking for a lock says on a disk that has none; another process's lock is no error.
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


class _Umask:
    """This process's umask, changed while at least one thread fills a folder of a store."""

    def __init__(self) -> None:
        self.lock, self.users, self.before = threading.Lock(), 0, 0

    @contextmanager
    def set_to(self, mask: int) -> Iterator[None]:
        with self.lock:
            if not self.users:
                self.before = os.umask(mask)
            self.users += 1
        try:
            yield
        finally:
            with self.lock:
                self.users -= 1
                if not self.users:
                    os.umask(self.before)


_UMASK = _Umask()


@contextmanager
def filling(folder: Path, top: Path) -> Iterator[None]:
    """Make `folder`, in or below the store `top`. What is made within the context is as open as
    the store is, by whatever library. Raises OSError."""
    if top.exists() and not top.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(top))
    top.mkdir(parents=True, exist_ok=True)
    with _UMASK.set_to(0o077 & ~top.stat().st_mode):
        for part in (*reversed(folder.relative_to(top).parents), folder.relative_to(top)):
            if not (top / part).is_dir():
                (top / part).mkdir(exist_ok=True)
                _hand_down_group(top, top / part)
        yield


def _hand_down_group(top: Path, folder: Path) -> None:
    """Give a new folder the group that may write to the store, and all that will be made in it.

    Who is not in the group can write by the right of everybody, and hands that on.
    """
    store = top.stat()
    if store.st_mode & stat.S_IWGRP:
        with suppress(PermissionError):
            os.chown(folder, -1, store.st_gid)
            folder.chmod(folder.stat().st_mode & 0o777 | stat.S_ISGID)


def is_shared(top: Path) -> bool:
    """Whether somebody has made a folder for several users."""
    return bool(top.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH | stat.S_ISGID))


def file_lock(path: Path, top: Path) -> Lock:
    """The lock of a file in the store `top`, not yet taken: whoever may write there can take it.

    On a disk of this machine it is the system's: freed when its process ends, however that ends.
    On one that machines share it is a lease beside it, for no lock of a network file system is
    trusted. Taking it raises OSError where the disk has no locks.
    """
    mode = 0o600 | (0o066 & top.stat().st_mode)
    if leases.needed(path.parent):
        return leases.Lease(path.with_suffix(".lease"), mode)
    return FileLock(path, mode=mode, fallback_to_soft=False)


def open_as_folder(path: Path) -> None:
    """Let those read and write a file who may do so in its folder: safetensors makes its files for
    their owner alone."""
    path.chmod(path.parent.stat().st_mode & 0o666)


def said(error: OSError) -> str:
    """What an error of a store says to its user."""
    if error.errno in NO_LOCKS:
        return f"its disk has no file locks: {error.strerror}"
    return error.strerror or str(error)

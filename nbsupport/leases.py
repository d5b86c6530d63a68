"""Leases: locks that hold between machines, where those of the file system cannot be trusted.

A file lock is the system's word, and on a network file system there are several systems: two nodes
of a GPFS have held one flock at the same time, and some mounts of Lustre and NFS give every node
its own. A lease trusts two things only, that of two processes one creates a file, and that a file
that is written to changes. Its file says who holds it; the holder touches it as long as it lives,
and whoever has seen no touch for long enough, by his own clock, takes it over.
"""

import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

from filelock import Timeout

from nbsupport.errors import unknown

VARIABLE = "NBSUPPORT_LOCKS"
WAYS = ("auto", "system", "lease")
BEAT = 30.0  # seconds between two touches of a held lease
# Seconds without a touch after which its holder counts as gone. An NFS client may serve attributes
# that are 60 s old, and a touch or two may fail.
PATIENCE = 180.0
POLL = 0.5
# File systems of one machine's own, whose locks its kernel keeps. Whatever is not named here (nfs,
# lustre, gpfs, beegfs, ceph, cifs, 9p, virtiofs, fuse) gets leases.
OWN = {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "tmpfs", "ramfs", "overlay"}


def needed(folder: Path) -> bool:
    """Whether locks in a folder must be leases: as NBSUPPORT_LOCKS says, else by its file system.

    UserError for another value of that variable.
    """
    way = os.environ.get(VARIABLE) or "auto"
    if way not in WAYS:
        raise unknown(VARIABLE, way, WAYS)
    if way != "auto":
        return way == "lease"
    kind = file_system(folder)
    return bool(kind) and kind not in OWN


def file_system(folder: Path) -> str:
    """The kind of file system that a folder is on, or will be; "" where the system tells none."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return _mounted(os.path.realpath(place))


@lru_cache
def _mounted(place: str, table: Path = Path("/proc/self/mountinfo")) -> str:
    """Of all mounts above a place the innermost counts, of several at one point the last."""
    best, kind = "", ""
    with suppress(OSError):
        for line in table.read_text(encoding="utf-8", errors="replace").splitlines():
            left, _, right = line.partition(" - ")
            point = left.split(" ")[4].encode().decode("unicode_escape")
            inside = place == point or place.startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(best):
                best, kind = point, right.split(" ")[0]
    return kind


@lru_cache
def here() -> str:
    """This machine, as long as it runs, and this process's view of its processes."""
    names = [socket.gethostname().replace(" ", "-")]
    with suppress(OSError):
        names.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        names.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return "/".join(names)


def _began(process: int) -> str:
    """When a process was started, in the kernel's ticks; "" where there is none, or no telling."""
    with suppress(OSError, IndexError):
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return "" if state[0] == "Z" else state[19]
    return ""


@dataclass(frozen=True)
class _Sight:
    """What is seen of a lease's file: its words and when it was touched."""

    words: tuple[str, ...]
    touched: int

    @property
    def token(self) -> str:
        """What names this one holding; a file cut short is named by its time."""
        return self.words[3] if len(self.words) == 4 else f"cut-{self.touched}"

    def ended(self) -> bool:
        """Whether its holder was a process of this machine, and has ended."""
        if len(self.words) != 4 or self.words[0] != here() or not _began(os.getpid()):
            return False
        return _began(int(self.words[1])) != self.words[2]


def _look(path: Path) -> _Sight | None:
    """The file as its server has it: opening asks, a glance at its attributes may not."""
    try:
        with path.open("rb") as file:
            words = tuple(file.read().decode("utf-8", errors="replace").split())
            return _Sight(words, os.fstat(file.fileno()).st_mtime_ns)
    except FileNotFoundError:
        return None


# What this process has last seen of leases that others hold, and since when it saw no change.
_SEEN: dict[Path, tuple[_Sight, float]] = {}


def _is_old(path: Path, sight: _Sight) -> bool:
    known, since = _SEEN.get(path, (None, 0.0))
    if known != sight:
        _SEEN[path] = sight, time.monotonic()
        return False
    return time.monotonic() - since > PATIENCE


class Lease:
    """A lock by a file that its holder keeps touching. It is taken and left as a FileLock is:
    `with lease.acquire(timeout=0):` raises filelock's Timeout where another holds it, an OSError
    where nothing can be written.

    `lost` says whether it went to another meanwhile, because this process was silent for too long:
    what it guards must not be written then.
    """

    def __init__(self, path: Path, mode: int = 0o600) -> None:
        self.path, self._mode = path, mode
        self._token = ""
        self.lost = False

    def acquire(self, timeout: float = -1) -> Self:
        """Take it, waiting so many seconds; without end by default."""
        end = time.monotonic() + timeout
        while not self._take():
            if timeout >= 0 and time.monotonic() >= end:
                raise Timeout(str(self.path))
            time.sleep(POLL)
        return self

    def __enter__(self) -> Self:
        return self if self._token else self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def held(self) -> bool:
        """Whether somebody holds it, this process or another."""
        sight = _look(self.path)
        return sight is not None and not sight.ended() and not _is_old(self.path, sight)

    def _take(self) -> bool:
        if self._create():
            return True
        sight = _look(self.path)
        if sight is None:
            return self._create()
        old = sight.ended() or _is_old(self.path, sight)
        return old and self._break(sight) and self._create()

    def _create(self) -> bool:
        """Whether this process is the one that makes the file."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            file = os.open(self.path, flags, self._mode)
        except FileExistsError:
            return False
        self._token = uuid.uuid4().hex
        words = (here(), str(os.getpid()), _began(os.getpid()) or "-", self._token)
        try:
            with suppress(PermissionError):
                os.fchmod(file, self._mode)
            os.write(file, " ".join(words).encode())
            os.fsync(file)
        finally:
            os.close(file)
        _SEEN.pop(self.path, None)
        self.lost = False
        _HEART.add(self)
        return True

    def _break(self, sight: _Sight) -> bool:
        """Remove a lease whose holder is gone, and no other: of all that find it so, the one may
        do it that makes a file of that holding's name."""
        right = self.path.with_name(f"{self.path.name}.{sight.token}")
        try:
            os.close(os.open(right, os.O_WRONLY | os.O_CREAT | os.O_EXCL, self._mode))
        except FileExistsError:
            if time.time() - right.stat().st_mtime > PATIENCE:
                right.unlink(missing_ok=True)  # who had the right was killed before he used it
            return False
        try:
            now = _look(self.path)
            if now is None or now.token != sight.token:
                return now is None
            self.path.unlink(missing_ok=True)
            return True
        finally:
            right.unlink(missing_ok=True)

    def is_mine(self) -> bool:
        """Whether the file is still the one that this process made."""
        sight = _look(self.path)
        return sight is not None and sight.token == self._token

    def release(self) -> None:
        """Give it back; a lease that was lost is another's."""
        _HEART.remove(self)
        if self._token and self.is_mine():
            self.path.unlink(missing_ok=True)
        self._token = ""


class _Heart:
    """The thread of this process that touches what it holds."""

    def __init__(self) -> None:
        self._held: dict[Lease, float] = {}
        self._guard = threading.Lock()
        self._process = 0

    def add(self, lease: Lease) -> None:
        with self._guard:
            self._held[lease] = time.monotonic()
            if self._process != os.getpid():  # a fork has no threads
                self._process = os.getpid()
                threading.Thread(target=self._beat, daemon=True, name="leases").start()

    def remove(self, lease: Lease) -> None:
        with self._guard:
            self._held.pop(lease, None)

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT)
            with self._guard:
                held = list(self._held)
            for lease in held:
                self._touch(lease)

    def _touch(self, lease: Lease) -> None:
        """A touch that fails is tried again, until others may take the lease for given up."""
        try:
            mine = lease.is_mine()
            if mine:
                os.utime(lease.path)
        except OSError:
            mine = time.monotonic() - self._held.get(lease, 0.0) < PATIENCE - 2 * BEAT
        else:
            with self._guard:
                if lease in self._held:
                    self._held[lease] = time.monotonic()
        lease.lost = lease.lost or not mine


_HEART = _Heart()

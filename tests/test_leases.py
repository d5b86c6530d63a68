"""Locks between machines: who holds one, who may take it over, and what the loser learns."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from nbsupport import leases, sharing
from nbsupport.errors import UserError
from nbsupport.jobs import work
from nbsupport.jobs.engines.serial import copy_to
from nbsupport.jobs.job import Job
from nbsupport.jobs.request import Request
from nbsupport.jobs.runner import run
from nbsupport.jobs.store import Store
from nbsupport.leases import Lease
from nbsupport.paths import root

TABLE = """\
21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
22 21 0:5 / /srv rw shared:1 - nfs4 server:/srv rw
23 22 0:6 / /srv/a\\040b rw - lustre mds:/a rw
24 21 0:7 / /srvs rw - xfs /dev/sdb rw
"""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hearts that beat often, and nobody waits long."""
    monkeypatch.setattr(leases, "BEAT", 0.1)
    monkeypatch.setattr(leases, "PATIENCE", 0.6)
    monkeypatch.setattr(leases, "POLL", 0.05)
    monkeypatch.setattr(leases, "_HEART", leases._Heart())
    monkeypatch.setattr(leases, "_SEEN", {})


def as_of(machine: str, path: Path) -> None:
    """Have a lease's file tell of a process on another machine."""
    words = path.read_text().split()
    path.write_text(" ".join([machine, *words[1:]]))


@pytest.mark.parametrize(
    ("place", "kind"),
    [("/x", "ext4"), ("/srv/me", "nfs4"), ("/srv/a b/c", "lustre"), ("/srvs/me", "xfs")],
)
def test_the_innermost_mount_counts(tmp_path: Path, place: str, kind: str) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    assert leases._mounted(place, table) == kind


@pytest.mark.parametrize(
    ("kind", "needed"),
    [("ext4", False), ("", False), ("nfs4", True), ("gpfs", True), ("new", True)],
)
def test_no_lock_of_a_disk_that_machines_may_share_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, needed: bool
) -> None:
    monkeypatch.setattr(leases, "file_system", lambda folder: kind)
    lock = sharing.file_lock(tmp_path / "a.lock", tmp_path)
    assert isinstance(lock, Lease if needed else FileLock)


def test_the_user_may_know_better(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(leases.VARIABLE, "lease")
    assert leases.needed(tmp_path)
    monkeypatch.setenv(leases.VARIABLE, "system")
    assert not leases.needed(tmp_path)
    monkeypatch.setenv(leases.VARIABLE, "leese")
    with pytest.raises(UserError, match=r"unknown NBSUPPORT_LOCKS 'leese'.*did you mean 'lease'"):
        leases.needed(tmp_path)


def test_one_holds_it_at_a_time(tmp_path: Path, quick: None) -> None:
    path = tmp_path / "a.lease"
    with Lease(path).acquire(timeout=0) as mine:
        assert mine.held()
        with pytest.raises(Timeout):
            Lease(path).acquire(timeout=0)
        time.sleep(1.5)  # its heart beats on
        with pytest.raises(Timeout):
            Lease(path).acquire(timeout=0.2)
        assert not mine.lost
    assert not path.exists()
    with Lease(path):
        assert path.exists()
    assert list(tmp_path.iterdir()) == []


def test_of_many_that_take_over_at_once_one_does(tmp_path: Path, quick: None) -> None:
    path, got = tmp_path / "a.lease", []
    path.write_text("elsewhere 1 2 token")

    def take() -> None:
        try:
            got.append(Lease(path).acquire(timeout=1.5))
        except Timeout:
            got.append(None)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(lease is not None for lease in got) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["a.lease"]


def test_a_file_cut_short_is_given_up_when_nothing_changes(tmp_path: Path, quick: None) -> None:
    path = tmp_path / "a.lease"
    path.write_text("half a li")
    with pytest.raises(Timeout):
        Lease(path).acquire(timeout=0.3)
    Lease(path).acquire(timeout=2).release()


def test_whoever_was_silent_learns_that_it_lost(tmp_path: Path, quick: None) -> None:
    path = tmp_path / "a.lease"
    silent = Lease(path).acquire()
    path.unlink()  # as one who waited long enough does
    other = Lease(path).acquire(timeout=0)
    end = time.monotonic() + 5
    while not silent.lost and time.monotonic() < end:
        time.sleep(0.05)
    assert silent.lost
    silent.release()
    assert other.is_mine()  # what another holds is not given away
    other.release()


def test_the_lease_of_a_killed_process_here_is_free_at_once(tmp_path: Path, quick: None) -> None:
    path = tmp_path / "a.lease"
    code = "import sys, time; from pathlib import Path; from nbsupport.leases import Lease\n"
    code += "Lease(Path(sys.argv[1])).acquire(); print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], cwd=root(), stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Timeout):
        Lease(path).acquire(timeout=0)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    Lease(path).acquire(timeout=0).release()


@pytest.fixture
def leased(quick: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    """A store on a disk that machines share."""
    monkeypatch.setenv(leases.VARIABLE, "lease")
    return Store(tmp_path / "store")


def grow(spec: dict, folder: Path, parent: Path | None, report: object) -> dict:
    return {"total": spec["n"]}


def slow(spec: dict, folder: Path, parent: Path | None, report: object) -> dict:
    """Loses its lease on the way, as a machine does that was out of touch."""
    for path in Path(spec["locks"]).glob("*.lease"):
        path.write_text("elsewhere 1 2 token")
    time.sleep(0.5)
    return {}


def its(function: object, **spec: object) -> Job:
    """A job of a function of this file."""
    sys.modules["lease_stages"] = sys.modules[__name__]
    return Job(f"lease_stages:{getattr(function, '__name__', '')}", 1, spec, "")


def test_a_job_is_done_under_a_lease_that_leaves_nothing(leased: Store) -> None:
    job = its(grow, n=3)
    assert run([job], leased, engine="serial")[job.key]["total"] == 3
    assert list((leased.root / "locks").iterdir()) == []


def test_a_job_held_on_another_machine_is_waited_for(leased: Store) -> None:
    job, events = its(grow, n=3), []
    place = leased.root / "locks" / f"{job.key}.lease"
    place.parent.mkdir(parents=True)
    place.write_text("elsewhere 1 2 token")
    assert leased.locked(job)
    run([job], leased, engine="serial", on_event=lambda event: events.append(event["kind"]))
    assert "waiting" in events  # and taken over once its holder was silent for long
    assert leased.check(job)


def test_nothing_is_kept_of_a_job_whose_lease_was_lost(leased: Store) -> None:
    job = its(slow, locks=str(leased.root / "locks"))
    request = Request.of(job, leased.root)
    assert work.perform(request, lambda message: None, copy_to)["kind"] == "busy"
    assert not leased.done(job)


def test_processes_are_told_apart(quick: None) -> None:
    assert leases._began(os.getpid())
    assert leases._began(2**22 + 1) == ""

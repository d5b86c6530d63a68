"""A store that several users work in: real users, who are in one group, or in none together."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbsupport import sharing
from nbsupport.paths import root

COURSE, FIRST, SECOND = 1500, 1001, 1002
PROGRAM = Path(__file__).parent / "jobs" / "toy_shared.py"
# The store's folder as a lecturer may have made it: its mode, and a group that both users are in.
STORES = {
    "setgid": (0o2770, COURSE),
    "group": (0o775, COURSE),
    "everybody": (0o777, 0),
    "sticky": (0o1777, 0),
}


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that every user can reach, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="shared-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def said(place: Path) -> dict[str, list[str]]:
    """What went wrong when the one began in each store and the other went on."""
    if os.geteuid() != 0:
        pytest.skip("only root can become other users")
    steps = []
    for name, (mode, group) in STORES.items():
        store = place / name / "store"
        store.mkdir(parents=True)
        os.chown(store, 0, group)
        store.chmod(mode)
        steps.append((str(store), FIRST, FIRST, group, 0o077, 1))
        steps.append((str(store), SECOND, SECOND, group, 0o022, 0))
    command = [sys.executable, str(PROGRAM), json.dumps(steps), str(place)]
    environment = {**os.environ, "PYTHONPATH": str(root())}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    told = iter(json.loads(done.stdout.splitlines()[-1]))
    return {name: [next(told), next(told)] for name in STORES}


@pytest.mark.parametrize("name", STORES)
def test_one_user_goes_on_where_another_stopped(said: dict[str, list[str]], name: str) -> None:
    assert said[name] == ["", ""]


@pytest.mark.parametrize("name", STORES)
def test_what_is_made_is_as_open_as_the_store(
    said: dict[str, list[str]], place: Path, name: str
) -> None:
    assert said
    mode, group = STORES[name]
    made = list((place / name / "store").rglob("*"))
    assert len(made) > 20
    for path in made:
        found = path.stat()
        bits = 0o077 if path.is_dir() else 0o066
        assert found.st_mode & bits == mode & bits, f"{path} {stat.filemode(found.st_mode)}"
        if group:
            assert found.st_gid == group, path


def test_a_store_for_one_s_own_stays_that(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with sharing.filling(tmp_path / "store" / "a", tmp_path / "store"):
            (tmp_path / "store" / "a" / "file").touch()
        assert os.umask(0o022) == 0o077
        with sharing.filling(tmp_path / "store" / "b", tmp_path / "store"):
            (tmp_path / "store" / "b" / "file").touch()
    finally:
        os.umask(before)
    modes = {p.name: p.stat().st_mode & 0o777 for p in (tmp_path / "store").iterdir()}
    assert modes == {"a": 0o700, "b": 0o700}
    assert (tmp_path / "store" / "b" / "file").stat().st_mode & 0o777 == 0o600


def test_the_umask_is_back_when_the_last_is_done(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        first, second = (sharing.filling(tmp_path / name, tmp_path) for name in "ab")
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        second.__exit__(None, None, None)
        assert os.umask(before) == 0o027
    finally:
        os.umask(before)

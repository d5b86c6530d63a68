"""What all tests stand on: nothing of the user's, and records on real images that are made up."""

import atexit
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
from hypothesis import settings

from nbsupport.data.catalogue import entries
from nbsupport.evidence import recorded, records
from nbsupport.paths import data_dir
from nbsupport.study.profiles import PROFILES

sys.path.insert(0, str(Path(__file__).parent))  # for helpers, in whatever folder a test is

from real_images import CONFIRMING, FAMILIES, NAME

TOGETHER = ("tests/browser/", "jobs/test_ray")  # parts of paths: one process each

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("untimed")

# Only a test that is marked `data` sees the user's data sets, and none his store or anything else
# that a variable names: all pass on a machine where nothing is set.
DATA = data_dir()
for name in [name for name in os.environ if name.startswith("NBSUPPORT_")]:
    del os.environ[name]
OWN = tempfile.mkdtemp(prefix="nbsupport-tests-")
atexit.register(shutil.rmtree, OWN, ignore_errors=True)
# His settings of Jupyter are not read either, and need no home that can be written.
for name in ("NBSUPPORT_STORE", "IPYTHONDIR", "JUPYTER_CONFIG_DIR"):
    os.environ[name] = str(Path(OWN, name))
# What nohup or a shell's background has the tests ignore, the programs that they start must not:
# a handler is not handed down, unlike a signal that is ignored.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """In several processes, a file's tests stay together, for what they share is made once; so do
    all that look at the smoke book, and all that start a cluster of Ray."""
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = super()._split_scope(nodeid)
            return next((part for part in TOGETHER if part in path), path)

    return Together(config, log)


@pytest.fixture(autouse=True)
def real_data(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path | None:
    """The folder of data sets, for a test marked `data` with what it needs of it: the name of a
    catalogue's entry, or a path. The test is skipped where that is not there."""
    mark = request.node.get_closest_marker("data")
    if mark is None:
        return None
    (wanted,) = mark.args
    places = entries()[wanted].places if wanted in entries() else (wanted,)
    if DATA is None or not any((DATA / place).exists() for place in places):
        pytest.skip(f"needs {' or '.join(places)}: set NBSUPPORT_DATA to the folder that has it")
    monkeypatch.setenv("NBSUPPORT_DATA", str(DATA))
    return DATA


@pytest.fixture
def real_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile on real images with two shifts, three families and three seeds."""
    whole = (FAMILIES, (0, 1, 2))
    profile = replace(
        PROFILES[NAME],
        worlds=(1, 2),
        recorded={1: whole, 2: whole},
        confirming={},
        shifts={1: "photo to sketch", 2: "sketch to photo"},
    )
    monkeypatch.setitem(PROFILES, NAME, profile)


@pytest.fixture
def confirming_profile(monkeypatch: pytest.MonkeyPatch, real_profile: None) -> None:
    """The same with nine further cells of shift 2, planned to confirm what its first ones say."""
    monkeypatch.setitem(PROFILES, NAME, replace(PROFILES[NAME], confirming={2: CONFIRMING}))


@pytest.fixture
def set_recorded(
    monkeypatch: pytest.MonkeyPatch, real_profile: None
) -> Callable[[pd.DataFrame | None, str], None]:
    """Sets what a profile's records hold; None, and of every other profile: nothing."""
    nothing = pd.DataFrame(columns=records.COLUMNS)
    tables: dict[str, tuple[pd.DataFrame, str]] = {}
    empty = (nothing, "")
    monkeypatch.setattr(recorded, "read_with_digest", lambda profile: tables.get(profile, empty))

    def hold(table: pd.DataFrame | None = None, profile: str = "demo") -> None:
        tables[profile] = empty if table is None else (table, uuid4().hex)

    return hold


@pytest.fixture
def set_beside(set_recorded: Callable[..., None]) -> Callable[[pd.DataFrame | None], None]:
    """Sets what is recorded on real images; None: nothing is."""
    return lambda table=None: set_recorded(table, NAME)

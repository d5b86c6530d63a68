"""The toy stages, importable here and in the workers; a fresh store for each test."""

import sys
from pathlib import Path

import pytest

from nbsupport.jobs import job
from nbsupport.jobs.store import Store

HERE = Path(__file__).parent
if str(HERE) not in sys.path:
    sys.path.append(str(HERE))


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "STAGES", dict(job.STAGES))
    job.STAGES["toy"] = "toy_stages:grow"
    job.STAGES["surroundings"] = "toy_stages:surroundings"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")

"""Whether a machine has the data of a job, and not others at the same place."""

from pathlib import Path
from typing import Any

import pytest

from nbsupport.data.presence import present
from nbsupport.data.rehearsal import make
from nbsupport.data.tasks import open_task

TASK = {"name": "pacs", "px": 16, "train": ["photo"], "ood": "sketch"}


def answer(fingerprint: str) -> str:
    spec: dict[str, Any] = {"task": TASK, "fingerprint": fingerprint}
    return str(present(spec, Path(), None, None)["problem"])


def test_data_are_known_by_their_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    assert "pacs" in answer("x").lower()  # not there: the task's own words
    make(tmp_path / "data", px=8, only=("pacs",))
    assert answer("x") == "these are other files than the driver's"
    assert answer(open_task(TASK).fingerprint) == ""

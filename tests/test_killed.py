"""Killed at ten random moments each: a training, a sweep, a preparation, a page.

Nothing finished is lost, nothing finished is done again, the store holds nothing broken, and the
next call goes on. The moments are drawn anew each time; a failure prints them.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nbsupport.data.pictures.cache import mapped
from nbsupport.jobs.store import Store
from nbsupport.paths import root
from tests.copies import Copy

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "killpg"), reason="kills groups of processes"),
]
KILLS = 10
SWEEP = """
import sys
from nbsupport.study.study import Study
study = Study("smoke", families=["resnet"], seeds=range(int(sys.argv[1])))
study.run([study.scratch, study.full], progress=False)
"""
TRAINING = """
from nbsupport.study.study import Study
study = Study("demo", families=["resnet"], seeds=[0])
study.run({"few": study.imagenet.per_class(2)}, progress=False)
"""
PREPARATION = """
import sys
from pathlib import Path
from nbsupport.data.pictures import decode_once
from nbsupport.data.pictures.files import Pictures, place
where = place(Path(sys.argv[1]))
decode_once.BLOCK = 4
decode_once.decode_once(Pictures(where, where.below("")), 48, workers=2)
"""


class Killed:
    """A command that is begun, killed with all it has started, and begun again."""

    def __init__(self, store: Path, command: list[str], folder: Path | None = None) -> None:
        self.store, self.command, self.folder = store, command, folder or root()
        self.moments: list[float] = []

    def whole(self) -> float:
        """Run it to its end; seconds."""
        began = time.monotonic()
        done = subprocess.run(self.command, **self._settings(), capture_output=True, text=True)
        assert done.returncode == 0, f"killed after {self.moments}: {done.stderr}"
        return time.monotonic() - began

    def at_random(self, lasts: float, between: Callable[[], None]) -> None:
        """Kill it ten times within the seconds that it lasts, looking each time at what is left."""
        for _ in range(KILLS):
            self.moments.append(random.uniform(0, lasts))
            quiet = subprocess.DEVNULL
            process = subprocess.Popen(
                self.command, **self._settings(), start_new_session=True, stdout=quiet, stderr=quiet
            )
            try:
                process.wait(self.moments[-1])
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            between()

    def _settings(self) -> dict:
        own = {"NBSUPPORT_STORE": str(self.store), "PYTHONPATH": str(self.folder)}
        return {"cwd": self.folder, "env": os.environ | own, "stdin": subprocess.DEVNULL}


class Finished:
    """What the store of a killed command holds: no job is lost, changed or done again."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.seen: dict[str, bytes] = {}

    def look(self) -> None:
        """Compare what is done with what was done before the last kill."""
        done = {p.parent.name: p.read_bytes() for p in self.store.glob("*/*/result.json")}
        assert self.seen.items() <= done.items(), "a finished job is lost or was done again"
        broken = [job.key for job in Store(self.store).jobs() if job.state == "broken"]
        assert broken == []
        self.seen = done

    def results(self) -> dict[str, dict]:
        """What each job's stage returned, without how long it took."""
        found = {key: json.loads(text)["result"] for key, text in self.seen.items()}
        return {key: _without_times(result) for key, result in found.items()}


def _without_times(result: dict) -> dict:
    timed = ("seconds", "images_per_second")
    return {name: value for name, value in result.items() if not name.endswith(timed)}


@pytest.mark.parametrize(
    "code", [pytest.param([TRAINING], id="training"), pytest.param([SWEEP, "10"], id="sweep")]
)
def test_jobs_go_on_and_end_as_undisturbed_ones(tmp_path: Path, code: list[str]) -> None:
    command = [sys.executable, "-c", *code]
    undisturbed, cut = tmp_path / "undisturbed", tmp_path / "cut"
    lasts = Killed(undisturbed, command).whole()
    expected = Finished(undisturbed)
    expected.look()
    killed, finished = Killed(cut, command), Finished(cut)
    killed.at_random(lasts, finished.look)
    killed.whole()
    finished.look()
    assert finished.results() == expected.results()


def test_a_preparation_goes_on_and_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    draws = np.random.default_rng(0)
    for number in range(400):
        pixels = draws.integers(0, 256, (90, 120, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(pictures / f"{number}.png")
    command = [sys.executable, "-c", PREPARATION, str(pictures)]
    lasts = Killed(tmp_path / "undisturbed", command).whole()
    killed = Killed(tmp_path / "cut", command)
    killed.at_random(lasts, lambda: None)
    killed.whole()
    whole, cut = (
        next((tmp_path / name / "images").glob("*.npy")) for name in ("undisturbed", "cut")
    )
    np.testing.assert_array_equal(mapped(cut), mapped(whole))


def test_a_page_goes_on_and_is_rendered(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "copy")
    command = [sys.executable, "-m", "nbsupport", "run", "02_background", "-p", "profile", "smoke"]
    lasts = Killed(tmp_path / "undisturbed", command, copy.folder).whole()
    finished = Finished(copy.folder / "store")
    killed = Killed(finished.store, command, copy.folder)
    killed.at_random(lasts, finished.look)
    killed.whole()
    finished.look()
    assert len(finished.seen) > 0
    page = next((copy.folder / "rerun").glob("02_background-*/_build/html/index.html"))
    assert "Figure 2" in page.read_text("utf-8")

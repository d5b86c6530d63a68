"""The whole book on the rehearsal profile: the code of the paper profile, on fake data."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nbsupport.pages import pages
from nbsupport.paths import root


@pytest.mark.slow
def test_every_page_executes_on_fake_data_in_the_official_layouts(tmp_path: Path) -> None:
    project, data = tmp_path / "project", tmp_path / "data"
    skipped = shutil.ignore_patterns(".venv", ".git", "store", "_build", "sections", ".*_cache")
    shutil.copytree(root(), project, ignore=skipped)
    free = {name: value for name, value in os.environ.items() if name != "NBSUPPORT_STORE"}
    env = {**free, "PYTHONPATH": str(project), "NBSUPPORT_DATA": str(data)}

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "nbsupport", *words]
        done = subprocess.run(
            command, cwd=project, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    assert str(data) in run("data", "rehearse", "--root", str(data))
    said = run("build", "--profile", "rehearsal")
    for page in pages():
        assert f"{page}: executed" in said
        assert (project / "_build" / "html" / "book" / "sections" / f"{page}.html").is_file()

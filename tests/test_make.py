"""The Makefile, in an empty project; its set-up is tested in test_setup.py."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nbsupport.paths import root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The Makefile, the set-up script and a list of requirements."""
    folder = tmp_path / "project"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(root() / "Makefile", folder)
    shutil.copy(root() / "tools" / "setup.sh", folder / "tools")
    (folder / "requirements.txt").write_text("something==1.0\n")
    return folder


def make(project: Path, *arguments: str, path: str | None = None, answer: str = ""):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("NBSUPPORT", "MAKE", "PYTHON"))}
    if path is not None:
        env["PATH"] = path
    return subprocess.run(
        [shutil.which("make"), *arguments],
        cwd=project,
        env=env,
        input=answer,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_clean_keeps_the_store_and_clean_store_asks(project):
    for name in ("store", "_build", "book/sections"):
        (project / name).mkdir(parents=True)
        (project / name / "file").write_text("x")
    assert make(project, "clean").returncode == 0
    assert not (project / "_build").exists()
    assert not (project / "book" / "sections").exists()
    assert (project / "store" / "file").exists()

    for answer in ("", "n\n", "\n"):
        done = make(project, "clean-store", answer=answer)
        assert done.returncode != 0
        assert "Remove every trained job in store?" in done.stdout
        assert (project / "store" / "file").exists()
    assert make(project, "clean-store", answer="y\n").returncode == 0
    assert not (project / "store").exists()


def test_the_book_is_served_to_this_machine_only(project):
    shown = make(project, "--dry-run", "serve").stdout
    assert "--bind 127.0.0.1" in shown

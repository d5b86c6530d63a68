"""The Makefile and the set-up, in an empty project with stand-ins for the installers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nbsupport.paths import root

FAKE_UV = """#!/bin/sh
echo "$@" >> "{log}"
if [ "$1" = venv ]; then
    mkdir -p .venv/bin
    ln -s "{python}" .venv/bin/python
fi
"""


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


def test_set_up_installs_once_and_again_when_the_pins_change(project, tmp_path):
    tools, log = tmp_path / "bin", tmp_path / "calls"
    tools.mkdir()
    (tools / "uv").write_text(FAKE_UV.format(log=log, python=sys.executable))
    (tools / "uv").chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"

    assert make(project, "setup", path=path).returncode == 0
    calls = log.read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["venv", "pip", "pip"]
    assert "--compile-bytecode" in calls[1]
    assert make(project, "setup", path=path).returncode == 0
    assert log.read_text().splitlines() == calls

    (project / "requirements.txt").write_text("something==1.1\n")
    assert make(project, "setup", path=path).returncode == 0
    assert [call.split()[0] for call in log.read_text().splitlines()[3:]] == ["pip", "pip"]


def test_a_failed_installation_is_not_taken_for_done(project, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "uv").write_text("#!/bin/sh\nexit 1\n")
    (tools / "uv").chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    assert make(project, "setup", path=path).returncode != 0
    assert not (project / ".venv" / "set-up").exists()
    assert make(project, "setup", path=path).returncode != 0


def test_without_a_suitable_python_the_set_up_says_what_to_do(project, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "cat", "cksum", "dirname", "rm"):
        (tools / name).symlink_to(shutil.which(name))
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tools / "python3").chmod(0o755)
    done = make(project, "setup", path=str(tools))
    assert done.returncode != 0
    assert "no Python 3.11 or later" in done.stderr


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


def test_the_port_reaches_the_server_as_it_was_given(project):
    """What it does with the port, and that it serves this machine only: test_serve.py."""
    assert 'nbsupport serve --port "8000"' in make(project, "--dry-run", "serve").stdout
    shown = make(project, "--dry-run", "serve", "PORT=80 90").stdout
    assert 'nbsupport serve --port "80 90"' in shown

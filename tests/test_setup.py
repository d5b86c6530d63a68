"""The set-up: with a stand-in for uv, and with venv and pip themselves where nothing is fetched."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nbsupport.paths import root

FAKE_UV = """#!/bin/sh
echo "$@" >> "{log}"
env | grep -E '^(UV|PIP|PYTHON|VIRTUAL_ENV)' >> "{log}.environment"
if [ "$1" = venv ]; then
    mkdir -p .venv/bin
    ln -s "{python}" .venv/bin/python
fi
{then}
"""
# An editable installation with nothing but the standard library, so that none is fetched.
BACKEND = """
import pathlib, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    about = "nbsupport-0.dist-info"
    with zipfile.ZipFile(pathlib.Path(folder, "nbsupport-0-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("here.pth", str(pathlib.Path.cwd()))
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\\nName: nbsupport\\nVersion: 0")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr(f"{about}/RECORD", "")
    return "nbsupport-0-py3-none-any.whl"
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
# Settings of pip's that would send what is installed to another place, or install nothing.
ELSEWHERE = """
[global]
require-virtualenv = true
[install]
user = true
target = {place}
prefix = {place}
root = {place}
dry-run = true
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The Makefile, the set-up script and a list of requirements."""
    return new_project(tmp_path / "project")


def new_project(folder: Path) -> Path:
    (folder / "tools").mkdir(parents=True)
    shutil.copy(root() / "Makefile", folder)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    for name in ("setup.sh", "environment.py"):
        shutil.copy(root() / "tools" / name, folder / "tools")
    (folder / "requirements.txt").write_text("something==1.0\n")
    return folder


def make(project: Path, *arguments: str, path: str | None = None, answer: str = "", **more: str):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("NBSUPPORT", "MAKE", "PYTHON"))}
    if path is not None:
        env["PATH"] = path
    return subprocess.run(
        [shutil.which("make"), *arguments],
        cwd=project,
        env=env | more,
        input=answer,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


class Uv:
    """A stand-in for uv, first in the path: `calls` are its command lines."""

    def __init__(self, folder: Path, then: str = "") -> None:
        self.log, tools = folder / "calls", folder / "bin"
        tools.mkdir(exist_ok=True)
        script = FAKE_UV.format(log=self.log, python=sys.executable, then=then)
        (tools / "uv").write_text(script)
        (tools / "uv").chmod(0o755)
        self.path = f"{tools}{os.pathsep}{os.environ['PATH']}"

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()

    @property
    def commands(self) -> list[str]:
        return [call.split()[0] for call in self.calls]

    @property
    def environment(self) -> set[str]:
        lines = Path(f"{self.log}.environment").read_text().splitlines()
        return {line.partition("=")[0] for line in lines}


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of the set-up's own."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("setup: ")]
    return lines[-1]


def test_set_up_installs_once_and_again_when_the_pins_change(project, tmp_path):
    uv = Uv(tmp_path)
    assert make(project, "setup", path=uv.path).returncode == 0
    calls = uv.calls
    assert uv.commands == ["venv", "pip", "pip"]
    assert "--compile-bytecode" in calls[1]
    assert make(project, "setup", path=uv.path).returncode == 0
    assert uv.calls == calls

    (project / "requirements.txt").write_text("something==1.1\n")
    assert make(project, "setup", path=uv.path).returncode == 0
    assert uv.commands[3:] == ["pip", "pip"]


def test_what_a_cluster_takes_is_added_once_and_again_when_its_pins_change(project, tmp_path):
    uv, pins = Uv(tmp_path), project / "requirements-ray.txt"
    pins.write_text("ray==1.0\n")
    for _ in range(2):
        assert make(project, "ray", path=uv.path).returncode == 0
        assert uv.commands == ["venv", "pip", "pip", "pip"]
    assert uv.calls[-1].endswith("-r requirements-ray.txt")
    pins.write_text("ray==1.1\n")
    assert make(project, "setup", path=uv.path).returncode == 0
    assert len(uv.commands) == 4
    assert make(project, "ray", path=uv.path).returncode == 0
    assert len(uv.commands) == 5


def test_two_set_ups_at_once_install_once(project, tmp_path):
    uv = Uv(tmp_path, then="sleep 0.3")
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(make, project, "setup", path=uv.path) for _ in range(2)]
        assert [one.result().returncode for one in both] == [0, 0]
    assert uv.commands == ["venv", "pip", "pip"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full: about 7 GB are needed"),
        ("ERROR: No matching distribution found for altair", "no package index answered"),
        ("error: Failed to fetch: altair\n  dns error", "no package index answered"),
        ("something new", "for the reason above"),
    ],
)
def test_a_failed_installation_says_what_to_do_and_is_not_taken_for_done(
    project, tmp_path, words, told
):
    uv = Uv(tmp_path, then=f'[ "$1" = venv ] || {{ printf "{words}" >&2; exit 1; }}')
    for _ in range(2):
        done = make(project, "setup", path=uv.path)
        assert done.returncode != 0
        assert told in said(done)
        assert "for the reason above" not in told or words in done.stderr
    # What was broken off is not built upon.
    assert uv.commands == ["venv", "pip"] * 2


@pytest.mark.parametrize(
    ("free", "told"), [("9000000", "install its venv module"), ("2000", "the disk is full")]
)
def test_an_environment_that_cannot_be_created_is_not_left_behind(project, tmp_path, free, told):
    uv = Uv(tmp_path, then="echo Command ... ensurepip ... returned non-zero >&2; exit 1")
    df = tmp_path / "bin" / "df"
    df.write_text(f"#!/bin/sh\necho head; echo disk 1 1 {free} 1% /\n")
    df.chmod(0o755)
    done = make(project, "setup", path=uv.path)
    assert done.returncode != 0
    assert told in said(done)
    assert not (project / ".venv").exists()


def test_an_interrupted_set_up_begins_anew(project, tmp_path):
    uv = Uv(tmp_path, then='[ "$1" = venv ] || { kill -KILL $PPID; sleep 1; }')
    assert make(project, "setup", path=uv.path).returncode != 0
    (project / ".venv" / "half").touch()
    assert make(project, "setup", path=Uv(tmp_path).path).returncode == 0
    assert not (project / ".venv" / "half").exists()


def test_settings_that_lead_elsewhere_are_not_passed_on(project, tmp_path):
    uv = Uv(tmp_path)
    away = ("UV_PREFIX", "UV_TARGET", "UV_SYSTEM_PYTHON", "UV_PYTHON", "UV_NO_DEPS", "PIP_USER")
    ours = ("UV_DEFAULT_INDEX", "UV_CACHE_DIR", "UV_OFFLINE", "PIP_INDEX_URL")
    more = dict.fromkeys((*away, *ours, "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"), "/nowhere")
    assert make(project, "setup", path=uv.path, **more).returncode == 0
    assert set(ours) <= uv.environment <= {*ours, "PYTHON"} | set(os.environ)


@pytest.mark.parametrize("made_before", [False, True])
def test_an_interpreter_that_was_named_is_taken_or_refused(project, tmp_path, made_before):
    uv = Uv(tmp_path)
    if made_before:
        assert make(project, "setup", path=uv.path, PYTHON=sys.executable).returncode == 0
    for absent in (str(tmp_path / "python3.12"), "no-such-python", "false"):
        done = make(project, "setup", f"PYTHON={absent}", path=uv.path)
        assert done.returncode != 0
        assert said(done).startswith(f"setup: PYTHON={absent} is not there, or no Python 3.11")


def test_an_environment_of_another_python_than_the_one_named_is_kept(project, tmp_path):
    uv, other = Uv(tmp_path), tmp_path / "other-python"
    assert make(project, "setup", path=uv.path).returncode == 0
    # As an interpreter elsewhere answers: suitable, with another prefix.
    other.write_text('#!/bin/sh\ncase "$2" in *SystemExit*) ;; *) echo /elsewhere ;; esac\n')
    other.chmod(0o755)
    done = make(project, "setup", f"PYTHON={other}", path=uv.path)
    assert done.returncode != 0
    assert "is not what .venv was made with: remove .venv" in said(done)
    assert uv.commands == ["venv", "pip", "pip"]


def test_without_a_suitable_python_the_set_up_says_what_to_do(project, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "cat", "cksum", "dirname", "rm", "env", "sed"):
        (tools / name).symlink_to(shutil.which(name))
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tools / "python3").chmod(0o755)
    done = make(project, "setup", path=str(tools))
    assert done.returncode != 0
    assert "no Python 3.11 or later" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(project, tmp_path):
    project.chmod(0o555)
    done = make(project, "setup", path=Uv(tmp_path).path)
    project.chmod(0o755)
    assert done.returncode != 0
    assert (
        said(done)
        == f"setup: {project} cannot be written: copy the project to a folder of your own"
    )


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project, set up by venv and pip in spite of settings that lead elsewhere."""
    folder = tmp_path_factory.mktemp("real")
    project, place, settings = (
        new_project(folder / "project"),
        folder / "place",
        folder / "pip.conf",
    )
    (project / "nbsupport").mkdir()
    (project / "nbsupport" / "__init__.py").touch()
    (project / "requirements.txt").write_text("")
    (project / "backend.py").write_text(BACKEND)
    settings.write_text(ELSEWHERE.format(place=place))
    named = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    switches = dict.fromkeys(("PIP_USER", "PIP_REQUIRE_VIRTUALENV", "PIP_DRY_RUN"), "1")
    more = dict.fromkeys(named, str(place)) | switches | {"PYTHONWARNINGS": "error"}
    folders = os.environ["PATH"].split(os.pathsep)
    path = os.pathsep.join(name for name in folders if not shutil.which("uv", path=name))
    done = make(project, "setup", path=path, PIP_CONFIG_FILE=str(settings), **more)
    assert done.returncode == 0, done.stderr
    assert not place.exists()
    return project


def imported_from(project: Path) -> str:
    """Where the environment has the project's code from, asked in another folder."""
    command = [
        project / ".venv" / "bin" / "python",
        "-c",
        "import nbsupport as n; print(n.__file__)",
    ]
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(command, cwd="/", env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_settings_of_pip_do_not_lead_elsewhere(real):
    assert imported_from(real) == str(real / "nbsupport" / "__init__.py")


@pytest.mark.parametrize("name", ["copy", "a copy in a folder " + 110 * "x"])
def test_a_copied_project_uses_its_own_code_and_scripts(real, tmp_path, name):
    copy = tmp_path / name
    shutil.copytree(real, copy, symlinks=True)
    assert imported_from(copy) == imported_from(real)
    done = make(copy, "setup", PIP_NO_INDEX="1")
    assert done.returncode == 0, done.stderr
    assert "is used here from now on" in said(done)
    assert imported_from(copy) == str(copy / "nbsupport" / "__init__.py")
    version = [copy / ".venv" / "bin" / "pip", "--version"]
    shown = subprocess.run(version, capture_output=True, text=True, check=True).stdout
    assert str(copy) in shown
    assert make(copy, "setup").stderr == ""
    assert make(real, "setup").stderr == ""


def test_what_make_runs_is_the_code_of_its_folder(real, tmp_path):
    """Even in an environment that is only linked to, which is left as it is."""
    checkout = new_project(tmp_path / "checkout")
    (checkout / ".venv").symlink_to(real / ".venv")
    (checkout / "requirements.txt").write_text("")
    (checkout / "nbsupport").mkdir()
    (checkout / "nbsupport" / "__main__.py").write_text(
        "import os, subprocess, sys\n"
        "code = 'import nbsupport as n; print(list(n.__path__))'\n"
        "subprocess.run([sys.executable, '-c', code], cwd='/', check=True)\n"
    )
    (checkout / "nbsupport" / "__init__.py").touch()
    done = make(checkout, "plan", PYTHONPATH="/nowhere", PYTHONHOME="/nowhere")
    assert done.stdout == f"{[str(checkout / 'nbsupport')]}\n", done.stderr
    assert imported_from(real) == str(real / "nbsupport" / "__init__.py")

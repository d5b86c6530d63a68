"""The README's snippets are run: what it says, works."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nbsupport.paths import root

ROOT = root()
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def snippets(language: str) -> list[str]:
    return [body for name, body in FENCE.findall(TEXT) if name == language]


def commands() -> list[list[str]]:
    """Every command line of the shell snippets and of the inline code, split as a shell does."""
    lines = [line for body in snippets("sh") for line in body.splitlines()]
    lines += re.findall(r"`(make [^`]+)`", FENCE.sub("", TEXT))
    return [split for line in lines if (split := shlex.split(line, comments=True))]


def run(command: list[str], store: Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "NBSUPPORT_STORE": str(store), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=240
    )


def lab_commands() -> list[list[str]]:
    """The arguments of the project's own commands, without where a shell sends their output."""
    own = [c[3:] for c in commands() if c[1:3] == ["-m", "nbsupport"]]
    return [c[: c.index(">")] if ">" in c else c for c in own]


@pytest.mark.parametrize("command", [c for c in commands() if c[0] == "make"], ids=" ".join)
def test_make_targets_exist(command, tmp_path):
    done = run([command[0], "--dry-run", *command[1:]], tmp_path)
    assert done.returncode == 0, done.stderr


def needing() -> list[Any]:
    """The commands, those about a data set marked with it."""
    checks = ["data", "check"]
    return [
        pytest.param(c, marks=pytest.mark.data(c[2]) if c[:2] == checks else (), id=" ".join(c))
        for c in lab_commands()
    ]


@pytest.mark.parametrize("arguments", needing())
def test_lab_commands_work(arguments, tmp_path):
    """`run` is asked for its plan: the same page and parameters, checked alike, nothing trained."""
    if arguments[0] == "run":  # of a point, its page: tests/pages/test_point.py has the points
        page = arguments[1 : arguments.index("--role") if "--role" in arguments else None]
        arguments = ["plan", "--page", *page]
    done = run([sys.executable, "-m", "nbsupport", *arguments], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_readme_shows_every_kind_of_command():
    assert {c[0] for c in lab_commands()} >= {"plan", "run", "jobs", "export"}
    assert len(snippets("python")) == 1


@pytest.mark.parametrize("body", snippets("python"))
def test_python_snippets_work(body, tmp_path):
    script = tmp_path / "snippet.py"
    script.write_text(body)
    done = run([sys.executable, str(script)], tmp_path / "store", tmp_path)
    assert done.returncode == 0, done.stderr
    for name in re.findall(r"^runs = .*$", body, re.MULTILINE)[0].split('"')[1::2]:
        assert name in done.stdout
    for saved in re.findall(r'save\("(.*?)"\)', body):
        assert (tmp_path / saved).stat().st_size > 1000


def test_the_readme_goes_from_a_study_to_a_verdict_in_ten_lines():
    lines = [line for line in snippets("python")[0].splitlines() if line]
    assert len(lines) <= 10
    for step in ("nb.Study(", "study.run(", ".figure()", ".verdict("):
        assert any(step in line for line in lines)


def test_what_the_readme_links_to_exists():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT)
    targets += re.findall(r"^\| `([^`]+)` \|", TEXT, re.MULTILINE)
    created = {"records/", "store/"}  # by the first training
    assert targets
    assert [t for t in targets if t not in created and not (ROOT / t).exists()] == []

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


def run(command: list[str], store: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "NBSUPPORT_STORE": str(store)}
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=240
    )


def lab_commands() -> list[list[str]]:
    return [c[3:] for c in commands() if c[1:3] == ["-m", "nbsupport"]]


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
    if arguments[0] == "run":
        arguments = ["plan", "--page", *arguments[1:]]
    done = run([sys.executable, "-m", "nbsupport", *arguments], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_readme_shows_every_kind_of_command():
    assert {c[0] for c in lab_commands()} >= {"plan", "run", "jobs"}
    assert len(snippets("python")) == 1


@pytest.mark.parametrize("body", snippets("python"))
def test_python_snippets_work(body, tmp_path):
    # As a file with a guard: the workers of the local engine import the main module anew.
    script = tmp_path / "snippet.py"
    inside = "\n".join(f"    {line}" for line in body.splitlines())
    script.write_text(f'if __name__ == "__main__":\n{inside}\n')
    done = run([sys.executable, str(script)], tmp_path / "store")
    assert done.returncode == 0, done.stderr
    for name in re.findall(r"^runs = .*$", body, re.MULTILINE)[0].split('"')[1::2]:
        assert name in done.stdout


def test_what_the_readme_links_to_exists():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT)
    targets += re.findall(r"^\| `([^`]+)` \|", TEXT, re.MULTILINE)
    created = {"records/", "store/"}  # by the first training
    assert targets
    assert [t for t in targets if t not in created and not (ROOT / t).exists()] == []

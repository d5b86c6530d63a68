"""A copy of the project, in which a test may change, add and remove what it likes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from nbsupport.paths import root

PARTS = (
    "nbsupport",
    "notebooks",
    "records",
    "assets",
    "book",
    "teach",
    "_toc.yml",
    "_config.yml",
    "CITATION.cff",
)


class Copy:
    """The project in a folder of its own, run by this interpreter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__", "sections", "generated")
        for name in PARTS:
            if (root() / name).is_dir():
                shutil.copytree(root() / name, folder / name, ignore=ignored)
            else:
                shutil.copy(root() / name, folder / name)

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a text that a file holds; fails where it does not."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} holds no {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """A new file."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """`python -m nbsupport` with these words."""
        return self.python("-m", "nbsupport", *words)

    def value(self, code: str, *given: Any) -> Any:
        """What code prints last, as JSON; its arguments are `given` as JSON."""
        done = self.python("-c", code, *map(json.dumps, given))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def python(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """This interpreter with these words, in the copy."""
        own = {"PYTHONPATH": str(self.folder), "NBSUPPORT_STORE": str(self.folder / "store")}
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=os.environ | own,
            capture_output=True,
            text=True,
            check=False,
        )

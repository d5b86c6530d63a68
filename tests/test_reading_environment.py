"""Reading the records takes no torch: a figure is drawn with requirements-read.txt alone."""

import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from nbsupport.paths import root

PINS = root() / "requirements-read.txt"
DRAW = """
import sys
import nbsupport as nb

from nbsupport.pages import background

page = nb.open_page("02_background", {})
shown = background.reference(page, None, claim="reference-gap", number="Figure 2", caption="")
assert "torch" not in sys.modules
print(shown._repr_mimebundle_()["text/html"])
"""
# An importer that knows no package but those that are pinned for reading.
ONLY = """
import sys

class Nothing:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {refused!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Nothing)
"""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def draw(python: Path | str, code: str) -> str:
    command = [str(python), "-c", code]
    env = {**os.environ, "PYTHONPATH": str(root())}
    done = subprocess.run(
        command, cwd=root(), env=env, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_figure_is_drawn_with_nothing_but_what_is_pinned_for_reading() -> None:
    pinned = {normal(line.split("==")[0]) for line in PINS.read_text().splitlines() if "==" in line}
    pinned.add("nbsupport")
    owners = packages_distributions()
    refused = {name for name, by in owners.items() if not pinned & set(map(normal, by))}
    assert {"torch", "timm", "sklearn"} <= refused
    assert "data:image/png" in draw(sys.executable, ONLY.format(refused=refused) + DRAW)


@pytest.mark.slow
def test_the_environment_for_reading_draws_a_figure(tmp_path: Path) -> None:
    """Half a gigabyte; a minute where pip has the packages in its cache."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "reading"], check=True)
    python = tmp_path / "reading" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-compile", "-r", PINS]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if "No matching distribution" in done.stderr and "from versions: none" in done.stderr:
        pytest.skip("no package index answers: the packages for reading cannot be had")
    assert done.returncode == 0, done.stderr
    assert "data:image/png" in draw(python, DRAW)

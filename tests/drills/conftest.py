"""A copy of the project to change, as far as planning and training need it."""

import shutil
import sys
from pathlib import Path

import pytest

from nbsupport.paths import root

sys.path.insert(0, str(Path(__file__).parent))  # added


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of the copy."""
    copy = tmp_path / "project"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("nbsupport", "notebooks", "records"):
        shutil.copytree(root() / name, copy / name, ignore=ignored)
    for name in ("_toc.yml", "_config.yml"):
        shutil.copy(root() / name, copy / name)
    return copy

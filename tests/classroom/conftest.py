"""A class on paper: plans, and files as their students hand them in."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from toy_class import NAMES, write_hand_in

from nbsupport.classroom.assign import assign
from nbsupport.classroom.plan import ClassPlan


@pytest.fixture
def hand_in(tmp_path: Path) -> Callable[..., Path]:
    """Writes the file of a student as if trained (see `write_hand_in`), into one folder."""
    folder = tmp_path / "in"
    folder.mkdir()
    return partial(write_hand_in, folder)


@pytest.fixture(scope="session")
def plan() -> ClassPlan:
    """Eight cells of the smoke profile, a student each."""
    return assign("five-per-class", NAMES, profile="smoke")


@pytest.fixture(scope="session")
def nine() -> ClassPlan:
    """Three families of three seeds on the demo profile, one cell a student."""
    return assign("five-per-class", [*NAMES, "Ida"], profile="demo")


@pytest.fixture(scope="session")
def shared() -> ClassPlan:
    """Two cells of the demo profile, three students each."""
    return assign("five-per-class", NAMES[:6], profile="demo", share=3)


@pytest.fixture(scope="session")
def two_worlds() -> ClassPlan:
    """Two worlds of six cells each on the demo profile."""
    names = [f"student {number}" for number in range(12)]
    return assign("five-per-class", names, profile="demo", worlds=[1, 2])

"""Records on real images set beside the simulated profiles, made up for each test."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from nbsupport import beside, records
from nbsupport.profiles import PROFILES

sys.path.insert(0, str(Path(__file__).parent))  # for helpers, in whatever folder a test is

from real_images import FAMILIES, NAME


@pytest.fixture
def real_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile on real images with two shifts, three families and three seeds."""
    whole = (FAMILIES, (0, 1, 2))
    profile = replace(
        PROFILES[NAME],
        worlds=(1, 2),
        recorded={1: whole, 2: whole},
        shifts={1: "photo to sketch", 2: "sketch to photo"},
    )
    monkeypatch.setitem(PROFILES, NAME, profile)


@pytest.fixture
def set_beside(
    monkeypatch: pytest.MonkeyPatch, real_profile: None
) -> Callable[[pd.DataFrame | None], None]:
    """Sets what is recorded on real images; None: nothing is."""

    def hold(table: pd.DataFrame | None = None) -> None:
        found = pd.DataFrame(columns=records.COLUMNS) if table is None else table
        monkeypatch.setattr(beside, "read_records", lambda profile: found)

    return hold

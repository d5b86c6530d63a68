"""What a page's cells would settle is told by the records."""

import math

import pytest

from nbsupport.cli import main
from nbsupport.evidence import recorded
from nbsupport.pages import page_named
from nbsupport.pages.power import settled
from nbsupport.pages.request import PageRequest
from nbsupport.study.profiles import PROFILES

FAMILIES = ["resnet", "densenet", "alexnet"]


def page(page_id: str, families: list[str], seeds: int, **values: object) -> PageRequest:
    given = {"families": families, "seeds": list(range(seeds)), **values}
    return PageRequest(page_named(page_id), given)


def test_the_recorded_cells_would_settle_what_they_settled() -> None:
    """As wide as the recorded intervals are, where all recorded cells are in the comparison."""
    own = recorded.own(PROFILES["demo"])
    families = list(PROFILES["demo"].recorded[1][0])
    told = {each.name: each.power for each in settled(page("04_1_quantity", families, 5))}
    found = own.judged(["five-per-class"], 1)["five-per-class"][0].contrasts
    for contrast in (c for c in found if c.cells == 25):
        assert told[contrast.name].half == pytest.approx(contrast.estimate.half, rel=1e-6)


def test_more_seeds_settle_smaller_differences() -> None:
    few, many = (settled(page("04_1_quantity", FAMILIES, n))[0].power for n in (3, 8))
    assert many.half < few.half
    assert many.found < few.found
    assert math.isfinite(many.half)


def test_the_command_says_that_few_cells_lean(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--page", "02_background", "--power"]) == 0
    told = capsys.readouterr().out
    assert "3 families x 1 seed" in told
    assert "a verdict only leans" in told
    assert main(["plan", "--power"]) == 2
    assert main(["plan", "--page", "03_setup", "--power"]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_another_world_has_its_own_spread() -> None:
    first, second = (
        settled(page("04_1_quantity", FAMILIES, 3, world=world))[0].power for world in (1, 2)
    )
    assert first.half != second.half
    assert second.half == pytest.approx(first.half, rel=0.9)

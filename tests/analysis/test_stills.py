"""PNGs that are kept: the same bytes, drawn once; never a damaged one, never another figure's."""

import os
import time
from pathlib import Path

import pytest

from nbsupport.analysis.charts import stills

SPEC = {
    "data": {"values": [{"a": 1, "b": 2}]},
    "mark": "point",
    "encoding": {
        "x": {"field": "a", "type": "quantitative"},
        "y": {"field": "b", "type": "quantitative"},
    },
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(stills.VARIABLE, str(tmp_path))
    return tmp_path


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The scales of what was really drawn."""
    seen: list[float] = []
    real = stills._draw

    def draw(spec: dict, scale: float) -> bytes:
        seen.append(scale)
        return real(spec, scale)

    monkeypatch.setattr(stills, "_draw", draw)
    return seen


def test_a_figure_is_drawn_once(folder: Path, draws: list[float]) -> None:
    first = stills.drawn(SPEC, 1.0)
    assert stills.drawn(dict(reversed(SPEC.items())), 1.0) == first
    assert draws == [1.0]
    assert stills.drawn(SPEC, 2.0) != first
    assert stills.drawn({**SPEC, "mark": "bar"}, 1.0) != first
    assert draws == [1.0, 2.0, 1.0]
    assert len(list(folder.iterdir())) == 3


def test_nothing_is_kept_where_no_folder_is_named(
    folder: Path, draws: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(stills.VARIABLE)
    assert stills.drawn(SPEC, 1.0) == stills.drawn(SPEC, 1.0)
    assert draws == [1.0, 1.0]
    assert not list(folder.iterdir())


@pytest.mark.parametrize("damage", [b"", b"\x89PNG\r\n\x1a\n", b"no picture"])
def test_a_damaged_one_is_drawn_again(folder: Path, draws: list[float], damage: bytes) -> None:
    first = stills.drawn(SPEC, 1.0)
    (kept,) = folder.iterdir()
    kept.write_bytes(damage)
    assert stills.drawn(SPEC, 1.0) == kept.read_bytes() == first
    assert len(draws) == 2


def test_a_figure_needs_no_room(draws: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(stills.VARIABLE, "/dev/null/nowhere")
    assert stills.drawn(SPEC, 1.0).startswith(b"\x89PNG")


def test_what_no_build_uses_is_removed(folder: Path, draws: list[float]) -> None:
    stills.drawn(SPEC, 1.0)
    stills.drawn(SPEC, 2.0)
    before = time.time() - (stills.UNUSED_DAYS + 1) * 86_400
    for path in folder.iterdir():
        os.utime(path, (before, before))
    stills.drawn(SPEC, 1.0)  # used again
    stills.tidy(folder)
    assert len(list(folder.iterdir())) == 1
    assert stills.drawn(SPEC, 1.0)
    assert draws == [1.0, 2.0]

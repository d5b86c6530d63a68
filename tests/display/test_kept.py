"""What only PyTorch can make, kept for who reads without it."""

import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from nbsupport.display import kept
from nbsupport.errors import NotHereError, UserError
from nbsupport.paths import root

MOST = 1_000_000  # bytes in all


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(kept, "folder", lambda: tmp_path)
    kept.index.cache_clear()
    yield tmp_path
    kept.index.cache_clear()


def keep(place: Path, function, *asked):
    """What a function gives, kept."""
    with kept.keeping() as entries:
        found = function(*asked)
    (place / "index.json").write_text(json.dumps(entries))
    kept.index.cache_clear()
    return found


def pictures(px: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 3, px, px), np.uint8)


def test_all_that_the_index_names_is_there_and_whole_and_nothing_else():
    entries = kept.index()
    named = {entry["file"]: entry["sha256"] for entry in entries.values() if "file" in entry}
    there = {path.name: path for path in kept.folder().iterdir() if path.suffix != ".json"}
    assert named.keys() == there.keys()
    assert len(named) > 20
    for name, path in there.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == named[name]
    assert sum(path.stat().st_size for path in kept.folder().iterdir()) <= MOST
    assert {"sample_of_classes", "large_traps", "parameters"} <= {e["of"] for e in entries.values()}


@pytest.mark.parametrize("px", [8, kept.LARGE])
def test_small_pictures_are_kept_to_the_bit(place, monkeypatch, px):
    torch = True

    @kept.kept
    def draw(count: int) -> tuple[np.ndarray, list[str]]:
        if not torch:
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return pictures(px)[:count], list("abc")[:count]

    images, titles = keep(place, draw, 3)
    torch = False
    again, named = draw(3)
    assert np.array_equal(again, images)
    assert named == titles
    with pytest.raises(NotHereError, match="make book"):
        draw(2)


def test_large_pictures_lose_little(place):
    ready = True
    across = np.linspace(0, 255, 144).astype(np.uint8)
    smooth = np.broadcast_to(across, (2, 3, 144, 144))

    @kept.kept
    def draw() -> tuple[np.ndarray, list[str]]:
        if not ready:
            raise UserError("not generated yet")
        return smooth, ["a", "b"]

    keep(place, draw)
    ready = False
    assert abs(draw()[0].astype(int) - smooth).mean() < 3


def test_counts_are_kept_as_they_are_and_other_errors_go_on(place):
    wrong: Exception | None = None

    @kept.kept
    def count(of: str) -> dict[str, str]:
        if wrong:
            raise wrong
        return {"of": of}

    keep(place, count, "all")
    wrong = ModuleNotFoundError("No module named 'timm'", name="timm")
    assert count("all") == {"of": "all"}
    wrong = ModuleNotFoundError("No module named 'altair'", name="altair")
    with pytest.raises(ModuleNotFoundError):
        count("all")
    wrong = UserError("there is no such class")
    with pytest.raises(UserError, match="such class"):
        count("others")


def test_a_damaged_picture_is_named(place):
    ready = True

    @kept.kept
    def draw() -> tuple[np.ndarray, list[str]]:
        if not ready:
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return pictures(8), list("abc")

    keep(place, draw)
    (picture,) = place.glob("*.webp")
    picture.write_bytes(picture.read_bytes()[:-1] + b"x")
    ready = False
    with pytest.raises(UserError, match="is damaged"):
        draw()


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, root() / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_of_the_readme_shows_what_the_records_say():
    picture = tool("picture")
    path = root() / "assets" / "book.png"
    assert picture.noted(path) == picture.content(picture.first_figure())
    assert path.stat().st_size < 150_000
    assert "](assets/book.png)" in (root() / "README.md").read_text(encoding="utf-8")


def test_a_build_from_records_draws_nothing_that_is_kept(place, monkeypatch):
    drawn = []

    @kept.kept
    def draw(count: int) -> tuple[np.ndarray, list[str]]:
        drawn.append(count)
        return pictures(8)[:count], list("abc")[:count]

    images, _ = keep(place, draw, 3)
    monkeypatch.setenv(kept.VARIABLE, "kept")
    assert np.array_equal(draw(3)[0], images)
    assert drawn == [3]
    draw(2)  # was never kept
    keep(place, draw, 3)  # keeping draws anew
    assert drawn == [3, 2, 3]
    monkeypatch.delenv(kept.VARIABLE)
    draw(3)
    assert drawn == [3, 2, 3, 3]

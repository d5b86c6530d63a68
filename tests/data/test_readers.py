"""Rows of an image file, by reads in place of its map: the same bytes in the same memory order."""

from pathlib import Path

import numpy as np
import pytest

from nbsupport.data.pictures import readers
from nbsupport.data.pictures.cache import mapped
from nbsupport.errors import UserError

ROWS = np.array([5, 0, 5, 2])


@pytest.fixture(params=[(6, 3, 4, 4), (6, 4, 4, 3)], ids=["drawn", "prepared"])
def images(tmp_path: Path, request: pytest.FixtureRequest) -> np.ndarray:
    path = tmp_path / "images.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, request.param).astype(np.uint8))
    return mapped(path)


def test_reads_give_what_the_map_gives(images: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    by_map = readers.rows_of(images, ROWS)
    asked: list[int] = []
    whole = readers._whole
    monkeypatch.setattr(readers, "_whole", lambda *given: asked.append(given[2]) or whole(*given))
    monkeypatch.setenv("NBSUPPORT_READERS", "3")
    by_reads = readers.rows_of(images, ROWS)
    assert len(asked) == len(ROWS)
    np.testing.assert_array_equal(by_reads, by_map)
    assert by_reads.strides == by_map.strides


def test_a_file_that_ends_early_is_an_error_of_the_disk(
    images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUPPORT_READERS", "2")
    path = Path(str(images.filename))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 30)
    with pytest.raises(OSError, match="ends early"):
        readers.rows_of(images, ROWS)


@pytest.mark.parametrize("given", ["many", "-1", "1000", "2.5"])
def test_a_wrong_number_of_readers_is_told(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBSUPPORT_READERS", given)
    with pytest.raises(UserError, match="reads at a time, 0 to 256"):
        readers.readers()

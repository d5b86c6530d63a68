"""FractalDB on disk: the published layout and names, the images of the source, resumable."""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from nbsupport.cli.data import image_folder, make_fractals
from nbsupport.cli.data.make_fractals import Wanted, add, drawing_for, make
from nbsupport.data.fractals.drawing import Drawing
from nbsupport.data.fractals.pictures import draw, instance
from nbsupport.data.fractals.systems import categories
from nbsupport.errors import UserError

SMALL = Drawing(16, 400, 2, 1)


def ignore(_: int) -> None: ...


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def run(*arguments: str) -> None:
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    options = parser.parse_args(["fractals", *arguments])
    options.command(options)


def test_names_and_pictures_are_those_of_the_source(tmp_path: Path) -> None:
    folder, shown = tmp_path / "fractaldb", []
    assert make(folder, Wanted(3, 60, SMALL), 2, shown.append) == 0
    assert sum(shown) == 180
    assert {p.name for p in folder.iterdir()} == {"00000", "00001", "00002", "how.json"}
    variation, repeat, flip = instance(np.arange(60))
    names = [
        f"00001_{v:02d}_count_{r}_flip{f}.png"
        for v, r, f in zip(variation, repeat, flip, strict=True)
    ]
    assert {p.name for p in (folder / "00001").iterdir()} == set(names)
    expected = draw(categories(3, 1), SMALL, np.full(60, 1), np.arange(60)).numpy()
    for number, name in enumerate(names):
        with Image.open(folder / "00001" / name) as opened:
            pixels = np.asarray(opened.convert("RGB")).transpose(2, 0, 1)
        assert np.array_equal(pixels, expected[number])


def test_more_images_leave_the_former_ones_alone_and_a_killed_run_goes_on(tmp_path: Path) -> None:
    folder, whole = tmp_path / "a" / "fractaldb", tmp_path / "b" / "fractaldb"
    make(whole, Wanted(3, 30, SMALL), 1, ignore)
    make(folder, Wanted(2, 20, SMALL), 1, ignore)
    first = sorted((folder / "00000").iterdir())[0]
    first.unlink()  # what a kill leaves: a file that is not there, and one half written
    (folder / "00001" / "00001_03_count_0_flip3.png.partial").write_bytes(b"half")
    times = {p: p.stat().st_mtime_ns for p in folder.rglob("*.png")}
    make(folder, Wanted(3, 30, SMALL), 2, ignore)
    assert files(folder) == files(whole)
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())


def test_how_they_were_drawn_is_noted_and_not_mixed(tmp_path: Path) -> None:
    folder = tmp_path / "fractaldb"
    make(folder, Wanted(2, 1, SMALL), 1, ignore)
    how = json.loads((folder / "how.json").read_text())
    assert {k: how[k] for k in ("px", "points", "oversize", "seed")} == {
        "px": 16,
        "points": 400,
        "oversize": 2,
        "seed": 1,
    }
    before = files(folder)
    with pytest.raises(UserError, match=r"made with px 16, not px 24: .* another --root"):
        make(folder, Wanted(2, 1, Drawing(24, 400, 2, 1)), 1, ignore)
    assert files(folder) == before


def test_images_of_unknown_origin_are_not_added_to(tmp_path: Path) -> None:
    (tmp_path / "fractaldb" / "00000").mkdir(parents=True)
    with pytest.raises(UserError, match=r"no how\.json"):
        make(tmp_path / "fractaldb", Wanted(2, 1, SMALL), 1, ignore)
    (tmp_path / "fractaldb" / "how.json").write_text("{")
    with pytest.raises(UserError, match=r"how\.json cannot be read"):
        make(tmp_path / "fractaldb", Wanted(2, 1, SMALL), 1, ignore)


def test_a_category_that_another_process_draws_is_left_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "fractaldb"
    locks = tmp_path / ".making" / "fractaldb"
    locks.mkdir(parents=True)
    with FileLock(locks / "00001.lock"):
        assert make(folder, Wanted(2, 3, SMALL), 2, ignore) == 1
    assert not (folder / "00001").exists()
    assert make(folder, Wanted(2, 3, SMALL), 2, ignore) == 0


def test_a_full_disk_is_one_line_and_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, count = Image.Image.save, []

    def full(image: Image.Image, path: Path, **options: object) -> None:
        count.append(path)
        save(image, path, **options)
        if len(count) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(UserError, match=r"No space left on device.*the same command goes on"):
        make(tmp_path / "fractaldb", Wanted(2, 8, SMALL), 1, ignore)
    assert not list(tmp_path.rglob("*.partial"))
    assert len(list(tmp_path.rglob("*.png"))) == len(count) - 1


def test_the_published_size_is_drawn_as_published_and_others_as_dense() -> None:
    published = drawing_for(362)
    assert (published.points, published.oversize, published.padding) == (200_000, 1, 6)
    for px in (16, 32, 96, 224, 500):
        drawing = drawing_for(px)
        assert 0.65 < drawing.side / 362 < 1.5
        assert drawing.points / drawing.side**2 == pytest.approx(200_000 / 362**2, rel=1e-3)


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--categories", "2", "--per-category", "2", "--px", "16"]
    run(*given, "--root", str(tmp_path))
    assert "4 images of 2 categories" in capsys.readouterr().out
    assert len(list(tmp_path.rglob("*.png"))) == 4
    monkeypatch.delenv("NBSUPPORT_DATA", raising=False)
    with pytest.raises(UserError, match="--root DIR, or set NBSUPPORT_DATA"):
        run(*given)
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path))
    run(*given)
    assert len(list(tmp_path.rglob("*.png"))) == 4


@pytest.mark.parametrize(
    ("option", "value"),
    [("categories", "1"), ("per-category", "0"), ("per-category", "1001"), ("px", "4")],
)
def test_wrong_numbers_are_refused_by_name(tmp_path: Path, option: str, value: str) -> None:
    with pytest.raises(UserError, match=rf"^--{option} {value}:"):
        run(f"--{option}", value, "--root", str(tmp_path))
    with pytest.raises(UserError, match="--workers 0"):
        run("--workers", "0", "--root", str(tmp_path))


def test_an_error_of_a_file_says_its_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=re.escape(f"cannot write to {tmp_path / 'file' / 'x'}")):
        make(tmp_path / "file" / "x", Wanted(2, 1, SMALL), 1, ignore)
    assert make_fractals.settle is image_folder.settle

"""python -m nbsupport data prepare, as it is typed."""

import argparse
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nbsupport.cli.data import prepare as command
from nbsupport.cli.data.prepare import add
from nbsupport.data.pictures.decode_once import cached_pictures
from nbsupport.data.pictures.files import Pictures, place
from nbsupport.data.sources import base as sources
from nbsupport.data.tasks import SPLITS
from nbsupport.data.tasks import base as tasks
from nbsupport.errors import UserError
from nbsupport.paths import data_dir

PX = 16


def pictures(*names: str) -> Pictures:
    folder = data_dir()
    assert folder is not None
    where = place(folder)
    return Pictures(where, [n for n in where.below("") if n in names or not names])


class ToySource:
    """Stands for a source of pictures in files."""

    def __init__(self, px: int) -> None:
        self.pictures = self.every_picture = pictures()


class ToyTask:
    """Stands for a task of pictures in files, which must be told its domain."""

    def __init__(self, px: int, domain: str) -> None:
        self.names = {"train": ("0.png", "1.png"), "ood_test": (f"{domain}.png",)}

    def pictures(self, split: str) -> Pictures:
        return Pictures(place(data_dir() or Path()), self.names.get(split, ()))


@pytest.fixture(autouse=True)
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five pictures, a source and a task of them; returns their folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    for i in range(5):
        noise = np.random.default_rng(i).integers(0, 256, (20, 20, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{i}.png")
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("NBSUPPORT_DATA", str(folder))
    names = (*sources.source_names(), "toy_files", "plain")
    monkeypatch.setattr("nbsupport.data.sources.source_names", lambda: names)
    own_tasks = (*tasks.task_names(), "traps")
    monkeypatch.setattr("nbsupport.data.tasks.task_names", lambda: own_tasks)
    monkeypatch.setattr(
        "nbsupport.data.sources.open_source",
        lambda spec: ToySource(spec["px"]) if spec["name"] == "toy_files" else object(),
    )
    monkeypatch.setattr("nbsupport.data.tasks.open_task", _open_traps)
    return folder


def _open_traps(spec: dict[str, object]) -> ToyTask:
    return ToyTask(**{k: v for k, v in spec.items() if k != "name"})  # type: ignore[arg-type]


def run(*arguments: str) -> None:
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    options = parser.parse_args(["prepare", *arguments])
    options.command(options)


def test_a_source_is_prepared_by_its_public_name(capsys: pytest.CaptureFixture[str]) -> None:
    run("toy", "--px", "16", "--workers", "2")
    out, err = capsys.readouterr()
    assert "toy: 5 pictures of 16 px in " in out
    assert "/5 " in err, "no progress bar"
    expected = pictures().squares(np.arange(5), PX)
    np.testing.assert_array_equal(cached_pictures(pictures(), PX), expected)


def test_each_split_of_a_task_is_prepared(capsys: pytest.CaptureFixture[str]) -> None:
    run("traps", "--px", "16", "-p", "domain", "4")
    out = capsys.readouterr().out
    assert "traps train: 2 pictures" in out
    assert "traps ood_test: 1 pictures" in out
    assert out.count("\n") == 2 < len(SPLITS)


def test_arrangements_of_a_task_are_those_of_the_profiles() -> None:
    pacs, domainnet = command.arrangements("pacs"), command.arrangements("domainnet")
    assert {"train": ["art_painting", "cartoon", "photo"], "ood": "sketch"} in pacs
    assert {"train": ["photo"], "ood": "sketch"} in pacs
    assert {"train": "real", "ood": "sketch"} in domainnet
    assert len(domainnet) == 6
    assert command.arrangements("iwildcam") == []


def test_another_folder_of_data_may_be_named(
    toys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path))
    run("toy", "--px", "16", "--root", str(toys))
    assert data_dir() == toys


def test_skipped_pictures_are_named(toys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (toys / "3.png").write_bytes((toys / "3.png").read_bytes()[:100])
    with pytest.raises(UserError, match=r"3\.png .*; the other 4 are prepared"):
        run("toy", "--px", "16")
    run("toy", "--px", "16", "--skip-broken")
    out = capsys.readouterr().out
    assert "toy: 1 broken pictures are left out from now on" in out
    assert out.count(" 3.png") == 1
    assert "toy: 4 pictures of 16 px in" in out
    kept = pictures("0.png", "1.png", "2.png", "4.png")
    np.testing.assert_array_equal(cached_pictures(kept, PX), kept.squares(np.arange(4), PX))


def test_no_picture_of_a_task_is_skipped(toys: Path) -> None:
    (toys / "1.png").write_bytes(b"")
    with pytest.raises(UserError, match=r"traps is a task: .* none can be left out"):
        run("traps", "--px", "16", "-p", "domain", "4", "--skip-broken")
    with pytest.raises(UserError, match=r"1\.png cannot be read as a picture \(it is empty\)"):
        run("traps", "--px", "16", "-p", "domain", "4")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("tooy",), "unknown data set 'tooy': .*did you mean 'toy'"),
        (("plain",), "plain is drawn by this project"),
        (("savanna",), "savanna is drawn by this project"),
        (("traps",), r"traps: missing 1 required .*'domain'; give its options as -p NAME VALUE"),
        (("toy", "--root", "nowhere"), "--root nowhere is no folder"),
        (("toy", "-p", "px", "64"), "-p px is no option of a data set: .* give --px"),
        (("toy", "--px", "4"), "px=4: give a whole number of pixels from 8"),
    ],
)
def test_a_mistake_is_a_one_line_error(arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        run(*(arguments if "--px" in arguments else (*arguments, "--px", "16")))
    assert "\n" not in str(caught.value)


def test_what_is_no_missing_option_is_not_called_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(spec: object) -> None:
        raise TypeError("unsupported operand")

    monkeypatch.setattr("nbsupport.data.sources.open_source", broken)
    with pytest.raises(TypeError, match="unsupported operand"):
        command.parts_of("toy", 16, {})

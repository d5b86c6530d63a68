"""iWildCam: wilds' own splits, labels and metric, on fake pictures in the official layout."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from nbsupport.cli import main
from nbsupport.data.catalogue import REHEARSAL, entries
from nbsupport.data.pictures.files import decode
from nbsupport.data.rehearsal import make
from nbsupport.data.tasks import SPLITS, open_task
from nbsupport.data.tasks.iwildcam import COLUMNS, OURS, PUBLISHED, RELEASE, check, official
from nbsupport.errors import UserError
from nbsupport.paths import root
from nbsupport.training.evaluation import macro_f1

FOLDER = entries()["iwildcam"].places[0]
SPEC = {"name": "iwildcam", "px": 8, "limit": None}
Edit = Callable[[Path], object]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make(folder, px=12, only=("iwildcam",))
    return folder


@pytest.fixture(autouse=True)
def places(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBSUPPORT_DATA", str(data))
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))


def edited(data: Path, folder: Path, edit: Edit) -> Path:
    """A copy of the data set with a change; its pictures are not copied."""
    copy = folder / "edited" / FOLDER
    copy.mkdir(parents=True)
    for name in ("metadata.csv", "categories.csv", RELEASE):
        shutil.copy(data / FOLDER / name, copy)
    (copy / "train").symlink_to(data / FOLDER / "train")
    (copy.parent / REHEARSAL).touch()
    edit(copy)
    return copy


def test_splits_labels_and_pictures_are_those_of_wilds(data: Path) -> None:
    task, wilds = open_task(SPEC), official(data / FOLDER)
    assert task.num_classes == wilds.n_classes == 182
    assert task.names[0] == "empty"
    for theirs, ours in OURS.items():
        subset, loaded = wilds.get_subset(theirs), task.load(ours)
        assert loaded.labels.tolist() == subset.y_array.tolist()
        content = (data / FOLDER / "train" / wilds._input_array[subset.indices[4]]).read_bytes()
        picture = torch.from_numpy(decode(content, 8, "squash", "picture").copy())
        assert torch.equal(loaded.images[4], picture)
        table = task.table(ours)
        fields = [wilds.metadata_fields.index(name) for name in ("location", "sequence", "month")]
        own = [table["location"], table["sequence"], table["datetime"].dt.month]
        assert np.array_equal(subset.metadata_array[:, fields], np.stack(own, 1))


def test_a_picture_is_squashed_not_cut(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "wide.png"
    pixels = np.zeros((8, 32, 3), np.uint8)
    pixels[:, :8] = 255  # a cut to the middle would lose this
    Image.fromarray(pixels).save(path)
    assert decode(path.read_bytes(), 8, open_task(SPEC).resize, "wide")[0, 4, 0] == 255


@pytest.mark.parametrize("split", ["id_test", "ood_test"])
@pytest.mark.parametrize("right", [0.0, 0.3, 0.9])
def test_macro_f1_is_that_of_wilds(split: str, right: float) -> None:
    task = open_task(SPEC)
    true = task.table(split)["label"].to_numpy()
    rng = np.random.default_rng(len(true))
    guessed = rng.integers(0, 182, len(true))
    predicted = np.where(rng.random(len(true)) < right, true, guessed)
    theirs = task.official_scores(split, predicted)
    assert macro_f1(true, predicted) == pytest.approx(theirs["F1-macro_all"], abs=1e-12)
    assert theirs["acc_avg"] == pytest.approx((true == predicted).mean(), abs=1e-6)


def test_cameras_of_the_ood_splits_are_in_no_other() -> None:
    task = open_task(SPEC)
    cameras = {split: set(task.table(split)["location"]) for split in SPLITS}
    assert cameras["id_val"] | cameras["id_test"] <= cameras["train"]
    for split in ("ood_val", "ood_test"):
        assert not cameras[split] & set.union(*(cameras[s] for s in SPLITS if s != split))


def test_captions_name_species_camera_and_time() -> None:
    task = open_task(SPEC)
    row = task.table("train").iloc[0]
    assert task.caption(row) == f"empty, camera {row['location']}, 2013-01-06 06:00"


def test_a_plan_needs_no_torch_and_wilds_asks_nobody(data: Path) -> None:
    """Importing wilds as it stands starts two threads that ask the package index."""
    code = f"""
import socket, sys, threading
def refuse(*_, **__): raise AssertionError("a connection was asked for")
socket.socket = socket.getaddrinfo = refuse
from nbsupport.data.tasks import open_task
task = open_task({SPEC!r})
task.table("train"), task.fingerprint
assert "torch" not in sys.modules and "wilds" not in sys.modules
from nbsupport.data.tasks.through_wilds import wilds_module
wilds_module("wilds")
assert threading.active_count() == 1, threading.enumerate()
assert "outdated" not in sys.modules
"""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=root(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# what is wrong ------------------------------------------------------------------------------------
def table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Edit:
    """A change of metadata.csv."""

    def edit(folder: Path) -> None:
        path = folder / "metadata.csv"
        change(pd.read_csv(path)).to_csv(path, index=False)

    return edit


def cell(column: str, value: object) -> Edit:
    def change(rows: pd.DataFrame) -> pd.DataFrame:
        column_ = rows[column].astype(object)
        column_.iloc[7] = value
        return rows.assign(**{column: column_})

    return table(change)


def broken_picture(content: Callable[[bytes], bytes] | None) -> Edit:
    def edit(folder: Path) -> None:
        pictures = (folder / "train").resolve()
        (folder / "train").unlink()
        shutil.copytree(pictures, folder / "train")
        path = sorted((folder / "train").iterdir())[2]
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content(path.read_bytes()))

    return edit


def encoded(name: str, encoding: str, more: str = "") -> Edit:
    """A table as another program has saved it."""

    def edit(folder: Path) -> None:
        path = folder / name
        path.write_bytes((path.read_text() + more).encode(encoding))

    return edit


THIRD = "00000000-0000-0003-0000-000000000000.jpg"
WRONG: list[tuple[Edit, str]] = [
    (table(lambda t: t.drop(columns="sequence_remapped")), "no column sequence_remapped"),
    (cell("split", "extra"), "line 9: split is 'extra'; allowed are train, id_val"),
    (cell("y", 182), "line 9: y is '182'; allowed are 0 to 181"),
    (cell("y", -1), "line 9: y is '-1'"),
    (cell("y", 1.5), "line 9: y is '1.5'"),
    (cell("datetime", "noon"), "line 9: datetime is 'noon'"),
    (table(lambda t: t[t["y"] != 181]), "no picture of label 181"),
    (table(lambda t: t[t["location_remapped"] != 30]), "no picture of location 30"),
    (table(lambda t: t[t["split"] != "id_val"]), "lists no picture of id_val"),
    (table(lambda t: t[:0]), "lists nothing"),
    (lambda f: (f / "metadata.csv").write_text(""), "cannot be read"),
    (lambda f: (f / "metadata.csv").unlink(), "No such file"),
    (lambda f: (f / "categories.csv").unlink(), "categories.csv cannot be read"),
    (lambda f: (f / "categories.csv").write_text("y,name\n0,empty\n"), "names 1 of the 182"),
    (lambda f: (f / RELEASE).unlink(), f"no {RELEASE}"),
    (cell("y", 1e30), "; allowed are whole numbers from 0 to 999,999"),
    (cell("location_remapped", 10**12), "line 9: location_remapped is"),
    (cell("location_remapped", 999_999), "no picture of location"),
    (cell("sequence_remapped", "inf"), "line 9: sequence_remapped is 'inf'"),
    (cell("split", None), "line 9: split is 'nan'"),
    (cell("filename", None), "has no nan, though listed"),
    (cell("filename", "../metadata.csv"), "has no ../metadata.csv, though listed"),
    (encoded("metadata.csv", "utf-16"), "metadata.csv cannot be read"),
    (encoded("categories.csv", "latin-1", "Müller"), "categories.csv cannot be read"),
    (lambda f: (f / "metadata.csv").write_bytes(b"\0" * 5000), "metadata.csv"),
    (broken_picture(None), f"has no {THIRD}, though listed"),
    (broken_picture(lambda jpeg: jpeg[: len(jpeg) // 2]), THIRD),
    (broken_picture(lambda _: b""), THIRD),
]


@pytest.mark.parametrize(("edit", "told"), WRONG, ids=[told for _, told in WRONG])
def test_a_broken_data_set_is_a_one_line_error(
    edit: Edit, told: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = edited(data, tmp_path, edit)
    monkeypatch.setenv("NBSUPPORT_DATA", str(folder.parent))
    task = open_task(SPEC)
    with pytest.raises(UserError, match=told) as caught:
        task.load("train"), task.names
    assert "\n" not in str(caught.value)
    problems = list(check(folder, every=True))
    assert any(told in problem for problem in problems)
    assert all("\n" not in problem for problem in problems)


def test_what_is_missing_is_told_with_what_belongs_there(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = ("metadata.csv", "categories.csv", "train", RELEASE)
    for part in parts:
        folder = edited(data, tmp_path / part, lambda f, part=part: (f / part).unlink())
        monkeypatch.setenv("NBSUPPORT_DATA", str(folder.parent))
        assert main(["data", "check", "iwildcam"]) == 1
        said = capsys.readouterr().out
        assert f"{folder / part} is missing" in said
        explained = next(line for line in said.splitlines() if "must hold" in line)
        assert all(word in explained for word in (*parts, *COLUMNS, "203,029"))
        assert (f"touch {folder / RELEASE}" in said) == (part == RELEASE)


def test_the_marker_that_wilds_asks_for_may_be_made_by_hand(data: Path, tmp_path: Path) -> None:
    folder = edited(data, tmp_path, lambda f: (f / RELEASE).unlink())
    (problem, _) = check(folder)
    command = problem.partition("make it: ")[2]
    subprocess.run(command, shell=True, check=True)
    assert list(check(folder)) == []


def test_a_folder_too_deep_is_found(data: Path, tmp_path: Path) -> None:
    folder = edited(data, tmp_path, lambda _: None)
    moved = folder.rename(folder.with_name("moved"))
    folder.mkdir()
    moved.rename(folder / FOLDER)
    assert any("one folder too deep: move what it holds" in problem for problem in check(folder))


def test_the_ways_to_the_archive_are_named() -> None:
    get = entries()["iwildcam"].get
    page = (root() / "book" / "data.md").read_text(encoding="utf-8")
    for way in (
        "wilds.stanford.edu/downloads",
        "huggingface.co/datasets/emmilly/iwildcam-wilds-v2",
    ):
        assert way in get
        assert way in page
    for part in ("metadata.csv", "categories.csv", "train/", RELEASE, *COLUMNS):
        assert part in page


def test_check_counts_and_opens(data: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    whole = data / FOLDER
    assert list(check(whole, progress=lambda *done: seen.append(done))) == []
    assert seen[-1] == (200, 200)
    copy = edited(data, tmp_path, lambda folder: (folder.parent / REHEARSAL).unlink())
    counted = list(check(copy))
    assert len(counted) == len(PUBLISHED)
    assert "train: 504 pictures, published are 129,809" in counted
    twice = edited(data, tmp_path / "2", table(lambda t: pd.concat([t, t[:3]])))
    assert any("lists 3 pictures twice" in problem for problem in check(twice))

"""What tasks of picture files share: splits by turns, samples, one reading of each picture."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsupport.data.pictures import decode_once
from nbsupport.data.pictures.files import Pictures
from nbsupport.data.rehearsal import make
from nbsupport.data.tasks import files, open_task
from nbsupport.errors import UserError

PACS = {"name": "pacs", "px": 8, "train": ["photo"], "ood": "sketch"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    make(root, px=8, only=("pacs",))
    return root


@pytest.fixture(autouse=True)
def places(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBSUPPORT_DATA", str(data))
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))


@settings(max_examples=40, deadline=None)
@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=80),
    cycle=st.integers(1, 10),
    shuffle=st.randoms(use_true_random=False),
)
def test_every_stratum_has_its_share_whatever_the_order(labels, cycle, shuffle) -> None:
    names = [f"picture {i}" for i in range(len(labels))]
    given_ = files.turns(labels, names, "key", cycle)
    counts = np.bincount(given_, minlength=cycle)
    assert np.ptp(counts) <= 1
    for label in set(labels):
        own = np.bincount(given_[np.array(labels) == label], minlength=cycle)
        assert np.ptp(own) <= 1
    order = list(range(len(labels)))
    shuffle.shuffle(order)
    again = files.turns([labels[i] for i in order], [names[i] for i in order], "key", cycle)
    assert [given_[i] for i in order] == again.tolist()


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 60), few=st.integers(1, 70), more=st.integers(0, 70))
def test_a_smaller_sample_is_inside_a_larger_one(rows, few, more) -> None:
    table = pd.DataFrame({"row": np.arange(rows)})
    small, large = (set(files.sample(table, n)["row"]) for n in (few, few + more))
    assert small <= large
    assert len(small) == min(few, rows)
    assert files.sample(table, few)["row"].is_monotonic_increasing


def test_pictures_are_read_once_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    task = open_task(PACS)
    first = task.load("train")
    assert first.images.dtype == torch.uint8
    assert first.images.shape == (len(task.table("train")), 3, 8, 8)
    monkeypatch.setattr(Pictures, "squares", None)
    assert torch.equal(task.load("train").images, first.images)


def test_without_room_they_are_read_each_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = open_task(PACS).load("id_val").images
    monkeypatch.setattr(decode_once, "has_room", lambda _: False)
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "full"))
    assert torch.equal(open_task(PACS).load("id_val").images, kept)
    assert not (tmp_path / "full").exists()


def test_squares_are_the_rows_of_the_table() -> None:
    task = open_task(PACS)
    rows = np.array([5, 0, 3])
    expected = task.load("ood_test").images[rows]
    assert torch.equal(torch.from_numpy(task.squares("ood_test", rows)), expected)


def test_limit_keeps_a_sample_of_every_split() -> None:
    whole, few = open_task(PACS), open_task(PACS | {"limit": 5})
    for split in ("train", "id_val", "ood_test"):
        table = few.table(split)
        assert len(table) == len(few.load(split)) == 5
        assert set(table["picture"]) < set(whole.table(split)["picture"])


def test_neither_place_nor_zip_is_in_the_fingerprint(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_task(PACS).fingerprint
    (tmp_path / "zipped").mkdir()
    shutil.make_archive(str(tmp_path / "zipped" / "PACS"), "zip", data, "PACS")
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path / "zipped"))
    assert open_task(PACS).fingerprint == before
    copy = tmp_path / "copy"
    shutil.copytree(data / "PACS", copy / "pacs")
    monkeypatch.setenv("NBSUPPORT_DATA", str(copy))
    assert open_task(PACS).fingerprint == before
    changed = tmp_path / "changed"
    shutil.copytree(data / "PACS", changed / "pacs")
    picture = changed / "pacs" / "photo" / "dog" / "pic_001.jpg"
    picture.write_bytes(picture.read_bytes() + b"0")
    monkeypatch.setenv("NBSUPPORT_DATA", str(changed))
    assert open_task(PACS).fingerprint != before
    assert open_task(PACS | {"px": 16}).fingerprint != before


@pytest.mark.parametrize("spec", [PACS, {"name": "iwildcam", "px": 8}])
def test_missing_data_say_where_they_were_looked_for(
    spec: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, told in (
        (None, "NBSUPPORT_DATA is not set"),
        (tmp_path, f"is not in {tmp_path} .looked for "),
        (tmp_path / "nowhere", "is no folder"),
    ):
        if folder is None:
            monkeypatch.delenv("NBSUPPORT_DATA")
        else:
            monkeypatch.setenv("NBSUPPORT_DATA", str(folder))
        with pytest.raises(UserError, match=told) as caught:
            open_task(spec).table("train")
        assert "python -m nbsupport data" in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [({"px": 0}, "px=0"), ({"px": "8"}, "px='8'"), ({"limit": 0}, "limit=0")],
)
def test_a_wrong_number_is_a_one_line_error(change: dict, told: str) -> None:
    with pytest.raises(UserError, match=told):
        open_task(PACS | change)
    with pytest.raises(UserError, match="did you mean 'id_test'"):
        open_task(PACS).table("test")

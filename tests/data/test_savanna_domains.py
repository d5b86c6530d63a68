"""The tasks of Section 6: a style against another, and camera traps without places."""

from pathlib import Path

import numpy as np
import pytest
import torch

from nbsupport import savanna
from nbsupport.data.tasks import SPLITS, open_task
from nbsupport.errors import UserError
from nbsupport.study.profiles.simulated import PAIRS

PAIR = {"name": "savanna_domains", "world": 0, "px": 16, "style": "photo", "ood_style": "sketch"}
MAIN = {"name": "savanna", "world": 0, "px": 16, "limit": None}


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def test_every_class_is_in_every_split_often_enough() -> None:
    task = open_task(PAIR)
    for split in SPLITS:
        counts = np.bincount(task.table(split)["label"], minlength=task.num_classes)
        assert counts.min() >= 20
        assert np.ptp(counts) <= 1
    assert len(task.table("train")) == 2000
    assert len(task.table("id_test")) == len(task.table("ood_test")) == 3000


def test_each_split_is_drawn_in_its_style() -> None:
    task = open_task(PAIR | {"limit": 6})
    assert {s: set(task.table(s)["style"]) for s in SPLITS} == {
        "train": {"photo"},
        "id_val": {"photo"},
        "id_test": {"photo"},
        "ood_val": {"sketch"},
        "ood_test": {"sketch"},
    }
    spread = {s: task.load(s).images.int() for s in ("id_test", "ood_test")}
    colour = {s: (x.amax(1) - x.amin(1)).float().mean() for s, x in spread.items()}
    assert colour["ood_test"] < 14 < colour["id_test"]


def test_no_picture_is_in_two_splits() -> None:
    both = PAIR | {"ood_style": "photo"}  # the same style throughout: only pictures can differ
    images = [open_task(both | {"limit": 40}).load(s).images.flatten(1) for s in SPLITS]
    stacked = torch.cat(images)
    assert len(torch.unique(stacked, dim=0)) == len(stacked) == 40 * len(SPLITS)


def test_a_place_is_no_more_than_a_number() -> None:
    table = open_task(PAIR).table("train")
    assert table["location"].is_unique
    correlation = np.corrcoef(table["location"], table["label"])[0, 1]
    assert abs(correlation) < 0.06


def test_a_task_is_opened_again_from_its_spec() -> None:
    task = open_task(PAIR | {"limit": 5})
    again = open_task(task.spec())
    assert again.spec() == task.spec()
    assert torch.equal(again.load("train").images, task.load("train").images)
    whole = open_task(PAIR).table("train")
    assert whole.iloc[:5].equals(task.table("train"))


def test_the_version_of_the_styles_is_in_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = open_task(PAIR).fingerprint
    monkeypatch.setattr(savanna, "STYLES_VERSION", savanna.STYLES_VERSION + 1)
    assert open_task(PAIR).fingerprint != before


def test_captions_name_class_and_style() -> None:
    task = open_task(PAIR)
    row = task.table("ood_test").iloc[0]
    assert task.caption(row) == f"{task.names[row['label']]}, sketch"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"style": "foto"}, "did you mean 'photo'"),
        ({"ood_style": "pencil"}, "unknown style"),
        ({"limit": 0}, "at least 1"),
    ],
)
def test_a_wrong_option_is_a_one_line_error(change: dict, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        open_task(PAIR | change)
    assert "\n" not in str(caught.value)


def test_the_pairs_use_every_style_and_both_directions_of_some() -> None:
    assert len(set(PAIRS)) == 6
    assert {style for pair in PAIRS for style in pair} == set(savanna.STYLES)
    assert all(style != other for style, other in PAIRS)
    assert sum((other, style) in PAIRS for style, other in PAIRS) >= 2


# camera traps without per-location bias -----------------------------------------------------------
def test_the_usual_task_keeps_its_spec_and_its_fingerprint() -> None:
    assert open_task(MAIN).spec() == MAIN
    assert open_task(MAIN | {"bias": True}).spec() == MAIN
    assert open_task(MAIN).fingerprint == savanna.fingerprint(0, 16)


def test_without_bias_every_split_has_all_labels_and_places_of_its_own() -> None:
    task = open_task(MAIN | {"bias": False})
    assert task.spec() == MAIN | {"bias": False}
    assert task.fingerprint != savanna.fingerprint(0, 16)
    places = [set(task.table(split)["location"]) for split in SPLITS]
    assert sum(map(len, places)) == len(set.union(*places))
    for split in ("id_test", "ood_test"):
        assert task.table(split)["label"].value_counts().min() >= 20
        assert task.table(split)["label"].nunique() == task.num_classes


def test_without_bias_pictures_are_other_ones_and_limits_keep_the_first() -> None:
    free, usual = (open_task(MAIN | {"limit": 9, "bias": b}) for b in (False, True))
    images = free.load("train").images
    assert images.shape == (9, 3, 16, 16)
    assert not torch.equal(images, usual.load("train").images)
    assert free.table("train").equals(open_task(free.spec() | {"limit": 20}).table("train")[:9])
    assert "day" in free.caption(free.table("train").iloc[0])
    assert "camera" in usual.caption(usual.table("train").iloc[0])

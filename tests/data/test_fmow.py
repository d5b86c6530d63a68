"""fMoW: wilds' own splits, labels and scores, on fake pictures in the official layout."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from nbsupport.cli import main
from nbsupport.data.catalogue import REHEARSAL, entries
from nbsupport.data.pictures.files import decode
from nbsupport.data.rehearsal import make
from nbsupport.data.tasks import SPLITS, open_task
from nbsupport.data.tasks.fmow import PUBLISHED, RELEASE, TABLE, THEIRS, check, official
from nbsupport.errors import UserError
from nbsupport.study.profiles import PROFILES
from nbsupport.study.study import Study

FOLDER = entries()["fmow"].places[0]
SPEC = {"name": "fmow", "px": 8, "limit": None}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make(folder, px=12, only=("fmow",))
    return folder


@pytest.fixture(autouse=True)
def places(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBSUPPORT_DATA", str(data))
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))


def edited(data: Path, folder: Path, old: str, new: str) -> Path:
    """A copy with a change in its table; its pictures are not copied."""
    copy = folder / "edited" / FOLDER
    copy.mkdir(parents=True)
    for name in (TABLE, "country_code_mapping.csv", RELEASE):
        shutil.copy(data / FOLDER / name, copy)
    (copy / "images").symlink_to(data / FOLDER / "images")
    (copy.parent / REHEARSAL).touch()
    text = (copy / TABLE).read_text()
    assert old in text
    (copy / TABLE).write_text(text.replace(old, new, 1))
    return copy


@pytest.mark.parametrize("split", SPLITS)
def test_splits_labels_and_pictures_are_those_of_wilds(data: Path, split: str) -> None:
    task, wilds = open_task(SPEC), official(data / FOLDER)
    assert task.num_classes == wilds.n_classes == 62
    subset, loaded = wilds.get_subset(THEIRS[split]), task.load(split)
    assert loaded.labels.tolist() == subset.y_array.tolist()
    row = wilds.full_idxs[subset.indices[3]]
    content = (data / FOLDER / "images" / f"rgb_img_{row}.png").read_bytes()
    assert torch.equal(
        loaded.images[3], torch.from_numpy(decode(content, 8, task.resize, "picture").copy())
    )
    table = task.table(split)
    years = subset.metadata_array[:, wilds.metadata_fields.index("year")].numpy() + 2002
    assert np.array_equal(years, table["year"])
    regions = [wilds._metadata_map["region"][int(r)] for r in subset.metadata_array[:, 0]]
    assert regions == table["region"].tolist()


def test_years_part_the_splits_and_every_class_is_in_all() -> None:
    task = open_task(SPEC)
    years = {split: task.table(split)["year"] for split in SPLITS}
    assert max(years[s].max() for s in ("train", "id_val", "id_test")) < 2013
    assert (
        2013 <= years["ood_val"].min() <= years["ood_val"].max() < 2016 <= years["ood_test"].min()
    )
    for split in SPLITS:
        assert task.table(split)["label"].nunique() == 62


def test_the_worst_region_and_year_are_those_of_wilds_groups(data: Path) -> None:
    """By wilds' own groups: its evaluation of them needs a package that is not pinned."""
    task, wilds = open_task(SPEC), official(data / FOLDER)
    table = task.table("ood_test")
    rng = np.random.default_rng(0)
    predicted = np.where(rng.random(len(table)) < 0.6, table["label"], 0)
    subset = wilds.get_subset("test")
    right = predicted == subset.y_array.numpy()
    worst = {}
    for name, grouper in wilds._eval_groupers.items():
        groups = grouper.metadata_to_group(subset.metadata_array).numpy()
        named = [g for g in np.unique(groups) if "Other" not in grouper.group_str(int(g))]
        worst[name] = min(right[groups == g].mean() for g in named)
    found = task.scores("ood_test", predicted)
    assert found["acc_avg"] == pytest.approx(right.mean())
    assert found["acc_worst_region"] == pytest.approx(worst["region"])
    assert found["acc_worst_year"] == pytest.approx(worst["year"])


def test_a_caption_says_what_where_and_when() -> None:
    task = open_task(SPEC)
    row = task.table("train").iloc[0]
    kind = task.names[row["label"]].replace("_", " ")
    assert task.caption(row) == f"{kind}, {row['region']}, {row['year']}"


def test_whole_rehearsal_data_have_no_problem_and_damage_is_named(data: Path, tmp_path: Path):
    assert list(check(data / FOLDER)) == []
    (problem,) = check(edited(data, tmp_path, "T10:20:30Z", "Tnoon"))
    assert "line 2: timestamp is" in problem
    assert main(["data", "check", "fmow"]) == 0


def test_a_missing_column_or_picture_is_said(data: Path, tmp_path: Path) -> None:
    (problem,) = check(edited(data, tmp_path, "category", "kind"))
    assert "has no column category" in problem


def test_without_the_data_the_entry_says_how_to_get_them(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path))
    with pytest.raises(UserError, match="fmow is not in"):
        open_task(SPEC).table("train")


@pytest.mark.parametrize("profile", ["paper", "rehearsal"])
def test_it_is_the_real_counterpart_of_the_task_without_a_gap(profile, monkeypatch, tmp_path):
    from nbsupport.pages.discussion import no_gap_groups

    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path))
    assert PROFILES[profile].no_gap_task == {"name": "fmow"}
    study = Study(profile, nominal=True)
    groups = {group.role: group for group in no_gap_groups(study, {})}
    task = study.task_of(groups["no-gap/full"])
    assert {split: len(task.table(split)) for split in SPLITS} == PUBLISHED

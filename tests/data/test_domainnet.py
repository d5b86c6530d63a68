"""DomainNet: any ordered pair of domains, by the official lists."""

import shutil
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest

from nbsupport.data.catalogue import REHEARSAL
from nbsupport.data.rehearsal import make
from nbsupport.data.tasks import SPLITS, open_task
from nbsupport.data.tasks.domainnet import DOMAINS, LISTS, PUBLISHED, check
from nbsupport.errors import UserError

SPEC = {"name": "domainnet", "px": 8, "train": "real", "ood": "sketch", "limit": None}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make(folder, px=8, only=("domainnet",))
    return folder


@pytest.fixture(autouse=True)
def places(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBSUPPORT_DATA", str(data))
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))


def edited(data: Path, folder: Path, edit: Callable[[Path], object]) -> Path:
    """A copy of the data set with a change; its pictures are not copied."""
    copy = folder / "edited" / "domainnet"
    copy.mkdir(parents=True)
    for domain in DOMAINS:
        (copy / domain).symlink_to(data / "domainnet" / domain)
        for part in LISTS:
            shutil.copy(data / "domainnet" / f"{domain}_{part}.txt", copy)
    (copy.parent / REHEARSAL).touch()
    edit(copy)
    return copy


def listed(data: Path, domain: str, part: str) -> dict[str, int]:
    lines = (data / "domainnet" / f"{domain}_{part}.txt").read_text().splitlines()
    return {name: int(label) for name, label in (line.split(" ") for line in lines)}


@pytest.mark.parametrize(("train", "ood"), [("real", "sketch"), ("quickdraw", "real")])
def test_the_splits_are_the_official_lists(train: str, ood: str, data: Path) -> None:
    task = open_task(SPEC | {"train": train, "ood": ood})
    tables = {split: task.table(split) for split in SPLITS}
    found = {s: dict(zip(t["picture"], t["label"], strict=True)) for s, t in tables.items()}
    assert found["id_test"] == listed(data, train, "test")
    assert found["ood_test"] == listed(data, ood, "test")
    assert found["train"] | found["id_val"] == listed(data, train, "train")
    assert not set(found["train"]) & set(found["id_val"])
    assert found["ood_val"].items() < listed(data, ood, "train").items()
    assert [len(found[split]) for split in ("train", "id_val", "ood_val")] == [310, 35, 35]
    assert set(tables["ood_val"]["location"]) == {ood}


def test_the_cut_is_the_same_in_every_pair() -> None:
    held = [open_task(SPEC | {"ood": o}).table("id_val")["picture"] for o in ("sketch", "clipart")]
    assert held[0].equals(held[1])
    turned = open_task(SPEC | {"train": "sketch", "ood": "real"}).table("ood_val")["picture"]
    assert turned.equals(held[0])


def test_classes_are_named_by_their_folders_and_pictures_are_read() -> None:
    task = open_task(SPEC | {"limit": 20})
    assert task.num_classes == 345
    assert len(set(task.names)) == 345
    row = task.table("ood_test").iloc[3]
    folder = row["picture"].split("/")[1]
    assert task.names[row["label"]] == folder
    assert task.caption(row) == f"{folder.replace('_', ' ')}, sketch"
    assert task.load("ood_test").images.shape == (20, 3, 8, 8)
    assert open_task(task.spec()).spec() == task.spec() == SPEC | {"limit": 20}


def test_every_ordered_pair_is_another_task() -> None:
    tasks = [open_task(SPEC | {"train": a, "ood": b}) for a, b in permutations(DOMAINS[:3], 2)]
    assert len({task.fingerprint for task in tasks}) == 6


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"train": "reel"}, "did you mean 'real'"),
        ({"ood": "photo"}, "unknown domain of DomainNet 'photo'"),
        ({"ood": "real"}, "both 'real': .*left are clipart"),
    ],
)
def test_a_wrong_domain_is_a_one_line_error(change: dict, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        open_task(SPEC | change)
    assert "\n" not in str(caught.value)


def swapped(old: str, new: str) -> Callable[[Path], object]:
    def edit(folder: Path) -> None:
        path = folder / "real_train.txt"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return edit


def without_folder(folder: Path) -> None:
    (folder / "sketch").unlink()


WRONG: list[tuple[Callable[[Path], object], str]] = [
    (swapped(" 7\n", " 345\n"), "line 8: the label is '345', allowed are 0 to 344"),
    (swapped(" 7\n", " seven\n"), "line 8: the label is 'seven'"),
    (swapped(" 7\n", " 8\n"), "real_train.txt: label 8 is a"),
    (swapped("real/ant/", "clipart/ant/"), "line 7: 'clipart/ant/real_007_000001.jpg 6'"),
    (swapped("real/ant/", "real/../"), "is no real/<class>/<file>"),
    (swapped("real_007_000001.jpg", "real_007_000009.jpg"), "has no real/ant/real_007_000009.jpg"),
    (lambda f: (f / "real_train.txt").write_text("\n"), "lists nothing"),
    (lambda f: (f / "real_train.txt").unlink(), "real_train.txt cannot be read"),
    (
        lambda f: (f / "real_test.txt").write_text(f"real/dog/1.jpg {'9' * 5000}\n"),
        "allowed are 0 to 344",
    ),
    (lambda f: (f / "real_test.txt").write_bytes("real/dög/1.jpg 0".encode("latin-1")), "utf-8"),
    (without_folder, "has no sketch/aircraft_carrier/sketch_001_000001.jpg and"),
]


@pytest.mark.parametrize(("edit", "told"), WRONG, ids=[told for _, told in WRONG])
def test_a_broken_data_set_is_a_one_line_error(
    edit: Callable[[Path], object],
    told: str,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = edited(data, tmp_path, edit)
    monkeypatch.setenv("NBSUPPORT_DATA", str(folder.parent))
    task = open_task(SPEC)
    with pytest.raises(UserError) as caught:
        task.table("train"), task.names
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    problems = list(check(folder))
    assert len(problems) == len(set(problems))
    assert any(told in problem for problem in problems)


def test_check_compares_with_the_published_lists(data: Path, tmp_path: Path) -> None:
    assert list(check(data / "domainnet")) == []
    copy = edited(data, tmp_path, lambda folder: (folder.parent / REHEARSAL).unlink())
    problems = list(check(copy))
    assert len(problems) == 12
    assert "real_test.txt: 345 pictures, published are 52,041" in problems


def test_the_published_counts_sum_to_what_is_published() -> None:
    sums = [sum(counts) for counts in zip(*PUBLISHED.values(), strict=True)]
    assert sums == [409_832, 176_743]

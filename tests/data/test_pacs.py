"""PACS: any domains against another, fixed splits, from a zip or a folder."""

import shutil
import zipfile
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from nbsupport.data.catalogue import REHEARSAL, entry_named
from nbsupport.data.rehearsal import make
from nbsupport.data.tasks import SPLITS, Task, open_task
from nbsupport.data.tasks.pacs import CLASSES, DOMAINS, PUBLISHED, check
from nbsupport.errors import UserError

SPEC = {"name": "pacs", "px": 8, "train": ["cartoon", "photo"], "ood": "sketch", "limit": None}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make(folder, px=8, only=("pacs",))
    return folder


@pytest.fixture
def fake(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBSUPPORT_DATA", str(data))
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))


def pictures(task: Task) -> dict[str, set[str]]:
    return {split: set(task.table(split)["picture"]) for split in SPLITS}


@pytest.mark.usefixtures("fake")
def test_splits_are_disjoint_whole_and_of_the_stated_shares() -> None:
    task = open_task(SPEC)
    sizes = {split: len(task.table(split)) for split in SPLITS}
    assert sizes == {"train": 168, "id_val": 28, "id_test": 84, "ood_val": 28, "ood_test": 112}
    found = pictures(task)
    assert len(set.union(*found.values())) == sum(sizes.values()) == 3 * 7 * 20
    for split in SPLITS:
        counts = np.bincount(task.table(split)["label"], minlength=7)
        assert counts.min() == counts.max()
        wanted = {"sketch"} if split.startswith("ood") else {"cartoon", "photo"}
        assert set(task.table(split)["location"]) == wanted


@pytest.mark.usefixtures("fake")
def test_a_picture_stays_in_its_split_whichever_domains_are_used() -> None:
    alone = pictures(open_task(SPEC | {"train": ["photo"], "ood": "cartoon"}))
    both = pictures(open_task(SPEC))
    for split in ("train", "id_val", "id_test"):
        assert alone[split] == {name for name in both[split] if name.startswith("photo/")}


@pytest.mark.usefixtures("fake")
def test_a_task_is_opened_again_from_its_spec_in_any_order_of_domains() -> None:
    task = open_task(SPEC)
    assert task.spec() == SPEC
    turned = open_task(SPEC | {"train": ["photo", "cartoon"]})
    assert turned.spec() == SPEC
    assert turned.fingerprint == task.fingerprint
    assert open_task(SPEC | {"ood": "art_painting"}).fingerprint != task.fingerprint


@pytest.mark.usefixtures("fake")
def test_captions_name_class_and_domain() -> None:
    task = open_task(SPEC | {"ood": "art_painting"})
    assert task.caption(task.table("ood_test").iloc[-1]) == "person, art painting"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"train": ["photos"]}, "did you mean 'photo'"),
        ({"ood": "oil"}, "unknown domain of PACS 'oil'"),
        ({"ood": "photo"}, "is in train=.* too: .*left are art_painting, sketch"),
        ({"train": []}, "give one or more"),
    ],
)
def test_a_wrong_domain_is_a_one_line_error(change: dict, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        open_task(SPEC | change)
    assert "\n" not in str(caught.value)


WRONG: list[tuple[Callable[[Path], object], str]] = [
    (lambda f: shutil.rmtree(f / "photo" / "dog"), "no picture in photo/dog"),
    (lambda f: [shutil.rmtree(f / domain) for domain in DOMAINS], "has no folder art_painting or"),
    (
        lambda f: (f / "photo" / "dog" / "pic_001.jpg").write_bytes(b"text"),
        "dog/pic_001.jpg",
    ),
]


@pytest.mark.parametrize(("edit", "told"), WRONG, ids=[told for _, told in WRONG])
@pytest.mark.usefixtures("fake")
def test_a_broken_data_set_is_a_one_line_error(
    edit: Callable[[Path], object],
    told: str,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(data / "PACS", tmp_path / "PACS")
    edit(tmp_path / "PACS")
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path))
    task = open_task(SPEC)
    with pytest.raises(UserError, match=told) as caught:
        [task.load(split) for split in SPLITS]
    assert "\n" not in str(caught.value)
    (tmp_path / REHEARSAL).touch()
    assert [told in problem for problem in check(tmp_path / "PACS", every=True)] == [True]


def test_a_zip_that_is_none_is_a_one_line_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "PACS.zip").write_bytes(b"not a zip")
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path))
    with pytest.raises(UserError, match="no whole zip"):
        open_task(SPEC).table("train")


def test_check_compares_with_the_published_counts(data: Path, tmp_path: Path) -> None:
    assert list(check(data / "PACS")) == []
    shutil.copytree(data / "PACS", tmp_path / "PACS")
    problems = list(check(tmp_path / "PACS"))
    assert len(problems) == len(DOMAINS) * len(CLASSES)
    assert "photo/dog: 20 pictures, published are 189" in problems


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize("above", ["", "PACS/", "data/kfold/"])
@pytest.mark.parametrize("windows", [False, True])
def test_a_zip_of_any_top_folder_is_the_same_task(
    above: str, windows: bool, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_task(SPEC).fingerprint
    with zipfile.ZipFile(tmp_path / "PACS.zip", "w") as archive:
        for file in sorted((data / "PACS").rglob("*.jpg")):
            name = f"{above}{file.relative_to(data / 'PACS')}"
            archive.writestr(name.replace("/", "\\") if windows else name, file.read_bytes())
        archive.writestr(f"{above}photo/dog/@eaDir/1.jpg", b"")
        archive.writestr(f"{above}photo/dog/small/1.jpg", b"")
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path))
    assert open_task(SPEC).fingerprint == before


def test_a_class_too_many_is_named(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data / "PACS", tmp_path / "PACS")
    (tmp_path / REHEARSAL).touch()
    shutil.copytree(tmp_path / "PACS" / "photo" / "dog", tmp_path / "PACS" / "photo" / "cat")
    (problem,) = check(tmp_path / "PACS")
    assert problem.endswith("photo/cat is the folder of no class: move it elsewhere")


def test_the_published_counts_sum_to_what_is_published() -> None:
    sums = {domain: sum(counts) for domain, counts in PUBLISHED.items()}
    assert sums == {"art_painting": 2048, "cartoon": 2344, "photo": 1670, "sketch": 3929}
    assert sum(sums.values()) == 9991


# the real data ------------------------------------------------------------------------------------
@pytest.mark.data("pacs")
def test_real_pacs_has_no_problem_and_its_splits_hold_all_of_it() -> None:
    assert list(check(entry_named("pacs").find())) == []
    for train in combinations(DOMAINS, 3):
        (ood,) = set(DOMAINS) - set(train)
        task = open_task(SPEC | {"train": list(train), "ood": ood})
        found = pictures(task)
        assert len(set.union(*found.values())) == sum(map(len, found.values())) == 9991
        for split in SPLITS:
            assert task.table(split)["label"].nunique() == 7


@pytest.mark.data("pacs")
def test_a_real_picture_is_what_pillow_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = entry_named("pacs").find()
    if path.suffix != ".zip":
        pytest.skip("real PACS is a folder here")
    from PIL import Image

    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path))
    task = open_task(SPEC | {"px": 96, "limit": 3})
    row = task.table("train").iloc[1]
    with zipfile.ZipFile(path) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith("/" + row["picture"])]
        with archive.open(name) as file, Image.open(file) as picture:
            expected = np.asarray(picture.convert("RGB"))
    if expected.shape != (96, 96, 3):
        pytest.skip("this copy of PACS has other sizes than 96 px")
    assert np.array_equal(task.load("train").images[1].permute(1, 2, 0).numpy(), expected)

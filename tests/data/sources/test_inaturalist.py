"""iNaturalist 2017 in torchvision's layout, with and without the list of training pictures."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import INaturalist

from nbsupport.cli import main
from nbsupport.data.sources.inaturalist import PUBLISHED, falling, open_it
from nbsupport.data.subsets.subset import Subset
from nbsupport.errors import UserError

Write = Callable[..., None]
SPECIES = {
    "Amphibia": ("Acris blanchardi", "Prunella modularis"),
    "Aves": ("Corvus corax", "Corvus corax corax", "Prunella modularis"),
    "Plantae": ("Quercus × alvordiana",),
}
CLASSES = [f"{top}/{name}" for top, names in SPECIES.items() for name in names]


@pytest.fixture
def folder(root: Path, taxonomy: object, write: Write) -> Path:
    """Four pictures of each species, of which the first three are for training."""
    folder = root / "inaturalist" / "2017"
    write(folder, [f"{name}/{i}{'ab' * 16}.jpg" for name in CLASSES for i in range(4)])
    return folder


@pytest.fixture
def listed(folder: Path) -> Path:
    """The same, with the annotations of the training pictures beside it."""
    names = [f"train_val_images/{name}/{i}{'ab' * 16}.jpg" for name in CLASSES for i in range(3)]
    content = {"images": [{"id": i, "file_name": name} for i, name in enumerate(names)]}
    (folder.parent / "train2017.json").write_text(json.dumps(content))
    return folder


def test_classes_and_pictures_are_those_of_torchvision(folder: Path) -> None:
    source = open_it(px=8, strict=False)
    theirs = INaturalist(folder.parent, version="2017")
    own = zip(source.pictures.names, source.labels().tolist(), strict=True)
    assert sorted(own) == sorted((f"{theirs.all_categories[c]}/{f}", c) for c, f in theirs.index)
    assert source.images(np.array([3])).shape == (1, 3, 8, 8)


def test_names_are_unique_and_there_are_three_depths(folder: Path) -> None:
    source = open_it(px=8, strict=False)
    names = source.classes()["name"].tolist()
    assert names[1] == "Prunella modularis (Amphibia/Prunella modularis)"
    assert len(set(names)) == 6
    assert Subset(source).superclasses(1).num_classes == 3
    assert Subset(source).under("Aves").num_classes == 3


def test_training_pictures_are_used_where_a_list_says_which(listed: Path) -> None:
    source = open_it(px=8)
    assert source.classes()["images"].tolist() == [3] * 6
    assert source.notes() == []
    assert source.published() == (579_184,)


def test_the_list_may_lie_in_its_own_folder(listed: Path) -> None:
    whole = open_it(px=8).fingerprint
    (listed.parent / "train_val2017").mkdir()
    (listed.parent / "train2017.json").rename(listed.parent / "train_val2017" / "train2017.json")
    assert open_it(px=8).fingerprint == whole


def test_without_a_list_all_are_used_and_that_is_said(folder: Path) -> None:
    source = open_it(px=8, strict=False)
    assert len(source) == 24
    assert source.notes() == [
        "train2017.json is not beside the folder: validation pictures are used as well"
    ]
    assert 675_170 in source.published()


def test_a_changed_list_is_read_again(listed: Path) -> None:
    before = len(open_it(px=8))
    path = listed.parent / "train2017.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({"images": content["images"][1:]}))
    assert len(open_it(px=8)) == before - 1


def test_a_listed_picture_that_is_missing_is_named(listed: Path) -> None:
    name = f"Aves/Corvus corax/1{'ab' * 16}.jpg"
    (listed / name).unlink()
    with pytest.raises(UserError, match="Corvus corax/1abab"):
        open_it(px=8)
    assert open_it(px=8, strict=False).problems() == [
        f"{name} is missing, though train2017.json lists it"
    ]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"images": 3}',
        '{"images": [{}]}',
        '{"images": [{"file_name": 1}]}',
        "[" * 200_000,
        '{"images": ["ü"]}'.encode("utf-16"),
        '{"images": [{"file_name": "Müller.jpg"}]}'.encode("latin-1"),
    ],
)
def test_a_list_that_is_none(folder: Path, content: str | bytes) -> None:
    packed = content.encode() if isinstance(content, str) else content
    (folder.parent / "train2017.json").write_bytes(packed)
    with pytest.raises(UserError, match="no list of training pictures") as caught:
        open_it(px=8)
    assert str(caught.value).isprintable()


def test_a_list_of_other_pictures_is_summed_up(
    listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of 900 that are missing one line says so; a name that cannot be printed is escaped."""
    path = listed.parent / "train2017.json"
    images = json.loads(path.read_text())["images"]
    images += [{"file_name": f"a/Aves/Corvus corax/{i:03d}\ud800.jpg"} for i in range(900)]
    path.write_text(json.dumps({"images": images}))
    assert main(["data", "check", "inaturalist"]) == 1
    said = capsys.readouterr().out
    assert said.count("that train2017.json lists are missing") == 1
    assert "900 pictures that train2017.json lists are missing, such as Aves/" in said
    assert r"Aves/Corvus corax/000\ud800.jpg" in said


def test_the_archive_s_own_folder_may_be_kept(listed: Path) -> None:
    """inaturalist/2017/train_val_images/Aves, as tar unpacks it."""
    before = open_it(px=8).fingerprint
    moved = listed.rename(listed.with_name("moved"))
    listed.mkdir()
    moved.rename(listed / "train_val_images")
    assert open_it(px=8).fingerprint == before


def test_a_species_that_is_missing_or_strange(listed: Path) -> None:
    (listed / "Aves" / "Corvus corax").rename(listed / "Aves" / "Corvus cornix")
    problems = open_it(px=8, strict=False).problems()
    assert problems[:2] == [
        "Aves/Corvus cornix/ is the folder of no class",
        "class folder Aves/Corvus corax/ is missing",
    ]


def test_numbers_of_classes_are_compared_by_supercategory(folder: Path, write: Write) -> None:
    write(folder, ["Viruses/Some virus/1.jpg"])
    with pytest.raises(UserError, match="Viruses/ is the folder of no supercategory"):
        open_it(px=8)
    problems = open_it(px=8, strict=False).problems()
    assert "Aves: 3 class folders, 964 are expected: too few" in problems
    assert "Fungi: 0 class folders, 121 are expected: too few" in problems
    assert len(open_it(px=8, strict=False)) == 24


def test_the_missing_data_set_says_what_to_rename(root: Path, taxonomy: object) -> None:
    with pytest.raises(UserError, match="call its folder inaturalist/2017"):
        open_it(px=8)


def test_rehearsal_data_are_not_compared_with_what_was_published(folder: Path, root: Path) -> None:
    (root / "rehearsal.json").write_text("{}")
    assert len(open_it(px=8)) == 24


# planning -----------------------------------------------------------------------------------------
def test_the_published_numbers_add_up_to_the_papers() -> None:
    classes, images = np.array(list(PUBLISHED.values())).sum(0)
    assert (classes, images) == (5_089, 579_184)


def test_without_data_it_can_be_planned_with(taxonomy: object) -> None:
    source = open_it(px=224, nominal=True)
    classes = source.classes()
    assert (len(source), len(classes)) == (579_184, 5_089)
    tops = classes.groupby("depth_1")["images"].agg(["size", "sum"])
    assert {top: tuple(row) for top, *row in tops.itertuples()} == PUBLISHED
    assert len(Subset(source).most_frequent(1000).per_class(150)) == 150_000
    assert Subset(source).superclasses(1).num_classes == 13


@pytest.mark.parametrize(("total", "classes"), [(308, 4), (579_184, 5_089), (7, 7), (10, 3)])
def test_sizes_fall_and_add_up(total: int, classes: int) -> None:
    counts = falling(total, classes)
    assert sum(counts) == total
    assert len(counts) == classes
    assert min(counts) >= 1
    assert (np.diff(counts) <= 0).all()

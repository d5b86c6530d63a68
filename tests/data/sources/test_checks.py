"""`python -m nbsupport data`: the list, and what a check finds."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from nbsupport import registry
from nbsupport.cli import main
from nbsupport.data import catalogue, checks
from nbsupport.data.catalogue import PRE_TRAINING, WEIGHTS, entries
from nbsupport.data.sources import imagenet as module
from nbsupport.paths import root as root_of_project

Write = Callable[..., None]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[str]]]:
    """Runs a command: its status, and the lines that it prints on either stream."""

    def call(*arguments: str) -> tuple[int, list[str]]:
        capsys.readouterr()
        status = main(["data", *arguments])
        out, errors = capsys.readouterr()
        lines = [line.split("\r")[-1] for line in (out + errors).splitlines()]
        return status, [line for line in lines if line.strip()]

    return call


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, imagenet: Path) -> Path:
    """The ImageNet of these tests, with the published numbers that are true of it."""
    monkeypatch.setattr(module, "LEAST", 3)
    change(monkeypatch, "imagenet", classes=5, images=15)
    return imagenet


def change(monkeypatch: pytest.MonkeyPatch, name: str, **values: object) -> None:
    monkeypatch.setitem(entries(), name, replace(entries()[name], **values))  # type: ignore[arg-type]


# the catalogue ------------------------------------------------------------------------------------
def test_every_source_on_disk_is_in_the_catalogue() -> None:
    modules = {entry.module for entry in entries().values() if entry.role == PRE_TRAINING}
    assert modules <= {f"{registry.SOURCES.package}.{name}" for name in registry.SOURCES.names()}
    for entry in entries().values():
        assert entry.page.startswith("http")
        assert "\n" not in entry.get
        assert entry.places or entry.role == WEIGHTS
        assert entry.archive is None or len(entry.archive.md5) == 32


def test_md5s_are_those_that_torchvision_states() -> None:
    from torchvision.datasets.imagenet import ARCHIVE_META
    from torchvision.datasets.inaturalist import DATASET_MD5

    theirs = {"imagenet": ARCHIVE_META["train"][1], "inaturalist": DATASET_MD5["2017"]}
    for name, md5 in theirs.items():
        archive = entries()[name].archive
        assert archive is not None
        assert archive.md5 == md5


def test_the_papers_numbers() -> None:
    counts = {name: (entry.images, entry.classes) for name, entry in entries().items()}
    assert counts["imagenet"] == (1_281_167, 1000)  # Table 1
    assert counts["inaturalist"] == (579_184, 5089)
    assert counts["iwildcam"] == (129_809 + 7_314 + 8_154 + 14_961 + 42_791, 182)


def test_the_books_page_says_where_each_data_set_lies() -> None:
    text = (root_of_project() / "book" / "data.md").read_text(encoding="utf-8")
    for entry in entries().values():
        assert entry.role == WEIGHTS or any(place in text for place in entry.places)


# the list -----------------------------------------------------------------------------------------
def test_the_list_names_every_data_set_and_what_is_here(small: Path, run: Callable) -> None:
    status, lines = run()
    assert status == 0
    assert [line.split(":")[0] for line in lines if line[0] != " "][:-1] == [*entries()]
    assert f"imagenet: here: 5 of 5 class folders in {small}" in lines
    assert "domainnet: not here" in lines
    assert sum(line.startswith("  licence") for line in lines) == len(entries())
    assert max(map(len, lines)) <= 100 + len(str(small))


def test_the_list_says_what_is_not_whole(
    small: Path, run: Callable, write: Write, root: Path
) -> None:
    (small / "n01440764").rename(small / "other")
    write(root / "iwildcam_v2.0", ["metadata.csv"], b"")
    (root / "tiny-imagenet-200.zip").write_bytes(b"no zip")
    write(root / "PACS", ["photo/dog/1.jpg"])
    _, lines = run()
    assert f"imagenet: not whole: 4 of 5 class folders in {small}" in lines
    missing = root / "iwildcam_v2.0" / "categories.csv"
    assert f"iwildcam: not whole: {missing} is missing" in lines
    assert any(line.startswith("tiny_imagenet: not whole: ") for line in lines)
    assert any(line.startswith("pacs: not whole: ") and "art_painting/" in line for line in lines)


def test_a_folder_that_may_not_be_looked_into(
    small: Path, run: Callable, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exists = Path.exists

    def refuse(path: Path) -> bool:
        if not path.is_relative_to(root):
            return exists(path)
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(catalogue.Path, "exists", refuse)
    assert f"imagenet: not whole: {small}: Permission denied; put it right, then ask again" in [
        *run()[1]
    ]
    status, lines = run("check", "imagenet")
    assert status == 2
    assert f"{small}: Permission denied" in lines[-1]


def test_the_list_without_a_folder(
    run: Callable, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUPPORT_DATA", str(root / "nowhere"))
    assert "nowhere is no folder" in run()[1][-1]
    monkeypatch.delenv("NBSUPPORT_DATA")
    status, lines = run()
    assert status == 0
    assert lines[-1].startswith("NBSUPPORT_DATA is not set")
    assert "imagenet: not looked for" in lines


@pytest.mark.parametrize("order", [("--root", "{}", "check"), ("check", "--root", "{}")])
def test_root_takes_the_place_of_the_variable(
    small: Path, run: Callable, root: Path, monkeypatch: pytest.MonkeyPatch, order: tuple[str, ...]
) -> None:
    monkeypatch.setenv("NBSUPPORT_DATA", "/nowhere")
    status, lines = run(*(part.format(root) for part in order), "imagenet")
    assert (status, lines[-1]) == (0, "imagenet: nothing wrong")


def test_mistakes_in_the_command(run: Callable, root: Path) -> None:
    nowhere = str(root / "nowhere")
    for arguments, said in [
        (("--root", nowhere), f"--root {nowhere} is no folder"),
        (("check", "imagenet", "--root", nowhere), f"--root {nowhere} is no folder"),
        (("check", "imagnet"), "did you mean 'imagenet'?"),
        (("check", "clip"), "checked when they are loaded"),
        (("check", "iwildcam", "--skip-broken"), "none can be left out"),
    ]:
        status, lines = run(*arguments)
        assert status == 2
        assert len(lines) == 1
        assert said in lines[0]


# a check ------------------------------------------------------------------------------------------
def test_a_whole_data_set(small: Path, run: Callable) -> None:
    assert run("check", "imagenet") == (
        0,
        ["imagenet: 15 pictures of 5 classes", "imagenet: nothing wrong"],
    )


def test_a_data_set_that_is_not_there(root: Path, run: Callable) -> None:
    status, lines = run("check", "imagenet")
    assert status == 1
    assert f"imagenet: wrong: not in {root} (looked for imagenet/train)" in lines[0]
    assert len(lines) == 2


def test_everything_wrong_is_named(small: Path, run: Callable, write: Write) -> None:
    broken = small / "n02012849" / "n02012849_2.JPEG"
    broken.write_bytes(broken.read_bytes()[:-60])
    (small / "n02123045" / "n02123045_2.JPEG").unlink()
    write(small, ["cats/1.JPEG"])
    status, lines = run("check", "imagenet")
    assert status == 1
    wrong = [line.removeprefix("imagenet: wrong: ") for line in lines if ": wrong: " in line]
    assert wrong[:3] == [
        "cats/ is the folder of no class",
        "class folder n02123045/ holds 2 pictures, published are 3 to 1,300",
        "14 pictures, published are 15",
    ]
    assert str(broken.relative_to(small)) in wrong[3]
    assert lines[-1] == "imagenet: 4 wrong"


def test_of_many_class_folders_one_line_says_what_is_wrong(
    root: Path, run: Callable, taxonomy: Write, write: Write
) -> None:
    wnids = [f"n{i:08d}" for i in range(1000)]
    taxonomy(wnids, wnids)
    train = root / "imagenet" / "train"
    write(train, [f"{wnid}/1.JPEG" for wnid in wnids[:10]])
    write(train, [f"n{i:08d}.tar" for i in range(40)], b"")
    for i in range(1000, 1030):
        (train / f"n{i:08d}").mkdir()
    for wnid in wnids[10:40]:
        (train / wnid).mkdir()
    _, lines = run("check", "imagenet")
    assert [line.removeprefix("imagenet: wrong: ") for line in lines[1:-1]] == [
        "40 archives are not unpacked, such as n00000000.tar, n00000001.tar, n00000002.tar",
        "30 folders are of no class, such as n00001000/, n00001001/, n00001002/",
        "960 class folders are missing, such as n00000040/, n00000041/, n00000042/",
        "30 class folders hold no picture, such as n00000010/, n00000011/, n00000012/",
        "10 class folders do not hold 732 to 1,300 pictures, such as n00000000/ (1), "
        "n00000001/ (1), n00000002/ (1)",
        "10 pictures, published are 1,281,167",
    ]


def test_pictures_inside_class_folders_are_told(small: Path, run: Callable, write: Write) -> None:
    write(small, [f"n02012849/thumbs/{i}.JPEG" for i in range(2)])
    status, lines = run("check", "imagenet")
    assert status == 0
    assert (
        "imagenet: 2 pictures in folders inside class folders are not used, such as "
        "n02012849/thumbs/0.JPEG"
    ) in lines


def test_a_name_with_a_line_in_it_is_one_line(small: Path, run: Callable) -> None:
    (small / "n02012849" / "a\nb\x1b[2J.JPEG").write_bytes(b"")
    status, lines = run("check", "imagenet")
    assert status == 1
    assert any(r"n02012849/a\nb\x1b[2J.JPEG cannot be read" in line for line in lines)
    assert all(line.startswith("imagenet: ") for line in lines)


def test_rehearsal_data_are_counted_and_opened_only(
    imagenet: Path, run: Callable, root: Path
) -> None:
    (root / "rehearsal.json").write_text("{}")
    assert f"imagenet: here, made for rehearsal: 5 class folders in {imagenet}" in run()[1]
    status, lines = run("check", "imagenet")
    assert status == 0
    assert "imagenet: made for rehearsal: not compared with what was published" in lines
    (imagenet / "n02012849" / "n02012849_2.JPEG").write_bytes(b"no picture")
    assert run("check", "imagenet")[0] == 1


def test_a_check_lists_afresh(small: Path, run: Callable) -> None:
    run("check", "imagenet")
    (small / "n02012849" / "n02012849_2.JPEG").write_bytes(b"")  # the folder's time stays
    assert run("check", "imagenet")[0] == 1


def test_a_sample_is_opened_or_every_picture(
    small: Path, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "SAMPLE", 2)
    (small / "n02012849" / "n02012849_2.JPEG").write_bytes(b"no picture")
    assert run("check", "imagenet")[0] == 0
    assert run("check", "imagenet", "--all")[0] == 1


def test_broken_pictures_are_listed_and_left_out_from_then_on(small: Path, run: Callable) -> None:
    broken = small / "n02012849" / "n02012849_2.JPEG"
    whole = broken.read_bytes()
    broken.write_bytes(b"no picture")
    status, lines = run("check", "imagenet", "--skip-broken")
    assert status == 0
    assert any("1 broken pictures are left out" in line for line in lines)
    assert len(module.open_it(px=8)) == 14
    assert run("check", "imagenet", "--all")[0] == 0  # it is known, and said
    broken.write_bytes(whole)
    status, lines = run("check", "imagenet", "--skip-broken")
    assert "imagenet: no picture is broken: none is left out" in lines
    assert len(module.open_it(px=8)) == 15


def test_a_store_that_is_full_is_no_fault_of_the_data(
    small: Path, run: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "file" / "store"))
    status, lines = run("check", "imagenet")
    assert status == 2
    assert "cannot keep a listing" in lines[-1]


def test_the_md5_of_an_archive(small: Path, run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    path = small.parent / "ILSVRC2012_img_train.tar"
    path.write_bytes(b"an archive")
    status, lines = run("check", "imagenet")
    assert status == 1
    assert f"{path}: md5 is {hashlib.md5(b'an archive').hexdigest()}, published is" in lines[1]
    right = replace(entries()["imagenet"].archive, md5=hashlib.md5(b"an archive").hexdigest())
    change(monkeypatch, "imagenet", archive=right)
    assert run("check", "imagenet")[0] == 0


def test_the_md5_of_an_archive_that_is_read_as_it_is(
    tiny: Path, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of as many pictures as the official one it must be the official one."""
    import shutil

    shutil.make_archive(str(tiny), "zip", tiny.parent, tiny.name)
    status, lines = run("check", "tiny_imagenet")
    assert status == 1
    assert "tiny_imagenet: wrong: 400 pictures, published are 100,000 or 50,000" in lines
    assert any("not the official archive" in line for line in lines)
    change(monkeypatch, "tiny_imagenet", images=800)  # half of it, as pacs-32 reads it
    assert run("check", "tiny_imagenet")[0] == 0
    change(monkeypatch, "tiny_imagenet", images=400)
    status, lines = run("check", "tiny_imagenet")
    assert status == 1
    assert "tiny-imagenet-200.zip: md5 is" in lines[1]


@pytest.mark.data("tiny_imagenet")
def test_a_real_zip(
    root: Path, taxonomy: Write, run: Callable, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbsupport.data.sources.tiny_imagenet import tiny_wnids

    monkeypatch.setenv("NBSUPPORT_DATA", str(real_data))
    taxonomy(tiny_wnids(), tiny_wnids())
    status, lines = run("check", "tiny_imagenet")
    assert status == 0
    assert "pictures of 200 classes" in lines[0]


# tasks --------------------------------------------------------------------------------------------
def test_a_task_is_checked_by_its_own_module(
    root: Path, run: Callable, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root / "PACS", ["photo/dog/1.jpg"])
    asked = []

    def check(where: Path, *, every: bool, progress: Callable[[int, int], None]) -> list[str]:
        asked.append((where, every))
        progress(1, 1)
        return ["sketch/dog is missing"]

    own = ModuleType("pacs")
    own.check = check  # type: ignore[attr-defined]
    monkeypatch.setattr(checks, "import_module", lambda name: own)
    status, lines = run("check", "pacs", "--all")
    assert (status, asked) == (1, [(root / "PACS", True)])
    assert lines == ["pacs: wrong: sketch/dog is missing", "pacs: 1 wrong"]


def test_what_must_lie_beside_is_missed(root: Path, run: Callable, write: Write) -> None:
    write(root / "domainnet" / "clipart", ["dog/1.jpg"])
    entry = catalogue.entry_named("domainnet")
    missing = entry.missing_beside(root)
    assert len(missing) == 17
    assert str(root / "domainnet" / "real_test.txt") in "".join(missing)

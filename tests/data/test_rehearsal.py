"""Rehearsal data: official layouts, the same bytes every time, and no real data touched."""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nbsupport.cli import main
from nbsupport.cli.data.rehearse import add
from nbsupport.data.catalogue import REHEARSAL, is_rehearsal
from nbsupport.data.rehearsal import layouts, make, unfinished
from nbsupport.data.rehearsal_pictures import EACH, Batch, textures
from nbsupport.data.sources.inaturalist import PUBLISHED, SPECIES, rehearsal
from nbsupport.errors import UserError


def contents(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("rehearsal")
    make(root, classes=14, only=("imagenet", "inaturalist", "fractaldb", "generated"))
    return root


def test_imagenet_and_the_generated_images_have_its_synsets(made: Path) -> None:
    for folder, ending in (("imagenet/train", ".JPEG"), ("generated", ".png")):
        names = sorted(path.name for path in (made / folder).iterdir())
        assert names[:3] == ["n01440764", "n01443537", "n01484850"]
        assert len(names) == 14
        files = list((made / folder / names[0]).iterdir())
        assert [path.suffix for path in files] == [ending] * EACH


def test_torchvision_reads_inaturalist(made: Path) -> None:
    from torchvision.datasets import INaturalist

    data = INaturalist(str(made / "inaturalist"), version="2017", target_type="super")
    assert set(data.categories_index["super"]) == set(PUBLISHED)
    assert len(data.all_categories) == 14
    assert "Aves/Aves-genus-000 species-0" in data.all_categories
    with data[0][0] as picture:
        assert picture.size == (16, 16)


def test_the_thousand_most_frequent_species_can_be_chosen() -> None:
    counts = [len(batch.files) for batch in rehearsal(None).batches]
    assert len(counts) == SPECIES > 1000
    assert (min(counts), max(counts)) == (2, 12)
    assert np.median(counts) < np.mean(counts)


def test_fractals_have_the_published_names_and_differ(made: Path) -> None:
    files = sorted((made / "fractaldb" / "00003").iterdir())
    assert len(files) == EACH
    assert files[1].name == "00003_01_count_0_flip1.png"
    pictures = [np.asarray(Image.open(path)) for path in files]
    assert all(picture.shape == (16, 16, 3) and picture.any() for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == EACH


def test_pictures_of_a_class_are_alike_and_those_of_others_are_not() -> None:
    files = tuple(f"{i}.jpg" for i in range(20))
    classes = [textures(Batch(files, f"class {k}"), 16).astype(float) for k in range(10)]
    colours = np.array([pictures.mean((1, 2)) for pictures in classes])  # [class, picture, 3]
    centres = colours[:, :10].mean(1)
    nearest = ((colours[:, 10:, None] - centres) ** 2).sum(-1).argmin(-1)
    assert (nearest == np.arange(10)[:, None]).mean() > 0.5


def test_a_style_moves_the_colours_of_a_class() -> None:
    files = tuple(f"{i}.jpg" for i in range(20))
    photo, sketch = (textures(Batch(files, "dog", style), 16) for style in ("photo", "sketch"))
    assert abs(photo.mean((0, 1, 2)) - sketch.mean((0, 1, 2))).max() > 5


def test_what_was_stopped_goes_on_and_comes_out_the_same(tmp_path: Path) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    for root in (whole, stopped):
        assert make(root, px=8, only=("iwildcam",)) == {"iwildcam": 924}
    first, kept, *_ = sorted((stopped / "iwildcam_v2.0" / "train").iterdir())
    before = kept.stat().st_mtime_ns
    first.unlink()
    (stopped / "iwildcam_v2.0" / "metadata.csv").unlink()
    make(stopped, px=8, only=("iwildcam",))
    assert kept.stat().st_mtime_ns == before
    assert contents(stopped) == contents(whole)


def test_a_check_says_what_an_interrupted_rehearsal_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, command = tmp_path / "fake", ["data", "--root", str(tmp_path / "fake"), "check"]
    make(root, px=8, classes=6, only=("generated", "pacs"))
    for name in ("generated", "pacs"):
        assert main([*command, name]) == 0
        assert f"{name}: nothing wrong" in capsys.readouterr().out
    later = [*sorted((root / "generated").iterdir())[4:], root / "PACS" / "photo" / "dog"]
    for folder in later:
        sorted(folder.iterdir())[-1].unlink()  # as if it had been stopped there
    for name, lacking in (("generated", "2 of"), ("pacs", "1 of 560")):
        assert main([*command, name]) == 1
        said = capsys.readouterr().out
        assert f"{name}: wrong: {lacking}" in said
        assert f"data rehearse --root {root} --px 8 goes on" in said
    make(root, px=8, classes=6, only=("generated", "pacs"))
    assert main([*command, "generated"]) == 0


@pytest.mark.parametrize("noted", ["", "{}", "[]", "\xff", '{"version": 1, "px": 8}'])
def test_a_folder_that_does_not_say_how_it_was_made_is_not_compared(
    noted: str, tmp_path: Path
) -> None:
    (tmp_path / REHEARSAL).write_bytes(noted.encode("latin-1"))
    assert unfinished(tmp_path, "generated") == []
    with pytest.raises(UserError, match="name another folder"):
        make(tmp_path, px=8, only=("generated",))


def test_other_data_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "imagenet").mkdir()
    with pytest.raises(UserError, match="holds other files, such as imagenet") as caught:
        make(tmp_path, only=("pacs",))
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["imagenet"]
    assert not is_rehearsal(tmp_path)


def test_a_wrong_request_is_a_one_line_error(tmp_path: Path) -> None:
    make(tmp_path / "made", px=8, only=())
    (tmp_path / "file").touch()
    for wrong, told in (
        (lambda: make(tmp_path / "made", px=16, only=()), "name another folder"),
        (lambda: make(tmp_path / "new", only=("imagenets",)), "did you mean 'imagenet'"),
        (lambda: make(tmp_path / "new", px=2), "8 to 512"),
        (lambda: make(tmp_path / "file", only=()), "cannot write"),
    ):
        with pytest.raises(UserError, match=told) as caught:
            wrong()
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "new").exists()


def test_the_command_says_what_it_made_and_how_to_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in set(layouts()) - {"pacs"}:
        monkeypatch.delitem(layouts(), name)
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    options = parser.parse_args(["rehearse", "--root", str(tmp_path / "fake"), "--px", "8"])
    options.command(options)
    said = capsys.readouterr().out
    assert "pacs: 560 pictures" in said
    assert f"NBSUPPORT_DATA={tmp_path / 'fake'}" in said
    assert (tmp_path / "fake" / REHEARSAL).is_file()
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    options = parser.parse_args(["rehearse", "--px", "8"])
    options.command(options)
    assert is_rehearsal(tmp_path / "store" / "rehearsal")
    endings = Counter(path.suffix for path in (tmp_path / "fake").rglob("*.*"))
    assert endings[".jpg"] == 560

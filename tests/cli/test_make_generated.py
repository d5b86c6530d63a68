"""Generated images on disk, with a pipeline that paints what its prompt and noise say."""

import argparse
import json
import sys
from hashlib import sha256
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from PIL import Image

from nbsupport.cli.data import make_generated
from nbsupport.cli.data.make_generated import (
    Sampling,
    Work,
    add,
    class_words,
    found_model,
    load,
    make,
)
from nbsupport.data.prompts import image_seed, prompt
from nbsupport.errors import UserError

CLASSES = [("n01440764", "tench"), ("n02012849", "crane (wading bird)")]
HOW = Sampling("painter", "1" * 40, 3, 2, 16)


class Painter:
    """Stands for a diffusers pipeline: an image is a function of its prompt and its noise."""

    def __init__(self, withhold: int = 0) -> None:
        self.calls: list[dict[str, Any]] = []
        self.withhold = withhold  # how many times the first image of a batch is withheld

    def __call__(self, **asked: Any) -> SimpleNamespace:
        self.calls.append(asked)
        shape = (asked["height"], asked["width"], 3)
        images = []
        for text, generator in zip(asked["prompt"], asked["generator"], strict=True):
            noise = torch.randint(0, 200, shape, generator=generator).numpy().astype(np.uint8)
            images.append(Image.fromarray(noise + sha256(text.encode()).digest()[0] % 50))
        flags = [False] * len(images)
        if self.withhold:
            self.withhold -= 1
            flags[0], images[0] = True, Image.new("RGB", shape[:2])
        return SimpleNamespace(images=images, nsfw_content_detected=flags)


def painted(folder: Path, per_class: int = 5, batch: int = 2, **other: Any) -> Painter:
    painter = other.get("painter") or Painter()
    shown: list[int] = []
    left = make(folder, CLASSES, per_class, Work(painter, HOW, batch), shown.append)
    if not left.missing:
        assert sum(shown) == per_class * len(CLASSES)
    return painter


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_an_image_has_its_own_prompt_and_noise(tmp_path: Path) -> None:
    painter = painted(tmp_path / "generated")
    assert set(files(tmp_path / "generated")) == {
        f"{wnid}/{n:05d}.png" for wnid, _ in CLASSES for n in range(5)
    }
    asked = [text for call in painter.calls for text in call["prompt"]]
    assert asked == [prompt(3, wnid, n, words) for wnid, words in CLASSES for n in range(5)]
    assert all("tench" in text for text in asked[:5])
    call = painter.calls[0]
    assert [g.initial_seed() for g in call["generator"]] == [
        image_seed(3, "n01440764", n) for n in range(2)
    ]
    assert (call["num_inference_steps"], call["height"], call["width"]) == (2, 16, 16)


def test_batches_order_and_interruptions_change_no_image(tmp_path: Path) -> None:
    whole, other = tmp_path / "a" / "generated", tmp_path / "b" / "generated"
    painted(whole, batch=7)
    painted(other, per_class=3, batch=1)
    (other / "n01440764" / "00001.png").unlink()
    (other / "n02012849" / "00002.png.partial").write_bytes(b"half")
    painter = painted(other)
    assert files(other) == files(whole)
    assert sum(len(call["prompt"]) for call in painter.calls) == 5  # 1 lost, 2 x 2 more
    assert painted(other).calls == []


def test_a_stopped_run_keeps_what_is_made(tmp_path: Path) -> None:
    class Stopped(Painter):
        def __call__(self, **asked: Any) -> SimpleNamespace:
            if len(self.calls) == 2:
                raise KeyboardInterrupt
            return super().__call__(**asked)

    with pytest.raises(KeyboardInterrupt):
        painted(tmp_path / "generated", painter=Stopped())
    assert len(files(tmp_path / "generated")) == 4
    painted(tmp_path / "generated")
    assert len(files(tmp_path / "generated")) == 10


def test_a_withheld_image_is_made_from_other_noise(tmp_path: Path) -> None:
    painter = painted(tmp_path / "generated", painter=Painter(withhold=1))
    again = painter.calls[1]
    assert [g.initial_seed() for g in again["generator"]] == [image_seed(3, "n01440764", 0, 1)]
    for path in (tmp_path / "generated").rglob("*.png"):
        with Image.open(path) as opened:
            assert np.asarray(opened).std() > 10  # none is black


def test_an_image_that_is_always_withheld_is_left_out_and_counted(tmp_path: Path) -> None:
    left = make(tmp_path / "generated", CLASSES, 2, Work(Painter(10**6), HOW, 1), lambda _: None)
    assert (left.withheld, left.busy) == (4, 0)
    assert not list(tmp_path.rglob("*.png"))


def test_a_class_that_another_process_makes_is_left_to_it(tmp_path: Path) -> None:
    locks = tmp_path / ".making" / "generated"
    locks.mkdir(parents=True)
    with FileLock(locks / "n01440764.lock"):
        left = make(tmp_path / "generated", CLASSES, 2, Work(Painter(), HOW, 2), lambda _: None)
    assert (left.withheld, left.busy) == (0, 2)
    assert {p.parent.name for p in tmp_path.rglob("*.png")} == {"n02012849"}


def test_too_large_a_batch_is_one_line(tmp_path: Path) -> None:
    def full(**_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.\nmore")

    with pytest.raises(UserError, match=r"2 images of 16 px do not fit .* smaller --batch"):
        make(tmp_path / "generated", CLASSES, 2, Work(full, HOW, 2), lambda _: None)


# the command --------------------------------------------------------------------------------------
@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> Painter:
    """A pipeline in the place of diffusers' own, and a folder that stands for its files."""
    made = Painter()
    monkeypatch.setattr(make_generated, "find_spec", lambda _: object())
    monkeypatch.setattr(make_generated, "load", lambda _: made)
    monkeypatch.setattr(make_generated, "_made_with", lambda: {"diffusers": "0"})
    return made


def run(root: Path, *arguments: str, model: str | None = None) -> None:
    pipeline = root.parent / "some-pipeline"
    pipeline.mkdir(exist_ok=True)
    (pipeline / "model_index.json").write_text("{}")
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    given = ["generate", "--model", model or str(pipeline), "--root", str(root), *arguments]
    options = parser.parse_args(given)
    options.command(options)


SMALL = ("--per-class", "2", "--px", "16", "--steps", "1", "--classes", "n01440764, n02012849")


@pytest.mark.usefixtures("painter")
def test_the_command_notes_how_and_refuses_to_mix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "data"
    run(root, *SMALL)
    assert "4 images of 2 classes" in capsys.readouterr().out
    how = json.loads((root / "generated" / "how.json").read_text())
    assert how.pop("revision").startswith("files-")
    assert how == {
        "model": "some-pipeline",
        "seed": 0,
        "steps": 1,
        "px": 16,
        "prompts": 1,
        "made_with": {"diffusers": "0"},
    }
    before = files(root)
    with pytest.raises(UserError, match=r"made with seed 0, not seed 5: give the same settings"):
        run(root, *SMALL, "--seed", "5")
    (tmp_path / "some-pipeline" / "more.json").write_text("{}")
    with pytest.raises(UserError, match="made with revision files-"):
        run(root, *SMALL)
    assert files(root) == before


def test_a_prompt_names_the_class_in_words_that_are_its_own(
    tmp_path: Path, painter: Painter
) -> None:
    run(tmp_path / "data", *SMALL)
    asked = [text for call in painter.calls for text in call["prompt"]]
    assert "tench" in asked[0]
    assert "crane (wading bird)" in asked[2]
    words = [words for _, words in class_words("imagenet")]
    assert len(words) == len(set(words)) == 1000


@pytest.mark.usefixtures("painter")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--px", "500"), "--px 500: give a multiple of 8"),
        (("--per-class", "0"), "--per-class 0: give 1 or more"),
        (("--steps", "0"), "--steps 0"),
        (("--batch", "0"), "--batch 0"),
        (("--seed", "-1"), "--seed -1: give 0 or more"),
        (("--classes", "n00000001"), "'n00000001' is none of ImageNet's 1000 classes"),
    ],
)
def test_wrong_options_are_refused(tmp_path: Path, given: tuple[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        run(tmp_path / "data", *given)
    assert not (tmp_path / "data").exists()


def test_without_diffusers_the_command_says_how_to_get_it(tmp_path: Path) -> None:
    if make_generated.find_spec("diffusers"):
        pytest.skip("diffusers is installed here")
    with pytest.raises(UserError, match=r"diffusers.* missing: pip install diffusers") as caught:
        run(tmp_path / "data", *SMALL)
    assert "\n" not in str(caught.value)


# diffusers' own part, in the place of the library -------------------------------------------------
class Failing:
    """Stands for diffusers' classes where nothing can be fetched or loaded."""

    @staticmethod
    def download(name: str, **_: Any) -> str:
        raise OSError(f"no connection for {name}\nand a hint")

    @staticmethod
    def from_pretrained(path: Path, **options: Any) -> None:
        assert options["use_safetensors"]  # nothing is unpickled
        raise ValueError(f"{path} holds no pipeline\nand a hint")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    library, utils = ModuleType("diffusers"), ModuleType("diffusers.utils")
    library.DiffusionPipeline = library.AutoPipelineForText2Image = Failing
    utils.logging = SimpleNamespace(disable_progress_bar=lambda: None)
    monkeypatch.setitem(sys.modules, "diffusers", library)
    monkeypatch.setitem(sys.modules, "diffusers.utils", utils)
    monkeypatch.setattr(make_generated, "find_spec", lambda _: object())


@pytest.mark.usefixtures("failing")
def test_a_model_that_cannot_be_fetched_or_loaded_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot fetch some/model .*no connection") as caught:
        found_model("some/model")
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match=r"cannot be loaded .*holds no pipeline") as caught:
        load(found_model(str(tmp_path)))
    assert "\n" not in str(caught.value)

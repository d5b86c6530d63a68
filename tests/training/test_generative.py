"""The generative model: what an image depends on, and which weights are accepted."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nbsupport.errors import UserError
from nbsupport.training.stages import generator
from nbsupport.training.stages.assets import GENERATOR, Asset
from nbsupport.training.stages.generator import (
    ATTRIBUTES,
    BLOCK,
    CODE,
    MARGIN,
    Generator,
    attributes,
    laid,
    load_generator,
    sample,
)

HOW = {"seed": 0, "variety": 0.16}


@pytest.fixture(scope="module")
def model() -> Generator:
    return load_generator()


def test_an_image_does_not_depend_on_how_many_there_are(model):
    looks = attributes(0)[3]
    few = sample(model, looks, 3, label=3, **HOW)
    many = sample(model, looks, BLOCK + 2, label=3, **HOW)
    assert few.shape == (3, 3, 32, 32)
    assert few.dtype == torch.uint8
    assert torch.equal(few, many[:3])
    assert not torch.equal(many[0], many[BLOCK])


@pytest.mark.parametrize("change", [{"label": 4}, {"seed": 1}, {"variety": 0.0}])
def test_it_depends_on_class_seed_and_variety(model, change):
    looks, how = attributes(0)[3], {"label": 3, **HOW}
    first, other = (sample(model, looks, 2, **h) for h in (how, how | change))
    assert not torch.equal(first, other)


def test_another_class_looks_otherwise_with_the_same_draws(model):
    looks = attributes(0)
    first, other = (sample(model, looks[i], 2, label=0, **HOW) for i in (0, 100))
    assert not torch.equal(first, other)


def test_attributes_tell_animals_from_objects_and_every_class_from_the_others():
    looks = attributes(1)
    assert looks.shape == (128, ATTRIBUTES)
    assert torch.equal(looks[:, -2:].sum(1), torch.ones(128))
    assert len(looks.unique(dim=0)) == 128


def test_classes_of_a_kind_it_never_saw_are_refused():
    with pytest.raises(UserError, match="knows animal and object classes"):
        attributes(0, "inaturalist")


def test_a_canvas_is_moved_scaled_and_mirrored():
    canvas = torch.full((1, 4, 32, 32), -9.0)  # nothing covered
    canvas[0, 3, 8:16, 4:12] = 9.0
    size = 1 / MARGIN  # at which a canvas fills the image

    def cover(*place: float, facing: float = 1.0) -> torch.Tensor:
        return laid(canvas, torch.tensor([place]), torch.tensor([facing]))[1][0, 0]

    plain = cover(size, 0.0, 0.0, 0.0)
    assert torch.allclose(plain, canvas[0, 3].sigmoid(), atol=1e-3)
    assert torch.allclose(cover(size, 0.0, 0.0, 0.0, facing=-1.0), plain.flip(1), atol=1e-3)
    assert torch.allclose(cover(size, 0.25, 0.0, 0.0), plain.roll(4, 1), atol=1e-3)
    assert torch.allclose(cover(size, 0.0, 0.25, 0.0), plain.roll(4, 0), atol=1e-3)
    assert 12 < cover(size / 2, 0.0, 0.0, 0.0).sum() < 20


def test_every_part_of_the_model_can_be_trained():
    new = Generator()
    code, place = torch.randn(2, CODE), torch.tensor([[0.7, 0.1, 0.0, 0.1]]).expand(2, -1)
    new(new.canvas(attributes(0)[:2]), code, place, torch.ones(2)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in new.parameters())


def test_weights_that_are_missing_or_others_are_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(Asset, "path", property(lambda asset: tmp_path / asset.file))
    gone = replace(GENERATOR, file="gone.safetensors")
    with pytest.raises(UserError, match=r"gone\.safetensors is missing"):
        load_generator(gone.sha256, gone)
    (tmp_path / "other.safetensors").write_bytes(b"no weights")
    other = replace(GENERATOR, file="other.safetensors")
    with pytest.raises(UserError, match="has the checksum") as caught:
        load_generator(other.sha256, other)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["no safetensors", "another model"])
def test_weights_of_another_model_are_refused(tmp_path: Path, monkeypatch, content):
    path = tmp_path / f"{content}.safetensors"
    if content == "another model":
        save_file({"weight": torch.zeros(3)}, path)
    else:
        path.write_bytes(b"\x80\x04 nothing is ever unpickled")
    monkeypatch.setattr(Asset, "path", property(lambda asset: path))
    checksum = generator.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(UserError, match="no weights of this model"):
        load_generator(checksum, Asset(path.name, checksum))


def test_the_committed_weights_are_small():
    folder = GENERATOR.path.parent
    assert sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) < 5e6


@pytest.mark.slow
@pytest.mark.parametrize("world", [1, 2])
def test_a_classifier_of_photographs_names_generated_images(world):
    import runpy

    from nbsupport.paths import root

    measured = runpy.run_path(str(root() / "benchmarks" / "generator.py"))["measured"]
    natural, made, _ = measured(world)
    assert natural > 0.5
    assert made > 0.6 * natural

"""Pre-training on captions: the loss, its scale, resumption, and a run from end to end."""

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from toy_lab import PX, spec, toy

from nbsupport.data.loading.batches import LabelledImages
from nbsupport.errors import UserError
from nbsupport.study.profiles.recipes import Recipe
from nbsupport.training import loop
from nbsupport.training.families import NAMES
from nbsupport.training.loop import train
from nbsupport.training.stages import captions
from nbsupport.training.stages.captions import (
    LARGEST_SCALE,
    TwoTowers,
    contrast,
    retrieval,
    two_towers,
)
from nbsupport.training.stages.labels import finetune

VOCABULARY, LENGTH = 20, 5


def toy_pairs(n: int, seed: int) -> LabelledImages:
    """The toys with captions: two words that tell the class, and one that tells nothing."""
    data = toy(n, 7, seed)
    draws = torch.Generator().manual_seed(seed)
    tokens = torch.zeros(n, LENGTH, dtype=torch.int64)
    tokens[:, 0], tokens[:, 1] = data.labels + 1, data.labels + 8
    tokens[:, 2] = torch.randint(15, 20, (n,), generator=draws)
    return LabelledImages(data.images, tokens, 0).to("cpu")


class ToySource:
    """Stands for a caption corpus and its subsets."""

    vocabulary_size = VOCABULARY

    def __init__(self, n: "int | ToySource" = 200, seed: int = 1) -> None:
        known = n if isinstance(n, ToySource) else None  # the whole of a source is the source
        self.source, self.n, self.seed = (
            self,
            known.n if known else n,
            known.seed if known else seed,
        )

    @classmethod
    def from_spec(cls, spec: dict) -> "ToySource":
        del spec
        return cls()

    def held_out(self, images: int) -> "ToySource":
        return ToySource(images, 2)


@pytest.fixture
def toy_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captions, "Subset", ToySource)
    monkeypatch.setattr(captions, "captioned", lambda source: source)
    monkeypatch.setattr(
        captions, "load_pairs", lambda subset, device: toy_pairs(subset.n, subset.seed)
    )


class Given(nn.Module):
    """A tower that returns what it is given."""

    def __init__(self, vectors: torch.Tensor) -> None:
        super().__init__()
        self.given = nn.Parameter(vectors)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        del inputs
        return self.given


def given_towers(b: int = 6, seed: int = 0) -> TwoTowers:
    draws = torch.Generator().manual_seed(seed)
    first, second = (torch.randn(b, 4, generator=draws, dtype=torch.float64) for _ in range(2))
    return TwoTowers(Given(first), Given(second)).double()


IMAGES, TOKENS = torch.zeros(6, 3, 4, 4, dtype=torch.float64), torch.ones(6, 2, dtype=torch.int64)


# the loss -----------------------------------------------------------------------------------------
def test_the_loss_is_that_of_a_plain_loop():
    model = given_towers()
    loss, right = captions.contrastive(model, IMAGES, TOKENS, 0.0)
    parts = (model.image.given, model.text.given, model.log_scale.exp())
    images, texts, scale = (part.detach() for part in parts)
    total, hits = 0.0, []
    for i in range(6):
        over_texts = [float(scale * torch.cosine_similarity(images[i], t, dim=0)) for t in texts]
        over_images = [float(scale * torch.cosine_similarity(m, texts[i], dim=0)) for m in images]
        for row in (over_texts, over_images):
            total += math.log(sum(math.exp(v) for v in row)) - row[i]
        hits.append(max(range(6), key=over_texts.__getitem__) == i)
    assert loss.item() == pytest.approx(total / 12, rel=1e-5)  # the loss is taken in float32
    assert right.tolist() == hits


def test_without_information_the_loss_is_the_logarithm_of_the_batch():
    model = TwoTowers(Given(torch.ones(6, 4)), Given(torch.ones(6, 4)))
    loss = captions.contrastive(model, IMAGES.float(), TOKENS, 0.0)[0]
    assert loss.item() == pytest.approx(math.log(6), rel=1e-6)


def test_pictures_and_captions_count_alike():
    model = given_towers()
    turned = TwoTowers(Given(model.text.given.detach()), Given(model.image.given.detach()))
    turned = turned.double()
    losses = [captions.contrastive(m, IMAGES, TOKENS, 0.1)[0].item() for m in (model, turned)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_the_length_of_a_vector_does_not_matter():
    model = given_towers()
    before = model(IMAGES, TOKENS)
    with torch.no_grad():
        model.image.given.mul_(7.0)
    assert torch.allclose(model(IMAGES, TOKENS), before)


# the scale ----------------------------------------------------------------------------------------
def loss_at(log_scale: float) -> float:
    model = given_towers()
    with torch.no_grad():
        model.log_scale.fill_(log_scale)
    own = torch.arange(6)
    logits = model(IMAGES, TOKENS)
    both = [nn.functional.cross_entropy(sides, own) for sides in (logits, logits.T)]
    return (both[0] + both[1]).item() / 2


@pytest.mark.parametrize("log_scale", [2.0, math.log(LARGEST_SCALE), 9.0])
def test_the_scale_has_its_gradient_and_is_never_above_its_limit(log_scale):
    model = given_towers()
    with torch.no_grad():
        model.log_scale.fill_(log_scale)
    captions.contrastive(model, IMAGES, TOKENS, 0.0)[0].backward()
    at = min(log_scale, math.log(LARGEST_SCALE))
    assert model.log_scale.item() == pytest.approx(at)
    step = 1e-4  # from below: beyond the limit the loss is flat
    slope = (loss_at(at) - loss_at(at - step)) / step
    assert model.log_scale.grad.item() == pytest.approx(slope, rel=1e-2)
    assert abs(slope) > 1e-3


def test_a_scale_at_its_limit_can_come_down_again():
    model = given_towers()
    with torch.no_grad():
        model.log_scale.fill_(math.log(LARGEST_SCALE))
    steps = torch.optim.SGD([model.log_scale], lr=0.01)
    captions.contrastive(model, IMAGES, TOKENS, 0.0)[0].backward()
    assert model.log_scale.grad > 0  # random pairs: less sharp is better
    steps.step()
    assert model.log_scale.exp() < LARGEST_SCALE


def test_padding_says_nothing():
    tower = two_towers("resnet", PX, VOCABULARY, 0).text
    short, padded = torch.tensor([[3, 4]]), torch.tensor([[3, 4, 0, 0]])
    assert torch.allclose(tower(short), tower(padded))
    assert torch.isfinite(tower(torch.zeros(1, 3, dtype=torch.int64))).all()


# retrieval ----------------------------------------------------------------------------------------
def test_retrieval_counts_the_own_caption_and_those_that_read_the_same():
    vectors = torch.eye(4)
    tokens = torch.tensor([[1, 2], [3, 0], [1, 2], [4, 4]])
    pairs = LabelledImages(torch.zeros(4, 3, 4, 4, dtype=torch.uint8), tokens, 0)
    model = TwoTowers(Given(vectors), Given(vectors[[2, 1, 0, 1]]))
    found = retrieval(model, pairs)  # 0 and 2 find each other's caption, 1 its own, 3 none
    assert found["retrieval_accuracy"] == 0.75
    assert found["retrieval_chance"] == (2 + 1 + 2 + 1) / 16


# training -----------------------------------------------------------------------------------------
class Stopped(Exception):  # noqa: N818
    """The process is taken away."""


def trained(folder: Path, stop_after: int | None = None) -> TwoTowers:
    folder.mkdir(exist_ok=True)
    model = two_towers("alexnet", PX, VOCABULARY, 3)  # dropout: the global random state

    def report(row: dict) -> None:
        if row["epoch"] == stop_after:
            raise Stopped

    recipe = Recipe(epochs=4, batch_size=16, lr=3e-3)
    train(
        model,
        toy_pairs(100, 0),
        recipe,
        seed=5,
        folder=folder,
        objective=captions.contrastive,
        report=report,
    )
    return model


def test_a_resumed_training_is_the_uninterrupted_one_bit_for_bit(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    whole = trained(tmp_path / "whole").state_dict()
    for epoch in (1, 3):
        with pytest.raises(Stopped):
            trained(tmp_path / "cut", stop_after=epoch)
    resumed = trained(tmp_path / "cut").state_dict()
    assert all(torch.equal(resumed[name], value) for name, value in whole.items())
    texts = [(tmp_path / name / "metrics.jsonl").read_text() for name in ("whole", "cut")]
    assert texts[0] == texts[1]
    assert json.loads(texts[0].splitlines()[-1])["epoch"] == 4


@pytest.mark.usefixtures("toys", "toy_corpus")
@pytest.mark.parametrize("family", NAMES)
def test_a_run_is_a_contrast_and_a_finetuning(tmp_path, family):
    parent, child = tmp_path / "parent", tmp_path / "child"
    parent.mkdir()
    child.mkdir()
    outcome = contrast(spec(family), parent)
    assert {p.name for p in parent.iterdir()} == {"weights.safetensors", "metrics.jsonl"}
    assert set(outcome) > {"train_accuracy", "loss", "seconds", "scale", "retrieval_accuracy"}
    weights = load_file(parent / "weights.safetensors")
    assert not any("text" in name or "scale" in name for name in weights)
    assert weights["head.weight"].shape[0] == captions.EMBEDDING
    result = finetune(spec(family, epochs=1, lr=0.0, weight_decay=0.0), child, parent)
    assert [record["epoch"] for record in result["records"]] == [1]
    tuned = load_file(child / "weights.safetensors")
    assert tuned["head.weight"].shape[0] == 5
    name = next(n for n in tuned if n.startswith("features") and n.endswith("weight"))
    assert torch.equal(tuned[name], weights[name])


@pytest.mark.usefixtures("toys", "toy_corpus")
def test_it_learns_to_retrieve(tmp_path):
    outcome = contrast(spec("resnet", epochs=12, flip=False, shift=0), tmp_path)
    assert outcome["retrieval_accuracy"] > 3 * outcome["retrieval_chance"]
    assert outcome["scale"] != pytest.approx(captions.FIRST_SCALE, rel=1e-3)  # it is learned


def test_a_contrast_has_no_parent(tmp_path):
    with pytest.raises(ValueError, match="starts from nothing"):
        contrast(spec("resnet"), tmp_path, tmp_path)


def test_a_source_without_captions_is_refused(tmp_path):
    source = {"name": "savanna", "kind": "imagenet", "world": 0, "px": 16, "images_per_class": 2}
    subset = {"source": source, "steps": [], "seed": 0}
    with pytest.raises(UserError, match="has no captions"):
        contrast(spec("resnet") | {"subset": subset}, tmp_path)

"""Pre-training on captions: two towers whose vectors agree for a picture and its own caption.

The loss is that of CLIP (Radford et al. 2021): cross-entropy over the captions of a batch for each
picture, and over its pictures for each caption, of cosine similarities times a learned scale. The
text tower is ours: captions of a few words from a fixed vocabulary need no order, so it is a mean
of word vectors and two layers. The picture tower is a family's own model, its head the projection,
so that fine-tuning replaces that head as it does any other.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from nbsupport.data.loading.batches import ImageSet, normalise
from nbsupport.data.subsets.captioned import captioned, load_pairs
from nbsupport.data.subsets.subset import Subset
from nbsupport.training import checkpoint
from nbsupport.training.device import autocast, exact, given_device
from nbsupport.training.loop import Report, train
from nbsupport.training.models import build, save_weights
from nbsupport.training.recipe import Recipe
from nbsupport.training.seeds import seeded
from nbsupport.training.stages.labels import WEIGHTS, summary

STAGES = {"contrast": 1}

EMBEDDING = 64  # numbers in the vector of a picture or caption
WORDS = 64  # numbers in the vector of a word
FIRST_SCALE, LARGEST_SCALE = 1 / 0.07, 100.0  # of the similarities; CLIP's
HELD_OUT = 256  # pairs among which a caption is looked up once training is over

Spec = dict[str, Any]


class TextTower(nn.Module):
    """Token ids int64 [n, length] (0 is padding) to vectors [n, EMBEDDING]."""

    def __init__(self, vocabulary_size: int) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary_size, WORDS, padding_idx=0)
        self.hidden = nn.Linear(WORDS, 2 * WORDS)
        self.head = nn.Linear(2 * WORDS, EMBEDDING)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """The mean of the words' vectors, through two layers."""
        count = (tokens != 0).sum(1, keepdim=True).clamp(min=1)
        return self.head(F.relu(self.hidden(self.words(tokens).sum(1) / count)))


class TwoTowers(nn.Module):
    """Similarities of pictures and captions, times a learned scale."""

    def __init__(self, image: nn.Module, text: nn.Module) -> None:
        super().__init__()
        self.image, self.text = image, text
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))

    def forward(self, images: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """float [b, 3, px, px] and int64 [b, length] to logits [b, b]: a row for each picture."""
        # Cut before use rather than within the graph, where the gradient of a scale that has
        # reached the limit would be 0 and the scale could never come down again.
        with torch.no_grad():
            self.log_scale.clamp_(max=math.log(LARGEST_SCALE))
        pictures, texts = self.vectors(images), self.vectors(tokens)
        # bfloat16 has steps of 0.5 near the largest scale: many captions would come first at once.
        with exact(images.device):
            return self.log_scale.exp() * pictures.float() @ texts.float().T

    def vectors(self, inputs: torch.Tensor) -> torch.Tensor:
        """Vectors of length 1 [b, EMBEDDING] of pictures (floats) or captions (token ids)."""
        tower = self.image if inputs.is_floating_point() else self.text
        return F.normalize(tower(inputs), dim=1)


def two_towers(family: str, px: int, vocabulary_size: int, seed: int) -> TwoTowers:
    """Both towers with weights drawn from the seed."""
    image = build(family, EMBEDDING, px, seed)
    with seeded(seed, "text initialisation"):
        return TwoTowers(image, TextTower(vocabulary_size))


def contrastive(
    model: nn.Module, images: torch.Tensor, tokens: torch.Tensor, label_smoothing: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """CLIP's symmetric loss of a batch, and for which pictures their own caption comes first."""
    logits = model(images, tokens).float()
    own = torch.arange(len(logits), device=logits.device)
    to_text = F.cross_entropy(logits, own, label_smoothing=label_smoothing)
    to_image = F.cross_entropy(logits.T, own, label_smoothing=label_smoothing)
    return (to_text + to_image) / 2, logits.detach().argmax(1) == own


def contrast(
    spec: Spec, folder: Path, parent: Path | None = None, report: Report | None = None
) -> Spec:
    """Train a new model on the captions of a subset; its picture tower is left in `folder`.

    `spec` is that of a pre-training. Returns what a pre-training does (train_accuracy is the share
    of a batch's pictures whose own caption comes first), retrieval_accuracy and retrieval_chance
    on held-out pairs (see `retrieval`), and the scale of similarities at the end.
    """
    if parent is not None:
        raise ValueError(f"a pre-training starts from nothing, not from {parent}")
    device = given_device()
    subset = Subset.from_spec(spec["subset"])
    source = captioned(subset.source)
    model = two_towers(spec["family"], spec["px"], source.vocabulary_size, spec["seed"])
    done = train(
        model,
        load_pairs(subset, device),
        Recipe.from_spec(spec["recipe"]),
        seed=spec["seed"],
        folder=folder,
        objective=contrastive,
        report=report,
    )
    found = retrieval(model, load_pairs(Subset(source.held_out(HELD_OUT)), device))
    save_weights(model.image, folder / WEIGHTS)
    checkpoint.remove(folder)
    return {**summary(done, device), **found, "scale": model.log_scale.exp().item()}


def retrieval(model: TwoTowers, pairs: ImageSet) -> dict[str, float]:
    """How often a picture's nearest caption is its own, and how often a random one would be.

    A caption that reads the same as its own counts as its own.
    """
    training = model.training
    model.eval()
    with torch.inference_mode(), autocast(pairs.device):
        images = pairs.pixels(np.arange(len(pairs)))
        logits = model(normalise(images), pairs.labels)
    model.train(training)
    alike = (pairs.labels[:, None] == pairs.labels[None]).all(2)
    right = alike.gather(1, logits.argmax(1, keepdim=True))
    return {
        "retrieval_accuracy": right.double().mean().item(),
        "retrieval_chance": alike.double().mean().item(),
    }

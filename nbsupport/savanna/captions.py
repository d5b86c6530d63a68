"""Photographs with captions, in two corpora: what a caption says, and how well it fits.

"clean": every class equally often, and a caption names what is in its picture. "noisy": as on the
web, with the rates below. A pair (picture, caption) is a function of (world, corpus, number), so
the first n pairs of a larger corpus are the smaller one. Captions hold no name of a class.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

import numpy as np
import torch

from nbsupport import rng
from nbsupport.errors import unknown
from nbsupport.savanna import CAPTIONS_VERSION, VERSION
from nbsupport.savanna.attributes import COAT_WORDS
from nbsupport.savanna.ecology import SOURCES
from nbsupport.savanna.naming import FLOWER_WORDS, PAINT_WORDS
from nbsupport.savanna.sights import (
    DISTANCES,
    GREEN_WORDS,
    MARKINGS,
    NOUNS,
    PLACES,
    TRAITS,
    Sight,
    sights,
)
from nbsupport.savanna.world import World

CORPORA = ("clean", "noisy")
SPLITS = ("train", "held-out")

TOLD = 3  # traits in a caption, besides colour and marking
# The noisy corpus. Each rate is a share of its captions, or of the words for DROPPED.
TAIL = 1.0  # classes are as frequent as their rank to the power of -TAIL
WRONG = 0.10  # the caption is another picture's
UNINFORMATIVE = 0.15  # the caption is a phrase that says nothing of any picture
DROPPED = 0.20  # each word of the others is left out with this chance (one always stays)
SHUFFLED = 0.30  # the words of the caption stand in a random order

TEMPLATES = (
    "a photo of a {looks} {noun} with {above} above {below} from {distance}",
    "{looks} {noun} before {above} and {below} seen from {distance}",
    "a {noun} that is {looks} under {above} over {below} from {distance}",
    "from {distance} we saw a {looks} {noun} between {above} and {below}",
    "{above} above {below} and a {looks} {noun} in front {distance}",
)
PHRASES = (
    "from my last trip",
    "picture of the day",
    "for sale see shop",
    "untitled",
    "click here for more",
    "my best shot so far",
)
LENGTH = 18  # tokens; the longest caption has 17 words
PADDING = 0


def _vocabulary() -> tuple[str, ...]:
    fixed = [w for text in (*TEMPLATES, *PHRASES) for w in text.split() if not w.startswith("{")]
    told = [*COAT_WORDS, *FLOWER_WORDS, *PAINT_WORDS, *GREEN_WORDS, *MARKINGS, *NOUNS]
    traits = [word for kind in TRAITS.values() for word in kind]
    return tuple(sorted({*fixed, *told, *traits, *PLACES, *DISTANCES, "an"}))


VOCABULARY = _vocabulary()  # word i is token i + 1; token 0 is padding
_NUMBER = {word: i + 1 for i, word in enumerate(VOCABULARY)}


def tokenize(texts: list[str]) -> np.ndarray:
    """Word-level token ids int64 [n, LENGTH], padded with 0. Raises KeyError for other words."""
    tokens = np.full((len(texts), LENGTH), PADDING, dtype=np.int64)
    for row, text in zip(tokens, texts, strict=True):
        words = [_NUMBER[word] for word in text.split()]
        row[: len(words)] = words
    return tokens


def untokenize(tokens: np.ndarray) -> list[str]:
    """The texts of token ids [n, LENGTH]."""
    return [" ".join(VOCABULARY[t - 1] for t in row if t != PADDING) for row in tokens]


class Corpus:
    """The pairs of a corpus ("clean" or "noisy") of one world, by number 0, 1, 2, ...

    `split` "held-out" has other pictures than "train". Raises UserError for an unknown name.
    """

    def __init__(self, world: int, corpus: str, px: int = 32, split: str = "train") -> None:
        if corpus not in CORPORA:
            raise unknown("caption corpus", corpus, CORPORA)
        if split not in SPLITS:
            raise unknown("split of a caption corpus", split, SPLITS)
        self.corpus, self.world = corpus, World(world, px)
        self.stream = f"captions-{corpus}-{split}"
        self._base = rng.number_of(VERSION, CAPTIONS_VERSION, self.world.draws, self.stream)

    # which pictures -----------------------------------------------------------------------------
    def subjects(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The source of each pair's picture (a row of SOURCES) and its class there: int64 [n]."""
        u = self._uniform(ids, "class", 1)[:, 0]
        row = np.searchsorted(self._up_to, u, side="right").clip(max=len(self._up_to) - 1)
        source, label = self._classes
        return source[row], label[row]

    @cached_property
    def _classes(self) -> tuple[np.ndarray, np.ndarray]:
        """The classes of both sources: source and label of each, int64 [K]."""
        sizes = [len(self.world.ecology.classes(name)) for name in SOURCES]
        return np.repeat(np.arange(len(sizes)), sizes), np.concatenate([*map(np.arange, sizes)])

    @cached_property
    def _up_to(self) -> np.ndarray:
        """Cumulative frequency of the classes [K]: even, or a long tail in an order of its own."""
        count = len(self._classes[0])
        weights = np.ones(count)
        if self.corpus == "noisy":
            order = np.argsort(self._uniform(np.arange(count), "rank", 1)[:, 0], kind="stable")
            weights[order] = np.arange(1, count + 1) ** -TAIL
        return np.cumsum(weights) / weights.sum()

    def photos(self, ids: np.ndarray) -> torch.Tensor:
        """The pictures: uint8 [n, 3, px, px]."""
        source, label = self.subjects(ids)
        out = torch.empty(len(ids), 3, self.world.px, self.world.px, dtype=torch.uint8)
        for i, name in enumerate(SOURCES):
            own = np.flatnonzero(source == i)
            drawn = self.world.photos(name, label[own], self.stream, ids[own])
            out[torch.from_numpy(own)] = drawn
        return out

    def sights(self, ids: np.ndarray) -> list[Sight]:
        """What is in each picture."""
        source, label = self.subjects(ids)
        found: dict[int, Sight] = {}
        for i, name in enumerate(SOURCES):
            own = np.flatnonzero(source == i)
            for kind, rows, latents, key in self.world.individuals(
                name, label[own], self.stream, ids[own]
            ):
                variety = self.world.settings.photo_variety
                found |= zip(own[rows].tolist(), sights(kind, latents, key, variety), strict=True)
        return [found[i] for i in range(len(ids))]

    # what is said of them -----------------------------------------------------------------------
    def captions(self, ids: np.ndarray) -> list[str]:
        """The caption of each pair."""
        if self.corpus == "clean":
            return self._told(ids, self.sights(ids))
        texts = self._told(ids, self.sights(np.where(self.wrong(ids), ids ^ 1, ids)))
        draws = self._uniform(ids, "noise", LENGTH + 1)
        orders = self._uniform(ids, "order", LENGTH)
        phrases = self._phrases(ids)
        return [
            phrase or _roughened(text, *row)
            for phrase, text, *row in zip(phrases, texts, draws, orders, strict=True)
        ]

    def wrong(self, ids: np.ndarray) -> np.ndarray:
        """Which captions are another picture's (the neighbour's): bool [n]."""
        return (
            self._chosen(ids)[:, 0] < WRONG if self.corpus == "noisy" else np.zeros(len(ids), bool)
        )

    def uninformative(self, ids: np.ndarray) -> np.ndarray:
        """Which captions say nothing of any picture: bool [n]; none of the wrong ones."""
        if self.corpus == "clean":
            return np.zeros(len(ids), bool)
        at = self._chosen(ids)[:, 0]
        return (at >= WRONG) & (at < WRONG + UNINFORMATIVE)

    def tokens(self, ids: np.ndarray) -> np.ndarray:
        """The captions as token ids: int64 [n, LENGTH]."""
        return tokenize(self.captions(ids))

    def _told(self, ids: np.ndarray, seen: list[Sight]) -> list[str]:
        template = (self._uniform(ids, "template", 1)[:, 0] * len(TEMPLATES)).astype(int)
        return [_sentence(TEMPLATES[t], sight) for t, sight in zip(template, seen, strict=True)]

    def _phrases(self, ids: np.ndarray) -> Iterator[str]:
        """The phrase of each caption that says nothing, "" for the others."""
        which = (self._chosen(ids)[:, 1] * len(PHRASES)).astype(int)
        for says_nothing, phrase in zip(self.uninformative(ids), which, strict=True):
            yield PHRASES[phrase] if says_nothing else ""

    def _chosen(self, ids: np.ndarray) -> np.ndarray:
        return self._uniform(ids, "chosen", 2)

    def _uniform(self, ids: np.ndarray, purpose: str, count: int) -> np.ndarray:
        key = rng.keys(self._base, torch.from_numpy(np.array(ids, dtype=np.int64)))
        return rng.uniform(key, purpose, count).numpy()


def _sentence(template: str, sight: Sight) -> str:
    looks = " ".join([*sight.looks, *sight.traits[:TOLD]])
    text = template.format(
        looks=looks, noun=sight.noun, above=sight.above, below=sight.below, distance=sight.distance
    )
    words = text.split()
    vowels = [word == "a" and after[0] in "aeiou" for word, after in pairwise([*words, "."])]
    return " ".join("an" if v else word for v, word in zip(vowels, words, strict=True))


def _roughened(text: str, draws: np.ndarray, order: np.ndarray) -> str:
    """A caption with words left out and perhaps in another order: draws [LENGTH + 1], [LENGTH]."""
    words = text.split()
    kept = np.flatnonzero(draws[: len(words)] >= DROPPED)
    if not len(kept):
        kept = np.array([int(draws[: len(words)].argmax())])
    if draws[-1] < SHUFFLED:
        kept = kept[np.argsort(order[: len(kept)], kind="stable")]
    return " ".join(words[i] for i in kept)

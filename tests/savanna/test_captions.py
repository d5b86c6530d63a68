"""Captions: functions of their pair, true of their picture where they should be, else as stated."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from nbsupport.errors import UserError
from nbsupport.savanna import captions
from nbsupport.savanna.attributes import COAT_WORDS
from nbsupport.savanna.captions import CORPORA, Corpus, tokenize, untokenize
from nbsupport.savanna.ecology import SOURCES
from nbsupport.savanna.naming import FLOWER_WORDS, PAINT_WORDS
from nbsupport.savanna.sights import DISTANCES, FORMS, MARKINGS, PLACES, TRAITS

MANY = np.arange(3000)
PLACE_WORDS = {*PLACES, *DISTANCES}
LOOKS = {*COAT_WORDS, *FLOWER_WORDS, *PAINT_WORDS, *MARKINGS}


@pytest.fixture(scope="module")
def clean() -> Corpus:
    return Corpus(0, "clean", 16)


@pytest.fixture(scope="module")
def noisy() -> Corpus:
    return Corpus(0, "noisy", 16)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# pairs are functions of their number --------------------------------------------------------------
@pytest.mark.parametrize("corpus", CORPORA)
def test_a_pair_depends_on_nothing_but_its_number(corpus):
    ids = np.array([40, 3, 17, 8])
    whole, again = Corpus(0, corpus, 16), Corpus(0, corpus, 16)
    texts, pictures = whole.captions(np.arange(50)), whole.photos(np.arange(50))
    assert again.captions(ids) == [texts[i] for i in ids]
    assert torch.equal(again.photos(ids), pictures[torch.from_numpy(ids)])


def test_corpora_splits_and_worlds_are_different_pairs():
    ids = np.arange(20)
    made = [
        Corpus(world, corpus, 16, split)
        for world, corpus, split in [
            (0, "clean", "train"),
            (0, "clean", "held-out"),
            (0, "noisy", "train"),
            (1, "clean", "train"),
        ]
    ]
    assert len({tuple(one.captions(ids)) for one in made}) == len(made)
    assert len({one.photos(ids).numpy().tobytes() for one in made}) == len(made)


def test_captions_do_not_depend_on_the_size_of_pictures(clean):
    assert Corpus(0, "clean", 32).captions(np.arange(30)) == clean.captions(np.arange(30))


def test_the_pictures_are_photographs_of_the_classes_that_are_told(clean):
    ids = np.arange(40)
    source, label = clean.subjects(ids)
    for i, name in enumerate(SOURCES):
        own = np.flatnonzero(source == i)
        drawn = clean.world.photos(name, label[own], clean.stream, own)
        assert torch.equal(clean.photos(ids)[torch.from_numpy(own)], drawn)


# what is said -------------------------------------------------------------------------------------
def test_a_clean_caption_says_only_what_is_there(clean):
    fixed = {w for t in captions.TEMPLATES for w in t.split() if not w.startswith("{")} | {"an"}
    for text, sight in zip(clean.captions(MANY), clean.sights(MANY), strict=True):
        told = set(text.split()) - fixed
        assert told <= sight.words
        assert {sight.noun, *sight.looks, sight.above, sight.below, sight.distance} <= {
            *text.split()
        }


def individuals(corpus: Corpus, ids: np.ndarray, kind: str) -> Iterator[tuple[dict, str]]:
    """The attributes of the individuals of a kind of body, each with its caption."""
    from nbsupport.savanna.attributes import values

    source, label = corpus.subjects(ids)
    texts = np.array(corpus.captions(ids))
    for i, name in enumerate(SOURCES):
        own = np.flatnonzero(source == i)
        for found, rows, latents, _ in corpus.world.individuals(
            name, label[own], corpus.stream, ids[own]
        ):
            if found == kind:
                table = values(latents.numpy().astype(float), kind)
                for row, text in enumerate(texts[own][rows]):
                    yield {k: float(v[row]) for k, v in table.items()}, text


def test_words_agree_with_the_attributes_of_animals(clean):
    seen = set()
    for v, text in individuals(clean, MANY, "animal"):
        words = set(text.split())
        seen |= words
        kinds = [v[k] for k in ("stripes", "spots", "patches", "saddle", "plain")]
        assert MARKINGS[int(np.argmax(kinds))] in words
        at = v["coat"] * (len(COAT_WORDS) - 1)
        coats = {COAT_WORDS[int(np.clip(np.rint(at + e), 0, 11))] for e in (-1e-4, 0, 1e-4)}
        assert coats & words
        assert ("bird" in words) is (v["bird"] > 0.45)
        if "horned" in words:
            assert v["horn"] > 0.08
            assert v["bird"] <= 0.45
        if "long-necked" in words:
            assert v["neck"] > 0.27 - 1e-5
        if "short-legged" in words:
            assert v["leg"] < 0.2 + 1e-5
    assert {"horned", "long-necked", "short-legged", "bird", "beast", *MARKINGS} <= seen


def test_words_agree_with_the_attributes_of_plants_and_objects(clean):
    for v, text in individuals(clean, MANY, "plant"):
        form = FORMS[2 * (v["kind"] > 0) + (v["kind_b"] > 0)]
        assert form in text.split()
    seen = set()
    for v, text in individuals(clean, MANY, "object"):
        words = set(text.split())
        seen |= words
        assert "thing" in words
        if "wheeled" in words:
            assert v["wheels"] > 0.05 - 1e-5
        if "legged" in words:
            assert v["legs"] > 0.08 - 1e-5
            assert v["wheels"] <= 0.05 + 1e-5  # what has wheels is drawn without legs
    assert {"wheeled", "legged", "hollow"} <= seen


def test_the_backdrop_is_told_as_it_is_painted(clean):
    """Where the upper half is "night" it is darker than where it is "snow"."""
    ids = np.arange(1200)
    pictures = clean.photos(ids).float()[:, :, 0].mean((1, 2))  # the top row of pixels
    above = np.array([sight.above for sight in clean.sights(ids)])
    dark, light = (pictures[torch.from_numpy(above == word)].mean() for word in ("night", "snow"))
    assert dark + 60 < light


def test_no_caption_names_a_class(clean, noisy):
    vocabulary = set(captions.VOCABULARY)
    common = {*COAT_WORDS, *FLOWER_WORDS, *PAINT_WORDS, *MARKINGS, *PLACE_WORDS}
    traits = {word for kind in TRAITS.values() for word in kind}
    for name in SOURCES:
        for class_name in clean.world.ecology.classes(name)["name"]:
            noun = class_name.split()[-1]
            assert noun not in vocabulary - common - traits


# the noisy corpus ---------------------------------------------------------------------------------
def near(share: float, expected: float, n: int) -> bool:
    """Within four standard errors."""
    return abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / n)


def test_the_rates_of_the_noisy_corpus_are_those_stated(noisy):
    wrong, empty = noisy.wrong(MANY), noisy.uninformative(MANY)
    assert near(wrong.mean(), captions.WRONG, len(MANY))
    assert near(empty.mean(), captions.UNINFORMATIVE, len(MANY))
    assert not (wrong & empty).any()
    texts = np.array(noisy.captions(MANY), dtype=object)
    phrases = np.isin(texts, captions.PHRASES)
    assert (phrases == empty).mean() > 0.999
    own = noisy._told(MANY, noisy.sights(np.where(wrong, MANY ^ 1, MANY)))
    kept, total, shuffled = 0, 0, 0
    for text, whole in zip(texts[~empty], np.array(own, dtype=object)[~empty], strict=True):
        kept, total = kept + len(text.split()), total + len(whole.split())
        shuffled += not in_order(text.split(), whole.split())
    assert near(1 - kept / total, captions.DROPPED, total)
    assert near(shuffled / (~empty).sum(), captions.SHUFFLED, (~empty).sum())


def in_order(part: list[str], whole: list[str]) -> bool:
    """Whether `part` is `whole` with words left out."""
    rest = iter(whole)
    return all(word in rest for word in part)


def test_a_wrong_caption_tells_of_another_picture(noisy):
    rows = np.flatnonzero(noisy.wrong(MANY))
    seen = noisy.sights(rows ^ 1)
    for text, sight in zip(noisy.captions(rows), seen, strict=True):
        told = set(text.split()) & {*LOOKS, *PLACE_WORDS}
        assert told <= sight.words


def test_the_noisy_corpus_has_a_long_tail_and_the_clean_one_is_even(clean, noisy):
    def shares(corpus: Corpus) -> np.ndarray:
        return -np.sort(-np.diff(corpus._up_to, prepend=0))

    assert np.allclose(shares(clean), 1 / len(shares(clean)))
    tail = shares(noisy)
    assert tail[1] / tail[0] == pytest.approx(1 / 2)  # as Section 5's page says
    assert tail[2] / tail[0] == pytest.approx(1 / 3)
    source, label = noisy.subjects(MANY)
    counts = np.bincount(source * 1000 + label)
    assert near(counts.max() / len(MANY), tail[0], len(MANY))


# tokens -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("corpus", CORPORA)
def test_tokens_hold_the_whole_caption(corpus):
    made = Corpus(0, corpus, 16)
    texts = made.captions(MANY)
    tokens = made.tokens(MANY)
    assert tokens.dtype == np.int64
    assert tokens.shape == (len(MANY), captions.LENGTH)
    assert untokenize(tokens) == texts
    assert tokens.max() <= len(captions.VOCABULARY)
    assert ((tokens == 0).cumsum(1) > 0).sum() == (tokens == 0).sum()  # padding only at the end


def test_the_longest_caption_has_room():
    longest = max(len(t.replace("{looks}", "a b c d e").split()) for t in captions.TEMPLATES)
    assert longest < captions.LENGTH


def test_a_word_that_is_not_in_the_vocabulary_is_refused():
    with pytest.raises(KeyError):
        tokenize(["a photo of a unicorn"])


@pytest.mark.parametrize("given", [("cleen", "train"), ("clean", "test")])
def test_a_wrong_name_is_a_one_line_error(given):
    corpus, split = given
    with pytest.raises(UserError, match="allowed are"):
        Corpus(0, corpus, 16, split)

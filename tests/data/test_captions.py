"""The caption corpora as sources: pairs without labels, subsets at random, nested."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nbsupport import savanna
from nbsupport.data.sources import open_source
from nbsupport.data.subsets.captioned import captioned, load_pairs
from nbsupport.data.subsets.subset import Subset
from nbsupport.errors import UserError
from nbsupport.savanna import captions as corpora
from nbsupport.savanna.world import World

CLEAN = {"name": "captions", "corpus": "clean", "world": 0, "px": 16, "images": 24}


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Few pictures at a time on one thread: the same pictures, and small calls cost less."""
    plain = World.__init__

    def small(self: World, *args: Any, **options: Any) -> None:
        plain(self, *args, **options)
        self.block = 12

    monkeypatch.setattr(World, "__init__", small)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_a_corpus_has_pairs_and_no_classes():
    source = open_source(CLEAN)
    assert len(source) == 24
    assert set(source.labels()) == {0}
    assert Subset(source).num_classes == 1
    ids = np.array([5, 2])
    assert torch.equal(source.images(ids), source.pairs.photos(ids))
    tokens = source.captions(ids)
    assert tokens.dtype == torch.int64
    assert corpora.untokenize(tokens.numpy()) == source.pairs.captions(ids)
    assert 0 <= tokens.min() <= tokens.max() < source.vocabulary_size


def test_a_larger_corpus_begins_with_the_smaller_one():
    small, large = open_source(CLEAN), open_source(CLEAN | {"images": 40})
    ids = np.arange(24)
    assert torch.equal(small.images(ids), large.images(ids))
    assert torch.equal(small.captions(ids), large.captions(ids))


def test_a_subset_is_a_random_part_nested_within_its_seed():
    whole = Subset(open_source(CLEAN))
    small, large = (set(whole.take(n).seeded(3).drawn.ids) for n in (6, 12))
    assert small < large
    assert small != set(whole.take(6).seeded(4).drawn.ids)


def test_the_spec_opens_the_same_subset():
    subset = Subset(open_source(CLEAN)).take(6).seeded(2)
    again = Subset.from_spec(subset.spec())
    one, other = load_pairs(subset), load_pairs(again)
    assert torch.equal(one.images, other.images)
    assert torch.equal(one.labels, other.labels)
    assert one.labels.shape == (6, corpora.LENGTH)


def test_held_out_pairs_are_others():
    source = captioned(open_source(CLEAN))
    held = source.held_out(24)
    ids = np.arange(24)
    assert held.spec()["split"] == "held-out"
    same = (held.images(ids) == source.images(ids)).flatten(1).all(1)
    assert not same.any()


def test_the_fingerprint_moves_with_the_captions(monkeypatch):
    source = open_source(CLEAN)
    before = source.fingerprint
    monkeypatch.setattr(savanna, "CAPTIONS_VERSION", savanna.CAPTIONS_VERSION + 1)
    assert source.fingerprint != before


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: open_source(CLEAN | {"images": 0}), "at least 1"),
        (lambda: open_source(CLEAN | {"corpus": "cleen"}).images(np.arange(2)), "'clean'"),
        (lambda: Subset(open_source(CLEAN)).take(25).drawn, "at most 24"),
        (
            lambda: captioned(
                open_source(
                    {
                        "name": "savanna",
                        "kind": "imagenet",
                        "world": 0,
                        "px": 16,
                        "images_per_class": 2,
                    }
                )
            ),
            "has no captions",
        ),
    ],
)
def test_a_mistake_is_a_one_line_error(make, told):
    with pytest.raises(UserError, match=told) as caught:
        make()
    assert "\n" not in str(caught.value)

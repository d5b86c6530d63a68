"""Animals and objects that are seen together in ImageNet's validation images."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from nbsupport.data import real_labels as own
from nbsupport.data.real_labels import co_occurrence, real_labels
from nbsupport.data.taxonomy import below, imagenet_wnids
from nbsupport.errors import NotHereError, UserError
from nbsupport.pages import semantics

KINDS = np.array([True, True, False, False])


def test_images_with_both_are_counted_and_their_pairs_listed():
    labels = [[], [0], [2], [0, 2], [0, 2, 3], [0, 1], [2, 3], [2, 0, 0]]
    found = co_occurrence(labels, KINDS)
    assert (found.images, found.labelled, found.several) == (8, 7, 5)
    assert (found.animal, found.thing, found.both) == (5, 5, 3)
    assert found.pairs == (((0, 2), 3), ((0, 3), 1))


def test_a_class_that_there_is_not_is_refused():
    with pytest.raises(UserError, match="no class 4: give numbers from 0 to 3"):
        co_occurrence([[0], [4]], KINDS)


def test_the_papers_share_comes_out_on_imagenet():
    """1.1 % in Section 4.3, of another labelling; counted here a second time, plainly."""
    found = co_occurrence(real_labels())
    animals = set(np.flatnonzero(below("animal")).tolist())
    both = sum(bool(set(k) & animals) and bool(set(k) - animals) for k in real_labels())
    assert found.both == both
    assert found.images == 50_000
    assert round(100 * found.both / found.images, 1) == 1.1


def test_the_page_names_both_denominators_and_the_pairs():
    found = co_occurrence(real_labels())
    told = semantics.real_numbers()
    assert told["real-of-all"] == f"{100 * found.both / found.images:.2f} %"
    assert told["real-of-labelled"] == f"{100 * found.both / found.labelled:.2f} %"
    assert told["real-of-all"] in semantics.on_imagenet().html
    first = found.named_pairs(1)[0]
    assert str(first[0]) in semantics.common_pairs(1).text
    assert semantics.denominators().text.count("\n") == 5


def test_without_timm_the_page_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(own, "find_spec", lambda name: None)
    real_labels.cache_clear()
    with pytest.raises(NotHereError, match="come with timm"):
        real_labels()
    real_labels.cache_clear()


def test_the_order_of_classes_is_torchvisions():
    timm = find_spec("timm")
    assert timm is not None
    info = Path(str(timm.origin)).parent / "data" / "_info"
    assert tuple((info / "imagenet_synsets.txt").read_text().split()) == imagenet_wnids()
    assert len(json.loads((info / "imagenet_real_labels.json").read_text())) == 50_000

"""Interventions on labels, classes and images, as properties on a small source with a tree."""

import json
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbsupport.data.loading.noise import noise_like
from nbsupport.data.sources import Source, open_source
from nbsupport.data.subsets.draw import chance, order
from nbsupport.data.subsets.subset import Subset
from nbsupport.errors import UserError

GENERA = {"cat": "animal", "dog": "animal", "cup": "object", "car": "object", "jar": "object"}


class Wooded(Source):
    """Classes of five genera in two kingdoms, dealt out in turn; `counts` are images per class."""

    name = "wooded"
    licence = origin = "none"

    def __init__(self, counts: list[int], tree: bool = True) -> None:
        self.counts, self.tree = np.array(counts), tree

    def spec(self) -> dict[str, Any]:
        return {"name": "wooded", "counts": self.counts.tolist()}

    @property
    def fingerprint(self) -> str:
        return "wooded"

    def classes(self) -> pd.DataFrame:
        label = np.arange(len(self.counts))
        genus = [list(GENERA)[i % len(GENERA)] for i in label]
        kingdom = [GENERA[g] for g in genus]
        name = [f"{g} {i}" for i, g in enumerate(genus)]
        table = pd.DataFrame({"label": label, "name": name})
        tree = {"tree": kingdom, "depth_1": kingdom, "depth_2": genus, "depth_3": name}
        return table.assign(**tree) if self.tree else table

    def labels(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def images(self, ids: np.ndarray) -> Any:
        raise AssertionError("no images here")


counts = st.lists(st.integers(3, 12), min_size=10, max_size=25)
seeds = st.integers(0, 5)


def whole(sizes: list[int], seed: int = 0) -> Subset:
    return Subset(Wooded(sizes)).seeded(seed)


def named(subset: Subset) -> list[str]:
    """The label of each image, as a name."""
    return [subset.drawn.names[label] for label in subset.drawn.labels]


def original(subset: Subset, column: str = "name") -> list[str]:
    """What each image really shows, by the source's table."""
    classes = subset.source.classes()[column].to_numpy()
    return classes[subset.source.labels()[subset.drawn.ids]].tolist()


# labels -------------------------------------------------------------------------------------------
@given(counts, st.integers(1, 3))
def test_superclasses_change_labels_and_no_image(sizes: list[int], depth: int) -> None:
    coarse = whole(sizes).superclasses(depth)
    assert np.array_equal(coarse.drawn.ids, whole(sizes).drawn.ids)
    assert named(coarse) == original(coarse, f"depth_{depth}")
    assert coarse.drawn.counts().min() > 0


@given(counts, st.integers(1, 3), seeds)
def test_superclasses_of_a_subset_are_a_subset_of_superclasses(
    sizes: list[int], images: int, seed: int
) -> None:
    before = whole(sizes, seed).per_class(images).superclasses(2)
    assert set(before.drawn.ids) == set(whole(sizes, seed).per_class(images).drawn.ids)
    assert set(before.drawn.names) == set(GENERA)


# classes ------------------------------------------------------------------------------------------
@given(counts, st.sampled_from(["animal", "object", "cat", "jar", "dog 1"]))
def test_under_and_not_under_share_out_every_image(sizes: list[int], node: str) -> None:
    inside, outside = whole(sizes).under(node), whole(sizes).not_under(node)
    assert set(inside.drawn.ids) | set(outside.drawn.ids) == set(range(sum(sizes)))
    assert not set(inside.drawn.ids) & set(outside.drawn.ids)
    for half in (inside, outside):
        assert named(half) == original(half)
        assert half.drawn.counts().min() > 0
    columns = ("depth_1", "depth_2", "depth_3")
    assert all(node in shown for shown in zip(*(original(inside, c) for c in columns), strict=True))


@given(counts, seeds, st.data())
def test_fewer_chosen_classes_are_among_the_more(sizes: list[int], seed: int, data: Any) -> None:
    many = data.draw(st.integers(1, len(sizes)))
    few = data.draw(st.integers(1, many))
    outer, inner = (whole(sizes, seed).choose_classes(n) for n in (many, few))
    assert inner.num_classes == few
    assert set(inner.drawn.names) <= set(outer.drawn.names)
    assert named(inner) == original(inner)


@given(counts, seeds)
def test_the_choice_among_some_is_the_choice_among_all(sizes: list[int], seed: int) -> None:
    chosen = whole(sizes, seed).choose_classes(7).drawn.names
    animals = [name for name in chosen if GENERA[name.split()[0]] == "animal"]
    if animals:
        again = whole(sizes, seed).under("animal").choose_classes(len(animals))
        assert list(again.drawn.names) == animals


def test_another_seed_makes_other_choices() -> None:
    sizes = [12] * 25
    makers: list[Callable[[Subset], Subset]] = [
        lambda s: s.choose_classes(5),
        lambda s: s.within_class(0.4, depth=2, subclasses=5, images=6),
        lambda s: s.per_class(4).repeat_one_image(),
        lambda s: s.under("object").contaminate(0.2, "animal"),
    ]
    for make in makers:
        first, again, other = (set(make(whole(sizes, seed)).drawn.ids) for seed in (0, 0, 1))
        assert first == again
        assert first != other
    labels = [whole(sizes, seed).shuffled_labels().drawn.labels for seed in (0, 1)]
    assert not np.array_equal(*labels)


# within classes -----------------------------------------------------------------------------------
@given(st.lists(st.integers(6, 30), min_size=20, max_size=25), seeds, st.integers(2, 12))
def test_diversity_keeps_labels_and_totals(sizes: list[int], seed: int, images: int) -> None:
    kept = [
        whole(sizes, seed).within_class(p, depth=2, subclasses=4, images=images)
        for p in (0.5, 0.75, 1.0)
    ]
    for subset, used in zip(kept, (2, 3, 4), strict=True):
        assert set(subset.drawn.names) == set(GENERA)
        assert subset.drawn.counts().tolist() == [images] * 5
        assert subset.imbalance == 0
        assert len(set(subset.drawn.ids)) == len(subset)
        assert named(subset) == original(subset, "depth_2")
        assert len(set(original(subset))) == 5 * min(used, images)
    for less, more in pairwise(kept):
        _check_nested(less, more)


def _check_nested(less: Subset, more: Subset) -> None:
    """Subclasses of the less diverse are among the others', and there they lose images only."""
    shared = set(original(less))
    assert shared <= set(original(more))
    common = {i for i, name in zip(more.drawn.ids, original(more), strict=True) if name in shared}
    assert common <= set(less.drawn.ids)


@given(st.lists(st.integers(2, 30), min_size=20, max_size=25), st.integers(4, 8), seeds)
def test_subclasses_are_drawn_from_as_evenly_as_they_allow(
    sizes: list[int], images: int, seed: int
) -> None:
    images += 4 * (min(sizes) - 2)  # any four classes have so many
    subset = whole(sizes, seed).within_class(1, depth=2, subclasses=4, images=images)
    shown = pd.Series(original(subset))
    have = dict(zip(subset.source.classes()["name"], sizes, strict=True))
    for _, of_genus in shown.groupby([name.split()[0] for name in shown]):
        taken = of_genus.value_counts()
        short = taken[taken < taken.max() - 1]
        assert all(have[name] == n for name, n in short.items())


def test_superclasses_of_diversity_are_the_largest() -> None:
    sizes = [6] * 22  # cat and dog have five classes, the others four
    subset = whole(sizes).within_class(1, depth=2, subclasses=4, images=4, superclasses=2)
    assert subset.drawn.names == ("cat", "dog")


@given(st.lists(st.integers(1, 30), min_size=20, max_size=25), seeds, st.data())
def test_a_total_is_spread_as_the_smallest_share_allows(
    sizes: list[int], seed: int, data: Any
) -> None:
    def spread(p: float, total: int) -> Subset:
        return whole(sizes, seed).within_class(p, depth=2, total=total, smallest=0.33)

    with pytest.raises(UserError, match="ask for at most") as told:
        len(spread(0.33, 10**6))
    room = int(re.findall(r"at most (\d+)", str(told.value))[0])
    fullest = spread(0.33, room)  # every image of the subclasses of the smallest share
    total = data.draw(st.integers(5, room))
    kept = [spread(p, total) for p in (0.33, 0.67, 1.0)]
    counts = kept[0].drawn.counts()
    assert all(
        c in (n, counts.max(), counts.max() - 1)
        for c, n in zip(counts, _counts(fullest), strict=True)
    )
    for subset, used in zip(kept, (1, 3, 4), strict=True):  # of four or five subclasses
        assert _counts(subset) == counts.tolist()
        assert len(subset) == total == len(set(subset.drawn.ids))
        assert named(subset) == original(subset, "depth_2")
        assert len(set(original(subset))) <= 5 * (used + 1)
    for less, more in pairwise(kept):
        _check_nested(less, more)


def _counts(subset: Subset) -> list[int]:
    counts: list[int] = subset.drawn.counts().tolist()
    return counts


# images -------------------------------------------------------------------------------------------
@given(counts, st.integers(1, 3), seeds)
def test_one_image_is_repeated_in_each_class(sizes: list[int], images: int, seed: int) -> None:
    normal = whole(sizes, seed).per_class(images)
    repeated = normal.repeat_one_image()
    assert np.array_equal(repeated.drawn.labels, normal.drawn.labels)
    assert set(repeated.drawn.ids) <= set(normal.drawn.ids)
    assert len(set(repeated.drawn.ids)) == len(sizes)
    assert named(repeated) == original(repeated)


@given(counts, seeds, st.sampled_from([0.05, 0.1, 0.3]))
def test_contamination_replaces_a_share_and_nothing_else(
    sizes: list[int], seed: int, share: float
) -> None:
    clean = whole(sizes, seed).under("object")
    mixed, more = (clean.contaminate(s, "animal") for s in (share, share + 0.05))
    changed = mixed.drawn.ids != clean.drawn.ids
    assert changed.sum() == round(share * len(clean))
    assert np.array_equal(mixed.drawn.labels, clean.drawn.labels)
    shown = np.array(original(mixed, "tree"))
    assert set(shown[changed]) == {"animal"}
    assert set(shown[~changed]) == {"object"}
    assert len(set(mixed.drawn.ids)) == len(mixed)
    assert np.array_equal(more.drawn.ids[changed], mixed.drawn.ids[changed])


@given(counts, seeds)
def test_shuffling_keeps_the_counts_of_labels(sizes: list[int], seed: int) -> None:
    plain, shuffled = whole(sizes, seed), whole(sizes, seed).shuffled_labels()
    assert np.array_equal(shuffled.drawn.ids, plain.drawn.ids)
    assert np.array_equal(shuffled.drawn.counts(), plain.drawn.counts())
    assert not np.array_equal(shuffled.drawn.labels, plain.drawn.labels)


@pytest.fixture
def pictures() -> torch.Tensor:
    base = torch.arange(6).view(6, 1, 1, 1) * 8 + torch.tensor([90, 110, 130]).view(1, 3, 1, 1)
    texture = torch.arange(32 * 32).view(32, 32) % 17
    return (base + texture).to(torch.uint8)


def test_noise_has_the_mean_and_the_spread_of_each_channel(pictures: torch.Tensor) -> None:
    drawn = noise_like(pictures, torch.arange(6), seed=0)
    assert drawn.dtype == torch.uint8
    assert drawn.shape == pictures.shape
    for of in (torch.mean, torch.std):
        wanted, got = (of(x.double(), dim=(2, 3)) for x in (pictures, drawn))
        assert torch.allclose(wanted, got, atol=0.7)
    rows = drawn.double().flatten(2)[:, 0]
    neighbours = torch.stack([torch.corrcoef(torch.stack([r[1:], r[:-1]]))[0, 1] for r in rows])
    assert neighbours.abs().max() < 0.15


def test_noise_depends_on_seed_and_image_alone(pictures: torch.Tensor) -> None:
    drawn = noise_like(pictures, torch.arange(6), seed=0)
    assert torch.equal(noise_like(pictures[2:4], torch.arange(2, 4), seed=0), drawn[2:4])
    assert not torch.equal(noise_like(pictures, torch.arange(6), seed=1), drawn)
    twice = noise_like(pictures[:1].repeat(2, 1, 1, 1), torch.tensor([0, 1]), seed=0)
    assert not torch.equal(twice[0], twice[1])


def test_noise_replaces_images_where_they_are_loaded(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path))
    spec = {"name": "savanna", "kind": "imagenet", "world": 0, "px": 16, "images_per_class": 2}
    subset = Subset(open_source(spec | {"classes": 4}))
    plain, noisy = subset.load(), subset.noise().load()
    assert torch.equal(noisy.labels, plain.labels)
    expected = noise_like(plain.images, torch.arange(8), seed=0)
    assert torch.equal(noisy.images, expected)
    assert not torch.equal(noisy.images, plain.images)


# all of them --------------------------------------------------------------------------------------
STEPS: dict[str, Callable[[Subset], Subset]] = {
    "superclasses": lambda s: s.superclasses(2),
    "under": lambda s: s.under("animal"),
    "not_under": lambda s: s.not_under("cat"),
    "choose_classes": lambda s: s.choose_classes(6),
    "within_class": lambda s: s.within_class(0.5, depth=1, subclasses=4, images=5),
    "within_class of some": lambda s: s.within_class(
        0.5, depth=2, subclasses=2, images=5, superclasses=3
    ),
    "repeat_one_image": lambda s: s.per_class(2).repeat_one_image(),
    "contaminate": lambda s: s.under("object").contaminate(0.1, "animal"),
    "shuffled_labels": lambda s: s.shuffled_labels(),
    "noise": lambda s: s.noise(),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_subset_is_made_again_from_json(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Wooded([8] * 15)
    monkeypatch.setattr("nbsupport.data.subsets.subset.open_source", lambda _: source)
    subset = STEPS[name](Subset(source).seeded(3))
    again = Subset.from_spec(json.loads(json.dumps(subset.spec())))
    assert again == subset
    assert hash(again) == hash(subset)
    assert again.drawn.ids.tolist() == subset.drawn.ids.tolist()
    assert again.spec() == subset.spec()
    assert name.split()[0] in str(subset)


def test_a_step_of_one_value_is_spelled_as_ever_and_one_of_several_by_name() -> None:
    steps = whole([9] * 15).under("animal").per_class(4).contaminate(0.1, "object").spec()["steps"]
    assert steps == [
        ["under", "animal"],
        ["per_class", 4],
        ["contaminate", {"share": 0.1, "node": "object"}],
    ]


@given(counts, seeds, st.integers(1, 3))
def test_no_step_shifts_the_draws_of_another(sizes: list[int], seed: int, n: int) -> None:
    alone = set(whole(sizes, seed).per_class(n).drawn.ids)
    for first in (
        whole(sizes, seed).under("object"),
        whole(sizes, seed).not_under("dog"),
        whole(sizes, seed).choose_classes(5),
    ):
        assert set(first.per_class(n).drawn.ids) <= alone
    before = whole(sizes, seed).per_class(n).choose_classes(5).drawn
    assert set(before.ids) == set(whole(sizes, seed).choose_classes(5).per_class(n).drawn.ids)


def test_orders_are_kept_and_cannot_be_changed_by_who_gets_them() -> None:
    first = order(0, "step", "name", 9)
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 3
    assert sorted(first) == list(range(9))
    assert not np.array_equal(order(0, "step", "other", 9), first)
    assert 0 <= chance(0, "step", "name") < 1
    assert chance(0, "step", "name") != chance(1, "step", "name")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda s: s.superclasses(4), "depths 1 to 3, not 4"),
        (lambda s: s.superclasses(0), "whole number"),
        (lambda s: s.under("animl"), "begins animal, object; did you mean 'animal'"),
        (lambda s: s.under(3), "name of a node"),
        (lambda s: s.under("animal").not_under("animal"), "leaves no class"),
        (lambda s: s.choose_classes(16), "at most 15"),
        (lambda s: s.within_class(0, depth=1, subclasses=2, images=2), "share above 0"),
        (lambda s: s.within_class(0.5, depth=1, subclasses=3, images=2), "is 1.5 of them"),
        (lambda s: s.within_class(1, depth=2, subclasses=4, images=2), "0 nodes at depth 2"),
        (
            lambda s: s.within_class(1, depth=2, subclasses=3, images=2, superclasses=6),
            "6 are asked for",
        ),
        (lambda s: s.within_class(1, depth=2, subclasses=3, images=99), "ask for at most 24"),
        (lambda s: s.within_class(1, depth=9, subclasses=3, images=9), "depths 1 to 3"),
        (lambda s: s.within_class(1, depth=2, subclasses=3), "give one of them, the images"),
        (lambda s: s.within_class(1, depth=2, images=3, total=9), "images=3, total=9"),
        (lambda s: s.within_class(0.3, depth=2, total=9, smallest=0.5), "is above p=0.3"),
        (
            lambda s: s.within_class(1, depth=2, subclasses=2, images=2, smallest=1),
            "how a total is spread",
        ),
        (lambda s: s.contaminate(1.5, "animal"), "at most 1"),
        (lambda s: s.under("object").contaminate(1, "cat"), "at most 0.333"),
        (lambda s: s.contaminate(0.001, "animal"), "less than one"),
        (lambda s: s.under("object").contaminate(0.1, "plant"), "no node 'plant'"),
        (lambda s: s.shuffled_labels().superclasses(2), "put superclasses first"),
        (
            lambda s: s.under("object").contaminate(0.1, "cat").not_under("cup"),
            "not_under after contaminate",
        ),
        (lambda s: Subset(Wooded([3, 3], tree=False)).superclasses(1), "no tree"),
        (lambda s: Subset(Wooded([3, 3], tree=False)).under("animal"), "no tree"),
    ],
)
def test_an_impossible_request_says_what_is_possible(make: Any, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        len(make(whole([8] * 15)))
    assert "\n" not in str(caught.value)

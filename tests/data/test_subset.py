"""The quantity interventions, as properties on a small source of known counts."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsupport.data.sources import Source
from nbsupport.data.subsets.subset import Subset
from nbsupport.errors import UserError


class Counted(Source):
    """A source without images: only classes and how many images each has."""

    name = "counted"
    licence = origin = "none"

    def __init__(self, counts: list[int]) -> None:
        self.counts = np.array(counts)

    def spec(self) -> dict[str, Any]:
        return {"name": "counted", "counts": self.counts.tolist()}

    @property
    def fingerprint(self) -> str:
        return "counted"

    def classes(self) -> pd.DataFrame:
        label = np.arange(len(self.counts))
        return pd.DataFrame({"label": label, "name": [f"class {i}" for i in label]})

    def labels(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def images(self, ids: np.ndarray) -> Any:
        raise AssertionError("no images here")


counts = st.lists(st.integers(1, 30), min_size=2, max_size=12)


@given(counts, st.integers(1, 30), st.integers(0, 5))
def test_per_class_is_exactly_balanced_or_an_error(sizes: list[int], n: int, seed: int) -> None:
    subset = Subset(Counted(sizes)).seeded(seed).per_class(n)
    if n > min(sizes):
        with pytest.raises(UserError, match="ask for at most"):
            len(subset)
        return
    assert subset.drawn.counts().tolist() == [n] * len(sizes)
    assert subset.imbalance == 0
    assert len(np.unique(subset.drawn.ids)) == n * len(sizes)


@given(counts, st.integers(0, 5), st.data())
def test_smaller_draws_are_nested_in_larger_ones(sizes: list[int], seed: int, data: Any) -> None:
    whole = Subset(Counted(sizes)).seeded(seed)
    total = sum(sizes)
    large = data.draw(st.integers(len(sizes), total))
    small = data.draw(st.integers(len(sizes), large))
    inner, outer = whole.take(small), whole.take(large)
    assert set(inner.drawn.ids) <= set(outer.drawn.ids)
    assert len(inner) == small


@given(counts, st.data())
def test_take_is_as_even_as_the_counts_allow(sizes: list[int], data: Any) -> None:
    total = data.draw(st.integers(len(sizes), sum(sizes)))
    taken = Subset(Counted(sizes)).take(total).drawn.counts()
    assert taken.sum() == total
    # a class below the largest share by more than one has given everything it has
    short = taken < taken.max() - 1
    assert np.array_equal(taken[short], np.array(sizes)[short])


def test_a_round_total_is_the_same_draw_as_per_class() -> None:
    whole = Subset(Counted([9, 12, 10])).seeded(3)
    assert np.array_equal(whole.take(15).drawn.ids, whole.per_class(5).drawn.ids)


def test_another_seed_draws_other_images() -> None:
    whole = Subset(Counted([100, 100]))
    first, second = (whole.seeded(seed).per_class(10).drawn.ids for seed in (0, 1))
    assert not np.array_equal(first, second)


def test_a_draw_does_not_shift_when_an_intervention_is_added() -> None:
    whole = Subset(Counted([30, 9, 30, 30]))
    narrowed = whole.most_frequent(3).per_class(5)
    kept = whole.per_class(5)
    assert set(narrowed.drawn.ids) <= set(kept.drawn.ids)


def test_with_at_least_keeps_the_classes_that_have_enough() -> None:
    draw = Subset(Counted([3, 9, 5, 7])).with_at_least(5).drawn
    assert draw.counts().tolist() == [9, 5, 7]
    with pytest.raises(UserError, match="at most 9"):
        _ = Subset(Counted([3, 9])).with_at_least(10).drawn


def test_most_frequent_keeps_the_largest_classes_and_renumbers_them() -> None:
    draw = Subset(Counted([3, 9, 5, 7])).most_frequent(2).drawn
    assert draw.names == ("class 1", "class 3")
    assert draw.counts().tolist() == [9, 7]


@pytest.mark.parametrize("bad", [0, -1, 2.5, True, "3"])
def test_a_size_that_is_no_positive_whole_number_is_an_error(bad: Any) -> None:
    with pytest.raises(UserError, match="whole number"):
        Subset(Counted([3, 3])).per_class(bad)


@pytest.mark.parametrize(
    ("step", "value", "told"),
    [("per_class", 6, "at most 5"), ("take", 12, "at most 11"), ("take", 1, "at least 2")],
)
def test_an_impossible_request_says_what_is_possible(step: str, value: int, told: str) -> None:
    subset = getattr(Subset(Counted([6, 5])), step)(value)
    with pytest.raises(UserError, match=told):
        len(subset)


def test_a_subset_is_made_again_from_its_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    subset = Subset(Counted([8, 9, 10])).seeded(4).most_frequent(2).per_class(3)
    monkeypatch.setattr("nbsupport.data.subsets.subset.open_source", lambda _: Counted([8, 9, 10]))
    again = Subset.from_spec(subset.spec())
    assert np.array_equal(again.drawn.ids, subset.drawn.ids)


def test_an_unknown_intervention_names_the_nearest() -> None:
    spec = Subset(Counted([3, 3])).spec() | {"steps": [["per_clas", 2]]}
    with pytest.raises(UserError, match="did you mean 'per_class'"):
        Subset.from_spec(spec)

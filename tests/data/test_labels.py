"""Labels of ImageNet's classes under an intervention, and other trees than that of depths."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nbsupport.cli import main
from nbsupport.data.sources import Source
from nbsupport.data.subsets.labels import ClassesWithoutImages, class_labels, within_class
from nbsupport.data.subsets.subset import Subset
from nbsupport.data.taxonomy import imagenet_classes
from nbsupport.errors import UserError


# the command ------------------------------------------------------------------------------------
def printed(capsys: pytest.CaptureFixture[str], *options: str) -> list[tuple[str, ...]]:
    assert main(["data", "labels", "imagenet", *options]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head == "class,label"
    return [tuple(row.split(",")) for row in rows]


def test_superclasses_of_all_classes_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    table = imagenet_classes()
    for depth, count in ((2, 5), (7, 232), (17, 1000)):
        rows = printed(capsys, "--superclasses", str(depth))
        assert rows == list(zip(table["wnid"], table[f"depth_{depth}"], strict=True))
        assert len({label for _, label in rows}) == count


def test_classes_below_a_node_are_their_own_labels(capsys: pytest.CaptureFixture[str]) -> None:
    animals = printed(capsys, "--under", "n00015388")
    objects = printed(capsys, "--not-under", "n00015388")
    assert len(animals) == 398
    assert [name for name, _ in animals + objects] == imagenet_classes()["wnid"].tolist()
    assert all(name == label for name, label in animals + objects)


def test_shares_of_subclasses_are_nested_and_labelled_by_superclass(
    capsys: pytest.CaptureFixture[str],
) -> None:
    breeds = imagenet_classes().set_index("wnid")["breeds"]
    less, more, every = (printed(capsys, "--within-class", p) for p in ("0.33", "0.67", "1"))
    for rows, used in ((less, 4), (more, 8), (every, 12)):
        assert pd.Series([label for _, label in rows]).value_counts().tolist() == [used] * 16
        assert all(breeds[name] == label for name, label in rows)
    assert set(less) < set(more) < set(every)
    assert len(every) == (breeds != "").sum()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["imagenet", "--under", "dog"], "did you mean n02084071 (dog)?"),
        (["imagenet", "--superclasses", "18"], "has depths 1 to 17, not 18"),
        (["imagenet", "--superclasses", "0"], "whole number of at least 1"),
        (["imagenet", "--not-under", "n00001740"], "leaves no class"),
        (["imagenet", "--within-class", "0.4"], "such as 0.42"),
        (["imagenet", "--within-class", "nan"], "share above 0, at most 1"),
        (["imagnet", "--under", "n00015388"], "did you mean 'imagenet'?"),
    ],
)
def test_what_cannot_be_printed_is_one_line(
    capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    assert main(["data", "labels", *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert told in err
    assert err.count("\n") == 1


# another tree -----------------------------------------------------------------------------------
class Stalls(Source):
    """Six classes, of which five lie on stalls of a market; no depths."""

    name, licence, origin, fingerprint = "stalls", "none", "none", "stalls"

    def __init__(self, stall: bool = True) -> None:
        self.stall = stall

    def spec(self) -> dict[str, Any]:
        return {"name": "stalls"}

    def classes(self) -> pd.DataFrame:
        table = pd.DataFrame({"label": range(6), "name": list("abcdef"), "images": 4})
        return table.assign(stall=["x", "y", "", "x", "y", "x"]) if self.stall else table

    def labels(self) -> np.ndarray:
        return np.repeat(np.arange(6), 4)

    def images(self, ids: np.ndarray) -> Any:
        raise AssertionError("no images here")


def diverse(p: float = 1, images: int = 4, **given: Any) -> Subset:
    return Subset(Stalls()).within_class(p, subclasses=2, images=images, **given)


def test_superclasses_of_another_tree_leave_out_classes_without_one() -> None:
    draw = diverse(tree="stall").drawn
    shown = np.array(list("abcdef"))[Stalls().labels()[draw.ids]]
    names = np.array(draw.names)[draw.labels]
    assert draw.names == ("x", "y")
    assert draw.counts().tolist() == [4, 4]
    assert set(shown[names == "y"]) == {"b", "e"}
    assert set(shown[names == "x"]) < {"a", "d", "f"}
    assert len(set(shown[names == "x"])) == 2


def test_a_step_with_depth_is_spelled_as_it_was_before_there_were_trees() -> None:
    steps = Subset(Stalls()).within_class(0.5, depth=1, subclasses=4, images=5).spec()["steps"]
    assert json.dumps(steps) == (
        '[["within_class", {"p": 0.5, "depth": 1, "subclasses": 4, "images": 5, '
        '"superclasses": null}]]'
    )


def test_a_step_with_a_tree_is_made_again_from_json(monkeypatch: pytest.MonkeyPatch) -> None:
    subset = diverse(tree="stall", superclasses=1)
    value = subset.spec()["steps"][0][1]
    assert value == {"p": 1.0, "subclasses": 2, "images": 4, "superclasses": 1, "tree": "stall"}
    monkeypatch.setattr("nbsupport.data.subsets.subset.open_source", lambda _: subset.source)
    again = Subset.from_spec(json.loads(json.dumps(subset.spec())))
    assert again == subset
    assert again.drawn.names == ("x",)
    assert "tree='stall'" in str(subset)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: diverse(), "depth=None, tree=None: give one of them"),
        (lambda: diverse(depth=1, tree="stall"), "depth=1, tree='stall': give one of them"),
        (lambda: diverse(tree=3), "tree=3: give one of them"),
        (lambda: diverse(depth=0), "whole number of at least 1"),
        (lambda: diverse(tree="stal"), "unknown tree of stalls 'stal'.*did you mean 'stall'"),
        (lambda: diverse(tree="name"), "allowed are stall"),
        (lambda: diverse(tree="stall", superclasses=3), "2 nodes of tree 'stall'.*3 are asked for"),
        (lambda: diverse(0.5, images=5, tree="stall"), "ask for at most 4"),
        (
            lambda: Subset(Stalls(False)).within_class(1, tree="stall", subclasses=2, images=2),
            "stalls has no other tree",
        ),
    ],
)
def test_a_tree_that_cannot_be_used_is_an_error(make: Any, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        len(make())
    assert "\n" not in str(caught.value)


def test_a_source_may_know_more_ancestors_than_its_columns_hold() -> None:
    whole = Subset(ClassesWithoutImages())
    dog, domestic = "n02084071", "n01317541"  # domestic animal
    assert not (whole.source.classes() == domestic).any(axis=None)
    assert whole.under(domestic).num_classes == 123
    assert whole.under("animal").num_classes == 398
    mixed = whole.not_under("animal").contaminate(0.1, dog).drawn
    shown = ClassesWithoutImages().below(dog)[whole.source.labels()[mixed.ids]]
    assert shown.sum() == round(0.1 * len(mixed.ids))


def test_other_draws_use_other_shares_of_the_same_twelve() -> None:
    def used(seed: int, p: float) -> set[tuple[str, str]]:
        return set(class_labels(lambda s: within_class(p)(s.seeded(seed)), coarse=True))

    assert used(0, 0.33) != used(1, 0.33)
    assert used(0, 1) == used(1, 1)

"""What the pages of Sections 4.3 and 4.4 show and quote of their groups."""

import numpy as np
import pandas as pd
import pytest

from nbsupport.analysis.contrasts import contrast
from nbsupport.data.subsets.subset import Subset
from nbsupport.display import images as page_images
from nbsupport.display import numbers as page_numbers
from nbsupport.display.html import signed
from nbsupport.pages import classes_or_images, semantics, within_class
from nbsupport.pages.classes_or_images import by_total
from nbsupport.pages.open_page import OpenPage, open_page
from nbsupport.study.study import Study


@pytest.fixture
def within() -> OpenPage:
    return open_page("04_4_2_within_class", {})


@pytest.fixture
def smoke(tmp_path, monkeypatch):
    """Opens a page on the smoke profile, with a store of its own for the images it draws."""
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path))
    return lambda page_id, **values: open_page(page_id, values | {"profile": "smoke"})


def subset_of(page: OpenPage, role: str) -> Subset:
    return next(g.subset for g in page.groups if g.role == role and g.subset is not None)


# which groups a figure shows ----------------------------------------------------------------------
def test_patterns_choose_groups_between_the_reference_lines():
    page = open_page("04_3_semantics", {})
    halves = semantics.matching(page, "imagenet/animal", "imagenet/object")
    assert halves == ["imagenet/full", "imagenet/animal", "imagenet/object", "scratch"]
    assert semantics.matching(page, "imagenet/object*") == [
        "imagenet/full",
        "imagenet/object",
        "imagenet/object+animal-1.1%",
        "scratch",
    ]
    assert semantics.matching(page, "*") == page.view.roles()


def test_totals_are_told_apart():
    small, large = by_total(open_page("04_4_1_classes_or_images", {}).groups)
    assert small[1:-1] == ["imagenet/classes-many-60K", "imagenet/images-many-60K"]
    assert large[1:-1] == ["imagenet/classes-many-300K", "imagenet/images-many-300K"]
    assert (small[0], small[-1]) == (large[0], large[-1]) == ("imagenet/full", "scratch")
    other = by_total(open_page("04_4_1_classes_or_images", {"totals": [640]}).groups)
    assert [len(roles) for roles in other] == [4]


def test_a_figure_draws_the_roles_it_is_given(within):
    rng = np.random.default_rng(0)
    rows = []
    for height, role in enumerate(within_class.matching(within, "imagenet/within-*")[::-1]):
        for epoch in (1, 2, 3, 4):
            x = 0.2 + 0.1 * epoch + rng.normal(0, 0.01)
            row = {"role": role, "family": "resnet", "seed": 0, "epoch": epoch, "world": 1}
            scores = {"id_macro_f1": x, "ood_macro_f1": 0.6 * x + 0.02 * height}
            rows.append(row | scores)
    options = {"claim": "within-class-imagenet", "number": "Figure 8", "caption": ""}
    points = pd.DataFrame(rows)
    assert "no figure" in within.trend(points, "imagenet", **options).panels["Live"].text
    roles = within_class.matching(within, "imagenet/within-*")
    figure = within.trend(points, "imagenet", roles=roles, **options).panels["Live"]
    assert "p = 0.33: 2 of 6 subclasses" in figure.description
    assert "one image of each class" not in figure.description


# images -------------------------------------------------------------------------------------------
def test_replaced_images_are_named_by_what_they_show(smoke):
    page = smoke("04_3_semantics", shares=[0.1])
    mixed = subset_of(page, "imagenet/object+animal-10%")
    images, titles = page_images.sample_with_replaced(mixed, 16, 4)
    assert images.shape[0] == len(titles) == 16
    told = [title for title in titles if "(shows: " in title]
    assert len(told) == 4
    classes = mixed.source.classes().set_index("name")["tree"]
    for title in told:
        label, shown = title.removesuffix(")").split(" (shows: ")
        assert (classes[label], classes[shown]) == ("object", "animal")
    assert told[0] in semantics.mixed_grid(page).text.replace("&#x27;", "'")


def test_a_grid_of_subclasses_has_equally_many_of_each(smoke):
    page = smoke("04_4_2_within_class")
    text = within_class.subclass_grids(page.groups, "imagenet").text.splitlines()
    assert [line.split(":")[0] for line in text] == ["p = 0.33", "p = 0.67", "p = 1"]
    subset = subset_of(page, "imagenet/within-0.67")
    images, titles = page_images.sample_of_subclasses(subset, 1, 12)
    assert len(images) == 12
    assert sorted(map(titles.count, set(titles))) == [6, 6]
    table = subset.table()
    assert set(titles) == set(table[table["label"] == 1]["depth_6"])


def test_the_paper_s_80_000_are_spread_alike_at_every_p_and_7_000_are_even_beside_them():
    study = Study("paper", nominal=True)
    named = {g.role: g.subset for g in within_class.within_class_groups(study, {})}
    spread = {p: named[f"inaturalist/within-{p}"].drawn for p in ("0.33", "0.67", "1.0")}
    counts = spread["0.33"].counts()
    assert counts.sum() == 80_000
    assert len(counts) == 7
    assert {tuple(draw.counts()) for draw in spread.values()} == {tuple(counts)}
    even = named["inaturalist/even-within-0.33"].drawn.counts()
    assert even.tolist() == [1_000] * 7
    said = within_class._spread(study, "inaturalist", study.profile.within["inaturalist"])
    assert (
        f"from {counts.min():,} of the smallest superclass to {counts.max():,} where 11,428" in said
    )


def test_a_plate_shows_only_classes_of_its_subset():
    page = open_page("04_3_semantics", {"profile": "smoke"})
    own = page.study.own_textures.not_under("animal")
    images, titles = page_images.large_photos(page.study, own, 4, 16)
    usual, same = page_images.large_photos(
        page.study, page.study.imagenet.not_under("animal"), 4, 16
    )
    assert images.shape == (4, 3, 16, 16)
    assert titles == same
    assert set(titles) <= set(own.drawn.names)
    assert (images != usual).any(axis=(1, 2, 3)).all()


# tables and numbers -------------------------------------------------------------------------------
@pytest.mark.parametrize("source", ["imagenet", "inaturalist"])
def test_the_table_of_superclasses_adds_up_to_the_groups(within, source):
    lines = [
        line.split(" | ")
        for line in within_class.superclass_table(within.groups, source).text.splitlines()
    ]
    assert lines[0] == ["superclass", "part of", "p = 0.33", "more at p = 0.67", "more at p = 1"]
    used: dict[str, set[str]] = {row[0]: set() for row in lines[1:]}
    for column, p in enumerate(("0.33", "0.67", "1.0"), start=2):
        subset = subset_of(within, f"{source}/within-{p}")
        table = subset.table().groupby("name")
        for row in lines[1:]:
            used[row[0]] |= set(row[column].split(", "))
            own = table.get_group(row[0])
            assert used[row[0]] == set(own["depth_6"])
            assert set(own["tree"]) == {row[1]}
        assert set(used) == set(subset.drawn.names)


def test_quoted_sizes_are_those_of_the_groups(within):
    study = within.study
    halves = {g.role: g.subset for g in open_page("04_3_semantics", {}).groups}
    numbers = semantics.semantics_numbers(study)
    for half in ("animal", "object"):
        assert numbers[f"{half}-images"] == f"{len(halves[f'imagenet/{half}']):,}"
    mixed = halves["imagenet/object+animal-1.1%"].table()
    assert numbers["animals-among-objects"] == f"{(mixed['tree'] == 'animal').sum()}"
    trades = classes_or_images.trade_numbers(study)
    assert trades["total-60k"] == "1,280"
    assert trades["few-60k"] == "32 classes of 40 images"
    numbers = within_class.within_numbers(study)
    for source in ("imagenet", "inaturalist"):
        assert (
            numbers[f"within-{source}-total"]
            == f"{len(subset_of(within, f'{source}/within-1.0')):,}"
        )
    repeated = subset_of(within, "imagenet/repeated-25K")
    assert numbers["repeated-images"] == f"{len(repeated):,}"
    assert numbers["repeated-different"] == f"{len(set(repeated.drawn.ids))}"


def test_positions_are_differences_in_id_score():
    rows = []
    for role, shift in {"scratch": 0, "imagenet/full": 0.1, "a": 0.05, "b": 0.02}.items():
        for family in ("resnet", "densenet"):
            for epoch in (1, 2, 3):
                x = 0.2 + 0.1 * epoch + shift
                y = 0.6 * x + 0.1 * (role == "imagenet/full")
                rows.append((role, family, 0, epoch, x, y))
    names = ["role", "family", "seed", "epoch", "id_macro_f1", "ood_macro_f1"]
    points = pd.DataFrame(rows, columns=names)
    numbers = page_numbers.position_numbers(points, {"ab": ("a", "b"), "ac": ("a", "c")})
    assert numbers["position-ab"] == signed(0.03)
    assert numbers["position-ac"] == page_numbers.MISSING
    found = contrast(points, "a", "b", statistic="id-position").estimate.value
    assert signed(found) == numbers["position-ab"]

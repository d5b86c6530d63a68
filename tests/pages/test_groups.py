"""The groups of Sections 4.2 to 4.4 and of the controls: roles, balance, totals, options."""

from collections.abc import Callable
from typing import Any

import pytest

from nbsupport.analysis import claims
from nbsupport.errors import UserError
from nbsupport.pages import all_groups
from nbsupport.pages.builds_in import control_groups
from nbsupport.pages.classes_or_images import classes_or_images_groups
from nbsupport.pages.granularity import granularity_groups
from nbsupport.pages.larger_budgets import larger_budgets_groups
from nbsupport.pages.semantics import semantics_groups
from nbsupport.pages.within_class import within_class_groups
from nbsupport.study.profiles import Trade
from nbsupport.study.study import SCRATCH, Group, Study

GroupsOf = Callable[[Study, dict[str, Any]], list[Group]]
PAGES: dict[str, GroupsOf] = {
    "04_2_granularity": granularity_groups,
    "04_3_semantics": semantics_groups,
    "04_4_1_classes_or_images": classes_or_images_groups,
    "04_4_2_within_class": within_class_groups,
    "appendix_larger_budgets": larger_budgets_groups,
    "claims": control_groups,
}
STUDIES = [(profile, world) for profile in ("demo", "smoke") for world in (0, 1, 2)]


def by_role(groups: list[Group]) -> dict[str, Group]:
    return {group.role: group for group in groups}


def subset(groups: list[Group], role: str) -> Any:
    return by_role(groups)[role].subset


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("profile", "world"), STUDIES)
def test_every_role_of_the_pages_claims_can_be_drawn(page: str, profile: str, world: int) -> None:
    study = Study(profile, world=world)
    groups = by_role(PAGES[page](study, {}))
    own = [claim for claim in claims.load().values() if claim.page == page]
    wanted = {role for claim in own if claim.since == 1 for role in claim.roles}
    assert wanted
    later = {role for claim in own if claim.since > 1 for role in claim.roles}
    assert later <= set(by_role(all_groups(study)))  # recorded, and not compared on the page
    assert wanted <= set(groups)
    for group in groups.values():
        assert group.label
        assert group.subset is None or len(group.subset) > 0
    assert len({group.label for group in groups.values()}) == len(groups) - (
        page == "04_4_2_within_class"  # p = 1, 0.67 and 0.33 of each source: three labels twice
    ) * len(study.profile.diversity)


@pytest.mark.parametrize("page", PAGES)
def test_the_reference_lines_are_in_every_page(page: str) -> None:
    study = Study("demo")
    groups = PAGES[page](study, {})
    assert groups[0].role == SCRATCH
    runs = study.runs([study.scratch, study.full])
    assert {run.finetune.key for run in runs} <= {r.finetune.key for r in study.runs(groups)}


# Section 4.2
def test_demo_depths_have_the_label_counts_that_stand_for_the_papers() -> None:
    groups = granularity_groups(Study("demo"), {})
    roles = [f"imagenet/depth-{d}" for d in (7, 6, 5, 4, 2)]
    assert [subset(groups, role).num_classes for role in roles] == [32, 15, 8, 4, 2]
    full = subset(groups, "imagenet/full")
    for role in roles:
        assert subset(groups, role).drawn.ids.tolist() == full.drawn.ids.tolist()
    assert subset(groups, "inaturalist/coarse").num_classes == 4


def test_depths_that_play_a_role_keep_its_name() -> None:
    roles = by_role(granularity_groups(Study("demo"), {"depths": [2, 5]}))
    own = [role for role in roles if role.startswith("imagenet/depth")]
    assert own == ["imagenet/depth-7", "imagenet/depth-4"]


# Section 4.3
def test_halves_are_taken_in_full_or_alike() -> None:
    study = Study("demo")
    halves = ("imagenet/animal", "imagenet/object")
    full = [subset(semantics_groups(study, {}), role) for role in halves]
    assert sum(map(len, full)) == len(study.imagenet)
    alike = [subset(semantics_groups(study, {"images": 2000}), role) for role in halves]
    assert list(map(len, alike)) == [2000, 2000]
    assert all(half.imbalance <= 1 for half in alike)


def test_animals_among_objects_are_as_few_as_asked() -> None:
    study = Study("demo")
    groups = semantics_groups(study, {"shares": [0.1, 0.011]})
    clean = subset(groups, "imagenet/object").drawn
    for share, role in (
        (0.011, "imagenet/object+animal-1.1%"),
        (0.1, "imagenet/object+animal-10%"),
    ):
        mixed = subset(groups, role)
        assert (mixed.drawn.ids != clean.ids).sum() == round(share * len(clean.ids))
        assert (mixed.table()["tree"] == "animal").sum() == round(share * len(clean.ids))


# Section 4.4.1
@pytest.mark.parametrize("total", ["60K", "300K"])
def test_both_sides_of_a_trade_have_the_same_total_and_four_times_the_other(total: str) -> None:
    groups = classes_or_images_groups(Study("demo"), {})
    many = subset(groups, f"imagenet/classes-many-{total}")
    few = subset(groups, f"imagenet/images-many-{total}")
    assert len(many) == len(few)
    assert many.num_classes == 4 * few.num_classes
    assert many.imbalance == few.imbalance == 0


def test_a_trade_of_different_totals_is_refused() -> None:
    with pytest.raises(ValueError, match="different totals"):
        Trade((128, 32), (10, 30))


def test_other_totals_are_tried_at_each_number_of_classes() -> None:
    groups = classes_or_images_groups(Study("demo"), {"totals": [640, 1280]})
    own = [g.role for g in groups[2:]]
    assert own == [
        "imagenet/classes-many-60K",
        "imagenet/images-many-60K",
        "imagenet/128 classes x 5 images",
        "imagenet/32 classes x 20 images",
    ]
    assert {len(g.subset) for g in groups[2:] if g.subset} == {640, 1280}


# Figures 18 and 19
@pytest.mark.parametrize("profile", ["demo", "smoke"])
def test_larger_budgets_train_nothing_twice(profile: str) -> None:
    study = Study(profile)
    groups = larger_budgets_groups(study, {})
    trade = [g.role for g in classes_or_images_groups(study, {}) if g.role.endswith("-300K")]
    assert [g.role for g in groups[-2:]] == trade
    shared = {run.finetune.key for run in study.runs(classes_or_images_groups(study, {}))}
    assert {run.finetune.key for run in study.runs(groups[-2:])} <= shared


@pytest.mark.parametrize(("profile", "world"), STUDIES)
def test_generated_images_are_as_many_as_the_natural_ones_of_the_claim(
    profile: str, world: int
) -> None:
    groups = larger_budgets_groups(Study(profile, world=world), {})
    natural, made = (subset(groups, role) for role in ("imagenet/full", "generated/1M"))
    assert len(natural) == len(made)
    assert natural.drawn.names == made.drawn.names


# Section 4.4.2
@pytest.mark.parametrize("world", [0, 1, 2])
@pytest.mark.parametrize("kind", ["imagenet", "inaturalist"])
def test_diversity_changes_subclasses_and_nothing_else(kind: str, world: int) -> None:
    groups = within_class_groups(Study("demo", world=world), {})
    kept = [subset(groups, f"{kind}/within-{p}") for p in ("0.33", "0.67", "1.0")]
    assert len({len(s) for s in kept}) == 1
    assert len({s.drawn.names for s in kept}) == 1
    for part, used in zip(kept, (2, 4, 6), strict=True):
        shown = part.table().groupby("name")["depth_6"]
        assert (shown.nunique() == used).all()
        assert part.imbalance == 0
        each = shown.value_counts().groupby("name").agg(["min", "max"])
        assert (each["max"] - each["min"]).max() <= (kind == "inaturalist")


def test_repeated_images_are_as_many_as_the_normal_ones() -> None:
    groups = within_class_groups(Study("demo"), {})
    normal, repeated = (subset(groups, f"imagenet/{r}") for r in ("25K", "repeated-25K"))
    assert normal.drawn.counts().tolist() == repeated.drawn.counts().tolist()
    assert len(set(repeated.drawn.ids)) == repeated.num_classes


# controls
def test_full_again_has_the_data_of_the_full_source_and_other_seeds_throughout() -> None:
    study = Study("demo", seeds=[0, 1, 2, 3, 4])
    groups = by_role(control_groups(study, {}))
    again, full = groups["control/full-again"], groups["imagenet/full"]
    keys = [{r.finetune.key for r in study.runs([g])} for g in (again, full)]
    assert not keys[0] & keys[1]
    assert again.subset == full.subset
    assert [run.seed for run in study.runs([again])] == list(study.seeds)


def test_controls_change_what_they_say_and_keep_the_rest() -> None:
    study = Study("demo")
    groups = control_groups(study, {})
    full = study.imagenet.drawn
    shuffled = subset(groups, "control/shuffled-labels").drawn
    assert shuffled.ids.tolist() == full.ids.tolist()
    assert shuffled.counts().tolist() == full.counts().tolist()
    assert (shuffled.labels == full.labels).mean() < 0.05
    own, objects = (s.not_under("animal") for s in (study.own_textures, study.imagenet))
    assert own.drawn.ids.tolist() == objects.drawn.ids.tolist()
    species = subset(groups, "control/own-species")
    assert species.imbalance == 0
    assert len(species) == len(study.imagenet)


def test_only_the_controls_that_are_named_are_run() -> None:
    roles = by_role(control_groups(Study("demo"), {"controls": ["noise"]}))
    assert list(roles) == ["scratch", "imagenet/full", "control/noise"]


@pytest.mark.parametrize(
    ("groups_of", "values", "told"),
    [
        (granularity_groups, {"depths": [0]}, "at least 1"),
        (granularity_groups, {"depths": [6]}, r"depths 1 \(coarsest\) to 5"),
        (semantics_groups, {"shares": [1.2]}, "at most 1"),
        (semantics_groups, {"shares": [0.9]}, "a share of at most 0.684"),
        (semantics_groups, {"images": -1}, "or 0 for all"),
        (semantics_groups, {"images": 5000}, "at most 4,160"),
        (classes_or_images_groups, {"totals": [1000]}, "multiple of 128"),
        (classes_or_images_groups, {"classes": [256], "totals": [2560]}, "at most 128"),
        (classes_or_images_groups, {"classes": [16]}, "at most 80 per class"),
        (within_class_groups, {"shares": [0.1]}, "whole number, such as 0.17"),
        (within_class_groups, {"images": 200}, "at most 160 of each superclass"),
        (within_class_groups, {"images": -5}, "images=-5"),
        (control_groups, {"controls": ["noize"]}, "did you mean 'noise'"),
    ],
)
def test_what_cannot_be_is_a_one_line_error(
    groups_of: GroupsOf, values: dict[str, Any], told: str
) -> None:
    study = Study("demo")
    with pytest.raises(UserError, match=told) as caught:
        study.runs(groups_of(study, values))
    assert "\n" not in str(caught.value)

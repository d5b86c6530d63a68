"""How long a training is, and what can be said in a recipe."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsupport.errors import UserError
from nbsupport.study.profiles.real import REAL
from nbsupport.study.profiles.recipes import SETS, Recipe, recipe_named
from nbsupport.training.families import NAMES, family_named

FINETUNED = ("finetune", "scratch")


def test_epochs_are_those_given_where_no_floor_is_reached():
    recipe = Recipe(epochs=3, batch_size=10, min_updates=20)
    assert (recipe.updates_for(105), recipe.epochs_for(105)) == (30, 3)


def test_a_floor_of_updates_gives_small_subsets_more_epochs():
    recipe = Recipe(epochs=3, batch_size=10, min_updates=31)
    assert (recipe.updates_for(40), recipe.epochs_for(40)) == (31, 8)


def test_equal_updates_replace_the_epochs():
    recipe = Recipe(epochs=3, batch_size=10, min_updates=31, updates=12)
    assert [recipe.epochs_for(n) for n in (5, 40, 1000)] == [12, 3, 1]


@given(
    epochs=st.integers(1, 20),
    floor=st.integers(0, 300),
    images=st.integers(1, 5000),
    places=st.sets(st.integers(1, 20)),
)
def test_evaluated_epochs_are_epochs_and_end_with_the_last(epochs, floor, images, places):
    places = sorted(p for p in places if p <= epochs)
    recipe = Recipe(epochs=epochs, batch_size=64, min_updates=floor, evaluate_at=tuple(places))
    found = recipe.evaluated(images)
    assert found[-1] == recipe.epochs_for(images)
    assert found[0] >= 1
    if recipe.epochs_for(images) == epochs:
        assert found == tuple(sorted({*places, epochs}))


@pytest.mark.parametrize(
    ("recipes", "stage"), [(name, stage) for name, own in SETS.items() for stage in own]
)
def test_named_recipes_survive_their_spec(recipes, stage):
    for family in NAMES:
        recipe = recipe_named(recipes, stage, family)
        assert Recipe.from_spec(recipe.spec()) == recipe


def test_a_recipe_without_crops_has_the_spec_that_it_had_before_there_were_crops():
    assert "area" not in Recipe(epochs=1).spec()
    assert Recipe.from_spec(Recipe(epochs=1, area=0.5).spec()).area == 0.5
    with pytest.raises(UserError, match="area"):
        Recipe(epochs=1, area=0.0)
    assert "crop" not in Recipe(epochs=1, area=0.5).spec()
    assert Recipe.from_spec(Recipe(epochs=1, area=0.5, crop=24).spec()).crop == 24
    for wrong in ({"crop": 24}, {"crop": 0, "area": 0.5}):
        with pytest.raises(UserError, match="recipe: crop is"):
            Recipe(epochs=1, **wrong)


@pytest.mark.parametrize("profile", REAL, ids=lambda profile: profile.name)
def test_images_of_another_size_than_the_model_s_are_cropped_to_it(profile):
    for kind in profile.specs:
        px = profile.source_spec(kind, profile.worlds[0])["px"]
        for family in NAMES:
            crop = recipe_named(profile.recipes, "pretrain", family).crop
            assert (crop or px) == profile.px
    assert profile.task_spec(profile.worlds[0])["px"] == profile.px
    assert all(recipe_named(profile.recipes, s, "resnet").crop is None for s in FINETUNED)


def test_the_paper_s_crops_are_taken_from_more_pixels_than_they_have():
    paper = next(profile for profile in REAL if profile.name == "paper")
    assert paper.source_spec("imagenet", 1)["px"] >= 256 > paper.px
    assert "crops" in paper.notes


def test_a_family_changes_only_what_its_override_says():
    family = "alexnet"
    (recipes, stage), change = next(iter(family_named(family).recipes.items()))
    found = recipe_named(recipes, stage, family).spec()
    common = SETS[recipes][stage].spec()
    assert found == common | change
    assert found != common


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimizer": "adam"}, "did you mean 'adamw'"),
        ({"schedule": "cos"}, "did you mean 'cosine'"),
        ({"epochs": 0}, "epochs is 0"),
        ({"updates": 0}, "updates is 0"),
        ({"evaluate_at": (4,)}, "from 1 to 3"),
        ({"learning_rate": 1.0}, "unknown recipe field"),
    ],
)
def test_what_cannot_be_trained_with_is_refused(change, message):
    with pytest.raises(UserError, match=message):
        Recipe.from_spec({"epochs": 3} | change)


@pytest.mark.parametrize("names", [("demi", "pretrain"), ("demo", "pretraining")])
def test_an_unknown_recipe_names_the_nearest(names):
    with pytest.raises(UserError, match="did you mean"):
        recipe_named(*names, "resnet")


def test_planning_needs_no_torch():
    code = (
        "import nbsupport.training.families, nbsupport.study.profiles.recipes, sys\n"
        "import nbsupport.training.versions\n"
        "assert not {'torch', 'timm', 'torchvision'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

"""Facts of the exercises that ask on a page what the page before it taught."""

import math
from itertools import product

import numpy as np
import pytest
from exercises import Exercise, opened
from facts.common import FAMILIES, FULL, SCRATCH, fact, numbers

import nbsupport as nb
from nbsupport.analysis import claims
from nbsupport.analysis.contrasts import contrast
from nbsupport.data.fractals import pictures, systems
from nbsupport.pages.published_tables import datacomp
from nbsupport.pages.setup import role_table
from nbsupport.study.profiles import profile_named
from nbsupport.study.profiles.recipes import recipe_named
from nbsupport.study.study import Study
from nbsupport.training.recipe import Recipe


@fact("02_background", "which-card")
def _(e: Exercise) -> None:
    e.says("it holds all images of the ImageNet stand-in", "For the other it is empty")
    scratch, full = (next(g for g in e.page.groups if g.role == r) for r in (SCRATCH, FULL))
    assert scratch.subset is None
    assert len(full.subset) == len(e.page.study.imagenet)
    e.says("models from scratch are trained for more epochs")
    for family in FAMILIES:
        longer, tuned = (recipe_named("demo", s, family).epochs for s in (SCRATCH, "finetune"))
        assert longer > tuned


@fact("02_residuals", "two-lines")
def _(e: Exercise) -> None:
    claim = claims.load()["no-epoch-trend"]
    assert claim.statistic == "epoch-trend"  # whose line is that of the other families
    e.says("would lie higher, by about the gap between the two lines")
    full = e.runs[e.runs["role"] == FULL]
    x, y = full["id_macro_f1"], full["ood_macro_f1"]
    lifted = (y - nb.role_line(e.runs, SCRATCH).predict(x)).mean()
    assert lifted == pytest.approx(contrast(e.runs, FULL, SCRATCH).gap.value, rel=0.25)
    e.says("the line of pre-trained models is the steeper one", "would also rise over the epochs")
    lines = [nb.role_line(e.runs, role) for role in (SCRATCH, FULL)]
    assert lines[1].slope > lines[0].slope
    from_scratch, from_own = (drift(full, y - line.predict(x)) for line in lines)
    margin = contrast(e.runs, FULL, SCRATCH).margin
    assert from_scratch > margin / 2 > abs(from_own)


def drift(rows, heights) -> float:
    """How much heights change from the first epoch to the last, on average over runs."""
    found = []
    for _, run in rows.assign(height=heights).groupby(["family", "seed"]):
        slope = np.polyfit(run["epoch"], run["height"], 1)[0]
        found.append(slope * np.ptp(run["epoch"]))
    return float(np.mean(found))


@fact("03_setup", "one-line")
def _(e: Exercise) -> None:
    claim = claims.load()["no-epoch-trend"]
    assert (claim.kind, claim.page) == ("same", "02_residuals")
    e.says("The claim is {glue:text}`says-no-epoch-trend`")
    assert len(recipe_named("demo", "finetune", "resnet").evaluate_at) > 2
    assert "after several epochs" in e.question


@fact("04_1_quantity", "roles")
def _(e: Exercise) -> None:
    images, pictures_ = e.value
    study = e.page.study
    assert images == study.profile.sizes["25K"] * study.imagenet.num_classes
    assert pictures_ == len(study.task.table("train"))
    e.says("the 25,000 are about five times fewer than the fine-tuning set")
    assert round(129_809 / 25_000) == 5
    e.says("in the columns *share*")
    assert role_table(study).text.splitlines()[0].count("share") == 2


@fact("04_2_granularity", "confounder")
def _(e: Exercise) -> None:
    e.says("every group of a source has the very same images", "Only the labels change")
    roles = [g.role for g in e.page.groups if g.role.startswith("imagenet/")]
    for budget in ("epochs", "steps"):
        study = Study("demo", budget=budget)
        groups = [g for g in e.page.page.groups(study, {}) if g.role in roles]
        drawn = {frozenset(g.subset.drawn.ids) for g in groups}
        family = study.families[0]
        own = [run for run in study.runs(groups) if run.family == family]
        updates = {
            Recipe.from_spec(r.finetune.parent.spec["recipe"]).updates_for(len(r.group.subset))
            for r in own
        }
        assert len(groups) > 5
        assert len(drawn) == len(updates) == 1


@fact("04_3_semantics", "bits-of-a-half")
def _(e: Exercise) -> None:
    study = e.page.study
    animals = study.imagenet.under("animal").num_classes
    things = study.imagenet.num_classes - animals
    told = {"animals": round(math.log2(animals), 2), "objects": round(math.log2(things), 2)}
    assert e.value == told
    e.says("Objects have more classes, so their labels tell more")
    assert told["objects"] > told["animals"]


@fact("04_4_1_classes_or_images", "height-or-position")
def _(e: Exercise) -> None:
    own = [claim for claim in claims.load().values() if claim.page == e.page_id]
    assert {claim.statistic for claim in own} == {"er"}
    e.says("The claims of this page are about height above it")
    sides = [f"imagenet/{side}-60K" for side in ("classes-many", "images-many")]
    found = contrast(e.runs, *sides, statistic="id-position").estimate.value
    assert e.value == pytest.approx(found)


@fact("04_5_sources", "variety-in-a-category")
def _(e: Exercise) -> None:
    e.says("6 × 4 + 1 = 25 shapes", "100 images", "The other 900 repeat these")
    assert len(systems.FACTORS) == 4
    assert pictures.VARIATIONS == 6 * len(systems.FACTORS) + 1 == 25
    variation, repeat, flip = pictures.instance(np.arange(1000))
    looks = set(zip(variation.tolist(), flip.tolist(), strict=True))
    assert looks == set(product(range(25), range(4)))
    assert len(set(zip(variation[:100].tolist(), flip[:100].tolist(), strict=True))) == 100
    assert (repeat == 0).sum() == 100


@fact("05_self_supervised", "two-measures")
def _(e: Exercise) -> None:
    page = opened("04_5_sources").page
    text = page.notebook.read_text(encoding="utf-8")
    assert "reached a higher *accuracy* on some tasks than those from ImageNet or Places" in text
    e.says("some tasks did better after fractals than after ImageNet or Places")
    e.says("That is a score, and no height above a line")


@fact("06_discussion", "from-which-line")
def _(e: Exercise) -> None:
    captions = claims.load()["clip-on-line"]
    assert captions.page == "05_self_supervised"
    assert {part.reference for part in captions.parts} == {FULL}
    e.says("Section 5 measured from the line of the full source")
    own = [claim for claim in claims.load().values() if claim.page == e.page_id]
    main = [c for c in own if not any("no-gap" in role for role in c.roles)]
    assert main
    assert {part.reference for claim in main for part in claim.parts} == {SCRATCH}
    e.says("every effect is a difference of two heights above the scratch line")


@fact("appendix_a_training", "which-coordinate")
def _(e: Exercise) -> None:
    e.says("no picture of a new camera has a part in it")
    tables = {s: set(e.page.study.task.table(s)["location"]) for s in ("train", "ood_test")}
    assert not tables["train"] & tables["ood_test"]
    e.says("Of the position at best", "Of the height it says nothing")
    line = nb.role_line(e.runs, SCRATCH)
    same = nb.effective_robustness(e.runs, line).groupby("role")["er"].mean()
    assert same[FULL] - same[SCRATCH] > 0


@fact("appendix_clip_quantity", "floor")
def _(e: Exercise) -> None:
    floor, updates = e.value
    assert floor == recipe_named("demo", "contrast", "resnet").min_updates > 0
    assert updates >= floor
    e.says("*Min updates*, the floor", "The second number is never below the first")


@fact("appendix_domain_pairs", "measured")
def _(e: Exercise) -> None:
    known = claims.load()
    assert known["clip-quantity"].kind == "measured"
    assert known["clip-quantity"].page == "appendix_clip_quantity"
    assert known["some-shifts-only"].page == e.page_id
    assert known["some-shifts-only"].kind != "measured"
    e.says("the two trends differ for certain pairs of domains and not for others")


@fact("appendix_larger_budgets", "floor-here")
def _(e: Exercise) -> None:
    margin, third = numbers(e.value)
    found = contrast(e.runs, FULL, "generated/1M")
    assert margin == pytest.approx(found.margin, abs=6e-5)
    own = e.runs.loc[e.runs["role"] == SCRATCH, "ood_macro_f1"].mean() / 3
    assert third == pytest.approx(own, abs=6e-5)
    e.says("The rule stops a comparison where the first number is larger than the second")
    assert margin < third
    assert found.floor == ""


@fact("published_models", "which-reason")
def _(e: Exercise) -> None:
    e.says('"The network is full"')
    text = opened("appendix_larger_budgets").page.notebook.read_text(encoding="utf-8")
    assert "**The network is full.**" in text
    assert "grows with the pool from L to XL" in e.question
    params = datacomp().groupby("size")["params_m"].median()
    assert params["xl"] > 2 * params["l"]


@fact("scale", "upstream-downstream")
def _(e: Exercise) -> None:
    profile = profile_named("paper")
    e.says("A source of pre-training", "the task is iWildCam")
    assert profile.task_spec(1)["name"] == "iwildcam"
    assert "imagenet" in profile.sources


@fact("builds_in", "who-was-looked-at")
def _(e: Exercise) -> None:
    text = opened("scale").page.notebook.read_text(encoding="utf-8")
    for phrase in ("in one shift", "seeds that are never recorded", "validation images only"):
        assert phrase in text
        assert phrase in e.prose
    e.says("the pilot, world 0")
    assert 0 not in set(nb.read_records("demo")["world"])

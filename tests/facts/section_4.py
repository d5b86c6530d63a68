"""Facts that the solutions of Section 4 state, and of those that count jobs."""

import json
import math
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from exercises import Exercise
from facts.common import (
    FACTS,
    FAMILIES,
    FULL,
    SCRATCH,
    argues,
    fact,
    judged,
    made,
    numbers,
    opened_with,
)

import nbsupport as nb
from nbsupport import cli
from nbsupport.analysis import claims, trends
from nbsupport.analysis.verdicts import combine, ladder, more_cells
from nbsupport.pages import all_groups
from nbsupport.pages.request import groups_of, study_for
from nbsupport.study.profiles.recipes import recipe_named
from nbsupport.study.study import Study
from nbsupport.training.recipe import Recipe


# counting jobs ------------------------------------------------------------------------------------
def counts(e: Exercise) -> None:
    """The number of jobs is what the command below it prints; the parts add up to it."""
    command = re.search(r"```bash\n(.*?)```", e.solution, re.DOTALL).group(1)
    words = re.findall(r"'[^']*'|\S+", command.replace("\\\n", " "))[3:]
    options = cli._parser().parse_args([w.strip("'") for w in words])
    values = {name: json.loads(text) for name, text in options.parameters}
    study = study_for(options.page, **values)
    runs = study.runs(groups_of(options.page, study, **values))
    jobs = {job.key for run in runs for job in run.jobs}
    tuned = {run.finetune.key for run in runs}
    said = {int(n) for n in numbers(e.prose)}
    assert len(jobs) in said
    if "fine-tunings, and" in e.prose:
        assert {len(tuned), len(jobs - tuned)} <= said


FACTS["04_1_quantity", "count"] = counts


# Section 4.1 --------------------------------------------------------------------------------------
@fact("04_1_quantity", "training-length")
def _(e: Exercise) -> None:
    e.says("a subset with a tenth of the images gets a tenth of the updates")
    recipe = Recipe.from_spec(
        recipe_named("demo", "pretrain", "resnet").spec() | {"min_updates": 0}
    )
    whole = len(e.page.study.imagenet)
    assert recipe.updates_for(whole // 10) == pytest.approx(
        recipe.updates_for(whole) / 10, rel=0.05
    )
    e.says("gives every subset the number of updates that the full source gets")
    equal = Study("demo", budget="steps")
    runs = equal.runs({"all": equal.imagenet, "few": equal.imagenet.per_class(5)})
    updates = {
        Recipe.from_spec(r.finetune.parent.spec["recipe"]).updates_for(len(r.group.subset))
        for r in runs
        if r.family == equal.families[0]
    }
    assert len(updates) == 1


@fact("04_1_quantity", "band-not-verdict")
def _(e: Exercise) -> None:
    e.says("covers the true line in roughly three cases out of four")
    rng, covered = np.random.default_rng(0), []
    for trial in range(200):
        rows = []
        for family in ("a", "b", "c"):
            run = rng.normal(0, 0.02)
            for epoch in range(8):
                x = 0.3 + 0.04 * epoch + rng.normal(0, 0.01)
                rows.append((SCRATCH, family, 0, epoch, x, 0.5 * x + run + rng.normal(0, 0.004)))
        names = ["role", "family", "seed", "epoch", "id_macro_f1", "ood_macro_f1"]
        band = trends.bootstrap_band(
            pd.DataFrame(rows, columns=names), SCRATCH, [0.45], replicates=400, seed=trial
        )
        covered.append(band["low"].iloc[0] <= 0.5 * 0.45 <= band["high"].iloc[0])
    assert 0.65 < np.mean(covered) < 0.85
    e.says("three families with three seeds")
    assert judged("higher", 0.05, 0.01, settled=False).word == "leans"


@fact("04_1_quantity", "smaller-question")
def _(e: Exercise) -> None:
    parts = claims.load()["quantity-imagenet"].parts
    assert [line.rpartition(" has to be ")[2] for line in e.printed.splitlines()] == [
        part.require for part in parts
    ]
    e.says("Supported. The ends have to be in order")
    assert parts[0].require == "supported"
    assert {part.require for part in parts[1:]} == {"not reversed"}
    one, open_ = judged("higher", 0.05, 0.01), judged("higher", 0.005, 0.02)
    assert ladder(one, [one, open_, one, one]).word == "supported"
    e.says("in a composite, an inconclusive part leaves the whole inconclusive")
    assert combine([one, open_]).word == "inconclusive"


# Section 4.2 --------------------------------------------------------------------------------------
@fact("04_2_granularity", "bits")
def _(e: Exercise) -> None:
    rows = [numbers(line.partition(":")[2]) for line in e.printed.splitlines()]
    labels, bits = [r[0] for r in rows], [r[1] for r in rows]
    steps = [r[2] for r in rows[1:]]
    assert bits[0] == pytest.approx(math.log2(labels[0]))
    assert all(b < math.log2(n) + 1e-9 for n, b in zip(labels[1:], bits[1:], strict=True))
    e.says(
        "The first step, from all labels to the first superclasses, takes most labels and most bits"
    )
    e.says("the last one takes least of both")
    fewer = [a - b for a, b in pairwise(labels)]
    for taken in (steps, fewer):
        assert max(taken) == taken[0]
        assert min(taken) == taken[-1]
    e.says("half as many *equal* labels are one bit less")
    e.says("a step that removes few labels can take more bits than one that removes many")
    pairs = [(i, j) for i in range(len(steps)) for j in range(len(steps))]
    assert any(fewer[i] < fewer[j] and steps[i] > steps[j] for i, j in pairs)


FACTS["04_2_granularity", "number-or-meaning"] = argues


@fact("04_2_granularity", "composite-verdict")
def _(e: Exercise) -> None:
    assert e.value == {"supported"}
    e.says("Inconclusive: every part of this claim has to be supported, and none is contradicted")
    yes, open_ = judged("higher", 0.05, 0.01), judged("same", 0.0, 0.02)
    assert (open_.word, combine([yes] * 5 + [open_]).word) == ("inconclusive", "inconclusive")
    e.says("Even where the estimate is zero, its half-width has to be below the margin")
    assert judged("same", 0.0, 0.0120).word == "supported"
    assert judged("same", 0.0, 0.0130).word == "inconclusive"
    e.says("A difference of two margins is settled by an interval twice as wide")
    assert judged("higher", 0.0250, 0.0240).word == "supported"
    e.says("about a quarter of the cells")
    wide = 0.05  # the number of cells goes with the square of the half-width
    needed = [25 + more_cells(made(v, wide), k) for v, k in ((1e-9, "same"), (0.025, "higher"))]
    assert max(needed) < 1000
    assert needed[1] / needed[0] == pytest.approx(1 / 4, rel=0.05)


# Section 4.3 --------------------------------------------------------------------------------------
@fact("04_3_semantics", "fair-halves")
def _(e: Exercise) -> None:
    e.says("The objects still have more classes, and so fewer images of each")
    (images,) = (int(n) for n in re.findall(r"-p images (\d+)", e.solution))
    halves = opened_with("04_3_semantics", images=images)
    animal, thing = (halves[f"imagenet/{k}"] for k in ("animal", "object"))
    assert len(animal) == len(thing) == images
    assert thing.num_classes > animal.num_classes


@fact("04_3_semantics", "position-without-height")
def _(e: Exercise) -> None:
    e.says("gives the same number as the verdict uses")
    found = nb.contrast(e.runs, "imagenet/animal", "imagenet/object", statistic="id-position")
    assert float(e.value) == pytest.approx(found.estimate.value, abs=1e-9)


@fact("04_3_semantics", "swap")
def _(e: Exercise) -> None:
    e.says("An animal under the label of a tea pot is a wrong label")
    mixed = e.names["mixed"]
    replaced = int(e.value.filter(regex="^animal").sum())
    assert round(replaced / len(mixed), 3) == 0.011


# Section 4.4 --------------------------------------------------------------------------------------
@fact("04_4_1_classes_or_images", "two-sides")
def _(e: Exercise) -> None:
    e.says("A quarter. The few classes are a quarter of the many")
    many, few = e.names["many"], e.names["few"]
    assert e.value == 1 / 4
    assert few.num_classes / many.num_classes == 1 / 4
    e.says("for each of them the few images of one side are among the many of the other")
    labels = many.source.labels()
    kept = set(labels[few.drawn.ids])
    assert {i for i in many.drawn.ids if labels[i] in kept} <= set(few.drawn.ids)


@fact("04_4_1_classes_or_images", "break")
def _(e: Exercise) -> None:
    e.says("two classes the labels hold one bit", "the shifted and flipped copies")
    assert math.log2(2) == 1
    for family in FAMILIES:
        recipe = recipe_named("demo", "pretrain", family)
        assert (recipe.colour, recipe.flip) == (0, True)
        assert recipe.shift > 0


@fact("04_4_1_classes_or_images", "paired-difference")
def _(e: Exercise) -> None:
    e.says("What a family does to *both* sides cancels in the difference")
    pair = [e.names["wide"][f"imagenet/{k}-60K"] for k in ("classes-many", "images-many")]
    assert e.value.std() < math.hypot(*(side.std() for side in pair))


@fact("04_4_2_within_class", "held-fixed")
def _(e: Exercise) -> None:
    e.says("The images of each subclass rise as p falls")
    rows = re.findall(r"(\w+)/within-([\d.]+) \d+ subclasses of about (\d+)", e.printed)
    for source in ("imagenet", "inaturalist"):
        each = [int(n) for s, p, n in sorted(rows, key=lambda r: float(r[1])) if s == source]
        assert len(each) == 3
        assert each == sorted(each, reverse=True)
        assert len(set(each)) == 3


@fact("04_4_2_within_class", "repetition")
def _(e: Exercise) -> None:
    e.says('one different image for each class, fewer than the role "5K" with five')
    lines = re.findall(r"([\w/.-]+) (\d+) images, (\d+) different", e.printed)
    different = {role: int(n) for role, _, n in lines}
    classes = e.page.study.imagenet.num_classes
    assert different["imagenet/repeated-25K"] == classes
    assert e.page.study.profile.sizes["5K"] == 5
    e.says("the smallest dataset of the book")
    every = [g.subset for g in all_groups(Study("demo")) if g.subset is not None]
    assert min(len(set(s.drawn.ids)) for s in every) == classes
    e.says("At every p, all images are different")
    assert all(int(n) == int(d) for role, n, d in lines if "within" in role)
    e.says("a quarter of the classes, with four different images of each")
    assert classes / 4 * 4 == different["imagenet/repeated-25K"]


FACTS["04_4_2_within_class", "measure-of-variety"] = argues


# Section 4.5 --------------------------------------------------------------------------------------
@fact("04_5_sources", "triangle")
def _(e: Exercise) -> None:
    e.says("It would not", "covers about a tenth of the image")
    assert e.value < 0.2
    assert round(float(e.value), 1) == 0.1


@fact("04_5_sources", "equal-in-what")
def _(e: Exercise) -> None:
    e.says("Figure 11 has equal numbers of images and of classes")
    subsets = {group.role: group.subset for group in e.page.groups}
    one, other = subsets["imagenet/150K"], subsets["inaturalist/150K"]
    assert (len(one), one.num_classes) == (len(other), other.num_classes)
    assert "in full, and they have different numbers of images" in " ".join(e.question.split())
    assert len(subsets[FULL]) != len(subsets["inaturalist/full"])


@fact("04_5_sources", "fractals")
def _(e: Exercise) -> None:
    images, categories = (int(n) for n in numbers(e.value))
    equal = e.names["equal"]
    assert (images, categories) == (len(equal), equal.num_classes)
    e.says("beside the scratch runs, which are in the store already")
    study = e.page.study
    asked = study.runs({"fractals, 150K": equal, "from scratch": None})
    known = {run.finetune.key for run in study.runs(e.page.groups)}
    own = {run.finetune.key for run in asked if run.group.subset is None}
    assert own <= known


@fact("04_5_sources", "label-teaches")
def _(e: Exercise) -> None:
    e.says("in the middle of a black image", "nothing has a colour")
    fractals = e.page.study.fractaldb
    images = fractals.source.images(fractals.drawn.ids[:: len(fractals) // 16])
    images = np.asarray(images)
    assert (images[:, 0] == images[:, 1]).all()
    assert (images[:, 1] == images[:, 2]).all()
    assert np.median(images[:, :, 0, :]) == 0


FACTS["04_5_sources", "judge"] = lambda e: e.says(
    "compare it with the one on new natural photographs, never with 100 %"
)

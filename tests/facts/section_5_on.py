"""Facts that the solutions of Sections 5 and 6, of the appendices and of all claims state."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from exercises import Exercise, opened
from facts.common import (
    FACTS,
    FAMILIES,
    FULL,
    SCRATCH,
    argues,
    fact,
    made,
    numbers,
)

from nbsupport.analysis import claims
from nbsupport.analysis.contrasts import Interval, contrast
from nbsupport.analysis.roles import role_of
from nbsupport.analysis.verdicts import judge, more_cells
from nbsupport.paths import root
from nbsupport.study.profiles.recipes import recipe_named


# Section 5 ----------------------------------------------------------------------------------------
@fact("05_self_supervised", "chance")
def _(e: Exercise) -> None:
    batch = int(numbers(e.question)[1])
    e.says(f"natural logarithm of {batch}", f"The accuracy is 1/{batch}, below 1 %")
    assert e.value == pytest.approx(math.log(batch), abs=6e-3)
    assert 1 / batch < 0.01
    assert {recipe_named("demo", "contrast", f).batch_size for f in FAMILIES} == {batch}


@fact("05_self_supervised", "worse-on-line")
def _(e: Exercise) -> None:
    e.says("this gives the mean score of each group")
    assert set(e.value.index) == set(e.runs["role"])


@fact("05_self_supervised", "partner")
def _(e: Exercise) -> None:
    e.says("`families` of a group are run besides those of the study")
    families = {text.partition(": ")[2] for text in e.value}
    assert families == {*e.page.study.families, "vit"}
    assert not (set(e.runs[e.runs["role"].isin((FULL, SCRATCH))]["family"]) & {"vit"})


FACTS["05_self_supervised", "wrong-caption"] = argues


# Section 6 ----------------------------------------------------------------------------------------
@fact("06_discussion", "larger-or-certain")
def _(e: Exercise) -> None:
    e.says("That cannot be read off the two intervals", "*difference* A − B needs an interval")
    a, b = numbers(e.question)[:3], numbers(e.question)[3:6]
    assert a[0] > b[0]
    assert a[1] < b[2] < a[2]  # the intervals overlap, which leaves the question open


@fact("06_discussion", "units")
def _(e: Exercise) -> None:
    e.says('If the interval of the gap touches zero, "the same" cannot be tested')
    held = made(0.05, 0.01)
    unsure = Interval(held.gap.value, held.gap.value, held.gap.dof)
    assert judge("same", replace(held, gap=unsure)).word == "not testable"
    e.says("that one group is higher than another still can")
    assert judge("higher", replace(held, gap=unsure)).word == "supported"


@fact("06_discussion", "along-or-above")
def _(e: Exercise) -> None:
    e.says("The groups of the task without a gap are left out")
    kept = set(e.value.index)
    assert {"no-gap/full", "no-gap/scratch"} <= set(e.runs["role"])
    assert not any(role_of(role).source.own_task for role in kept)
    assert kept == {role for role in e.runs["role"] if not role_of(role).source.own_task}
    e.says("groups are evaluated at other epochs than scratch")
    epochs = e.runs.groupby("role")["epoch"].unique().map(set)
    assert epochs[SCRATCH] != epochs[FULL]


FACTS["06_discussion", "price"] = argues


# appendices ---------------------------------------------------------------------------------------
@fact("appendix_clip_quantity", "fair-comparison")
def _(e: Exercise) -> None:
    study, size = e.page.study, e.page.study.profile.sizes["25K"]
    subset, part = study.imagenet.per_class(size), study.captions("clean")
    e.says("The subset is balanced over the classes of the ImageNet stand-in")
    assert len(set(subset.drawn.counts())) == 1
    e.says("a random draw from the classes of *both* sources")
    both = study.imagenet.num_classes + study.inaturalist.num_classes
    kinds, labels = part.source.pairs.subjects(part.take(len(subset)).drawn.ids)
    e.says("it has plants too, and fewer pictures of each class")
    assert len(set(kinds)) == 2
    assert len(set(zip(kinds, labels, strict=True))) <= both
    assert len(labels) / both < subset.drawn.counts().min()
    e.says("the recipe is another one, with other epochs and another batch")
    for family in FAMILIES:
        ours, theirs = (recipe_named("demo", s, family) for s in ("pretrain", "contrast"))
        assert ours.epochs != theirs.epochs
        assert ours.batch_size != theirs.batch_size


@fact("appendix_clip_quantity", "nested")
def _(e: Exercise) -> None:
    e.says("makes the smaller part differ from the larger one only by what was left out")
    clean = e.page.study.captions("clean")
    assert set(clean.take(100).drawn.ids) <= set(clean.take(1000).drawn.ids)
    e.says("That is about a tenth again")
    assert 8 <= numbers(e.value)[0] <= 12


FACTS["appendix_domain_pairs", "both-directions"] = argues


@fact("appendix_domain_pairs", "own-gap")
def _(e: Exercise) -> None:
    e.says("All pairs have one margin, and it is a quarter of one gap")
    margins, gaps = zip(*e.value.values(), strict=True)
    assert len(e.value) == 6
    assert np.ptp(margins) == pytest.approx(0, abs=1e-12)
    assert margins[0] == pytest.approx(gaps[0] / 4)
    e.says("Over the same scores it would be four margins in every pair")
    for pair in range(1, 7):
        own = (f"pair-{pair}/full", f"pair-{pair}/scratch")
        c = contrast(e.runs, *own, reference=own[1], gap=own)
        assert c.gap.value / c.margin == pytest.approx(4)


@fact("appendix_domain_pairs", "holm")
def _(e: Exercise) -> None:
    e.says("0.006, 0.02, 0.024, 0.09, 0.4, 0.6. Three survive")
    assert list(e.value) == [0.006, 0.02, 0.024, 0.09, 0.4, 0.6]
    assert (e.value < 0.025).sum() == 3
    e.says("Without the correction it would also be three")
    given = [0.001, 0.004, 0.006, 0.03, 0.2, 0.6]
    assert sum(p < 0.025 for p in given) == 3
    e.says("With 0.02 in its place, it would have counted alone, and does not among six")
    changed = e.names["holm"]([0.001, 0.004, 0.006, 0.02, 0.2, 0.6])
    assert 0.02 < 0.025 < changed[3]


@fact("appendix_domain_pairs", "own-pair")
def _(e: Exercise) -> None:
    e.says("the pair is a few lines")
    specs = [run.finetune.spec["task"] for run in e.page.study.runs(e.names["mine"])]
    assert {(s["style"], s["ood_style"]) for s in specs} == {("painting", "silhouette")}
    assert "painting → silhouette" in e.question


@fact("appendix_larger_budgets", "more-images")
def _(e: Exercise) -> None:
    e.says("which [Section 4.1](04_1_quantity.ipynb) has")
    roles = {group.role for group in opened("04_1_quantity").groups}
    assert {FULL, "imagenet/150K"} <= roles
    er = e.names["er"].set_index(["role", "family", "seed"])["er"]
    assert e.value.dropna().equals((er["generated/1M"] - er["generated/150K"]).dropna())


@fact("appendix_larger_budgets", "one-in-other")
def _(e: Exercise) -> None:
    assert e.value is True
    e.says("The two groups differ only by what was added")


FACTS["appendix_larger_budgets", "worth-more"] = argues


# all claims ---------------------------------------------------------------------------------------
@fact("claims", "chances")
def _(e: Exercise) -> None:
    e.says("The number of claims times 0.025: less than one")
    stated = [claim for claim in claims.load().values() if not claim.control]
    assert len(stated) * 0.025 < 1
    e.says("the claims share runs")
    assert sum({FULL, SCRATCH} <= set(claim.roles) for claim in stated) > 1


@fact("claims", "inconclusive-row")
def _(e: Exercise) -> None:
    e.says("*if* the estimate stayed where it is")
    now = made(0.02, 0.03)
    cells = now.cells + more_cells(now, "higher")
    shrunk = made(0.02, 0.03 * math.sqrt(now.cells / cells) * 0.999)
    assert judge("higher", now).word == "inconclusive"
    assert judge("higher", shrunk).word == "supported"


@fact("claims", "own-ledger")
def _(e: Exercise) -> None:
    own, controls, apart = (int(n) for n in numbers(e.value))
    told = json.loads((root() / "records" / "claims-demo.json").read_text())["claims"]
    both = [c for c in told if c["world 1"]["verdict"] == c["world 2"]["verdict"] == "supported"]
    assert own == sum(not c["control"] for c in both)
    assert controls == sum(c["control"] for c in both)
    e.says("whose `verdict` is", "`world 1`", "`world 2`", "`control`")
    e.says("the test of the difference finds claims that are supported on both and differ in size")
    differing = [c for c in both if c["replication"] == "differs in size" and not c["control"]]
    assert apart == len(differing) > 0

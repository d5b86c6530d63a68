"""Facts that the solutions state on recipes, published models, profiles and the world itself."""

import math
import re
from math import hypot

import numpy as np
import pytest
from exercises import Exercise
from facts.common import FACTS, FULL, SCRATCH, argues, fact, numbers

import nbsupport as nb
from nbsupport.analysis import claims
from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.published import SKETCH, fine_tuned
from nbsupport.evidence.published.models import published_models
from nbsupport.evidence.published.sources import sources
from nbsupport.pages import published_points, scale
from nbsupport.study.profiles import profile_named
from nbsupport.study.profiles.recipes import recipe_named


# Section 3 ----------------------------------------------------------------------------------------
@fact("03_setup", "hospital")
def _(e: Exercise) -> None:
    assert "invented, its numbers too" in e.question
    rows = re.findall(r"^\| ([A-G]) \| [^|]+ \| ([\d.]+) \| ([\d.]+) \|$", e.question, re.MULTILINE)
    given = {name: (float(x), float(y)) for name, x, y in rows}
    assert len(given) == 7
    assert e.names["rows"] | e.names["others"] == given
    told = {name: (float(er), where) for name, er, where in re.findall(
        r"([D-G]): ([-+][\d.]+)(.*)", e.printed)}  # fmt: skip
    low, high = given["A"][0], given["C"][0]
    slope = (given["C"][1] - given["A"][1]) / (high - low)
    for name, (er, where) in told.items():
        x, y = given[name]
        assert er == pytest.approx(y - given["A"][1] - slope * (x - low), abs=6e-4)
        assert bool(where) == (not low <= x <= high)
    e.says("D and E stand above the line")
    assert min(told["D"][0], told["E"][0]) > 5 * abs(told["F"][0])
    e.says("F is better than B in both columns and has gained next to nothing over the line")
    assert given["F"] > given["B"]
    assert given["F"][1] > given["B"][1]
    e.says("G has the best score at known scanners", "the line ends at C")
    assert max(given.values()) == given["G"]


# Section 4 ----------------------------------------------------------------------------------------
@fact("04_2_granularity", "steps")
def _(e: Exercise) -> None:
    rows = re.findall(r"(\S+) over (\S+): ([-+.\d]+) to ([-+.\d]+), (.+)", e.printed)
    ladder = ["imagenet/full", *(f"imagenet/depth-{d}" for d in (7, 6, 5, 4, 2))]
    assert [row[0] for row in rows] + [rows[-1][1]] == ladder
    margin = contrast(e.runs, FULL, SCRATCH).margin
    for finer, coarser, low, high, word in rows:
        found = contrast(e.runs, finer, coarser)
        assert (float(low), float(high)) == pytest.approx((found.low, found.high), abs=6e-5)
        inside = found.minus.high < 0 < found.plus.low
        above = found.minus.low > 0
        assert word == ("too small to count" if inside else "counts" if above else "open")
        assert not (inside and above)
    e.says("a size that may or may not count")
    assert any(
        float(low) > 0 and float(low) < margin for *_, low, _, word in rows if word == "open"
    )


@fact("04_3_semantics", "share")
def _(e: Exercise) -> None:
    spans = dict(re.findall(r"(\w+): (.+)", e.printed))
    (low, high), (own_low, own_high) = (numbers(spans[name]) for name in ("paper", "here"))
    half = 100 * 1.96 * math.sqrt(0.011 * 0.989 / 20_000)
    assert (low, high) == pytest.approx((1.1 - half, 1.1 + half), abs=6e-3)
    assert "found an animal and an object together in 1.1 % of them" in e.question
    e.says("The intervals overlap")
    assert own_low < high
    assert low < own_high


@fact("04_4_2_within_class", "could-it-fail")
def _(e: Exercise) -> None:
    gain, margin = numbers(e.value)[:2]
    found = contrast(e.runs, "imagenet/within-1.0", SCRATCH)
    assert (gain, margin) == pytest.approx((found.estimate.value, found.margin), abs=6e-5)
    more = found.estimate.value > found.margin
    assert e.value.endswith(": more than the margin" if more else ": no more than the margin")


# Section 6 ----------------------------------------------------------------------------------------
@fact("06_discussion", "another-paper")
def _(e: Exercise) -> None:
    claim = claims.load()["no-epoch-trend"]
    e.says("a *straight* drift from the first evaluated epoch to the last is as good as none")
    assert (claim.kind, claim.statistic) == ("same", "epoch-trend")
    e.says("A rise and a fall of one size have no straight drift")
    assert np.polyfit([1, 2, 3, 4, 5], [0, 1, 2, 1, 0], 1)[0] == pytest.approx(0)
    middle, mean, _, above, of = numbers(e.value)  # "above 0 in ..."
    full = e.runs[e.runs["role"] == FULL]
    line = nb.role_line(e.runs, SCRATCH)
    height = full["ood_macro_f1"] - line.predict(full["id_macro_f1"])
    at = full.assign(height=height).set_index(["family", "seed", "epoch"])["height"]
    last = full["epoch"].max()
    falls = (at.xs(int(middle), level="epoch") - at.xs(last, level="epoch")).dropna()
    assert full["epoch"].min() < middle < last
    assert mean == pytest.approx(falls.mean(), abs=6e-5)
    assert (above, of) == ((falls > 0).sum(), len(falls))


# Appendices ---------------------------------------------------------------------------------------
@fact("appendix_a_training", "where-a-loss-starts")
def _(e: Exercise) -> None:
    study = e.page.study
    classes = {"pre-training": study.imagenet.num_classes, "task": study.task.num_classes}
    assert e.value == {stage: round(math.log(count), 2) for stage, count in classes.items()}
    e.says("Smoothing changes nothing at the start")
    smoothed = np.full(10, 0.01) + 0.9 * np.eye(10)[0]
    assert smoothed.sum() == pytest.approx(1)
    assert -(smoothed * math.log(1 / 10)).sum() == pytest.approx(math.log(10))
    e.says("the end, which can no longer be zero")
    assert -(smoothed * np.log(smoothed)).sum() > 0.1  # the least that a network can reach
    assert recipe_named("demo", "pretrain", "resnet").label_smoothing > 0


@fact("appendix_a_training", "updates")
def _(e: Exercise) -> None:
    study, recipe = e.page.study, recipe_named("demo", "pretrain", "resnet")
    full, five = (numbers(line) for line in e.printed.splitlines())
    whole = recipe.updates_for(len(study.imagenet))
    assert full == [len(study.imagenet), whole, whole]
    assert five[0] == 5 * study.imagenet.num_classes
    assert five[2] == recipe.updates_for(int(five[0])) == recipe.min_updates > five[1]
    e.says("the floor has raised the epochs")


FACTS["appendix_a_training", "tempting-recipe"] = argues


@fact("appendix_clip_quantity", "how-much-is-kept")
def _(e: Exercise) -> None:
    rows = re.findall(r"(\S+): ([-+.\d]+) \(([-+.\d]+) to ([-+.\d]+)\), (.+)", e.printed)
    assert [row[0] for row in rows] == ["captions/clean-150K", "captions/clean-25K"]
    for part, *ends, word in rows:
        found = contrast(e.runs, "captions/clean", part)
        exact = (found.estimate.value, found.low, found.high)
        assert [float(end) for end in ends] == pytest.approx(exact, abs=6e-5)
        more = found.minus.low > 0
        assert word == ("more than the margin" if more else "not shown to be more")
        assert found.cells == 25
    e.says("the Vision Transformers, which only the whole corpora have, are left out of it")
    held = e.runs.groupby("role")["family"].agg(set)
    assert {role for role, families in held.items() if "vit" in families} == {
        "captions/clean",
        "captions/noisy",
    }


@fact("appendix_clip_quantity", "before-the-figure")
def _(e: Exercise) -> None:
    e.says("`captions/clean` over `captions/clean-25K`")
    assert {"captions/clean", "captions/clean-25K"} <= {g.role for g in e.page.groups}
    assert claims.load()["clip-quantity"].kind == "measured"
    assert "this page has no claim to judge" in e.question
    e.says("each step must not be reversed")
    ladder = claims.load()["quantity-imagenet"]
    assert {part.require for part in ladder.parts[1:]} == {"not reversed"}


@fact("appendix_larger_budgets", "panel")
def _(e: Exercise) -> None:
    n = numbers(re.sub(r"half-widths|half-width", "", e.printed))
    pairs = [(FULL, SCRATCH), ("generated/1M", SCRATCH), (FULL, "generated/1M")]
    one, other, both = (contrast(e.runs, *pair).estimate for pair in pairs)
    exact = [one.value, other.value, both.value, one.half, other.half]
    exact += [hypot(one.half, other.half), both.half]
    assert n == pytest.approx(exact, abs=6e-5)
    e.says("what they share cancels in the difference")
    assert both.half < hypot(one.half, other.half)
    assert both.value == pytest.approx(one.value - other.value, abs=2e-4)


# Published models ---------------------------------------------------------------------------------
@fact("published_models", "twelve-points")
def _(e: Exercise) -> None:
    points = published_points.twelve_points()
    assert len(points) == 12
    assert "Six saw ImageNet-1K alone" in e.question
    assert (points["source"] == "in1k").sum() == 6
    known = published_models().set_index("model")
    for point in points.itertuples():
        row = known.loc[[point.model]].query("publication == 'timm'").iloc[0]
        assert (point.imagenet, point.sketch) == (row["imagenet"], row["sketch"])
    rows = re.findall(r"([A-F]) \((\S+)\): ([-+.\d]+), (\w+ \w+ ?\w*), (\w+ ?\w*) than", e.printed)
    assert [row[0] for row in rows] == list("ABCDEF")
    words = {(robust, better) for *_, robust, better in rows}
    assert ("more robust", "better") in words
    assert ("no more robust", "better") in words  # only better: there are some of each kind
    heights = fine_tuned(published_models(), SKETCH, "logit")
    others = points[points["source"] != "in1k"]
    by_all = others["sketch"] - heights.line.predict(others["imagenet"])
    spread = heights.recipe_spread().median
    for (*_, height, robust, _), exact in zip(rows, by_all, strict=True):
        assert float(height) == pytest.approx(exact, abs=0.01)  # six carry the line well enough
        assert robust == ("more robust" if exact > spread else "no more robust")


@fact("published_models", "one-thing")
def _(e: Exercise) -> None:
    known = sources()
    laion, openai = known["laion-2b"], known["openai-400m"]
    assert laion.images > openai.images
    e.says("differ in number *and* in how they were chosen")
    e.says("which is what this book does in its own world")
    sizes = {part.a for part in claims.load()["quantity-imagenet"].parts}
    assert len(sizes) > 2


# Scale and what the world builds in ---------------------------------------------------------------
@fact("scale", "days")
def _(e: Exercise) -> None:
    told = scale.numbers("paper")
    hours = int(told["study-hours"].replace(",", ""))
    assert int(told["study-days-4"].replace(",", "")) == pytest.approx(hours / 4 / 24, abs=1)
    assert int(told["study-euros"].replace(",", "")) == 2 * hours
    assert "a price made up for this exercise" in e.question


@fact("scale", "what-rehearsal-proves")
def _(e: Exercise) -> None:
    e.says("every loader reads files in their official layout", "its pictures are fake")
    rehearsal, paper = profile_named("rehearsal"), profile_named("paper")
    assert set(paper.sources) == set(rehearsal.sources)
    assert rehearsal.px < paper.px
    assert not rehearsal.evidence


@fact("builds_in", "camera-alone")
def _(e: Exercise) -> None:
    by_camera, alike = numbers(e.value)
    e.says("Without a look at any animal a model gains the difference")
    assert by_camera > 1.2 * alike
    tables = {s: e.page.study.task.table(s) for s in ("train", "id_test", "ood_test")}
    e.says("no label of theirs was in training")
    cameras = {split: set(table["location"]) for split, table in tables.items()}
    assert not cameras["train"] & cameras["ood_test"]
    usual: dict[object, object] = {}
    for camera, rows in tables["train"].groupby("location"):
        counts = rows["label"].value_counts()
        usual[camera] = counts[counts == counts.max()].index.min()
    test = tables["id_test"]
    right = [
        usual.get(c) == label for c, label in zip(test["location"], test["label"], strict=True)
    ]
    assert by_camera == pytest.approx(100 * np.mean(right), abs=0.06)


FACTS["builds_in", "attack-and-defend"] = argues


@fact("builds_in", "missing-control")
def _(e: Exercise) -> None:
    text = e.page.page.notebook.read_text(encoding="utf-8")
    assert re.search(r"A label is never wrong[^|]*\|[^|]*\| none yet", text)
    e.says("`shuffled_labels()` on a subset, which the controls use for all labels at once")
    shuffled = e.page.study.imagenet.shuffled_labels()
    assert len(shuffled) == len(e.page.study.imagenet)

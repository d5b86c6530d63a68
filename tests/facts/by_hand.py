"""Facts of the examples that are worked out on three pages each, with less and less help."""

import math
import re

import numpy as np
import pytest
from exercises import Exercise
from facts.begin_here import signs
from facts.common import FULL, SCRATCH, fact

import nbsupport as nb
from nbsupport.analysis import trends
from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.verdicts import judge
from nbsupport.pages import worked_examples

GLUED = re.compile(r"\{glue:text\}`([\w-]+)`")


def told(numbers: dict[str, str]) -> dict[str, float]:
    """The glued texts that are numbers, as numbers."""
    found = {}
    for name, text in numbers.items():
        if re.fullmatch(r"[-+]?[\d.]+", signs(text)):
            found[name] = float(signs(text))
    return found


def all_glued(e: Exercise, numbers: dict[str, str]) -> None:
    """Everything that an exercise quotes under its own prefix is there."""
    prefix = next(iter(numbers)).split("-")[0]
    used = {n for n in GLUED.findall(e.question + e.solution) if n.startswith(f"{prefix}-")}
    assert used <= set(numbers)
    assert len(used) > 5


def world_1():
    records = nb.read_records("demo")
    return records[records["world"] == 1]


@fact("02_residuals", "residual-with-gaps")
def _(e: Exercise) -> None:
    numbers = worked_examples.residual_numbers()
    all_glued(e, numbers)
    n, points = told(numbers), world_1()
    full = points[points["role"] == FULL]
    family, seed = worked_examples.RESIDUAL_OF
    others = full[full["family"] != family]
    line = trends.fit_line(others["id_macro_f1"], others["ood_macro_f1"])
    last = full[(full["family"] == family) & (full["seed"] == seed)].sort_values("epoch").iloc[-1]
    exact = last["ood_macro_f1"] - float(line.predict(last["id_macro_f1"]))
    assert n["residual-value"] == pytest.approx(exact, abs=2e-3)
    assert n["residual-value"] == pytest.approx(n["residual-ood"] - n["residual-expected"])
    computed = n["residual-intercept"] + n["residual-slope"] * n["residual-id"]
    assert n["residual-expected"] == round(computed, 3)
    inside = abs(exact) < contrast(points, FULL, FULL, statistic="epoch-trend").margin
    assert numbers["residual-place"] == ("inside" if inside else "outside")


@fact("04_1_quantity", "by-hand")
def _(e: Exercise) -> None:
    numbers = worked_examples.alone_numbers()
    all_glued(e, numbers)
    n = told(numbers)
    family, seed = worked_examples.ALONE_OF
    line = e.names["line"]
    own = nb.effective_robustness(e.runs, line).set_index(["role", "family", "seed"])["er"]
    assert n["alone-er"] == pytest.approx(own["imagenet/5K", family, seed], abs=1.5e-3)
    scores = re.findall(r"\(([\d.]+), ([\d.]+)\)", numbers["alone-points"])
    inside = [(x, y) for x, y in scores if n["alone-low"] <= float(x) <= n["alone-high"]]
    assert 2 <= len(inside) == n["alone-inside"] < len(scores)
    heights = re.findall(r"[-+]?\d\.\d+", signs(numbers["alone-heights"]))
    assert np.mean([float(h) for h in heights]) == pytest.approx(n["alone-er"], abs=6e-4)
    assert list(e.value) == sorted(e.value)
    assert set(e.value.index) == set(e.runs["role"])
    e.says("fewer than two such epochs", "`er` is missing and `off_line` is true")
    table = nb.effective_robustness(e.runs.assign(id_macro_f1=1.0), line)
    assert table["off_line"].all()
    assert table["er"].isna().all()
    assert trends.MIN_EPOCHS == 2


def as_computed(numbers: dict[str, str], prefix: str, exact) -> None:
    """What is printed follows from what is printed, and is the interval but for rounding."""
    n = {name.removeprefix(f"{prefix}-"): v for name, v in told(numbers).items()}
    without = [n[k] for k in ("1", "2", "3")]
    assert n["mean"] == round(float(np.mean(without)), 4)
    assert n["squares"] == pytest.approx(sum((v - n["mean"]) ** 2 for v in without), abs=1e-7)
    assert n["se"] == round(math.sqrt(2 / 3 * n["squares"]), 4)
    assert n["half"] == pytest.approx(4.30 * n["se"], abs=6e-5)
    assert (n["low"], n["high"]) == pytest.approx((n["d"] - n["half"], n["d"] + n["half"]))
    assert (n["d"], n["se"]) == pytest.approx((exact.value, exact.se), abs=1e-4)
    assert (n["low"], n["high"]) == pytest.approx((exact.low, exact.high), abs=6e-4)


@fact("04_4_1_classes_or_images", "interval-with-gaps")
def _(e: Exercise) -> None:
    numbers = worked_examples.trade_interval()
    all_glued(e, numbers)
    found = worked_examples.three_cells(*worked_examples.TRADE).found
    as_computed(numbers, "trade", found.estimate)
    assert (found.cells, found.estimate.dof) == (3, 2)
    assert "4. 2\n" in e.solution
    assert numbers["trade-word"] == judge("same", found).text
    e.says("With three cells of one family a verdict can only lean")
    assert judge("same", found).word == "leans"
    inside = found.minus.high < 0 and found.plus.low > 0
    assert numbers["trade-inside"].startswith("The interval lies inside" if inside else "No: ")


@fact("05_self_supervised", "interval-alone")
def _(e: Exercise) -> None:
    numbers = worked_examples.captions_interval()
    all_glued(e, numbers)
    found = worked_examples.three_cells(*worked_examples.CAPTIONS, reference=FULL).found
    own = {k: v for k, v in numbers.items() if not k.startswith(("captions-plus", "captions-m-"))}
    as_computed(own, "captions", found.estimate)
    plus = {k: v for k, v in numbers.items() if k.startswith("captions-plus")}
    as_computed(plus, "captions-plus", found.plus)
    below = "It lies below 0" if found.plus.high < 0 else "It reaches 0"
    assert numbers["captions-beyond"].startswith(below)
    assert numbers["captions-word"] == judge("same", found).text
    assert judge("same", found).word == "leans"
    assert {SCRATCH, FULL} <= set(e.runs["role"])

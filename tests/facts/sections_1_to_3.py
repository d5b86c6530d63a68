"""Facts that the solutions of Sections 1 to 3 state."""

import re

import numpy as np
import pytest
from exercises import Exercise
from facts.common import FACTS, FAMILIES, FULL, SCRATCH, argues, fact, numbers

import nbsupport as nb
from nbsupport.analysis import trends
from nbsupport.analysis.contrasts import MARGIN, contrast
from nbsupport.errors import UserError
from nbsupport.pages import background
from nbsupport.study.profiles.recipes import recipe_named
from nbsupport.study.study import Study


# Section 1 ----------------------------------------------------------------------------------------
@fact("01_introduction", "one-axis")
def _(e: Exercise) -> None:
    e.says("four times fewer classes, four times more images of each")
    for trade in e.page.study.profile.trades.values():
        (many, few), (each, more) = trade.classes, trade.each
        assert (many / few, more / each, many * each) == (4, 4, few * more)
    e.says("number of images falls with the number of classes, if each class keeps its images")
    imagenet = e.page.study.imagenet
    assert len(imagenet.choose_classes(32)) * imagenet.num_classes == 32 * len(imagenet)


@fact("01_introduction", "another-model")
def _(e: Exercise) -> None:
    (found,) = e.value["er"]
    er = e.names["er"]
    assert found == er.loc[er["role"] == FULL, "er"].min()


@fact("01_introduction", "robust-or-good")
def _(e: Exercise) -> None:
    e.says("it moves *along* the line", "stands *above* the line")
    line = nb.role_line(e.runs, SCRATCH)
    assert line.slope > 0
    assert contrast(e.runs, FULL, SCRATCH).low > 0


# Section 2 ----------------------------------------------------------------------------------------
@fact("02_background", "by-hand")
def _(e: Exercise) -> None:
    told = background.example_numbers(e.runs)
    names = re.findall(r"glue:text\}`([\w-]+)`", e.solution)
    used = [float(told[n].replace("\N{MINUS SIGN}", "-")) for n in names]
    a, b, x, expected, y, ood, again, er = used
    assert expected == again == round(a + b * x, 3)
    assert y == ood
    assert er == pytest.approx(y - expected, abs=5e-4)
    asked = re.findall(r"glue:text\}`([\w-]+)`", e.question)
    assert set(asked) == {"line-intercept", "line-slope", "exercise-id", "exercise-ood"}


@fact("02_background", "better-less-robust")
def _(e: Exercise) -> None:
    slope, step, gained, less, lost = numbers(e.prose)[:5]
    assert slope * step == pytest.approx(gained)
    assert gained - less == pytest.approx(lost)
    e.says("is better on new cameras and has lost")


@fact("02_background", "most-possible")
def _(e: Exercise) -> None:
    e.says(
        "$x - f(x) = x - a - b x = (1 - b)\\,x - a$", "slope $b$ is below 1", "this grows with $x$"
    )
    line = nb.role_line(e.runs, SCRATCH)
    lost = [x - float(line.predict(x)) for x in (0.3, 0.5, 0.7)]
    assert line.slope < 1
    assert lost == sorted(lost)
    e.says("changes with $x$ as well")
    upper = nb.role_line(e.runs, FULL)
    apart = upper.predict([0.4, 0.7]) - line.predict([0.4, 0.7])
    assert abs(apart[1] - apart[0]) > MARGIN * contrast(e.runs, FULL, SCRATCH).gap.value


@fact("02_background", "another-reference")
def _(e: Exercise) -> None:
    e.says("About, and not exactly")
    shown = [
        {r: float(v) for r, v in re.findall(r"'([\w/]+)': ([\d.]+)", line)}
        for line in e.printed.splitlines()
    ]
    assert shown[0][SCRATCH] == shown[1][FULL] == 0
    assert "e-" not in e.printed
    exact = [
        abs(
            nb.effective_robustness(e.runs, nb.role_line(e.runs, a)).groupby("role")["er"].mean()[b]
        )
        for a, b in ((SCRATCH, FULL), (FULL, SCRATCH))
    ]
    assert exact[0] != exact[1]
    assert exact[0] == pytest.approx(exact[1], rel=MARGIN)


@fact("02_background", "one-family")
def _(e: Exercise) -> None:
    said = dict(re.findall(r"without (\w+): ([-+][\d.]+)", e.printed))
    assert set(said) == set(e.runs["family"])
    for family, gain in said.items():
        rest = e.runs[e.runs["family"] != family]
        assert float(gain) == pytest.approx(contrast(rest, FULL, SCRATCH).estimate.value, abs=6e-4)


@fact("02_residuals", "yardstick")
def _(e: Exercise) -> None:
    e.says("average exactly zero", "no linear trend against its ID score")
    own = e.runs[(e.runs["role"] == FULL) & (e.runs["family"] == "resnet")]
    x, y = own["id_macro_f1"].to_numpy(), own["ood_macro_f1"].to_numpy()
    residual = y - trends.fit_line(x, y).predict(x)
    assert residual.mean() == pytest.approx(0, abs=1e-12)
    assert np.polyfit(x, residual, 1)[0] == pytest.approx(0, abs=1e-9)
    e.says("ID scores grow with epochs")
    assert own.groupby("epoch")["id_macro_f1"].mean().corr(own.groupby("epoch")["epoch"].mean()) > 0


@fact("02_residuals", "drift-by-family")
def _(e: Exercise) -> None:
    said = dict(re.findall(r"(\w+): ([-+][\d.]+)", e.printed))
    assert set(said) == set(e.runs["family"])
    full = e.runs[e.runs["role"] == FULL]
    for family, drift in said.items():
        own, others = full[full["family"] == family], full[full["family"] != family]
        line = trends.fit_line(others["id_macro_f1"], others["ood_macro_f1"])
        residual = own["ood_macro_f1"] - line.predict(own["id_macro_f1"])
        slope = np.polyfit(own["epoch"], residual, 1)[0]
        assert float(drift) == pytest.approx(slope * np.ptp(own["epoch"]), abs=6e-4)


@fact("02_residuals", "bend")
def _(e: Exercise) -> None:
    e.says("is negative for a curve that rises and then falls")
    assert np.polyfit([1, 2, 3, 4, 5], [0, 1, 2, 1, 0], 2)[0] < 0
    e.says('`runs.groupby(["role", "family", "seed"]).size()` counts them')
    evaluated = e.runs.groupby(["role", "family", "seed"]).size()
    assert evaluated[FULL, "resnet", 0] == len(
        recipe_named("demo", "finetune", "resnet").evaluate_at
    )


@fact("02_residuals", "drift-from-scratch")
def _(e: Exercise) -> None:
    drift, margin = numbers(e.printed)
    found = contrast(e.runs, SCRATCH, SCRATCH, statistic="epoch-trend")
    assert (drift, margin) == pytest.approx((found.estimate.value, found.margin), abs=6e-4)
    e.says("Runs from scratch are trained for more epochs")
    for family in FAMILIES:
        scratch, tuned = (recipe_named("demo", s, family).epochs for s in (SCRATCH, "finetune"))
        assert scratch > tuned


# Section 3 ----------------------------------------------------------------------------------------
@fact("03_setup", "macro-f1")
def _(e: Exercise) -> None:
    assert numbers(e.question)[0] == 60
    share = 0.6
    e.says("An accuracy of 0.60", "= 0.75$", "20 species", "0.75 / 21", "0.036")
    f1 = 2 * share / (1 + share)
    assert f1 == pytest.approx(0.75)
    assert round(f1 / 21, 3) == 0.036


@fact("03_setup", "shared-cameras")
def _(e: Exercise) -> None:
    known, new = e.value
    e.says("The second number must be 0", "close to the number of cameras in training")
    assert new == 0
    assert 0.9 * len(e.names["cameras"]["train"]) <= known <= len(e.names["cameras"]["train"])


@fact("03_setup", "draw-subset")
def _(e: Exercise) -> None:
    e.says("It is.", "With another seed all draws change", "only 16 images in each class")
    assert e.value is True or bool(e.value)
    small = e.names["small"]
    assert set(small.seeded(1).drawn.ids) != set(small.drawn.ids)
    imagenet = Study("smoke").imagenet
    assert set(imagenet.drawn.counts()) == {16}
    with pytest.raises(UserError, match="16"):
        len(imagenet.per_class(20))


FACTS["03_setup", "no-shortcuts"] = argues

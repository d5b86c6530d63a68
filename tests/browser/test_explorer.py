"""The explorer in headless Chromium: its fits are the package's, and a reader can use it."""

import json
from itertools import product
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nbsupport.analysis import published as measured
from nbsupport.analysis.contrasts import Contrast, contrast
from nbsupport.analysis.intervals import Interval
from nbsupport.analysis.published import Heights
from nbsupport.analysis.trends import AXES, NoLineError, role_line, transform
from nbsupport.analysis.verdicts import judge
from nbsupport.evidence import recorded
from nbsupport.evidence.published.models import published_models
from nbsupport.evidence.published.verdicts import Found
from nbsupport.pages import explorer
from nbsupport.paths import root
from nbsupport.study.profiles import profile_named

pytestmark = pytest.mark.browser

CLOSE = 1e-9


@pytest.fixture(scope="module")
def html() -> str:
    return explorer.explorer("demo").html


@pytest.fixture(params=[1280])
def window(from_disk: Any, html: str, request: pytest.FixtureRequest) -> Any:
    """The explorer opened from disk, as wide as the test asks."""
    own = from_disk("explorer", html, width=request.param)
    own.open()
    return own


# its fits are the package's -----------------------------------------------------------------------
COMPUTE = """([id, axis, margin, reference, without]) => {
    const setting = window.nbExplorer.settings.find((s) => s.id === id);
    const families = setting.families.map((f) => f.id).filter((f) => f !== without);
    const choice = { setting, axis, margin, reference, families };
    const rows = setting.compute(choice, setting.groups.map((g) => g.id)).rows;
    return JSON.stringify(rows, (_, v) => (Number.isNaN(v) ? null : v));
}"""
SPREADS = ("estimate", "minus", "plus", "gap")


class Compared:
    """How many numbers were compared, and the largest difference among them."""

    def __init__(self) -> None:
        self.count, self.largest, self.fits = 0, 0.0, 0

    def number(self, here: float | None, there: float, what: str) -> None:
        assert (here is None) == isnan(there), f"{what}: {here} here, {there} by the package"
        self.count += 1
        if here is not None:
            self.largest = max(self.largest, abs(here - there))
            assert abs(here - there) < CLOSE, f"{what}: {here} here, {there} by the package"

    def interval(self, here: dict[str, Any], there: Interval, what: str) -> None:
        for name in ("value", "low", "high"):
            self.number(here[name], getattr(there, name), f"{what}, {name}")


def settings() -> list[tuple[Any, dict[str, Any]]]:
    """Every setting of recorded runs that the explorer has, with the runs that it is of."""
    own = recorded.own(profile_named("demo"))
    held = {r.profile.name: r for r in (own, *recorded.beside(own.profile))}
    told = [s for runs in held.values() if len(runs.records) for s in explorer._settings(runs)]
    return [(held[s["record"]], s) for s in told]


def chances_of(runs: Any, told: dict[str, Any]) -> dict[str, float]:
    return runs.profile.chances(told["world"])


def compare_line(found: Compared, row: dict[str, Any], points: pd.DataFrame, axis: str) -> None:
    try:
        line = role_line(points, row["id"], axis)
    except NoLineError:
        assert row["line"]["slope"] is None
        return
    found.fits += 1
    found.number(row["line"]["slope"], line.slope, f"slope of {row['id']}")
    found.number(row["line"]["intercept"], line.intercept, f"intercept of {row['id']}")


@pytest.mark.parametrize("axis", AXES)
def test_every_fit_is_the_packages(window, axis):
    """Lines, effective robustness, all intervals and both words, of every group in every setting:
    over scratch and over the full source, with all families and without one."""
    found = Compared()
    for runs, told in settings():
        whole = runs.points(told["world"])
        whole = whole[whole["role"].isin(told["roles"])]
        families = sorted(whole.loc[whole["role"] == told["gap"][0], "family"].unique())
        for reference, without in product(told["gap"], ("", families[-1])):
            points = whole[whole["family"] != without].reset_index(drop=True)
            margin = 0.25 if reference == told["gap"][1] else 0.33
            given = [told["id"], axis, margin, reference, without]
            rows = json.loads(window.page.evaluate(COMPUTE, given))
            assert [row["id"] for row in rows] == told["roles"]
            for row in rows:
                if not (points["role"] == row["id"]).any():
                    continue
                compare_line(found, row, points, axis)
                if row["id"] == reference:
                    continue
                there = contrast(
                    points,
                    row["id"],
                    reference,
                    reference=reference,
                    gap=tuple(told["gap"]),
                    axis=axis,
                    margin=margin,
                    chances=chances_of(runs, told),
                )
                compare_contrast(found, row, there, str([*given, row["id"]]))
    print(f"{axis}: {found.fits} lines, {found.count} numbers, at most {found.largest:.1e} apart")
    assert found.fits > 400


def compare_contrast(found: Compared, row: dict[str, Any], there: Contrast, what: str) -> None:
    here = row["found"]
    for name in SPREADS:
        found.interval(here[name], getattr(there, name), f"{what}, {name}")
        found.interval(
            here[name]["alike"], getattr(there.by_family, name), f"{what}, alike, {name}"
        )
    counts = ("cells", "families", "unpaired", "dropped", "offLine")
    told = (there.cells, there.families, there.unpaired, there.dropped, there.off_line)
    assert tuple(here[name] for name in counts) == told, what
    assert bool(here["floor"]) == bool(there.floor), what
    words = tuple(word for word, _ in row["words"])
    assert words == (judge("higher", there).text, judge("same", there).text), what


@pytest.mark.parametrize("axis", AXES)
def test_every_height_of_published_models_is_the_packages(window, axis):
    found, models = Compared(), published_models()
    shifts = {name: measured.fine_tuned(models, s, axis) for name, s in measured.SHIFTS.items()}
    for name, usual in {**shifts, "iwildcam": measured.zero_shot(models, axis=axis)}.items():
        references = ["in1k", "in21k"] if name != "iwildcam" else [""]
        for reference, without in product(references, ("", "vit")):
            own = usual.every[explorer._kinds(usual.every) != without]
            base = own.index[own["source"] == reference] if reference else own.index
            there = Heights(own, base, usual.shift, axis)
            rows = json.loads(
                window.page.evaluate(COMPUTE, [f"published-{name}", axis, 1, reference, without])
            )
            for row in rows:
                if row["id"] != reference:
                    compare_height(found, row, there, name)
    print(f"{axis}: {found.fits} groups, {found.count} numbers, at most {found.largest:.1e} apart")
    assert found.fits > 80


def compare_height(found: Compared, row: dict[str, Any], own: Heights, shift: str) -> None:
    told = own.mean(own.models["source"] == row["id"])
    for name in ("value", "low", "high"):
        found.number(row["er"][name], getattr(told, name), f"{shift}, {row['id']}, {name}")
    counts = (row["er"]["models"], row["er"]["units"], row["er"]["outside"])
    assert counts == (told.models, told.units, told.outside)
    margin = own.recipe_spread().median
    judged = Found(None, shift, told, margin)
    assert [word for word, _ in row["words"]] == [judged.higher(), judged.same()]
    found.fits += 1


@pytest.mark.parametrize("axis", AXES)
def test_axes_are_the_packages_far_into_the_tails(window, axis):
    scores = np.concatenate([10.0 ** -np.arange(1, 8), np.linspace(0.001, 0.999, 500)])
    there = transform(scores, axis)
    code = "([axis, v]) => v.map(nbFit.AXES[axis].forward)"
    here = window.page.evaluate(code, [axis, scores.tolist()])
    assert np.abs(np.array(here) - there).max() < CLOSE
    back = window.page.evaluate(code.replace("forward", "back"), [axis, there.tolist()])
    assert np.abs(np.array(back) - scores).max() < 1e-14


# a reader can use it ------------------------------------------------------------------------------
def chosen(window: Any) -> dict[str, str]:
    return window.page.evaluate(
        "Object.fromEntries(new URLSearchParams(location.hash.replace('#', '')))"
    )


def row_of(window: Any, group: str) -> str:
    return window.page.locator(".nb-explorer-table tbody tr", has_text=group).first.inner_text()


def test_a_choice_changes_the_rows_and_stays_in_the_address(window):
    before = row_of(window, "ImageNet, 25K")
    window.page.select_option("select[name=axis]", "probit")
    assert chosen(window)["axis"] == "probit"
    probit = row_of(window, "ImageNet, 25K")
    assert probit != before
    window.page.reload()
    window.page.wait_for_selector(".nb-explorer[data-state=drawn]")
    assert row_of(window, "ImageNet, 25K") == probit
    window.page.get_by_label("AlexNet").uncheck()
    assert "alexnet" not in chosen(window)["families"]
    assert row_of(window, "ImageNet, 25K") != probit


def test_a_margin_changes_the_word(window):
    window.open("#setting=demo-1&groups=imagenet/5K,scratch")
    words = set()
    for margin in ("0.05", "0.25", "0.6"):
        window.page.locator("input[name=margin]").fill(margin)
        row = window.page.locator(".nb-explorer-table tbody tr", has_text="ImageNet, 5K")
        words.add(row.locator("td").last.inner_text())
    assert len(words) > 1


def test_it_works_by_keyboard(window):
    window.open("#setting=demo-1&groups=imagenet/full,scratch")
    window.page.locator("input[name=families]").last.focus()
    window.page.keyboard.press("Tab")
    assert window.page.evaluate("document.activeElement.tagName") == "svg"
    told = window.page.locator(".nb-explorer-point")
    first = told.inner_text()
    assert "from scratch" not in first
    window.page.keyboard.press("ArrowRight")
    assert told.inner_text() != first
    window.page.keyboard.press("ArrowDown")
    assert "from scratch" in told.inner_text()


def test_a_mark_leads_to_its_run_and_its_command(window):
    from nbsupport.pages import page_named
    from nbsupport.pages.request import PageRequest
    from nbsupport.parameters import parse_assignments

    window.open("#setting=demo-2&groups=imagenet/25K&families=resnet")
    window.page.locator(".nb-explorer-plot svg").focus()
    window.page.keyboard.press("ArrowRight")
    told = window.page.locator(".nb-explorer-point").inner_text()
    records = recorded.own(profile_named("demo")).points(2)
    key = told.split("jobs show ")[1].split(")")[0]
    own = records[records["key"].str.startswith(key)]
    assert "imagenet/25K" in set(own["role"])
    words = window.page.locator(".nb-command code").inner_text().split()
    assert words[:5] == ["python", "-m", "nbsupport", "run", "04_1_quantity"]
    seed = int(words[words.index("--seed") + 1])
    expected = ["--role", "imagenet/25K", "--family", "resnet", "--seed", str(seed)]
    assert words[-6:] == expected
    pairs = [(words[i + 1], words[i + 2]) for i, w in enumerate(words) if w == "-p"]
    given = {**parse_assignments(pairs), "families": ["resnet"], "seeds": [seed]}
    request = PageRequest(page_named("04_1_quantity"), given)
    keys = {run.finetune.key for run in request.runs if run.group.role == "imagenet/25K"}
    assert set(own["key"]) == keys


@pytest.mark.parametrize(
    "choice", ["#setting=nothing&axis=x&margin=9&groups=y", "#a=b", "#=", "#%"]
)
def test_a_wrong_address_opens_the_usual_choice(window, choice):
    window.open(choice)
    assert window.page.locator("select[name=setting]").input_value() == "demo-1"
    assert window.page.locator(".nb-explorer-table tbody tr").count() > 3


def test_no_group_and_no_family_are_said_and_break_nothing(window):
    window.open("#setting=demo-1&groups=")
    assert "Choose at least one group" in window.page.locator(".nb-explorer-said").inner_text()
    window.open("#setting=demo-1&families=")
    assert "not measurable" in row_of(window, "ImageNet, 25K")


@pytest.mark.parametrize("window", [390], indirect=True)
@pytest.mark.parametrize("choice", ["", "#setting=published-r"])
def test_it_fits_a_phone(window, choice):
    window.open(choice)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert window.page.evaluate(wide) <= 0
    assert window.page.locator(".nb-explorer-plot svg").bounding_box()["width"] > 280


def test_without_a_script_it_says_where_to_look(from_disk, html):
    own = from_disk("explorer", html, scripts=False)
    own.page.goto(own.address)
    assert "All claims" in own.page.locator(".nb-unscripted").inner_text()


def test_it_is_light(html):
    parts = ("fit.js", "explorer.js", "explorer.css")
    sizes = [(root() / "book" / "_static" / name).stat().st_size for name in parts]
    assert len(html.encode()) + sum(sizes) < 1_000_000

"""What a notebook asks of its page."""

import json
import shlex
import warnings

import numpy as np
import pandas as pd
import pytest

from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.trends import role_line
from nbsupport.display import calibration, html, titles
from nbsupport.display import numbers as page_numbers
from nbsupport.display.tabs import text_of
from nbsupport.errors import UserError
from nbsupport.pages import background, residuals, setup
from nbsupport.pages import index as welcome
from nbsupport.pages import open_page as page_module
from nbsupport.pages.open_page import open_page
from nbsupport.pages.quantity import example
from nbsupport.parameters import parse_assignments

HEIGHTS = {"scratch": 0.0, "imagenet/full": 0.06, "imagenet/25K": 0.03, "imagenet/5K": 0.0}


def made_up(heights: dict[str, float] = HEIGHTS, seeds: int = 3) -> pd.DataFrame:
    """Records of three families whose heights above the scratch line are known."""
    rng = np.random.default_rng(0)
    rows = []
    for role, height in heights.items():
        for family in ("resnet", "densenet", "alexnet"):
            for seed in range(seeds):
                for epoch in (1, 2, 3, 4):
                    x = 0.2 + 0.08 * epoch + rng.normal(0, 0.01)
                    y = 0.02 + 0.6 * x + height + rng.normal(0, 0.003)
                    cell = {"role": role, "family": family, "seed": seed, "epoch": epoch}
                    scores = {"id_macro_f1": x, "ood_macro_f1": y}
                    key = f"{role}-{family}-{seed}"
                    rows.append(cell | scores | {"key": key, "world": 1, "profile": "demo"})
    return pd.DataFrame(rows)


@pytest.fixture
def quantity():
    return open_page("04_1_quantity", {})


@pytest.fixture
def recorded(monkeypatch, set_recorded):
    """Sets what the records hold."""

    def hold(table: pd.DataFrame) -> None:
        set_recorded(table)
        monkeypatch.setattr(page_module, "read_records", lambda profile: table)
        monkeypatch.setattr(welcome, "read_records", lambda profile: table)

    return hold


# parameters and commands --------------------------------------------------------------------------
def test_a_page_takes_its_parameters_from_the_notebook():
    page = open_page("04_1_quantity", {"profile": "smoke", "seeds": [3], "unrelated": object()})
    assert page.study.profile.name == "smoke"
    assert page.study.seeds == (3,)
    assert page.view.values["axis"] == "linear"


def test_a_list_given_to_papermill_as_text_is_read():
    page = open_page("04_1_quantity", {"profile": "smoke", "sizes": "[64, 128]"})
    assert [g.role for g in page.groups if g.role.startswith("imagenet/")] == [
        "imagenet/full",
        "imagenet/128 images",
        "imagenet/64 images",
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sizes": "[64,"}, "does not read as"),
        ({"sizes": [0.5]}, "list"),
        ({"seeds": "three"}, "JSON"),
        ({"world": "1"}, "int is allowed"),
        ({"profile": "dmeo"}, "did you mean 'demo'"),
        ({"families": ["resnett"]}, "did you mean 'resnet'"),
        ({"sizes": [10**9]}, "at most"),
        ({"axis": 3}, "str is allowed"),
    ],
)
def test_a_mistake_in_a_parameter_is_one_line(values, message):
    with pytest.raises(UserError, match=message) as caught:
        [len(g.subset) for g in open_page("04_1_quantity", values).groups if g.subset]
    assert "\n" not in str(caught.value)


def test_an_unknown_page_names_the_nearest():
    with pytest.raises(UserError, match="04_1_quantity"):
        open_page("04_1_quantiti", {})


def test_a_command_gives_back_the_parameters_it_was_made_from():
    values = {"profile": "smoke", "sizes": [64, 128], "families": ["resnet"], "axis": "logit"}
    words = shlex.split(open_page("04_1_quantity", values).view.command())
    assert words[:5] == ["python", "-m", "nbsupport", "run", "04_1_quantity"]
    pairs = [(words[i + 1], words[i + 2]) for i in range(5, len(words), 3)]
    assert parse_assignments(pairs) == values


def test_the_command_of_a_point_names_its_run(quantity):
    row = made_up().iloc[-1]
    said = quantity.view.command(row)
    point = f"--role {row['role']} --family {row['family']} --seed {row['seed']}"
    assert said == f"python -m nbsupport run 04_1_quantity {point}"
    other_world = quantity.view.command({**row, "world": 2})
    assert other_world == f"python -m nbsupport run 04_1_quantity -p world 2 {point}"


def test_a_rerun_checks_what_it_is_given(quantity):
    assert "-p budget steps" in quantity.rerun(budget="steps").text
    with pytest.raises(UserError, match="seed"):
        quantity.rerun(seed=[1])


# live and recorded --------------------------------------------------------------------------------
def test_live_runs_are_compared_with_recorded_ones(quantity, recorded):
    whole = made_up()
    runs = whole[whole["seed"] == 0]
    recorded(whole)
    same = quantity.live_check(runs)
    assert (same.live, same.found, same.largest) == (12, 12, 0.0)
    assert "last recorded digit" in str(same)

    other = made_up()
    other.loc[0, "ood_macro_f1"] += 0.3
    recorded(other)
    check = quantity.live_check(runs)
    assert check.largest == pytest.approx(0.3)
    assert "in a place that was not noted" in str(check)


def test_live_runs_of_other_jobs_are_not_compared(quantity, recorded):
    recorded(made_up().assign(key="other"))
    assert "None of the 12 live runs" in str(quantity.live_check(made_up(seeds=1)))
    recorded(made_up().assign(world=2))
    assert quantity.live_check(made_up(seeds=1)).found == 0


def test_records_of_other_groups_and_worlds_are_left_out(quantity, recorded):
    both = [made_up(), made_up().assign(world=2), made_up().assign(role="imagenet/depth-7")]
    recorded(pd.concat(both, ignore_index=True))
    found = quantity.recorded(world=2)
    assert len(found) == len(made_up())
    assert set(found["world"]) == {2}


def test_a_figure_without_records_is_a_sentence(quantity, recorded):
    recorded(made_up().iloc[:0])
    options = {"claim": "quantity-imagenet", "number": "Figure 4", "caption": ""}
    nothing = quantity.trend(quantity.recorded(), "imagenet", **options)
    assert "No live runs of imagenet/100K, imagenet/150K" in nothing.panels["Live"].text
    part = quantity.trend(made_up(), "imagenet", **options).panels["Live"]
    assert "imagenet/150K" in part.text
    assert "imagenet/25K" not in part.text


def test_smoke_shows_no_verdict(set_beside):
    set_beside()
    page = open_page("02_background", {"profile": "smoke"})
    runs = made_up().assign(profile="smoke")
    assert page.view.title("reference-gap", runs) == titles.SMOKE
    assert "smoke: not evidence" in page.verdicts(runs).text
    assert "+0.0" not in page.verdicts(runs).panels["Live"].html
    assert "smoke" in background.sensitivity(page, "reference-gap", runs).text


# figures' groups ----------------------------------------------------------------------------------
def test_figure_groups_run_from_full_to_scratch(quantity):
    roles = quantity.view.roles("inaturalist")
    assert (roles[0], roles[1], roles[-1]) == ("imagenet/full", "inaturalist/full", "scratch")
    assert len(roles) == 3 + len(quantity.study.profile.sizes)
    labels = quantity.view.labels("inaturalist")
    assert len({labels[role] for role in roles}) == len(roles)
    assert labels["inaturalist/25K"].endswith("images (25K)")
    assert labels["imagenet/full"] == "all of ImageNet"


# tables -------------------------------------------------------------------------------------------
def test_a_table_escapes_text_and_keeps_html():
    made = html.table(("a", "b"), [("<i>", html.code("x<y"))], numeric=[1])
    assert "&lt;i&gt;" in made.html
    assert "<code>x&lt;y</code>" in made.html
    assert made.text == "a | b\n<i> | x<y"


def test_captioned_groups_have_no_classes():
    page = open_page("05_self_supervised", {})
    rows = [line.split(" | ") for line in page.training().text.splitlines()[1:]]
    by_role = {row[0]: row[1:] for row in rows}
    assert by_role["captions/noisy"][1:3] == ["captions", "none"]
    assert int(by_role["captions/noisy"][0].replace(",", "")) == page.study.profile.captioned_images


def test_signed_numbers_have_a_real_minus_and_no_minus_zero():
    assert html.signed(-0.0312) == "\N{MINUS SIGN}0.031"
    assert html.signed(0.0312) == "+0.031"
    assert html.signed(-0.0001) == "0.000"
    assert html.signed(float("nan")) == "not measurable"


def test_the_parameter_table_shows_what_was_changed():
    text = open_page("04_1_quantity", {"seeds": [4]}).parameters().text
    assert "seeds | list[int] | [4] (default [])" in text
    assert "axis | str | linear | axes on which" in text


def test_the_training_table_has_a_row_for_each_group(quantity):
    rows = [line.split(" | ") for line in quantity.training().text.splitlines()[1:]]
    assert [row[0] for row in rows] == [group.role for group in quantity.groups]
    for row, group in zip(rows, quantity.groups, strict=True):
        images = len(group.subset) if group.subset else 0
        assert int(row[1].replace(",", "")) == images
        assert (int(row[5].replace(",", "")) > 0) is (images > 0)


def test_equal_updates_show_in_the_training_table():
    page = open_page("04_1_quantity", {"budget": "steps"})
    rows = [line.split(" | ") for line in page.training().text.splitlines()[2:]]
    assert len({row[5] for row in rows}) == 1


# Section 2, worked --------------------------------------------------------------------------------
def test_the_worked_example_is_the_point_of_the_figure():
    from nbsupport.analysis.charts.reference import arrow

    points = made_up()
    example = background.worked(points)
    line = role_line(points, "scratch")
    assert example.er == pytest.approx(example.ood - line.predict(example.id))
    assert example.er == pytest.approx(arrow(points, "imagenet/full", "scratch", "linear").er)
    assert example.inside
    assert html.signed(example.er) in background.worked_table(points).text


def test_points_off_the_line_still_have_an_example():
    points = made_up()
    points.loc[points["role"] == "imagenet/full", "id_macro_f1"] += 0.5
    assert not background.worked(points).inside
    assert "outside" in background.worked_table(points).text


def test_the_exercise_can_be_solved_from_what_is_printed():
    n = background.example_numbers(made_up())
    slope, start, x, y = (
        float(n[k].replace("\N{MINUS SIGN}", "-"))
        for k in ("line-slope", "line-intercept", "exercise-id", "exercise-ood")
    )
    assert f"{start + slope * x:.3f}" == n["exercise-expected"]
    assert html.signed(y - float(n["exercise-expected"])) == n["exercise-er"]


# numbers ------------------------------------------------------------------------------------------
def test_gains_are_the_contrasts_with_scratch():
    points = made_up()
    numbers = page_numbers.gain_numbers(points, {"25k": "imagenet/25K", "none": "imagenet/9K"})
    expected = contrast(points, "imagenet/25K", "scratch").estimate.value
    assert numbers["gain-25k"] == html.signed(expected)
    assert expected == pytest.approx(0.03, abs=0.004)
    assert numbers["gain-none"] == page_numbers.MISSING
    assert numbers["live-cells"] == "9"


def test_source_numbers_are_those_of_the_sources(quantity):
    numbers = page_numbers.source_numbers(quantity.study)
    assert numbers["imagenet-images"] == f"{len(quantity.study.imagenet):,}"
    five = next(g for g in quantity.groups if g.role == "imagenet/5K")
    assert numbers["images-5k"] == f"{len(five.subset):,}"


def test_no_camera_is_in_training_and_in_the_ood_test(quantity):
    assert page_numbers.task_numbers(quantity.study)["shared-cameras"] == "0"


@pytest.mark.parametrize("profile", ["demo", "smoke"])
def test_example_sizes_can_be_run(profile):
    page = open_page("04_1_quantity", {"profile": profile})
    other = open_page("04_1_quantity", page.view.values | example(page.study))
    assert all(len(g.subset) > 0 for g in other.groups if g.subset)


# Section 3 and the pages on the whole book --------------------------------------------------------
def test_parameters_are_counted_as_the_model_has_them():
    from nbsupport.training.models import build

    for family in ("densenet", "mobilenetv3"):
        model = build(family, 21, 32)
        held = sum(weight.numel() for weight in model.parameters())
        assert setup.parameters(family, 21, 32) == held


def test_the_role_table_keeps_the_paper_beside_the_profile(quantity):
    rows = [line.split(" | ") for line in setup.role_table(quantity.study).text.splitlines()]
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name["25K"][0] == "25,000"
    assert by_name["25K"][2] == "0.19"
    assert by_name["imagenet, full"][1] == f"{len(quantity.study.imagenet):,}"
    assert by_name["25K"][4] == "25"
    assert by_name["5K"][4:] == ["5", "5"]
    assert by_name["fine-tuning"][2:4] == ["1.00", "1.00"]


def test_the_split_table_counts_what_the_task_holds(quantity):
    rows = setup.split_table(quantity.study).text.splitlines()[1:]
    assert [row.split(" | ")[0] for row in rows] == list(setup.SPLIT_NAMES.values())
    total = sum(int(row.split(" | ")[1].replace(",", "")) for row in rows)
    assert total == sum(len(quantity.study.task.table(s)) for s in setup.SPLIT_NAMES)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ({"day": [3, 7]}, "3 to 7"),
        (
            {"datetime": pd.to_datetime(["2013-06-05", "2014-01-02"])},
            "2013-06-05 to 2014-01-02",
        ),
        ({"label": [0, 1]}, "unknown"),
    ],
)
def test_days_are_those_of_the_split(column, text):
    assert setup._days(pd.DataFrame(column)) == text


def test_a_recipe_that_differs_by_family_says_so(quantity):
    assert "alexnet" in setup.recipe_table(quantity.study).text


def test_the_welcome_falls_back_on_the_profile_with_records(recorded, set_beside):
    set_beside()
    assert welcome.evidence_profile("smoke") == "demo"
    recorded(made_up().iloc[:0])
    assert "No runs of this profile" in welcome.headline("smoke").text
    assert welcome.record_numbers("demo")["recorded-runs"] == "0"
    assert "No runs are recorded yet" in welcome.answer("smoke").text


def test_the_welcome_judges_recorded_runs(recorded):
    recorded(made_up({"scratch": 0.0, "imagenet/full": 0.06}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = text_of(open_page("02_background", {}).verdicts(made_up().iloc[:0]))
    first = next(line for line in text.splitlines() if "Models pre-trained on" in line)
    assert "simulated world 1: calibrated" in first
    assert welcome.record_numbers("demo")["recorded-cells"] == "9"


@pytest.mark.parametrize(
    ("profile", "name"), [("demo", "calibration.csv"), ("pacs-32", "calibration-pacs-32.csv")]
)
def test_every_attempt_at_calibration_is_shown(profile, name):
    from nbsupport.paths import root

    tried = pd.read_csv(root() / "records" / name)
    lines = calibration.calibration_table(profile).text.splitlines()[1:]
    assert [line.split(" | ")[0] for line in lines] == tried["name"].astype(str).tolist()


def test_residuals_without_a_common_id_range_have_no_margin_and_are_drawn():
    points = made_up()
    points.loc[points["role"] != "scratch", "id_macro_f1"] += 0.4
    page = open_page("02_residuals", {})
    shown = residuals.residuals(
        page, points, claim="no-epoch-trend", number="Figure 3", caption="c"
    )
    figure = shown.panels["Live"]
    assert "NaN" not in json.dumps(figure.wide)
    assert figure.title.startswith("Not testable")

"""Appendix G and the task of Section 6 on a page: pictures, small figures, the table of pairs."""

import numpy as np
import pandas as pd
import pytest

from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.verdicts import Verdict
from nbsupport.display.html import signed
from nbsupport.errors import UserError
from nbsupport.pages import domain_pairs
from nbsupport.pages.open_page import OpenPage, open_page
from nbsupport.pages.shown import plate, task_of
from nbsupport.study.profiles.simulated import PAIRS
from nbsupport.study.study import Study

STUDY = Study("demo")

PAIR_HEIGHTS = (0.06, 0.06, 0.0, 0.0, 0.02, -0.06)


def made_up(seeds: int = 3, seed: int = 0) -> pd.DataFrame:
    """Runs of three families: the main task's two groups with a gap of 0.08, and six pairs."""
    rng = np.random.default_rng(seed)
    heights = {"scratch": 0.0, "imagenet/full": 0.08}
    for i, height in enumerate(PAIR_HEIGHTS, start=1):
        heights |= {f"pair-{i}/scratch": 0.05, f"pair-{i}/full": 0.05 + height}
    rows = []
    for role, height in heights.items():
        for family in ("resnet", "densenet", "alexnet"):
            for run in range(seeds):
                for epoch in (1, 2, 3, 4):
                    x = 0.2 + 0.08 * epoch + rng.normal(0, 0.01)
                    y = 0.02 + 0.5 * x + height + rng.normal(0, 0.003)
                    cell = {"role": role, "family": family, "seed": run, "epoch": epoch}
                    rows.append(cell | {"id_macro_f1": x, "ood_macro_f1": y, "world": 1})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def page() -> OpenPage:
    return open_page("appendix_domain_pairs", {"profile": "demo"})


@pytest.fixture(scope="module")
def points() -> pd.DataFrame:
    return made_up()


def cells(points: pd.DataFrame) -> list[list[str]]:
    table = domain_pairs.pair_table(points, STUDY)
    return [line.split(" | ") for line in table.text.splitlines()]


def test_the_table_says_what_was_found_about_each_pair(points):
    header, *rows = cells(points)
    assert header[-2:] == ["verdict", "OOD F1"]
    assert [row[0] for row in rows] == [f"{a} → {b}" for a, b in PAIRS]
    assert [row[5] for row in rows[:4]] == ["higher", "higher", "the same", "the same"]
    assert rows[5][5] == "not settled"  # lower is neither
    first = contrast(points, "pair-1/full", "pair-1/scratch", reference="pair-1/scratch")
    assert rows[0][1] == signed(first.estimate.value)
    assert f"{first.margin:.3f}" in domain_pairs.pair_table(points, STUDY).html


def test_few_runs_only_lean():
    words = [row[5] for row in cells(made_up(seeds=1))[1:]]
    assert words[:3] == ["leans to higher", "leans to higher", "leans to the same"]
    assert words[5] == "leans to lower"


@pytest.mark.parametrize(
    ("higher", "same", "p", "word"),
    [
        ("not testable", "not testable", (1.0, 1.0), "not testable"),
        ("at the floor", "at the floor", (1.0, 1.0), "at the floor"),
        ("supported", "not testable", (0.001, 1.0), "higher"),
        ("supported", "supported", (0.001, 0.001), "the same"),
        ("supported", "inconclusive", (0.001, 1.0), "higher"),
        ("supported", "inconclusive", (0.04, 1.0), "not settled"),
    ],
)
def test_a_pair_gets_one_word(higher, same, p, word):
    assert domain_pairs.pair_word(Verdict(higher), Verdict(same), *p) == word


def test_missing_runs_are_a_sentence(points):
    assert "no table" in domain_pairs.pair_table(points.iloc[:0], STUDY).text
    some = points[points["role"] != "pair-6/full"]
    assert "no table" in domain_pairs.pair_table(some, STUDY).text


def test_smoke_has_no_table(points):
    page = open_page("appendix_domain_pairs", {"profile": "smoke"})
    assert "smoke: not evidence: no table." in domain_pairs.pair_tabs(page, points).text


def test_the_figure_has_a_panel_for_each_pair(page, points):
    options = {"claim": "some-shifts-only", "number": "Figure G.1", "caption": ""}
    figure = domain_pairs.pairs(page, points, **options).panels["Live"]
    titles = [p["title"]["text"] for p in figure.wide["vconcat"][1]["concat"]]
    assert titles == domain_pairs.names(STUDY.profile)
    assert "no figure" in domain_pairs.pairs(page, points.iloc[:0], **options).text


def test_a_panel_says_where_nothing_can_be_measured(page, points):
    far = points.copy()
    far.loc[far["role"] == "pair-2/full", "id_macro_f1"] += 0.4
    figure = domain_pairs.pairs(
        page, far, claim="some-shifts-only", number="Figure G.1", caption=""
    ).panels["Live"]
    said = [p["title"]["subtitle"] for p in figure.wide["vconcat"][1]["concat"]]
    assert [text == "off the scratch line" for text in said] == [False, True, *[False] * 4]


def test_another_tasks_lines_can_be_drawn_by_role(page, points):
    """As the discussion does with the task that has no per-location bias."""
    figure = page.trend(
        points,
        roles=["pair-1/full"],
        lines=("pair-1/full", "pair-1/scratch"),
        claim="some-shifts-only",
        number="Figure 1",
        caption="",
        axis_titles=("known", "new"),
    ).panels["Live"]
    assert figure.table["pre-training"].tolist() == [
        "photo to sketch, pre-trained",
        "photo to sketch, from scratch",
    ]
    assert "known" in str(figure.wide)


def test_numbers_for_the_prose_are_the_tasks(page):
    numbers = domain_pairs.pair_numbers(page.study)
    assert numbers["domain-classes"] == str(task_of(page, "pair-1/full").num_classes)
    assert int(numbers["domain-each"]) >= 20


def test_every_strip_shows_five_styles(page):
    from nbsupport.display.images import in_all_styles

    images, titles = in_all_styles(page.study, 2, 16)
    assert images.shape == (2, 3, 16, 5 * 16 + 4 * 2)
    assert images.dtype == np.uint8
    assert len(set(titles)) == 2


def test_an_unknown_group_names_the_nearest(page):
    assert task_of(page, "").name == "savanna"
    assert task_of(page, "pair-6/scratch").ood_style == "silhouette"
    with pytest.raises(UserError, match="did you mean 'pair-1/full'"):
        task_of(page, "pair-1/ful")
    with pytest.raises(UserError, match="use test_grid"):
        plate(page, "ood_test", role="pair-1/full")

"""The groups and the figures of Section 4.5."""

import numpy as np
import pandas as pd
import pytest

from nbsupport.analysis import claims
from nbsupport.pages import pages, sources
from nbsupport.pages.open_page import OpenPage, open_page
from nbsupport.pages.sources import source_groups
from nbsupport.study.study import FULL, SCRATCH, Study

NATURAL = [FULL, "inaturalist/full", "imagenet/150K", "inaturalist/150K"]
EQUAL = ["imagenet/150K", "inaturalist/150K", "generated/150K", "fractaldb/full"]
FIGURE = {"claim": "fractals-between", "number": "Figure 10", "caption": "made up"}


@pytest.fixture
def page() -> OpenPage:
    return open_page("04_5_sources", {"profile": "smoke"})


def made_up(roles: list[str]) -> pd.DataFrame:
    rng, rows = np.random.default_rng(0), []
    for role in roles:
        for epoch in range(1, 7):
            x = 0.2 + 0.05 * epoch + rng.normal(0, 0.01)
            score = {"id_macro_f1": x, "ood_macro_f1": 0.6 * x + rng.normal(0, 0.005)}
            cell = {"role": role, "family": "resnet", "seed": 0, "epoch": epoch, "world": 1}
            rows.append(cell | score | {"key": role, "profile": "smoke"})
    return pd.DataFrame(rows)


def test_every_source_is_compared_in_full_and_the_natural_ones_at_equal_size() -> None:
    groups = {group.role: group for group in source_groups(Study("demo"), {})}
    assert {SCRATCH, *NATURAL, "fractaldb/full"} <= set(groups)
    equal = [groups[role].subset for role in ("imagenet/150K", "inaturalist/150K")]
    assert len({len(subset) for subset in equal}) == 1
    assert len({subset.num_classes for subset in equal}) == 1
    assert len(groups["fractaldb/full"].subset) == len(groups[FULL].subset)


def test_fractals_are_pretrained_on_once_for_all_worlds() -> None:
    parents = []
    for world in (1, 2):
        study = Study("smoke", world=world)
        group = next(g for g in source_groups(study, {}) if g.role == "fractaldb/full")
        parents.append(study.runs([group])[0].finetune.parent.key)
    assert parents[0] == parents[1]


def test_the_page_tests_the_claims_that_name_it() -> None:
    assert set(pages()["04_5_sources"].claims) == set(claims.of_page("04_5_sources"))


def test_a_figure_of_sources_leaves_out_what_the_page_does_not_compare(page: OpenPage) -> None:
    runs = made_up([group.role for group in page.groups])
    shown = page.trend(runs, roles=EQUAL, **FIGURE).panels["Live"].table["pre-training"].tolist()
    assert shown[0] == "ImageNet, full"
    assert shown[-1] == "from scratch"
    known = {group.role for group in page.groups}
    assert len(shown) == 2 + sum(role in known for role in EQUAL)


def test_a_figure_without_the_runs_of_a_source_says_so(page: OpenPage) -> None:
    without = made_up([g.role for g in page.groups if g.role != "fractaldb/full"])
    shown = page.trend(without, roles=EQUAL, **FIGURE)
    assert "fractaldb/full" in shown._repr_mimebundle_()["text/plain"]


def test_a_claim_about_groups_that_were_not_run_is_not_run(page: OpenPage) -> None:
    runs = made_up([SCRATCH, *NATURAL, "fractaldb/full"])
    for claim in ("generated-same", "generated-over-fractals"):
        assert page.view.verdict(claim, runs).word == "not run"
    assert page.view.verdict("fractals-between", runs).word != "not run"


def test_the_growth_of_a_fractal_is_shown_with_its_numbers_of_points(page: OpenPage) -> None:
    text = sources.fractal_growth(4, [10, 1000], caption="growth")._repr_mimebundle_()["text/plain"]
    assert "10 points" in text
    assert "1,000 points" in text


def test_the_variations_name_what_was_multiplied(page: OpenPage) -> None:
    text = sources.fractal_variations(2, count=3)._repr_mimebundle_()["text/plain"]
    assert "as found" in text
    assert "a x 0.2" in text


def test_the_maps_of_a_fractal_are_a_table(page: OpenPage) -> None:
    rows = sources.fractal_table(4).text.splitlines()
    assert rows[0].endswith("taken")
    assert 3 <= len(rows) <= 8

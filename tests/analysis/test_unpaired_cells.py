"""A family that only some groups have (Section 5's transformers): left out of pairs and lines."""

import numpy as np
import pandas as pd
import pytest

from nbsupport.analysis import claims
from nbsupport.analysis.charts import Words, trend_figure
from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.statistics import above_line
from nbsupport.analysis.trends import effective_robustness, role_line

HEIGHTS = {"scratch": 0.0, "imagenet/full": 0.04, "captions/clean": 0.042, "captions/noisy": 0.03}


def points_with(simulate, table, families: int, seeds: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Records of all groups, and the same with a family besides in the two caption groups."""
    plain = table(simulate(HEIGHTS, seed=5, families=families, seeds=seeds))
    extra = table(simulate(HEIGHTS, seed=6, families=1, seeds=seeds)).assign(family="vit")
    extra = extra[extra["role"].str.startswith("captions/")].copy()
    extra["ood_macro_f1"] += 0.2  # far off: it would show wherever it had a part
    return plain, pd.concat([plain, extra], ignore_index=True)


@pytest.mark.parametrize(("families", "seeds"), [(3, 3), (5, 5)])
@pytest.mark.parametrize("role", ["captions/clean", "captions/noisy"])
def test_a_family_without_a_partner_changes_no_contrast(simulate, table, families, seeds, role):
    plain, mixed = points_with(simulate, table, families, seeds)
    one, other = (
        contrast(points, role, "imagenet/full", reference="imagenet/full")
        for points in (plain, mixed)
    )
    assert other.estimate.value == pytest.approx(one.estimate.value, abs=1e-12)
    assert (other.cells, other.estimate.dof) == (one.cells, one.estimate.dof)
    assert other.gap.value == pytest.approx(one.gap.value, abs=1e-12)
    assert other.estimate.se == pytest.approx(one.estimate.se, abs=1e-12)  # no replicates either


def test_it_changes_neither_reference_line_nor_the_verdict(simulate, table):
    plain, mixed = points_with(simulate, table, 5, 5)
    for role in ("scratch", "imagenet/full"):
        assert role_line(mixed, role) == role_line(plain, role)
    found = [claims.verdict("clip-on-line", points) for points in (plain, mixed)]
    assert found[0].text == found[1].text
    assert "alone" not in found[0].remark


def test_it_is_compared_with_the_line_by_itself_in_a_remark(simulate, table):
    _, mixed = points_with(simulate, table, 5, 5)
    remark = claims.verdict("clip-on-line", mixed).remark
    assert "vit alone, above imagenet/full: captions/clean +0.2" in remark
    line = role_line(mixed, "imagenet/full")
    own = mixed[(mixed["role"] == "captions/clean") & (mixed["family"] == "vit")]
    er = effective_robustness(own, line)["er"]
    families, found = above_line(mixed, "captions/clean", "imagenet/full")
    assert (families, found.value, found.dof) == (["vit"], pytest.approx(er.mean()), 4)
    assert found.se > er.std(ddof=1) / np.sqrt(5)  # the line's own error comes on top


def test_its_points_are_drawn_all_the_same(simulate, table):
    _, mixed = points_with(simulate, table, 3, 3)
    figure = trend_figure(mixed, [*HEIGHTS], Words("A figure"))
    drawn = [row for row in figure.datasets["points"] if row["family"] == "ViT"]
    assert len(drawn) == (mixed["family"] == "vit").sum()

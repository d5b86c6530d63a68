"""Titles of figures: one for every claim and verdict, and none that says more than its verdict."""

import numpy as np
import pandas as pd
import pytest

from nbsupport.analysis import claims
from nbsupport.analysis.verdicts import WORDS, Verdict
from nbsupport.display import titles as page_titles
from nbsupport.pages import pages

CLAIMS = [claim for page in pages().values() for claim in page.claims]


def two_lines(height: float) -> pd.DataFrame:
    """Records of three families and seeds, the full source that high above scratch."""
    rng, rows = np.random.default_rng(0), []
    for role, above in {"scratch": 0.0, "imagenet/full": height}.items():
        for family in ("resnet", "densenet", "alexnet"):
            for seed in (0, 1, 2):
                for epoch in (1, 2, 3, 4):
                    x = 0.2 + 0.08 * epoch + rng.normal(0, 0.01)
                    y = 0.02 + 0.6 * x + above + rng.normal(0, 0.003)
                    rows.append((role, family, seed, epoch, x, y))
    names = ["role", "family", "seed", "epoch", "id_macro_f1", "ood_macro_f1"]
    return pd.DataFrame(rows, columns=names)


@pytest.mark.parametrize("claim", CLAIMS)
def test_every_claim_has_a_title_for_every_verdict(claim):
    titles = {
        word + direction: page_titles.title(claim, Verdict(word, direction=direction))
        for word in WORDS
        for direction in (("towards", "against") if word == "leans" else ("",))
    }
    assert all(0 < len(title) < 110 for title in titles.values())
    apart = ["supported", "contradicted", "inconclusive", "not testable", "not run"]
    assert len({titles[word] for word in apart}) == len(apart)
    assert titles["leanstowards"] != titles["leansagainst"]
    assert page_titles.title(claim, None) == page_titles.NOTHING


@pytest.mark.parametrize(("height", "found"), [(0.06, True), (-0.06, False)])
def test_a_calibrated_claim_is_titled_by_what_it_shows(height, found):
    verdict = claims.verdict("reference-gap", two_lines(height))
    title = page_titles.title("reference-gap", verdict)
    assert ("do not lie" not in title) is found


def test_class_sizes_are_titled_by_their_shape():
    flat, tail = np.array([5, 5]), np.array([9, 2])
    titles = {page_titles.class_sizes(a, b) for a in (flat, tail) for b in (flat, tail)}
    assert len(titles) == 4
    assert "long tail" in page_titles.class_sizes(flat, tail)

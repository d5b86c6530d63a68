"""What published models say: the rules of the words, and the words of the committed table."""

import numpy as np
import pytest

from nbsupport.analysis import claims
from nbsupport.analysis.published import SHIFTS, Estimate
from nbsupport.analysis.trends import AXES
from nbsupport.errors import UserError
from nbsupport.evidence.published import verdicts
from nbsupport.evidence.published.models import published_models
from nbsupport.evidence.published.verdicts import (
    AGAINST,
    FOR,
    NOTHING,
    Found,
    PublishedContrast,
    published_claims,
    published_contrasts,
    published_verdicts,
    word_for,
)

ONE = PublishedContrast("one", "one over another", "all", "pair")


def found(low: float, high: float, margin: float = 0.01) -> Found:
    return Found(ONE, "r", Estimate((low + high) / 2, low, high, 9, 9), margin)


@pytest.mark.parametrize(
    ("low", "high", "higher", "same"),
    [
        (0.02, 0.04, FOR, AGAINST),
        (-0.04, -0.02, AGAINST, AGAINST),
        (-0.04, 0.04, NOTHING, NOTHING),
        (-0.005, 0.005, NOTHING, FOR),
        (0.002, 0.005, FOR, FOR),  # a difference that is there, and counts as none
        (0.005, 0.04, FOR, NOTHING),
        (np.nan, np.nan, NOTHING, NOTHING),
    ],
)
def test_one_interval_has_a_word_by_what_is_expected(low, high, higher, same):
    one = found(low, high)
    assert (one.higher(), one.same()) == (higher, same)
    assert (word_for("higher", [one]), word_for("same", [one])) == (higher, same)


def test_one_shift_against_is_enough():
    level, apart, wide = found(-0.005, 0.005), found(0.02, 0.04), found(-0.1, 0.1)
    assert word_for("same", [level, apart, wide]) == AGAINST
    assert word_for("same", [level, wide]) == FOR
    assert word_for("higher", [apart, found(-0.04, -0.02)]) == AGAINST
    assert word_for("higher", [apart, wide]) == FOR
    assert word_for("higher", [wide]) == NOTHING


def test_some_shifts_ask_for_one_of_each():
    level, apart, wide = found(-0.005, 0.005), found(0.02, 0.04), found(-0.1, 0.1)
    assert word_for("some", [level, apart]) == FOR
    assert word_for("some", [apart, apart]) == AGAINST
    assert word_for("some", [level, level]) == AGAINST
    assert word_for("some", [level, wide]) == NOTHING
    assert word_for("some", [apart, wide]) == NOTHING


def test_every_claim_is_one_of_the_book_with_caveats():
    assert set(published_claims()) <= set(claims.load())
    used = {name for claim in published_claims().values() for name in claim.contrasts}
    assert used <= set(published_contrasts())
    for claim in published_claims().values():
        assert claim.caveats


def test_every_contrast_finds_its_models():
    models = published_models().query("publication == 'timm'")
    for contrast in published_contrasts().values():
        tags = {tag for recipe in contrast.recipes for tag in recipe}
        assert tags <= set(models["tag"])
        assert {*contrast.sources, *contrast.against} <= set(models["source"])
        assert tags or contrast.sources


def test_no_contrast_rests_on_models_that_are_set_apart():
    from nbsupport.evidence.published.sources import sources

    apart = {source.id for source in sources().values() if source.apart}
    models = published_models().query("publication == 'timm'")
    for contrast in published_contrasts().values():
        tags = {tag for recipe in contrast.recipes for tag in recipe}
        own = models[models["tag"].isin(tags)]
        paired = own.groupby("architecture")["tag"].nunique()
        both = own[own["architecture"].isin(paired[paired > 1].index)]
        assert not apart & {*contrast.sources, *contrast.against, *both["source"]}, contrast.id


@pytest.mark.parametrize("axis", AXES)
def test_published_models_have_words_of_their_own(axis):
    told = published_verdicts(axis=axis)
    assert set(told) == set(published_claims())
    for verdict in told.values():
        assert verdict.word in (FOR, AGAINST, NOTHING)
        assert verdict.words == f"published models {verdict.word}"
        assert len(verdict.found) == len(verdict.claim.contrasts) * len(SHIFTS)


def test_a_verdict_turns_with_the_scores():
    """Where Instagram's models score as YFCC's do, nothing is against the claim any more."""
    models = published_models()
    columns = ["imagenet", "imagenet_200", "v2", "sketch", "r"]
    by_tag = models.set_index(["architecture", "tag"])
    names = ("fb_swsl_ig1b_ft_in1k", "fb_ssl_yfcc100m_ft_in1k")
    for i in models.index[models["tag"] == names[0]]:
        models.loc[i, columns] = by_tag.loc[(models.loc[i, "architecture"], names[1]), columns]
    assert published_verdicts()["natural-sources"].word == AGAINST
    assert published_verdicts(models)["natural-sources"].word == FOR


def test_a_claim_that_there_is_not_is_refused(monkeypatch):
    entry = {"id": "no-such", "expects": "same", "contrasts": [], "caveats": []}
    monkeypatch.setattr(verdicts, "_table", lambda: {"claim": [entry], "contrast": []})
    published_claims.cache_clear()
    with pytest.raises(UserError, match="unknown claim 'no-such'"):
        published_claims()
    published_claims.cache_clear()

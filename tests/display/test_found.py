"""What was found, in words: no sentence and no title says more than its verdict."""

import random
import re
from dataclasses import replace

import pytest
from real_images import FAMILIES

from nbsupport.analysis import claims
from nbsupport.analysis.contrasts import Contrast
from nbsupport.analysis.intervals import Interval
from nbsupport.analysis.verdicts import SETTLED, WORDS, Verdict, combine
from nbsupport.display import found, titles
from nbsupport.display.sides import FAILS, HOLDS, side
from nbsupport.evidence import recorded
from nbsupport.evidence.judged import judge_some
from nbsupport.study.profiles import PROFILES, profile_named

PAPER = [claim for claim in claims.load().values() if not claim.control]
UNFOLD = [claim for claim in PAPER if claim.unfolds]
DEMO = profile_named("demo")


def part(kind: str, word: str, place: int) -> Verdict:
    """A part's verdict of a word, with p values and a contrast that go with it."""
    here = Interval(0.01, 0.002, 9)
    sizes = {"margin": 0.01, "gap": here, "cells": 9, "families": 3, "settled": True}
    counts = {"off_line": 0, "dropped": 0, "axis": "linear"}
    contrast = Contrast(f"part {place}", here, here, here, **sizes, **counts)
    against = 1e-6 if word == "contradicted" else 0.9
    return Verdict(word, "", "", contrast, p=1 - against, p_against=against, kind=kind)


def test_claims_of_several_comparisons_have_words_for_each():
    told = [
        claim.id
        for claim in PAPER
        if len(claim.parts) > 1 and claim.rule == "all" and claim.statistic == "er"
        if not claim.ladder and not claim.unfolds
    ]
    assert told == []
    for claim in UNFOLD:
        for clause in (text for p in claim.parts for text in (p.holds, p.fails, p.open)):
            assert clause
            assert not clause.endswith(".")
            assert clause[0].islower() or clause[0].isdigit(), clause


def test_sentences_are_sentences():
    for claim in PAPER:
        said = [claim.holds, claim.fails, claim.open, *(why.text for why in claim.why)]
        for text in said:
            assert text[0].isupper(), text
            assert text.endswith("."), text
        assert len({claim.holds, claim.fails, claim.open}) == 3


@pytest.mark.parametrize("claim", PAPER, ids=lambda claim: claim.id)
@pytest.mark.parametrize("word", WORDS)
def test_only_what_holds_is_said_to_hold(claim, word):
    for direction in ("towards", "against") if word == "leans" else ("",):
        verdict = Verdict(word, direction=direction)
        said, title = found.sentence(claim, verdict), titles.title(claim.id, verdict)
        if word not in ("supported", "leans"):
            assert claim.holds not in said
            assert claim.title != title
        if word == "leans":
            assert (claim.holds in said) is (direction == "towards")
            assert "settle nothing" in said
        if word not in ("contradicted", "negligible", "leans"):
            assert claim.fails not in said


@pytest.mark.parametrize("claim", UNFOLD, ids=lambda claim: claim.id)
def test_a_composite_says_of_each_part_what_holds_of_it(claim):
    rng = random.Random(claim.id)
    for _ in range(60):
        words = [rng.choice((*SETTLED, "inconclusive")) for _ in claim.parts]
        parts = [
            part(p.kind, w, i) for i, (p, w) in enumerate(zip(claim.parts, words, strict=True))
        ]
        verdict = combine(parts)
        said, title = found.sentence(claim, verdict), titles.title(claim.id, verdict)
        every = all(word == "supported" for word in words)
        assert (claim.holds in said) is every
        assert (title == claim.title) is every
        held = sum(word == "supported" for word in words)
        if 0 < held < len(words):
            assert f"{len(words)} parts of the statement {held} hold" in said
            assert title.startswith(f"{held} of {len(words)} parts hold")
            for own, word in zip(claim.parts, words, strict=True):
                assert (own.holds in said) is (word == "supported")
                if word in ("contradicted", "negligible"):
                    assert own.fails in said
                assert word != "supported" or own.fails not in title
        if held == 0:
            assert not any(own.holds in said + title for own in claim.parts)
        assert len(title) < 110


def test_a_part_that_fails_alone_is_open():
    claim = claims.load()["semantics-same"]
    parts = [part(p.kind, "supported", i) for i, p in enumerate(claim.parts)]
    parts[0] = replace(parts[0], word="contradicted", p_against=0.02)  # not among three
    verdict = combine(parts)
    assert verdict.word == "inconclusive"
    said = found.sentence(claim, verdict)
    assert "Open: animal against object classes." in said
    assert claim.parts[0].fails not in said


@pytest.fixture(scope="module")
def entries():
    own = recorded.own(DEMO)
    real = next(iter(recorded.beside(own.profile)))
    return judge_some(own, [claim.id for claim in PAPER], real=real)


def test_what_fails_in_the_records_has_a_reason_why_it_may(entries):
    failed = [entry for entry in entries if side(entry.headline) == FAILS]
    assert [entry.claim.id for entry in failed if not entry.claim.why] == []


def test_counts_of_settings_add_up(entries):
    for entry in entries:
        told = found.rests_on(entry, DEMO, None)
        worlds = re.search(r"simulated worlds: (.*?)(;|$)", told)
        if not entry.counted:  # a claim that waits for world 1 may count on a later one
            assert worlds is None
            continue
        numbers = [int(n) for n in re.findall(r"\d+", worlds[1])]
        assert sum([numbers[0], *numbers[2:]]) == numbers[1] == len(entry.counted)


def test_a_page_says_what_its_verdicts_say(entries):
    of_page = [e for e in entries if e.claim.page == "04_3_semantics"]
    shown = found.found(DEMO, [e.claim.id for e in of_page])
    for entry in of_page:
        assert found.sentence(entry.claim, entry.headline) in shown.text
    fails = [e for e in of_page if side(e.headline) == FAILS]
    assert ("Why it may differ here" in shown.html) is bool(fails)
    holds = any(side(e.headline) == HOLDS for e in of_page)
    assert (found.HEADS[HOLDS] in shown.text) is holds


def test_nothing_recorded_is_said(set_recorded, monkeypatch):
    whole = replace(PROFILES["demo"], recorded={1: (FAMILIES, (0, 1, 2))})
    monkeypatch.setitem(PROFILES, "demo", whole)
    set_recorded(None)
    shown = found.found(PROFILES["demo"], ["quantity-imagenet"])
    assert shown.text == "Not recorded yet: whether more pre-training images bring more robustness."


def test_a_check_without_runs_settles_nothing():
    claim = claims.load()["clip-on-line"]
    entry = judge_some(recorded.own(DEMO), [claim.id])[0]
    for word, told in (("not run", "has no runs yet"), ("inconclusive", "does not settle it")):
        check = replace(entry, first=Verdict(word), summary=None)
        said = " ".join(found._whys(entry, lambda _, check=check: check))
        assert told in said
        assert claim.why[0].if_supported not in said

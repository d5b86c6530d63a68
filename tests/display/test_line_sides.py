"""On which side of a line each kind of evidence lies: told from intervals, both ways."""

from dataclasses import replace

import pytest

from nbsupport.analysis import claims
from nbsupport.analysis.contrasts import Contrast
from nbsupport.analysis.intervals import Interval
from nbsupport.analysis.published import Estimate
from nbsupport.analysis.verdicts import Verdict
from nbsupport.display import line_sides
from nbsupport.display.answer import Answer
from nbsupport.display.line_sides import ABOVE, BELOW, ON, OPEN
from nbsupport.evidence.judged import Judged
from nbsupport.evidence.published.verdicts import (
    AGAINST,
    Found,
    PublishedVerdict,
    published_claims,
    published_contrasts,
)

CLAIM = claims.load()["clip-on-line"]
OWN = "simulated worlds"
NOT_RUN = Verdict("not run")


def verdict(*values: float, half: float = 0.01, word: str = "contradicted") -> Verdict:
    """Parts with these estimates, each with an interval of about +/- half."""
    parts = []
    for place, value in enumerate(values):
        here = Interval(value, half / 2, 40)
        sizes = {"margin": 0.02, "gap": here, "cells": 9, "families": 3, "settled": True}
        counts = {"off_line": 0, "dropped": 0, "axis": "linear"}
        contrast = Contrast(f"part {place}", here, here, here, **sizes, **counts)
        parts.append(Verdict(word, contrast=contrast, kind="same"))
    return Verdict(word, contrast=parts[0].contrast, parts=tuple(parts))


def published(*values: float) -> PublishedVerdict:
    contrast = published_contrasts()["laion-over-in21k"]
    found = [Found(contrast, "r", Estimate(v, v - 0.01, v + 0.01, 9, 9), 0.02) for v in values]
    return PublishedVerdict(published_claims()["clip-on-line"], AGAINST, tuple(found))


def entry(first: Verdict, *further: Verdict) -> Judged:
    others = dict(enumerate(further, 3))
    return Judged(CLAIM, first, NOT_RUN, further=others, counted=(1, *others))


@pytest.mark.parametrize(
    ("low", "high", "same", "side"),
    [
        (0.1, 0.2, False, ABOVE),
        (-0.2, -0.1, False, BELOW),
        (-0.1, 0.1, False, OPEN),
        (0.001, 0.002, True, ON),
    ],
)
def test_a_side_is_that_of_the_interval(low, high, same, side):
    assert line_sides.side_of_line(low, high, same=same) == side


def test_evidence_that_points_apart_is_told_with_both_sides():
    found = line_sides.kinds(entry(verdict(-0.05, -0.06)), published(0.1, 0.0), OWN)
    assert found == {OWN: [BELOW, BELOW], "real images": [], "published models": [ABOVE, ON]}
    assert not line_sides.apart(found)  # one comparison lies on the line
    told = line_sides.sentence(CLAIM, found)
    assert "below it in 2 of 2 comparisons in simulated worlds" in told
    assert "above it in 1 and on it in 1 of 2 comparisons in published models" in told
    assert told.endswith("on real images not run.")
    assert line_sides.short(CLAIM, found) == ""
    found = line_sides.kinds(entry(verdict(-0.05, -0.06)), published(0.1, 0.2), OWN)
    assert line_sides.short(CLAIM, found) == (
        "Models of captions, beside the line of labels: below it in simulated worlds and above it "
        "in published models."
    )


def test_evidence_on_one_side_is_not_said_to_point_apart():
    found = line_sides.kinds(entry(verdict(0.05, 0.06)), published(0.1, 0.2), OWN)
    assert line_sides.short(CLAIM, found) == ""
    assert "above it in 2 of 2" in line_sides.sentence(CLAIM, found)
    other = replace(CLAIM, beside=())
    assert line_sides.sentence(other, found) == line_sides.short(other, found) == ""


def test_every_world_that_counts_is_told():
    found = line_sides.kinds(entry(verdict(-0.05), verdict(0.05), verdict(0.001)), None, OWN)
    assert found[OWN] == [BELOW, ABOVE, OPEN]
    assert "below it in 1 and above it in 1 of 3 comparisons" in line_sides.sentence(CLAIM, found)


def test_the_first_page_tells_where_evidence_points_apart():
    own = entry(verdict(-0.05, -0.06))
    apart = Answer([own], {"clip-on-line": published(0.1, 0.2)}, OWN)
    assert "below it in simulated worlds and above it in published models" in apart.html().html
    alike = Answer([own], {"clip-on-line": published(-0.1, -0.2)}, OWN)
    assert "below it in" not in alike.html().html

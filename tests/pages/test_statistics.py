"""The page on statistics: its numbers are those of the package, and its sentences hold."""

import re

import numpy as np
import pytest

from nbsupport.analysis import claims
from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.intervals import t_quantile
from nbsupport.analysis.trends import effective_robustness, role_line
from nbsupport.evidence import recorded
from nbsupport.evidence.judged import judge_all
from nbsupport.evidence.records import read_records
from nbsupport.pages import statistics, two_worlds
from nbsupport.pages.by_hand import CELLS, FAMILY
from nbsupport.study.profiles import profile_named


@pytest.fixture(scope="module")
def few():
    records = read_records("demo")
    own = records[(records["world"] == 1) & (records["family"] == FAMILY)]
    seeds = sorted(own["seed"].unique())[:CELLS]
    return own[own["seed"].isin(seeds)].reset_index(drop=True)


def test_by_hand_the_steps_lead_to_the_packages_interval(few):
    own = statistics.by_hand()
    found = contrast(few, own.a, own.b)
    d = own.differences
    se = np.sqrt(2 / 3 * ((d[1:] - d[1:].mean()) ** 2).sum())
    assert d[0] == pytest.approx(found.estimate.value, abs=1e-12)
    assert se == pytest.approx(found.estimate.se, abs=1e-12)
    assert d[0] - t_quantile(2) * se == pytest.approx(found.low, abs=1e-12)
    assert 0.25 * own.gaps[0] == pytest.approx(found.margin, abs=1e-12)


def test_the_heights_by_hand_are_those_of_single_runs(few):
    own = statistics.by_hand()
    runs = effective_robustness(few, role_line(few, own.b))
    for role, heights in zip((own.a, own.b), own.heights, strict=True):
        there = runs[runs["role"] == role].sort_values("seed")["er"]
        assert heights[0] == pytest.approx(there.to_numpy())


def test_leaving_out_a_cell_is_fitting_without_it(few):
    own = statistics.by_hand()
    for place, seed in enumerate(own.seeds, start=1):
        rest = few[few["seed"] != seed].reset_index(drop=True)
        found = contrast(rest, own.a, own.b)
        assert own.differences[place] == pytest.approx(found.estimate.value, abs=1e-12)
        assert own.gaps[place] == pytest.approx(found.gap.value, abs=1e-12)


def test_every_difference_has_one_place_in_the_table():
    found = statistics.contrasts_of()
    numbers = statistics.numbers()
    assert sum(map(len, statistics._kinds().values())) == len(found) == int(numbers["differences"])
    same = sum(c.minus.high < 0 and c.plus.low > 0 for c in found)
    assert same == int(numbers["shown-same"]) + int(numbers["small-but-real"])
    assert int(numbers["unseen"]) == int(numbers["shown-same"]) + int(numbers["open"])


def test_changes_are_those_that_the_ledger_tells():
    """All claims has the same verdicts in its column Otherwise."""
    fragile = {
        e.claim.id
        for e in judge_all(recorded.own(profile_named("demo")))
        if e.fragile and not e.claim.control and e.first.word != "not run"
    }
    shown = {key for key, words in statistics._sensitivity().items() if len(set(words)) > 1}
    assert shown == fragile
    assert statistics.numbers()["any-changes"] == str(len(fragile))


def test_what_the_page_says_of_bands_holds():
    for count, found in statistics.coverages().items():
        assert found["epochs"].share < 0.6  # no number of runs helps
        assert found["epochs"].width < found["bootstrap"].width < found["jackknife"].width
        assert found["jackknife"].share > 0.9, count
    shares = [found["bootstrap"].share for found in statistics.coverages().values()]
    assert shares == sorted(shares)
    assert shares[0] < 0.75 < 0.9 < shares[-1]


def test_what_the_page_says_of_the_case_holds():
    numbers = statistics.numbers()
    assert (numbers["case-1-by-1"], numbers["case-2-by-1"]) == ("supported", "contradicted")
    assert (numbers["case-1-by-2"], numbers["case-2-by-2"]) == ("supported", "supported")
    assert (numbers["smallest-by-1"], numbers["smallest-by-2"]) == ("contradicted", "negligible")
    assert numbers["smallest-value"].startswith("+")  # it points the right way
    assert two_worlds.disagreement(1) > 0.2 > 10 * two_worlds.disagreement(2)
    assert len(claims.load()[two_worlds.CASE].parts) == 5


def test_rates_are_near_their_level():
    numbers = statistics.numbers()
    for name in ("false-higher", "false-same"):
        assert float(numbers[name].rstrip("%")) < 3.5
    assert float(numbers["families-higher"].rstrip("%")) > 3.5


@pytest.mark.parametrize(
    "name",
    [
        *("runs_table", "left_out_table", "interval_table", "coverage_table", "equivalence_table"),
        *("populations_table", "sensitivity_table", "case_table", "ladders_table", "error_rates"),
    ],
)
def test_every_table_reads_as_text_and_misses_no_number(name):
    shown = getattr(statistics, name)()
    assert len(shown.text.splitlines()) > 3
    assert not re.search(r"\bnan\b", shown.html, re.IGNORECASE)

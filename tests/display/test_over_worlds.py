"""Claims over worlds on a page: a column of verdicts, a figure a claim, each world in the table."""

import math
import re
from dataclasses import replace

import pandas as pd
import pytest
from real_images import FAMILIES, REAL_HEIGHTS, real_runs
from scipy import stats

from nbsupport.analysis.worlds import ENOUGH_WORLDS, few
from nbsupport.display import over_worlds
from nbsupport.display.found import found
from nbsupport.display.over_worlds import COLUMN, TOO_FEW
from nbsupport.display.said import NOT_YET, says
from nbsupport.display.tabs import Tabs
from nbsupport.evidence import ledger, recorded
from nbsupport.evidence.recorded import Recorded
from nbsupport.evidence.world_rows import world_rows
from nbsupport.pages import claims as page_claims
from nbsupport.pages.claims_table import ledger_table
from nbsupport.study.profiles import PROFILES

LADDER, PAIR = "quantity-imagenet", "semantics-same"


def worlds(count: int) -> Recorded:
    """As many worlds of three families and two seeds."""
    table = real_runs(dict.fromkeys(range(1, count + 1), REAL_HEIGHTS)).assign(profile="demo")
    return Recorded(PROFILES["demo"], table[table["seed"] < 2].reset_index(drop=True))


@pytest.fixture(scope="module")
def five() -> Recorded:
    return worlds(5)


def test_the_verdict_over_worlds_is_a_column_from_five_worlds_on(five):
    found = over_worlds.headline_column(five, [LADDER, "five-per-class"], "linear")
    assert list(found) == [COLUMN]
    assert found[COLUMN][LADDER].word == "supported"
    assert found[COLUMN]["five-per-class"] is TOO_FEW  # not run there
    assert over_worlds.headline_column(worlds(4), [LADDER], "linear") == {}


def test_how_many_of_the_planned_worlds_count_is_said(five):
    planned = PROFILES["demo"].recorded
    cells = sum(len(families) * len(seeds) for families, seeds in planned.values())
    done = sum(len(set(FAMILIES) & {*planned[n][0]}) * 2 for n in range(1, 6))
    said = f"5 of the {len(planned)} worlds that were planned count by now, with {done} of {cells}"
    assert said in five.worlds_left
    assert five.worlds_left in over_worlds.figures(five, [LADDER], "linear")[0].caption
    whole = replace(PROFILES["demo"], recorded=dict.fromkeys(range(1, 6), (FAMILIES, (0, 1))))
    assert Recorded(whole, five.records).worlds_left == ""
    assert Recorded(PROFILES["pacs-32"], five.records.assign(profile="pacs-32")).worlds_left == ""
    told = page_claims.summary(ledger.judge_all(five), None, five.worlds_left)
    assert f"<p>{five.worlds_left}</p>" in told.html


def test_shifts_between_real_images_are_no_worlds(five):
    shifts = Recorded(PROFILES["pacs-32"], five.records.assign(profile="pacs-32"))
    assert shifts.over_worlds([LADDER]) == {}
    assert over_worlds.headline_column(shifts, [LADDER], "linear") == {}
    assert over_worlds.figures(shifts, [LADDER], "linear") == []


def test_the_rows_are_the_worlds_their_mean_and_a_new_world(five):
    rows = world_rows(five, [LADDER])[LADDER]
    names = [f"simulated world {n}" for n in range(1, 6)]
    assert rows.table["group"].tolist() == [*names, "mean of 5 worlds", "a new world"]
    each = [five.judged([LADDER], n)[LADDER][0].contrasts[0] for n in range(1, 6)]
    assert rows.part == each[0].name == "imagenet/full - imagenet/5K"
    assert rows.table["er"].tolist()[:5] == [c.estimate.value for c in each]
    over = five.over_worlds([LADDER])[LADDER][1].contrast
    assert rows.table[["low", "high"]].to_numpy()[5].tolist() == [over.low, over.high]
    assert tuple(rows.table[["low", "high"]].to_numpy()[6]) == over.prediction
    assert (rows.worlds, rows.tau) == (5, over.tau)


def test_a_claim_has_a_figure_and_several_have_tabs(five):
    (one,) = over_worlds.figures(five, [LADDER], "linear")
    assert one.table["world"].tolist()[-1] == "a new world"
    assert "5 worlds" in one.subtitle
    assert one.name.startswith("worlds-quantity")
    for theme, layout in (("light", "wide"), ("dark", "narrow")):
        assert one.png(theme, layout).startswith(b"\x89PNG")
    assert "a new world is expected" in one.description
    (several,) = over_worlds.figures(five, [LADDER, PAIR], "linear")
    assert isinstance(several, Tabs)
    assert list(several.panels) == [LADDER, PAIR]
    assert over_worlds.figures(worlds(2), [LADDER], "linear") == []


def test_two_worlds_have_a_mean_and_no_figure():
    summary, verdict = worlds(2).over_worlds([LADDER])[LADDER]
    assert summary.worlds == verdict.contrast.worlds == 2
    assert math.isnan(verdict.contrast.prediction[0])


def test_the_table_of_claims_tells_each_world(five):
    entries = [e for e in ledger.judge_all(five) if e.claim.id in (LADDER, PAIR)]
    shown = ledger_table(entries)
    assert shown.html.count("<summary>each world</summary>") == 2
    assert "for it in 5 of 5" in shown.html
    assert "a new world:" in shown.html
    assert f"{LADDER}: supported, 5 worlds" in shown.text
    assert page_claims.counts(entries)["over-worlds"] == 2
    assert page_claims.counts(entries)["supported"] == 2


def test_a_claim_at_the_floor_has_a_row_like_any_other():
    runs = real_runs({1: REAL_HEIGHTS}).assign(profile="demo")
    low = runs["ood_accuracy"].where(runs["role"] != "fractaldb/full", 0.05)
    table = pd.DataFrame(runs.assign(ood_accuracy=low))
    entries = ledger.judge_all(Recorded(PROFILES["demo"], table))
    word = {e.claim.id: e.first.word for e in entries}
    assert word["fractals-between"] == "at the floor"
    html = ledger_table(entries).html
    assert "nb-badge-at-the-floor" in html
    assert page_claims.counts(entries)["at-the-floor"] >= 1


# few worlds ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("count", [2, 3, 4])
def test_few_worlds_are_said_to_be_few_with_what_that_costs(count):
    told = few(count)
    wider = stats.t.ppf(0.975, count - 1) / stats.norm.ppf(0.975)
    assert told.startswith(f"Only {count} worlds")
    assert f"{wider:.1f} times as wide" in told


def test_enough_worlds_need_no_such_words():
    assert [few(count) for count in (0, 1, ENOUGH_WORLDS, 12)] == [""] * 4


def test_wherever_an_interval_over_few_worlds_is_drawn_it_is_said(five):
    (enough,) = over_worlds.figures(five, [LADDER], "linear")
    (short,) = over_worlds.figures(worlds(3), [LADDER], "linear")
    assert few(3) in short.caption
    assert "Only" not in enough.caption
    for runs, said in ((worlds(3), True), (worlds(2), True), (five, False)):
        table = ledger_table(ledger.judge_all(runs)).html
        assert bool(re.search(r"Only \d worlds", table)) is said


def test_what_only_a_later_world_has_is_not_said_to_be_recorded_nowhere(monkeypatch):
    table = worlds(3).records
    later = table[(table["world"] > 1) | (table["role"] != "imagenet/5K")].reset_index(drop=True)
    runs = Recorded(PROFILES["demo"], later)
    monkeypatch.setattr(recorded, "own", lambda profile: runs)
    monkeypatch.setattr(recorded, "beside", lambda profile: [])
    word = runs.verdicts([LADDER], 2)[LADDER].text
    assert runs.verdicts([LADDER], 1)[LADDER].word == "not run"
    assert says(PROFILES["demo"], LADDER).startswith(f"{word} on simulated world 2")
    told = found(PROFILES["demo"], [LADDER]).text
    assert told.startswith("Not recorded yet on simulated world 1")
    assert f"world 2: {word}" in told
    assert says(PROFILES["demo"], "five-per-class") == NOT_YET  # no world has it

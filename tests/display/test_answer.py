"""The answer at a glance: what its sentences and its grid say is what verdicts say."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from nbsupport.analysis import claims
from nbsupport.analysis.verdicts import Verdict
from nbsupport.display.answer import (
    COLUMNS,
    LETTERS,
    NEAR,
    PART,
    ROWS,
    UNSURE,
    Answer,
    GridCell,
    cell,
    on_real,
    sound,
)
from nbsupport.display.sides import FAILS, HOLDS, NONE, OPEN, side
from nbsupport.evidence.judged import Judged
from nbsupport.evidence.published.verdicts import AGAINST, published_verdicts
from nbsupport.pages import conclusion, pages

PAPER = [claim for claim in claims.load().values() if not claim.control]
WORDS = {HOLDS: "supported", FAILS: "contradicted", OPEN: "inconclusive", NONE: "not run"}


def entry(claim, word: str, real: tuple[str, ...] = ()) -> Judged:
    shifts = {n: Verdict(w) for n, w in enumerate(real, 1)}
    return Judged(claim, Verdict(word), Verdict("not run"), real=shifts, counted=(1,))


def answer(words: dict[str, str], real: tuple[str, ...] = ()) -> Answer:
    """All claims supported, but for those that are named."""
    entries = [entry(c, words.get(c.id, "supported"), real) for c in PAPER]
    return Answer(entries, {}, "simulated worlds")


def test_every_row_stands_on_claims_of_the_paper_and_has_a_page():
    for row in ROWS:
        assert {claims.load()[key].control for key in row.claims} == {False}
        assert row.page in pages()
    named = [key for row in ROWS for key in row.claims]
    assert len(named) == len(set(named))
    # left out is what belongs to no finding, has no result to compare with, or came later
    stated = [claim for claim in PAPER if claim.finding != "none" and claim.kind != "measured"]
    assert set(named) == {claim.id for claim in stated if claim.since == 1}


@pytest.mark.parametrize(
    ("sides", "state", "count"),
    [
        ([HOLDS, HOLDS], HOLDS, "2 of 2"),
        ([HOLDS, OPEN], PART, "1 of 2"),
        ([HOLDS, FAILS, NONE], PART, "1 of 2"),
        ([FAILS, OPEN], FAILS, "0 of 2"),
        ([OPEN, NONE], OPEN, "0 of 1"),
        ([NONE], NONE, ""),
        ([], NONE, ""),
    ],
)
def test_a_cell_holds_only_where_all_of_its_claims_do(sides, state, count):
    found = cell(sides)
    assert (found.state, found.count) == (state, count)
    assert found.letter == LETTERS[state]


def test_states_are_lettered_apart():
    assert len(set(LETTERS.values())) == len(LETTERS)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("supported", "at the floor"), HOLDS),
        (("supported", "contradicted"), OPEN),
        (("contradicted", "inconclusive"), FAILS),
        (("at the floor", "not testable"), OPEN),
        (("not run", "not run"), NONE),
        ((), NONE),
    ],
)
def test_shifts_that_disagree_settle_nothing(words, told):
    assert on_real(entry(PAPER[0], "supported", words)) == told


def test_the_sentences_count_every_tested_claim_once():
    words = {"semantics-same": "contradicted", "clip-on-line": "negligible"}
    words |= {"generated-same": "inconclusive", "reference-gap": "calibrated"}
    words |= {"clip-quantity": "measured", "fractals-between": "not run"}
    shown = answer(words)
    holds, fails, left = shown.sentences()
    tested = len(PAPER) - 3
    assert f"Of {tested} claims {tested - 3} hold" in holds
    assert fails.startswith("2 come out otherwise")
    assert left.startswith("1 is not settled")
    assert claims.load()["semantics-same"].fails.rstrip(".")[1:] in fails
    whole, part = holds.split(", and in part on ")
    assert "label semantics" not in whole
    assert "label semantics" in part
    assert "captions" not in holds
    assert "data quantity" in whole


def controlled(word: str, real: tuple[str, ...]) -> list[Judged]:
    """The controls, which on the shifts say this or that."""
    return [entry(c, word, real) for c in claims.load().values() if c.control]


@pytest.mark.parametrize(
    ("said", "shifts"),
    [
        ([("supported", "inconclusive"), ("supported", "supported")], {1}),
        ([("supported", "supported"), ("not run", "not run")], {1, 2}),
        ([("at the floor", "contradicted")], set()),
        ([], set()),
    ],
)
def test_a_shift_is_sound_where_every_control_that_was_run_is_supported(said, shifts):
    claim = PAPER[0]
    assert sound([entry(claim, "supported", words) for words in said]) == shifts


def test_real_images_settle_nothing_where_their_controls_are_open():
    paper = [entry(c, "supported", ("supported",)) for c in PAPER]
    settled = Answer([*paper, *controlled("supported", ("supported",))], {}, "simulated worlds")
    unsure = Answer([*paper, *controlled("supported", ("inconclusive",))], {}, "simulated worlds")
    assert settled.cells(ROWS[0])[1].state == HOLDS
    assert unsure.cells(ROWS[0])[1] == GridCell(OPEN, 0, len(ROWS[0].claims), UNSURE)
    assert "settle none of the" in unsure.sentences()[2]
    assert UNSURE in unsure.html().html


def test_a_clause_says_in_how_many_worlds_a_claim_fails():
    claim = next(c for c in PAPER if not c.unfolds)
    failed = Judged(claim, Verdict("contradicted"), Verdict("supported"), counted=(1, 2))
    text = Answer([failed], {}, "simulated worlds").sentences()[1]
    assert text.endswith("(1 of 2 worlds).")
    everywhere = replace(failed, second=Verdict("contradicted"))
    assert "worlds)" not in Answer([everywhere], {}, "simulated worlds").sentences()[1]


def test_what_is_negligible_is_counted_apart_from_what_is_contradicted():
    first, second = PAPER[:2]
    words = {first.id: "negligible", second.id: "contradicted"}
    assert (
        "2 come out otherwise than in the paper (1 contradicted, 1 too small to count)"
        in (answer(words).sentences()[1])
    )


def test_a_verdict_of_one_world_is_not_said_of_several():
    more = {"counted": (1, 2, 3), "further": {3: Verdict("not run")}}
    several = [replace(e, **more) for e in answer({}).entries.values()]
    told = Answer(several, {}, "simulated worlds").sentences()[0]
    assert f"claims {len(PAPER)} hold in the first of 3 simulated worlds, 0 of them in" in told


def test_nothing_is_said_to_hold_where_nothing_does():
    shown = answer(dict.fromkeys((c.id for c in PAPER), "inconclusive"))
    assert f"Of {len(PAPER)} claims 0 hold in simulated worlds." == shown.sentences()[0]
    assert not re.search(r'nb-evidence-(holds|in-part|fails)"', shown.html().html)


def test_each_cell_is_a_link_with_a_letter_and_a_name():
    html = answer({}, ("at the floor", "at the floor")).html().html
    cells = re.findall(r"<td class=.*?</td>", html)
    assert len(cells) == len(ROWS) * len(COLUMNS)
    for each in cells:
        link = re.search(r'<a href="\w+\.html(?:#found)?" title="([^"]+)">(.*?)</a>', each)
        # called by what is written on it, with row and column before that
        assert f'<span class="nb-evidence-about">{link.group(1)}: </span>' in link.group(2)
        assert "aria-label" not in each
        assert re.search(r'<b aria-hidden="true">\S+</b>', each)
    assert html.count(NEAR) >= len(ROWS)


def test_published_models_that_lean_both_ways_are_open():
    said = published_verdicts()
    key = next(k for row in ROWS for k in row.claims if k in said)
    row = next(row for row in ROWS if key in row.claims)
    other = replace(said[key], word=AGAINST)
    alone = Answer([entry(c, "supported") for c in PAPER], {key: other}, "worlds")
    assert "nb-evidence-leans-against" in alone._of_published(row)
    assert "nb-evidence-not-run" in Answer([], {}, "worlds")._of_published(row)


# the conclusion -----------------------------------------------------------------------------------
LEADING = [("quantity", 0.9, 0.8, 1.0), ("source", 0.1, -0.1, 0.2)]


@pytest.mark.parametrize("more", WORDS)
@pytest.mark.parametrize("alike", WORDS)
def test_the_advice_follows_only_from_both_of_its_halves(more, alike):
    table = pd.DataFrame(LEADING, columns=["factor", "value", "low", "high"]).assign(leads=True)
    known = claims.load()
    judged = {
        conclusion.EXPLOIT: entry(known[conclusion.EXPLOIT], WORDS[more]),
        conclusion.ALIKE: entry(known[conclusion.ALIKE], WORDS[alike]),
    }
    said = conclusion.advice(judged, table)
    assert ("advice follows here" in said) is (more == alike == HOLDS)
    assert ("does not follow" in said) is (more != HOLDS)


@pytest.mark.parametrize(("least", "kind"), [(0.8, "one"), (0.5, "loose"), (-0.2, "two")])
def test_the_weakest_correlation_chooses_the_words(least, kind):
    said = conclusion.robust_or_good({"world 1": 0.95, "world 2": least})
    assert conclusion.OF_GROUPS[kind] in said
    assert conclusion.robust_or_good({"world 1": float("nan")}) == ""


def test_the_cause_of_the_gap_is_named_where_the_lines_meet():
    claim = claims.load()[conclusion.NO_GAP]
    for word, told in (("supported", "fits"), ("contradicted", "not all"), ("inconclusive", "")):
        each = entry(claim, word)
        said = conclusion.cause(each)
        assert told in said
        assert (claim.holds in said) is (side(each.headline) == HOLDS)

"""Section 2: two moments of one run lie far apart in score and close in height above the line."""

import re

import pytest

import nbsupport as nb
from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.trends import role_line
from nbsupport.pages import background
from nbsupport.pages.open_page import open_page
from nbsupport.study.study import FULL, SCRATCH


@pytest.fixture(params=[1, 2])
def recorded(request):
    """The recorded runs of a world of the page's groups."""
    return open_page("02_background", {"world": request.param}).recorded(request.param)


def shown(text: str, row: str) -> list[float]:
    """ID, OOD and height of a row of the table."""
    line = next(line for line in text.splitlines() if line.startswith(f"{row} |"))
    return [float(v.replace("\N{MINUS SIGN}", "-")) for v in line.split(" | ")[2:]]


def test_the_difference_shown_is_well_below_the_gap(recorded):
    gap = contrast(recorded, FULL, SCRATCH).gap.value
    text = background.same_line_table(recorded, origin="recorded").text
    for row in ("difference", "mean difference"):
        id_score, ood, height = shown(text, row)
        assert id_score > 0.15
        assert ood > 1.5 * gap
        assert abs(height) < 0.4 * gap


def test_both_moments_belong_to_one_run(recorded):
    text = background.same_line_table(recorded).text
    runs = re.findall(r"(\w+, seed \d+), epoch ([\d.]+)", text)
    assert len(runs) == 2
    assert runs[0][0] == runs[1][0]
    assert float(runs[0][1]) < float(runs[1][1])


def test_the_run_shown_is_no_exception(recorded):
    found = background.stretches(recorded, role_line(recorded, SCRATCH))
    assert len(found) == recorded[recorded["role"] == FULL].groupby(["family", "seed"]).ngroups
    changes = sorted(s.apart[2] for s in found)
    place = changes.index(background.typical(found).apart[2])
    assert abs(place - (len(changes) - 1) / 2) <= 1


def test_the_sentence_says_what_the_rows_show(recorded):
    text = background.same_line_table(recorded, origin="recorded").text
    _, ood, height = shown(text, "mean difference")
    said = background.said(recorded, origin="recorded")
    assert said in text
    numbers = re.findall(r"[+−][\d.]+", said)
    assert [float(n.replace("−", "-")) for n in numbers] == [ood, height]
    assert "far apart in score, and close in height" in said


def test_other_runs_get_another_sentence(recorded):
    turned = (recorded["id_macro_f1"] - 0.45) * (recorded["role"] == FULL)
    tilted = recorded.assign(ood_macro_f1=(recorded["ood_macro_f1"] + turned).clip(0, 1))
    assert "the heights do not stay together" in background.said(tilted)
    assert background.answer(tilted).startswith("it rises")


def test_the_lines_are_said_to_be_parallel_only_where_they_are(recorded):
    told = background.distances(recorded)
    upper, lower = role_line(recorded, FULL), role_line(recorded, SCRATCH)
    assert told["parallel"] == "not parallel"
    assert told["slopes"] == f"{upper.slope:.2f} and {lower.slope:.2f}"
    assert float(told["apart-low"]) < float(told["apart-high"])
    flat = recorded.assign(ood_macro_f1=0.5 * recorded["id_macro_f1"])
    flat["ood_macro_f1"] += 0.05 * (flat["role"] == FULL)
    assert background.distances(flat)["parallel"] == "nearly parallel"


def test_a_page_shows_recorded_runs_where_there_are_any():
    page = open_page("02_background", {})
    live = nb.read_records("demo").query("world == 2")
    assert "recorded runs" in background.shown(page, live).text
    assert (
        "live run" in background.shown(open_page("02_background", {"profile": "smoke"}), live).text
    )

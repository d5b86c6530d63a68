"""A comparison of one's own: which roles are the lines, the sentences, the figure and its files."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nbsupport as nb
from nbsupport.analysis.trends import ID, OOD
from nbsupport.errors import UserError

FAMILIES = ("resnet", "densenet", "alexnet")
SCRATCH, SOME, ALL = "my scratch", "a few", "everything"
HEIGHTS = {SCRATCH: 0.0, SOME: 0.002, ALL: 0.06}
IMAGES = {SCRATCH: 0, SOME: 500, ALL: 10_000}


def made_up(
    heights: dict[str, float] | None = None, seeds: int = 3, profile: str = "demo"
) -> pd.DataFrame:
    """Records whose roles lie so high above one line, with a little noise."""
    rng = np.random.default_rng(5)
    rows = []
    for role, height in (heights or HEIGHTS).items():
        for family in FAMILIES:
            for seed in range(seeds):
                x = np.linspace(0.3, 0.6, 4) + rng.normal(0, 0.005)
                y = 0.1 + 0.5 * x + height + rng.normal(0, 0.002)
                for epoch in range(4):
                    row = {"profile": profile, "world": 1, "role": role, "images": IMAGES[role]}
                    row |= {"source": "imagenet" if IMAGES[role] else "none", "classes": 9}
                    row |= {"family": family, "seed": seed, "epoch": epoch + 1}
                    rows.append(row | {ID: x[epoch], OOD: y[epoch]})
    return pd.DataFrame(rows)


RUNS = made_up()


def test_the_lines_are_found_from_the_records() -> None:
    comparison = nb.Comparison(RUNS)
    assert comparison.reference == SCRATCH
    assert comparison.gap == (ALL, SCRATCH)


@pytest.mark.parametrize("reference", HEIGHTS)
def test_a_verdict_is_a_sentence_with_its_interval_whichever_is_the_reference(
    reference: str,
) -> None:
    comparison = nb.Comparison(RUNS, reference=reference)
    for a, b, word in (
        (ALL, SCRATCH, "supported"),
        (ALL, SOME, "supported"),
        (SCRATCH, ALL, "contradicted"),
        (SOME, ALL, "contradicted"),
    ):
        found = comparison.verdict(a, over=b)
        c = found.contrast
        assert found.verdict.word == word
        assert c.estimate.value == pytest.approx(HEIGHTS[a] - HEIGHTS[b], abs=0.006)
        assert c.low < c.estimate.value < c.high
        sentence = str(found)
        assert sentence.startswith(f"{a} over {b}: ")
        signs = re.findall(r"[+−]0\.\d{3}", sentence)
        numbers = [float(s.replace("−", "-")) for s in signs]
        assert numbers == pytest.approx([c.estimate.value, c.low, c.high], abs=6e-4)
        assert "9 cells of family and seed" in sentence
        assert sentence.endswith(word)


def test_equally_high_is_another_statement() -> None:
    same = nb.Comparison(RUNS).verdict(SOME, kind="same")
    assert str(same).startswith(f"{SOME} and {SCRATCH} equally high: ")
    assert same.verdict.word == "supported"
    assert nb.Comparison(RUNS).verdict(ALL, kind="same").verdict.word == "contradicted"


def test_two_groups_are_enough_and_few_seeds_only_lean() -> None:
    two = {role: HEIGHTS[role] for role in (SCRATCH, ALL)}
    assert nb.Comparison(made_up(two)).verdict(ALL).verdict.word == "supported"
    leaning = str(nb.Comparison(made_up(two, seeds=1)).verdict(ALL))
    assert "no interval" in leaning
    assert leaning.endswith("leans towards")


def test_runs_of_a_profile_that_is_no_evidence_get_no_verdict() -> None:
    comparison = nb.Comparison(made_up(profile="smoke"))
    assert str(comparison.verdict(ALL)).endswith("; not evidence")
    assert "no evidence" in comparison.figure().title


def test_verdicts_are_those_of_the_analysis() -> None:
    from nbsupport.analysis import verdicts

    records = nb.read_records("demo")
    own = records[records["world"] == 1]
    comparison = nb.Comparison(own, gap=("imagenet/full", "scratch"))
    assert comparison.reference == "scratch"
    for role in ("imagenet/25K", "imagenet/5K"):
        judged = verdicts.judge("higher", nb.contrast(own, role, "scratch"))
        assert comparison.verdict(role).verdict == judged


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: nb.Comparison(RUNS, reference="scrtch"), "did you mean 'my scratch'"),
        (lambda: nb.Comparison(RUNS).verdict("a few", over="everythin"), "mean 'everything'"),
        (lambda: nb.Comparison(RUNS).verdict("a few", over="a few"), "two different roles"),
        (lambda: nb.Comparison(RUNS).verdict("a few", kind="hihger"), "did you mean 'higher'"),
        (lambda: nb.Comparison(RUNS[RUNS["role"] == ALL]), "two roles"),
        (lambda: nb.Comparison(RUNS[RUNS["role"] != SCRATCH]), 'reference="..."'),
        (lambda: nb.Comparison(RUNS.assign(images=7)), 'gap=("a few", "my scratch")'),
        (lambda: nb.Comparison(RUNS, axis="log"), "did you mean 'logit'"),
        (lambda: nb.Comparison(RUNS, margin=2), "a share of the gap"),
        (lambda: nb.Comparison(RUNS.drop(columns="role")), "lack the columns role"),
        (lambda: nb.Comparison(RUNS).figure().save("a.jpg"), "ends in .html, .png, .svg, .csv"),
        (lambda: nb.Comparison(RUNS).figure().save("/nowhere/a.csv"), "cannot be written"),
    ],
)
def test_what_cannot_be_told_is_a_one_line_error(make: Callable[[], Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        make()
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("reference", [SCRATCH, ALL])
def test_the_figure_says_what_it_shows(reference: str) -> None:
    figure = nb.Comparison(RUNS, reference=reference).figure(caption="Mine.")
    assert list(figure.table["pre-training"]) == [ALL, SOME, SCRATCH]
    line = "the scratch line" if reference == SCRATCH else f"the line of {ALL}"
    assert f"its height above {line}" in figure.description
    if reference == SCRATCH:
        assert figure.title == f"Higher than {SCRATCH}: {SOME}, {ALL}"
    else:
        assert figure.title == f"Not higher than {ALL}: {SCRATCH}, {SOME}"
    assert "3 families, 3 seeds" in figure.subtitle
    assert set(figure._repr_mimebundle_()) == {"text/html", "image/png", "text/plain"}


def test_a_figure_is_saved_as_its_ending_says(tmp_path: Path) -> None:
    figure = nb.Comparison(RUNS.replace({SOME: '</script><b x="'})).figure()
    starts = {"html": b"<!doctype html>", "png": b"\x89PNG", "svg": b"<svg", "csv": b"profile,"}
    for ending, start in starts.items():
        path = figure.save(tmp_path / f"mine.{ending}")
        assert path.read_bytes().startswith(start)
    page = (tmp_path / "mine.html").read_text(encoding="utf-8")
    assert page.count("</script") == 2
    fetched = re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", page)
    assert fetched == []

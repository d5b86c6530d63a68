"""What Section 5 shows besides its figure."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nbsupport.pages import captions
from nbsupport.pages.open_page import open_page
from nbsupport.study.study import CORPORA, Study

LINE = {"scratch": 0.0, "imagenet/full": 0.06}


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    return open_page("05_self_supervised", {"profile": "smoke"})


def made_up(heights: dict[tuple[str, str], float]) -> pd.DataFrame:
    """Runs of (role, family) at these heights above y = 0.6 x, four epochs each."""
    rows = [
        {"role": role, "family": family, "seed": 0, "epoch": e, "id_macro_f1": 0.2 + 0.08 * e}
        | {"ood_macro_f1": 0.6 * (0.2 + 0.08 * e) + height}
        for (role, family), height in heights.items()
        for e in range(1, 5)
    ]
    return pd.DataFrame(rows)


def test_each_picture_stands_over_its_caption(page):
    shown = captions.pairs_grid(page.study, "noisy", count=3, caption="Pairs")
    pairs = page.study.captions("noisy").source.pairs
    for i, text in enumerate(pairs.captions(np.arange(3))):
        assert text in shown.text, i
    assert shown.html.count("nb-grid-cell") >= 3


def test_retrieval_is_read_from_the_store(page, monkeypatch):
    text = captions.retrieval_table(page.study, page.groups).text
    rows = [line.split(" | ") for line in text.splitlines()[1:]]
    assert {(row[0], row[1]) for row in rows} == {
        (f"captions/{corpus}", family) for corpus in CORPORA for family in ("resnet", "vit")
    }
    assert all(row[3] == captions.UNKNOWN for row in rows)
    store = type(page.study.store)
    monkeypatch.setattr(store, "check", lambda self, job: True)
    found = {"retrieval_accuracy": 0.625, "retrieval_chance": 0.004}
    monkeypatch.setattr(store, "result", lambda self, job: found)
    text = captions.retrieval_table(page.study, page.groups).text
    assert "62.5% | 0.4%" in text


def test_without_training_on_captions_a_sentence_stands_in_for_the_table(page):
    scratch = [group for group in page.groups if group.objective != "captions"]
    assert "no pairs" in captions.retrieval_table(page.study, scratch).text


def test_families_are_measured_from_the_line_of_the_others():
    runs = {(role, "resnet"): height for role, height in LINE.items()}
    runs |= {("captions/clean", "resnet"): 0.07, ("captions/clean", "vit"): 0.03}
    runs |= {("captions/noisy", "resnet"): 0.05}
    text = captions.families_table(made_up(runs)).text
    rows = {line.split(" | ")[0]: line.split(" | ")[1:] for line in text.splitlines()}
    assert rows["family"] == ["captions/clean", "captions/noisy"]
    assert rows["resnet"][0].startswith("+0.010 (1 of 1")
    assert rows["resnet"][1].startswith("\N{MINUS SIGN}0.010")
    assert rows["vit"] == ["\N{MINUS SIGN}0.030 (1 of 1 runs on the line)", "not run"]


def test_a_family_beyond_the_range_of_the_line_is_off_it():
    runs = made_up({(role, "resnet"): height for role, height in LINE.items()})
    far = made_up({("captions/clean", "vit"): 0.0}).assign(id_macro_f1=0.01)
    text = captions.families_table(pd.concat([runs, far], ignore_index=True)).text
    assert "vit | off the line" in text


def test_without_runs_or_evidence_there_is_a_sentence():
    assert "no table" in captions.families_table(made_up({("scratch", "resnet"): 0.0})).text
    assert "smoke" in captions.families_table(made_up({}), masked="smoke").text


def test_the_numbers_of_the_prose_are_those_of_the_corpora():
    from nbsupport.savanna.captions import UNINFORMATIVE, VOCABULARY

    study = Study("demo")
    numbers = captions.corpus_numbers(study) | captions.noise_numbers()
    assert numbers["pairs-full"] == f"{len(study.captions('clean')):,}"
    assert numbers["captions-vocabulary"] == str(len(VOCABULARY))
    assert numbers["captions-uninformative"] == f"{UNINFORMATIVE:.0%}"
    ratio = len(study.captions("noisy")) / len(study.imagenet)
    assert float(numbers["pairs-over-imagenet"]) == pytest.approx(ratio, abs=0.05)


def test_figures_of_one_corpus_hold_its_sizes_only():
    page = open_page("appendix_clip_quantity", {})
    roles = page.view.roles("captions/clean")
    sizes = ["captions/clean", "captions/clean-150K", "captions/clean-25K"]
    assert roles == ["imagenet/full", *sizes, "scratch"]
    labels = page.view.labels("captions/clean")
    assert labels["captions/clean-25K"].endswith("clean pairs")
    assert len({labels[role] for role in roles}) == len(roles)

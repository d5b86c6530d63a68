"""Live runs beside recorded ones: equal where that can be asked, else in units of seeds."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from nbsupport.display import live_check as page_live
from nbsupport.display.live_check import live_check
from nbsupport.evidence.provenance import RunOrigin

SPREAD = 0.02
HERE, THERE = RunOrigin("one processor", "2.15"), RunOrigin("another", "2.15")


def recorded(seeds: int = 5, where: RunOrigin = THERE) -> pd.DataFrame:
    """Four groups in three families; each seed moves all scores of a run."""
    rng = np.random.default_rng(1)
    rows = []
    for role in ("scratch", "imagenet/full", "imagenet/25K", "imagenet/5K"):
        for family in ("resnet", "densenet", "alexnet"):
            for seed in range(seeds):
                x, y = rng.normal(0.5, SPREAD), rng.normal(0.3, SPREAD)
                key = f"{role}-{family}-{seed}"
                cell = {"role": role, "family": family, "seed": seed, "key": key, "device": "cpu"}
                made = {"processor": where.processor, "torch": where.torch}
                for epoch in (1, 2):
                    scores = {"id_macro_f1": x - 0.1 / epoch, "ood_macro_f1": y}
                    rows.append(cell | made | scores | {"epoch": epoch, "finished": "2026-01-01"})
    return pd.DataFrame(rows)


def live(table: pd.DataFrame, spread: float = 0.0, shift: float = 0.0) -> pd.DataFrame:
    """The runs of seed 0, each moved by noise of its own and all by a shift."""
    rng = np.random.default_rng(2)
    runs = table[table["seed"] == 0].copy()
    moved = {key: rng.normal(shift, spread, 2) for key in runs["key"].unique()}
    for place, score in enumerate(page_live.SCORES):
        runs[score] += [moved[key][place] for key in runs["key"]]
    return runs.drop(columns=["processor", "torch", "finished"])


@pytest.fixture
def made(monkeypatch):
    """Sets where the live runs were made."""

    def at(where: RunOrigin) -> object:
        monkeypatch.setattr(page_live, "place", lambda store, key: where)
        return object()

    return at


def test_equal_scores_are_said_to_be_equal_wherever_they_were_made():
    check = live_check(live(recorded()), recorded())
    assert (check.live, check.found, check.largest, check.agrees) == (12, 12, 0.0, True)
    assert str(check).endswith("their scores are the same to the last recorded digit.")


def test_in_one_place_scores_must_be_equal(made):
    table = recorded(where=HERE)
    runs = live(table)
    runs.loc[runs.index[0], "ood_macro_f1"] += 2e-6
    check = live_check(runs, table, made(HERE))
    assert (check.alike, check.unequal, check.agrees, check.others) == (12, 1, False, ())
    assert "1 of them **do not**, so something besides the processor differs" in str(check)
    assert "|" not in check._repr_markdown_()


def test_in_another_place_a_run_is_another_draw(made):
    table = recorded()
    check = live_check(live(table, spread=0.9 * SPREAD), table, made(HERE))
    assert (check.alike, check.agrees) == (0, True)
    text = str(check)
    assert "live runs were made on one processor, PyTorch 2.15" in text
    assert "recorded runs were made on another, PyTorch 2.15" in text
    assert "That is **within what another seed gives**." in text
    assert "more than" not in text


def test_a_place_that_is_lost_is_said_to_be_lost(made):
    table = recorded(where=RunOrigin())
    assert "recorded runs were made in a place that was not noted" in str(
        live_check(live(table, spread=0.01), table, made(HERE))
    )
    old = table.drop(columns=["processor", "torch", "finished"])  # records from before it was noted
    assert live_check(live(table, spread=0.01), old, made(HERE)).alike == 0


def test_another_version_of_torch_is_another_place(made):
    table = recorded(where=RunOrigin("one processor", "2.16"))
    assert live_check(live(table, spread=0.01), table, made(HERE)).alike == 0


def test_a_gpu_is_not_asked_for_equal_scores(made):
    table = recorded(where=HERE).assign(device="cuda")
    check = live_check(live(table, spread=0.01), table, made(HERE))
    assert (check.alike, len(check.others)) == (0, 2)


@pytest.mark.parametrize(("spread", "shift"), [(4 * SPREAD, 0.0), (0.2 * SPREAD, 2 * SPREAD)])
def test_a_result_that_is_really_different_is_said_to_be_so(made, spread, shift):
    table = recorded()
    check = live_check(live(table, spread, shift), table, made(HERE))
    assert not check.agrees
    assert "In ID and in OOD that is **more than another seed gives** (in ID beyond" in str(check)
    assert "something besides rounding differs" in str(check)


def test_another_seed_is_not_called_different(made):
    """Each recorded seed in the place of the live one, and seeds drawn anew: no alarm."""
    table, store = recorded(), made(HERE)
    for seed in range(1, 5):
        runs = table[table["seed"] == seed].copy()
        runs["key"] = runs["key"].str.replace(f"-{seed}", "-0")
        assert live_check(runs, table, store).agrees
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(100):
        runs = live(table)
        for score in page_live.SCORES:
            drawn = {key: rng.normal(0, SPREAD) for key in runs["key"].unique()}
            centre = table.groupby(["role", "family", "epoch"])[score].transform("mean")
            runs[score] = centre.reindex(runs.index) + runs["key"].map(drawn)
        alarms += not live_check(runs, table, store).agrees
    assert alarms <= 3


def test_the_numbers_are_those_of_the_last_epoch(made):
    table = recorded()
    runs = live(table, spread=0.01)
    runs.loc[runs["epoch"] == 1, "ood_macro_f1"] = 0.9  # an earlier epoch, far off
    ood = live_check(runs, table, made(HERE)).others[1]
    last = table[table["epoch"] == 2]
    both = runs[runs["epoch"] == 2].merge(last, on="key", suffixes=("", "_old"))
    apart = both["ood_macro_f1"] - both["ood_macro_f1_old"]
    assert ood.runs == 12
    assert ood.sizes.rms == pytest.approx((apart**2).mean() ** 0.5)
    assert ood.mean == pytest.approx(apart.mean())
    assert ood.sizes.half == pytest.approx(apart.abs().median())
    assert ood.sizes.largest == pytest.approx(apart.abs().max())
    assert f"{ood.sizes.rms:.4f}" in str(ood)


def test_what_to_expect_is_every_pair_of_recorded_seeds(made):
    table = recorded()
    ood = live_check(live(table, spread=0.01), table, made(HERE)).others[1]
    cells = table[table["epoch"] == 2].groupby(["role", "family"])["ood_macro_f1"]
    pairs = [a - b for _, cell in cells for a, b in combinations(cell, 2)]
    assert (ood.seeds.count, ood.dof) == (len(pairs), 12 * 4)
    assert ood.seeds.rms == pytest.approx(np.mean(np.square(pairs)) ** 0.5)
    assert ood.seeds.most == pytest.approx(np.quantile(np.abs(pairs), 0.9))
    assert ood.bounds[0] > max(ood.seeds.rms, ood.bounds[1])


def test_groups_that_are_not_live_are_not_what_to_expect(made):
    table = recorded()
    wild = table.assign(role="imagenet/wild", key=table["key"] + "-wild")
    wild["ood_macro_f1"] = wild["seed"] / 5
    both = pd.concat([table, wild], ignore_index=True)
    runs = live(table, 0.01)
    one, other = (live_check(runs, t, made(HERE)).others[1] for t in (table, both))
    assert (other.seeds.count, other.dof) == (one.seeds.count, one.dof)
    assert other.seeds.rms == pytest.approx(one.seeds.rms)


def test_a_table_shows_how_the_differences_are_spread(made):
    table = recorded()
    check = live_check(live(table, spread=0.01), table, made(HERE))
    text = check._repr_markdown_()
    assert text.startswith(f"{check}\n\n| macro F1")
    ood = check.others[1]
    row = f"| OOD: live minus recorded | 12 runs | {ood.sizes.half:.4f} | {ood.sizes.most:.4f} |"
    assert row in text
    assert f"| OOD: one recorded seed minus another | 120 pairs | {ood.seeds.half:.4f} |" in text
    assert text.count("\n|") == 6


def test_one_recorded_seed_has_no_spread(made):
    table = recorded(seeds=1)
    check = live_check(live(table, spread=0.01), table, made(HERE))
    assert "Fewer than two seeds are recorded" in str(check)
    assert "nan" not in check._repr_markdown_()
    assert check.agrees


def test_places_may_be_mixed(made, monkeypatch):
    table = recorded(where=HERE)
    monkeypatch.setattr(page_live, "place", lambda store, key: HERE if "resnet" in key else THERE)
    check = live_check(live(table, spread=0.01), table, object())
    assert (check.alike, check.unequal, check.others[0].runs) == (4, 4, 8)
    assert "8 of them cannot be asked for equal scores" in str(check)


def test_nothing_in_common_is_nothing_to_check():
    check = live_check(live(recorded()).assign(key="other"), recorded())
    assert check.found == 0
    assert "there is nothing to check" in str(check)

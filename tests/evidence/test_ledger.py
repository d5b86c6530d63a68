"""The ledger: made-up records for and against claims, the files, and how records were made."""

import json
import math
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from real_images import LATER, NAME, real_runs
from scipy import stats

from nbsupport.analysis import claims
from nbsupport.cli import main
from nbsupport.errors import UserError
from nbsupport.evidence import ledger, provenance, recorded, records
from nbsupport.evidence.recorded import Recorded
from nbsupport.jobs.store import Store
from nbsupport.study.profiles import PROFILES

HEIGHTS = {
    "scratch": 0.0,
    "imagenet/full": 0.06,
    "imagenet/25K": 0.03,
    "imagenet/5K": 0.0,
    "inaturalist/25K": 0.03,
    "inaturalist/5K": 0.0,
}


def made_up(worlds: dict[int, dict[str, float]], spread: float = 0.002) -> pd.DataFrame:
    """Records of three families and three seeds, roles at these heights above the scratch line."""
    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for world, heights in worlds.items():
        for role, height in heights.items():
            for cell in [(f, s) for f in ("resnet", "densenet", "alexnet") for s in range(3)]:
                run = height + rng.normal(0, spread)
                for epoch in (1, 2, 3, 4):
                    x = 0.2 + 0.08 * epoch + rng.normal(0, 0.01)
                    rows.append(_row(world, role, cell, epoch, x, 0.02 + 0.6 * x + run))
    return pd.DataFrame(rows)


def _row(
    world: int, role: str, cell: tuple[str, int], epoch: int, x: float, y: float
) -> dict[str, Any]:
    named = {"profile": "demo", "world": world, "role": role, "family": cell[0], "seed": cell[1]}
    name = f"{world}{role}{cell}"
    keys = {"key": f"tuned {name}", "parent_key": "" if role == "scratch" else f"first {name}"}
    origin = {"versions": "1", "device": "cpu", "precision": "float32", "seconds": 3600.0}
    scores = {"epoch": epoch, "id_macro_f1": x, "ood_macro_f1": y, "ood_accuracy": 0.4}
    return dict.fromkeys(records.COLUMNS, 0) | named | keys | origin | scores


def by_id(judged: list[ledger.Judged]) -> dict[str, ledger.Judged]:
    return {entry.claim.id: entry for entry in judged}


def judge(table: pd.DataFrame, *live: pd.DataFrame, **real: Any) -> list[ledger.Judged]:
    """Every claim against these records of the demo."""
    return ledger.judge_all(Recorded(PROFILES["demo"], table), *live, **real)


def test_records_for_and_against_a_claim_settle_it_both_ways() -> None:
    against = HEIGHTS | {"imagenet/25K": -0.03, "inaturalist/25K": -0.03, "imagenet/5K": 0.03}
    found = by_id(judge(made_up({1: HEIGHTS, 2: against})))
    small, five = found["small-subset-helps"], found["five-per-class"]
    assert (small.first.word, small.second.word) == ("supported", "contradicted")
    assert (five.first.word, five.second.word) == ("supported", "contradicted")
    assert small.replication == "reversed"
    # on world 2 one of its two parts moved away from 0, which is no other sign than before
    assert five.replication == "differs in size"
    assert found["reference-gap"].first.word == "calibrated"


def test_two_worlds_of_the_same_heights_are_alike() -> None:
    found = by_id(judge(made_up({1: HEIGHTS, 2: HEIGHTS})))
    assert found["small-subset-helps"].replication == "alike"
    larger = HEIGHTS | {"imagenet/25K": 0.05, "inaturalist/25K": 0.05}
    apart = by_id(judge(made_up({1: HEIGHTS, 2: larger})))["small-subset-helps"]
    assert (apart.second.word, apart.replication) == ("supported", "differs in size")


def test_a_second_world_without_an_interval_is_not_tested_against_the_first() -> None:
    table = made_up({1: HEIGHTS, 2: HEIGHTS})
    few = table[(table["world"] == 1) | (table["seed"] == 0)]
    assert by_id(judge(few))["small-subset-helps"].replication == ""
    only = by_id(judge(table[table["world"] == 1]))["small-subset-helps"]
    assert (only.second.word, only.replication) == ("not run", "")


def test_what_was_not_run_is_said_to_be_so() -> None:
    found = by_id(judge(made_up({1: HEIGHTS})))
    assert found["fractals-between"].first.word == "not run"
    assert found["fractals-between"].others == {}
    empty = judge(pd.DataFrame(columns=records.COLUMNS))
    assert [e.claim.id for e in empty] == list(claims.load())
    assert {e.first.word for e in empty} == {e.second.word for e in empty} == {"not run"}


def test_live_runs_are_judged_beside_the_recorded_ones() -> None:
    table = made_up({1: HEIGHTS})
    found = by_id(judge(table, table[table["seed"] == 0]))["small-subset-helps"]
    assert found.live is not None
    assert found.live.text == "leans towards"
    assert judge(table)[0].live is None


def test_a_verdict_that_hangs_on_the_margin_names_it() -> None:
    """A difference of a fifth of the gap: the same at a third of it, not at 0.15."""
    near = HEIGHTS | {"imagenet/5K": 0.012, "inaturalist/5K": 0.012}
    found = by_id(judge(made_up({1: near}, spread=0.0005)))["five-per-class"]
    assert found.first.word == "supported"
    assert found.others["margin 0.15"] == "contradicted"
    assert "margin 0.15" in found.fragile
    assert "margin 0.33" not in found.fragile


def test_the_table_is_what_the_verdicts_say() -> None:
    table = made_up({1: HEIGHTS, 2: HEIGHTS})
    found = ledger.ledger_table(judge(table)).set_index("id")
    for world, end in ((1, ""), (2, "_2")):
        points = table[table["world"] == world]
        expected = {key: ledger.numbers(claims.verdict(key, points)) for key in claims.load()}
        for name in ("statistic", "low", "high", "cells", "verdict"):
            own = [told[name] for told in expected.values()]
            pd.testing.assert_series_equal(
                found[name + end], pd.Series(own, list(expected)), check_names=False
            )


def columns_of_shifts(first: int, *others: int) -> list[str]:
    return [name + end for end in ("", *(f"_{o}" for o in others)) for name in ledger.REAL_COLUMNS]


def test_real_images_stand_beside_the_simulated_worlds(real_profile: None) -> None:
    real = Recorded(PROFILES[NAME], real_runs({1: HEIGHTS, 2: HEIGHTS | {"imagenet/5K": 0.03}}))
    judged = judge(made_up({1: HEIGHTS}), real=real)
    table = ledger.ledger_table(judged)
    assert tuple(table.columns) == (*ledger.COLUMNS, *columns_of_shifts(1, 2))
    found = table.set_index("id")
    for key in claims.load():
        expected = ledger.numbers(claims.verdict(key, real.points(1), simulated=False))
        told = {name: found.loc[key, f"real_{name}"] for name in expected}
        pd.testing.assert_series_equal(pd.Series(told), pd.Series(expected))
    assert found.loc["five-per-class", "real_verdict_2"] == "contradicted"
    told = ledger.as_dict(by_id(judged)["five-per-class"])["real images"]
    assert [told[f"shift {w}"]["verdict"] for w in (1, 2)] == ["supported", "contradicted"]


def test_further_worlds_of_a_profile_have_columns_of_their_own() -> None:
    table = made_up({1: HEIGHTS, 3: HEIGHTS})
    judged = ledger.judge_all(Recorded(PROFILES[NAME], table))
    table = ledger.ledger_table(judged).set_index("id")
    assert table.loc["small-subset-helps", "verdict_2"] == "not run"
    assert table.loc["small-subset-helps", "verdict_3"] == "supported"
    assert ledger.as_dict(judged[0])["world 3"]["verdict"] == "supported"


def test_everything_told_fits_into_json() -> None:
    told = [ledger.as_dict(e) for e in judge(made_up({1: HEIGHTS}))]
    again = json.loads(json.dumps(told, allow_nan=False))
    small = next(entry for entry in again if entry["id"] == "small-subset-helps")
    assert small["world 1"]["verdict"] == "supported"
    assert small["world 2"]["statistic"] is None
    assert set(small["world 1"]["otherwise"]) == {"logit", "probit", "margin 0.15", "margin 0.33"}


# over worlds --------------------------------------------------------------------------------------
def several(worlds: int, seeds: int = 2) -> pd.DataFrame:
    """As many worlds alike, three families and so many seeds in each."""
    table = made_up(dict.fromkeys(range(1, worlds + 1), HEIGHTS))
    return table[table["seed"] < seeds]


def test_from_five_worlds_on_the_verdict_over_them_stands_first() -> None:
    four, five = (by_id(judge(several(n)))["small-subset-helps"] for n in (4, 5))
    assert four.counted == (1, 2, 3, 4)
    assert not four.over_worlds
    assert four.headline is four.first
    assert four.first.text == "leans towards"  # two seeds are too few for one world alone
    assert five.over_worlds
    assert (five.headline.word, five.supporting) == ("supported", 5)
    assert five.headline.contrast is not None
    assert five.headline.contrast.estimate.dof == 4


def test_a_world_counts_from_two_seeds_of_two_families_on() -> None:
    table = several(6)
    alone = table[(table["world"] < 6) | (table["seed"] == 0)]
    assert by_id(judge(alone))["small-subset-helps"].counted == (1, 2, 3, 4, 5)
    one = table[(table["world"] < 6) | (table["family"] == "resnet")]
    assert by_id(judge(one))["small-subset-helps"].counted == (1, 2, 3, 4, 5)


def test_the_files_tell_of_the_worlds() -> None:
    judged = judge(several(5))
    row = ledger.ledger_table(judged).set_index("id").loc["small-subset-helps"]
    assert (row["headline"], row["over"], row["worlds"]) == ("supported", "5 worlds", 5)
    assert row["worlds_low"] < row["worlds_statistic"] < row["worlds_high"]
    assert row["prediction_low"] < row["worlds_low"]
    assert row["tau"] >= 0
    told = ledger.as_dict(by_id(judged)["small-subset-helps"])
    assert told["headline"]["over"] == "5 worlds"
    assert told["worlds"]["worlds_supported"] == 5
    assert told["world 5"]["against world 1"] == "alike"


# both versions of the rules, and how many claims there are ----------------------------------------
def test_the_word_of_version_1_stands_beside_with_the_reason_of_a_change() -> None:
    """A step that is smaller than the margin counted against a ladder."""
    steps = {"full": 0.06, "150K": 0.058, "50K": 0.045, "25K": 0.03, "5K": 0.0}
    heights = {"scratch": 0.0, **{f"imagenet/{size}": h for size, h in steps.items()}}
    entry = by_id(judge(made_up({1: heights}, spread=0.004)))["quantity-imagenet"]
    assert entry.first.word == "supported"
    assert entry.before[1].word == "contradicted"
    assert entry.before[1].why.startswith("Ladder: a step that points the right way (imagenet/full")
    new = by_id(judge(made_up({1: heights})))["quantity-imagenet-steps"]
    assert new.before == {}  # version 1 did not know it


def test_two_names_of_the_same_runs_are_one_test() -> None:
    table = made_up({1: HEIGHTS | {"fractaldb/full": 0.01, "generated/150K": 0.03}})
    twin = table[table["role"] == "fractaldb/full"].assign(role="fractaldb/tenfold")
    both = pd.concat([table, twin], ignore_index=True)
    assert recorded.same_runs(both) == [("fractaldb/full", "fractaldb/tenfold")]
    assert recorded.same_runs(table) == []
    once, again = by_id(judge(table)), by_id(judge(both))
    names = ("generated-over-fractals", "generated-over-fractals-tenfold")
    assert again[names[0]].q == again[names[1]].q == once[names[0]].q
    assert math.isnan(once[names[1]].q)


def test_q_is_the_corrected_p_value_of_the_claims_that_are_tested() -> None:
    entries = judge(made_up({1: HEIGHTS}))
    tested = [e for e in entries if math.isfinite(e.q)]
    assert {e.claim.id for e in tested} == {
        "no-epoch-trend",
        "small-subset-helps",
        "five-per-class",
    }
    p = [2 * min(e.first.p, e.first.p_against) for e in tested]
    q = stats.false_discovery_control(p)
    assert [e.q for e in tested] == pytest.approx(q)


def test_pairs_whose_runs_serve_several_shifts_are_judged_once(real_profile: None) -> None:
    pairs = {f"pair-{i}/{kind}": 0.0 for i in range(1, 7) for kind in ("full", "scratch")}
    table = real_runs({1: HEIGHTS | pairs, 2: HEIGHTS | pairs})
    own = table["role"].str.startswith("pair-")
    first = table[own & (table["world"] == 1)]
    again = pd.concat([table[~own], first, first.assign(world=2)], ignore_index=True)
    told = [Recorded(PROFILES[NAME], t).verdicts(["some-shifts-only"], 2) for t in (table, again)]
    assert told[0]["some-shifts-only"].word == "contradicted"
    assert told[1]["some-shifts-only"].word == "not run"
    assert "judged there" in told[1]["some-shifts-only"].remark


def test_cells_that_confirm_have_columns_of_their_own(confirming_profile: None) -> None:
    against = real_runs({2: HEIGHTS | {"imagenet/5K": 0.03}}, LATER)
    table = pd.concat([real_runs({1: HEIGHTS, 2: HEIGHTS}), against], ignore_index=True)
    real = Recorded(PROFILES[NAME], table)
    judged = judge(made_up({1: HEIGHTS}), real=real)
    found = ledger.ledger_table(judged).set_index("id")
    confirmed = [f"{name}_2" for name in ledger.CONFIRMED_COLUMNS]
    assert [c for c in found.columns if c not in (*ledger.COLUMNS, *columns_of_shifts(1, 2))] == (
        confirmed
    )
    assert not set(ledger.CONFIRMED_COLUMNS) & set(found.columns)  # shift 1 has no such cells
    for name, runs in real.waves[2]._asdict().items():
        for key, verdict in runs.verdicts(claims.load(), 2).items():
            expected = pd.Series(ledger.numbers(verdict))
            own = found.loc[key, [f"real_{name}_{column}_2" for column in expected.index]]
            own = own.set_axis(expected.index)
            pd.testing.assert_series_equal(own, expected, check_names=False)
    assert found.loc["control-noise", "real_first_verdict_2"] == "not run"
    told = ledger.as_dict(by_id(judged)["five-per-class"])["real images"]
    assert list(told["shift 2"])[-2:] == ["first cells", "confirming cells"]
    assert "first cells" not in told["shift 1"]


# files --------------------------------------------------------------------------------------------
@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (ledger, records):
        monkeypatch.setattr(module, "records_path", lambda profile: tmp_path / f"{profile}.csv")
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    return tmp_path


def test_the_ledger_is_written_from_the_records_at_hand(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records.write_records("demo", made_up({1: HEIGHTS, 2: HEIGHTS}))
    assert main(["judge"]) == 0
    assert "claims-demo.csv" in capsys.readouterr().out
    table = pd.read_csv(folder / "claims-demo.csv").set_index("id")
    assert tuple(table.reset_index().columns) == (*ledger.COLUMNS, *columns_of_shifts(1, 2, 3))
    assert set(table["real_verdict"]) == {"not run"}
    told = json.loads((folder / "claims-demo.json").read_text())
    for entry in told["claims"]:
        row = table.loc[entry["id"]]
        assert row["verdict"] == entry["world 1"]["verdict"]
        assert row["verdict_2"] == entry["world 2"]["verdict"]
        given = entry["world 1"]["statistic"]
        assert math.isnan(row["statistic"]) if given is None else row["statistic"] == given
    assert list(folder.glob("*.partial")) == []


def test_records_on_real_images_are_judged_alone_and_beside_the_others(
    folder: Path, real_profile: None, capsys: pytest.CaptureFixture[str]
) -> None:
    records.write_records("demo", made_up({1: HEIGHTS}))
    records.write_records(NAME, real_runs({1: HEIGHTS, 2: HEIGHTS}))
    assert main(["judge", "--profile", NAME]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    alone = pd.read_csv(folder / f"claims-{NAME}.csv").set_index("id")
    assert tuple(alone.reset_index().columns) == ledger.COLUMNS
    beside = pd.read_csv(folder / "claims-demo.csv").set_index("id")
    assert beside["real_verdict"].tolist() == alone["verdict"].tolist()
    assert "supported" in set(alone["verdict"])
    told = ledger.read_ledger("demo")["real images"]
    assert told["shifts"] == {"shift 1": "photo to sketch", "shift 2": "sketch to photo"}
    assert told["records"]["rows"] == len(records.read_records(NAME))


def test_without_records_there_is_no_ledger(folder: Path) -> None:
    with pytest.raises(UserError, match="make record "):
        ledger.write_ledger("demo", Store(folder / "store"))
    assert ledger.read_ledger("demo") == {}


def test_the_committed_ledger_is_what_the_committed_records_give() -> None:
    """Written anew by `python -m nbsupport judge` whenever records change."""
    csv, document = ledger.ledger_paths("demo")
    if not records.records_path("demo").exists():
        assert [p.name for p in (csv, document) if p.exists()] == []
        return
    judged = ledger.judge_profile("demo")
    assert csv.read_text() == ledger.as_csv(ledger.ledger_table(judged))
    assert ledger.read_ledger("demo")["claims"] == [ledger.as_dict(entry) for entry in judged]


# how the records were made ------------------------------------------------------------------------
def note(store: Store, stage: str, key: str, seconds: float, finished: str) -> None:
    """A finished job in the store, as far as its account needs it."""
    from nbsupport.jobs.job import canonical

    place = store.root / stage / key
    place.mkdir(parents=True)
    result = {"seconds": seconds}
    seal = sha256(canonical(result).encode("ascii")).hexdigest()
    whole = {"result": result, "checksum": seal, "weights": None, "finished": finished}
    (place / "spec.json").write_text("{}")
    (place / "result.json").write_text(json.dumps(whole))
    environment = {"python": "3.11", "versions": {"torch": "2"}, "platform": "Linux", "threads": 1}
    (place / "environment.json").write_text(json.dumps(environment))


def test_an_account_adds_up_what_the_store_noted(tmp_path: Path) -> None:
    store, keys = Store(tmp_path), ["a" * 64, "b" * 64, "c" * 64]
    note(store, "pretrain", keys[0], 10.0, "2026-01-02T00:00:00+00:00")
    note(store, "finetune", keys[1], 5.0, "2026-01-01T00:00:00+00:00")
    table = pd.DataFrame({"key": [keys[1], keys[2]], "parent_key": [keys[0], ""]})
    account = provenance.made(table, store)
    assert account["runs"]["noted"] == 0
    assert account["jobs"]["pretrain"] == {"jobs": 1, "noted": 1, "seconds": 10.0}
    assert account["jobs"]["finetune"] == {"jobs": 2, "noted": 1, "seconds": 5.0}
    assert (account["first"][:10], account["last"][:10]) == ("2026-01-01", "2026-01-02")
    assert account["torch"] == ["2"]


def test_an_account_survives_a_store_that_has_forgotten(folder: Path) -> None:
    records.write_records("demo", made_up({1: HEIGHTS}))
    ledger.write_ledger("demo", Store(folder / "store"))
    kept = json.loads((folder / "claims-demo.json").read_text())
    kept["made"]["jobs"]["finetune"]["noted"] = 7
    (folder / "claims-demo.json").write_text(json.dumps(kept))
    ledger.write_ledger("demo", Store(folder / "store"))
    assert provenance.noted(ledger.read_ledger("demo")["made"]) == 7
    records.write_records("demo", made_up({1: HEIGHTS, 2: HEIGHTS}))  # other records: begins anew
    ledger.write_ledger("demo", Store(folder / "store"))
    assert provenance.noted(ledger.read_ledger("demo")["made"]) == 0

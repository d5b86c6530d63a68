"""One point made again: it trains its own jobs, and shows its scores beside the recorded ones."""

import pandas as pd
import pytest

from nbsupport import cli
from nbsupport.building import point
from nbsupport.jobs.store import Store

PAGE = "04_1_quantity"
WORDS = ["run", PAGE, "-p", "profile", "smoke", "--role", "imagenet/25K"]
POINT = {"role": "imagenet/25K", "family": "alexnet", "seed": 0}
SMOKE = {"profile": "smoke"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A store after the one run was made, what was said of it, and the jobs it then holds."""
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBSUPPORT_STORE", str(folder))
        said = point.rerun_point(PAGE, SMOKE, **POINT)
    return folder, said, [entry.stage for entry in Store(folder).jobs()]


@pytest.fixture
def again(trained, monkeypatch):
    """What is said of the same run once more, where these rows are recorded."""

    def ask(recorded: pd.DataFrame) -> str:
        monkeypatch.setenv("NBSUPPORT_STORE", str(trained[0]))
        monkeypatch.setattr(point, "read_records", lambda profile: recorded)
        return point.rerun_point(PAGE, SMOKE, **POINT)

    return ask


def records_of(store: Store) -> pd.DataFrame:
    """The rows that the run's fine-tuning would be recorded with."""
    job = next(entry for entry in store.jobs() if entry.stage == "finetune")
    rows = pd.DataFrame(store.result(job.key)["records"])
    return rows.assign(key=job.key)


def test_it_trains_its_two_jobs_and_no_more(trained):
    _, said, stages = trained
    assert sorted(stages) == ["finetune", "pretrain"]
    first = said.splitlines()[0]
    assert first.startswith("imagenet/25K, alexnet, seed 0, simulated world 1 of smoke: ")
    assert first.endswith(": 2 jobs trained, 0 from the store")
    assert said.endswith(point.UNRECORDED)


def test_equal_scores_are_called_equal(trained, again):
    said = again(records_of(Store(trained[0])))
    assert "0 jobs trained, 2 from the store" in said
    assert said.endswith("These are the recorded scores, to the last digit.")


def test_each_score_stands_beside_the_recorded_one(trained, again):
    recorded = records_of(Store(trained[0]))
    recorded.loc[recorded.index[-1], "ood_macro_f1"] += 0.25
    said = again(pd.concat([recorded, recorded]))  # two groups share the run
    header, *rows = said.splitlines()[1:-1]
    assert header.split() == ["epoch", "ID", "ID", "recorded", "OOD", "OOD", "recorded"]
    assert len(rows) == len(recorded)
    epoch, *scores = rows[-1].split()
    last = recorded.iloc[-1]
    own = last["ood_macro_f1"] - 0.25
    expected = [last["id_macro_f1"], last["id_macro_f1"], own, last["ood_macro_f1"]]
    assert scores == [f"{value:.4f}" for value in expected]
    assert f"is 0.2500, in OOD at epoch {epoch}" in said.splitlines()[-1]


def test_an_epoch_that_is_not_recorded_has_a_dash(trained, again):
    said = again(records_of(Store(trained[0])).iloc[1:])
    assert said.splitlines()[2].split().count("-") == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (WORDS, "--family and --seed not given: a point is named by --role, --family and --seed"),
        ([*WORDS, "--family", "alexnet", "--seed", "x"], "--seed 'x': give a whole number"),
        (["run", PAGE, "--seed", "1"], "--role and --family not given"),
    ],
)
def test_what_names_no_point_is_one_line(words, message, capsys):
    assert cli.main(words) == 2
    said = capsys.readouterr().err.strip()
    assert message in said
    assert "\n" not in said

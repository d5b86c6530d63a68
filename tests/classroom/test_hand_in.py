"""A student trains a cell and hands it in: really trained, on the smallest profile."""

from pathlib import Path

import pandas as pd
import pytest

from nbsupport.classroom.assign import assign
from nbsupport.classroom.hand_in import read_hand_in
from nbsupport.classroom.merge import merge
from nbsupport.classroom.plan import ClassPlan
from nbsupport.cli import main


@pytest.fixture
def plan_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan of the cheapest claim, for two students, and a store of their own."""
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("NBSUPPORT_ENGINE", "serial")
    monkeypatch.chdir(tmp_path)
    plan = assign("reference-gap", ["Ada", "Ben"], profile="smoke", families=["alexnet"])
    return plan.write(tmp_path / "plan.json")


def test_train_hand_in_and_merge(plan_file: Path, tmp_path: Path, capsys) -> None:
    early = ["class", "hand-in", "plan.json", "--name", "Ada"]
    assert main(early) == 2
    assert "2 of the 2 runs" in capsys.readouterr().err
    assert main(["class", "train", "plan.json", "--name", "Ada"]) == 0
    assert "2 runs are done. Next: nbsupport class hand-in" in capsys.readouterr().out
    assert main([*early, "--out", "in"]) == 0
    assert "does not prove that a training gave these rows" in capsys.readouterr().out
    table = read_hand_in(tmp_path / "in" / "hand-in-ada.csv")
    assert set(table["role"]) == {"scratch", "imagenet/full"}
    assert (table["result_sha256"].str.len() == 64).all()
    assert set(table["python"]) != {""}
    assert main(["class", "merge", "in", "--plan", "plan.json"]) == 0
    assert "1 of 2 cells are in" in capsys.readouterr().out
    assert pd.read_csv(tmp_path / "in" / "merged.csv")["seed"].unique().tolist() == [100]


def test_a_plan_of_another_version_is_not_trained(plan_file: Path, capsys, monkeypatch) -> None:
    monkeypatch.setitem(
        __import__("nbsupport.training.versions", fromlist=["VERSIONS"]).VERSIONS, "finetune", "9"
    )
    assert main(["class", "train", "plan.json", "--name", "Ada"]) == 2
    said = capsys.readouterr().err
    assert "finetune-9 here, finetune-1 in the plan" in said
    assert said.count("\n") == 1
    assert main(["class", "train", "plan.json", "--name", "Zoe"]) == 2
    assert "unknown student 'Zoe'" in capsys.readouterr().err


def test_what_was_trained_before_the_plan_is_told(plan_file: Path, capsys) -> None:
    assert main(["class", "train", "plan.json", "--name", "Ada"]) == 0
    Path("names.txt").write_text("Ada\n", encoding="utf-8")
    words = ["class", "assign", "reference-gap", "--students", "names.txt", "--profile", "smoke"]
    assert main([*words, "--families", "alexnet"]) == 0
    assert "2 of its runs are in the store already" in capsys.readouterr().out


def test_a_place_that_cannot_be_written_is_a_line(plan_file: Path, capsys) -> None:
    assert main(["class", "train", "plan.json", "--name", "Ada"]) == 0
    capsys.readouterr()
    assert main(["class", "hand-in", "plan.json", "--name", "Ada", "--out", "plan.json"]) == 2
    assert main(["class", "merge", "nowhere", "--plan", "plan.json"]) == 2
    assert main(["class", "merge", ".", "--plan", "nowhere.json"]) == 2
    assert capsys.readouterr().err.count("\n") == 3


def test_nothing_handed_in_is_nothing(plan: ClassPlan, tmp_path: Path) -> None:
    found = merge(plan, tmp_path)
    assert (len(found.table), found.done, found.lines[-1]) == (0, [], "0 of 8 cells are in")

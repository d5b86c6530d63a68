"""Cells are dealt evenly, to a plan that nobody can change unseen."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsupport.classroom.assign import _dealt, _places, assign, settles
from nbsupport.classroom.plan import ClassPlan, different, plan_in, read_names, read_plan
from nbsupport.cli import main
from nbsupport.errors import UserError
from nbsupport.study.profiles import PROFILES
from nbsupport.study.study import Study


@given(st.integers(1, 40), st.integers(1, 5), st.integers(1, 60))
def test_everybody_has_a_cell_and_each_cell_its_students(names, share, cells) -> None:
    share = min(share, names)
    students = [f"s{i}" for i in range(names)]
    places = [(1, "resnet", seed) for seed in range(cells)]
    dealt = _dealt(places, students, share)
    counts = {name: sum(name in held for held in dealt.values()) for name in students}
    assert all(len(set(held)) == len(held) >= share for held in dealt.values())
    assert min(counts.values()) >= 1
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize(("cells", "families"), [(8, 3), (9, 3), (14, 4), (15, 5), (40, 5)])
def test_families_are_as_many_as_leave_three_seeds_to_each(cells: int, families: int) -> None:
    found = _places(PROFILES["demo"], cells, [1], (), 100)
    assert len(found) == len(set(found)) == cells
    assert len({family for _, family, _ in found}) == families


def test_cells_are_spread_over_worlds() -> None:
    found = _places(PROFILES["demo"], 19, [1, 2], (), 100)
    assert [sum(world == w for world, *_ in found) for w in (1, 2)] == [10, 9]
    with pytest.raises(UserError, match="1 cells in 2 worlds"):
        _places(PROFILES["demo"], 1, [1, 2], (), 100)


def test_a_plan_names_the_runs_that_a_study_makes(plan: ClassPlan) -> None:
    cell = plan.cells[4]
    study = Study("smoke", families=[cell.family], seeds=[cell.seed])
    keys = {run.group.role: run.finetune.key for run in study.runs([study.scratch, study.full])}
    assert {role: cell.runs[role].key for role in keys} == keys
    assert cell.runs["scratch"].epochs == (1, 2)


def test_a_plan_is_read_as_it_was_written(plan: ClassPlan, tmp_path: Path) -> None:
    path = plan.write(tmp_path / "plan.json")
    assert read_plan(path) == plan
    assert plan_in(tmp_path) == path
    with pytest.raises(UserError, match="is there already"):
        plan.write(path)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["judged_at"] = 3
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(UserError, match="was edited after it was made"):
        read_plan(path)
    path.write_text('{"kind": "a list"}', encoding="utf-8")
    with pytest.raises(UserError, match="no plan of a class"):
        read_plan(path)
    with pytest.raises(UserError, match="holds no plan"):
        plan_in(tmp_path)


def test_the_stopping_rule(nine: ClassPlan) -> None:
    assert settles(nine)
    assert not nine.may_judge(8, date(2027, 1, 1))
    assert nine.may_judge(9, date(2026, 1, 1))
    assert "9 cells were given out. The claim is judged once: when all are in." in nine.stopping
    early = assign("five-per-class", list("abcd"), profile="smoke", judged_at=3, until="2026-12-14")
    assert "when 3 of them are in, or on 2026-12-14" in early.stopping
    assert [early.may_judge(2, date(2026, 12, day)) for day in (13, 14)] == [False, True]
    assert early.may_judge(3, date(2026, 12, 1))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"share": 3}, "there are 2 names"),
        ({"share": 0}, "share=0"),
        ({"judged_at": 3}, "there are 2 cells"),
        ({"until": "tomorrow"}, "2026-12-14"),
        ({"profile": "nosuch"}, "unknown profile"),
        ({"families": ["nosuch"]}, "unknown architecture family"),
        ({"worlds": [1, 1]}, "stands twice"),
    ],
)
def test_a_wrong_wish_is_told(options: dict, told: str) -> None:
    with pytest.raises(UserError, match=told):
        assign("five-per-class", ["Ada", "Ben"], **{"profile": "smoke", **options})


def test_names_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("Ada\n\n# away: Ben\n  Çem  Öz \n", encoding="utf-8")
    assert read_names(path) == ["Ada", "Çem Öz"]
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(UserError, match="holds no names"):
        read_names(path)
    with pytest.raises(UserError, match="'Ann B' and 'ann-b'"):
        different(["Ann B", "ann-b"], "names")
    with pytest.raises(UserError, match="no letter"):
        different(["--"], "names")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not UTF-8"):
        read_names(path)


def test_the_command_says_who_has_what(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("Ada\nBen\n", encoding="utf-8")
    words = ["class", "assign", "five-per-class", "--students", "names.txt", "--profile", "smoke"]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "world 1, densenet, seed 100: Ben" in told
    assert "only leans" in told
    assert read_plan(Path("class-five-per-class.json")).students == ("Ada", "Ben")
    assert main(words) == 2
    assert capsys.readouterr().err.count("\n") == 1

"""The board says how far the class is, and calls nothing a verdict before the rule is met."""

import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from toy_class import write_hand_in

from nbsupport.analysis import claims
from nbsupport.analysis.by_cell import by_cell
from nbsupport.classroom.board import Board, draw, watch
from nbsupport.classroom.merge import merge
from nbsupport.classroom.plan import ClassPlan
from nbsupport.cli import main
from nbsupport.study.profiles import PROFILES

TODAY = date(2026, 12, 1)


def board_of(plan: ClassPlan, folder: Path) -> Board:
    return Board(merge(plan, folder), TODAY)


def test_a_look_is_no_verdict(nine: ClassPlan, hand_in) -> None:
    for name in nine.students[:6]:
        folder = hand_in(nine, name).parent
    board = board_of(nine, folder)
    html = board.html()
    assert not board.final
    assert "The rule is not met" in html
    assert "So far, and not the verdict" in board.figure(1).title
    assert nine.statement.split("&")[0][:40] in html
    assert html.count("<li>world 1") == 3, "those that are still to come"
    assert "so far, not the verdict: world 1: leans towards" in board.summary()


def test_the_verdict_when_the_rule_is_met(nine: ClassPlan, hand_in) -> None:
    for name in nine.students:
        folder = hand_in(nine, name).parent
    board = board_of(nine, folder)
    html = board.html()
    assert board.final
    assert board.verdicts[1].word in ("supported", "inconclusive", "contradicted")
    assert f"<span class=word>{board.verdicts[1].text}</span>" in html
    assert "The rule is met" in html
    assert "Still to come" not in html
    rows = board.figure(1).data
    assert len(rows) == 10
    assert rows["low"].isna().tolist() == [True] * 9 + [False]
    assert rows["er"][:9].mean() == pytest.approx(rows["er"][9])
    assert "9 cells" in rows["group"][9]
    assert "resnet, seed 100: Ada" in rows["group"].str.lower().str.replace("ada", "Ada").tolist()


@pytest.mark.parametrize("claim_id", claims.load())
def test_the_cells_of_every_kind_of_claim_come_to_its_estimate(claim_id: str) -> None:
    """By the committed records of the demo."""
    from nbsupport.evidence.recorded import own

    runs = own(PROFILES["demo"])
    claim, found = claims.load()[claim_id], runs.judged([claim_id], 1)[claim_id][0]
    if not found.contrasts:
        pytest.skip(found.remark)
    for part, contrast in zip(claim.parts, found.contrasts, strict=True):
        each = by_cell(claim, part, runs.cells(1))["er"]
        assert len(each) == contrast.cells
        assert np.isnan(contrast.estimate.value) or each.mean() == pytest.approx(
            contrast.estimate.value
        )


def test_runs_that_are_no_evidence_are_masked(plan: ClassPlan, hand_in, capsys) -> None:
    for name in plan.students:
        folder = hand_in(plan, name).parent
    plan.write(folder / "plan.json")
    assert main(["class", "board", str(folder)]) == 0
    assert "smoke: not evidence" in capsys.readouterr().out
    html = (folder / "board.html").read_text(encoding="utf-8")
    assert "leans" not in html
    assert "http" not in html.replace("http-equiv", "")
    assert "<script" not in html


def test_an_empty_folder_has_a_board(nine: ClassPlan, tmp_path: Path) -> None:
    path = nine.write(tmp_path / "plan.json")
    board = draw(path, tmp_path, tmp_path / "board.html")
    assert "No file has been accepted yet" in board.html()
    assert "0 of 9 cells are in" in board.summary()


def test_two_worlds_have_a_section_each(two_worlds: ClassPlan, hand_in) -> None:
    for name in two_worlds.students:
        folder = hand_in(two_worlds, name).parent
    board = board_of(two_worlds, folder)
    assert board.over_worlds is not None
    html = board.html()
    assert [f"<h2>{name}: " in html for name in ("Over worlds", "World 1", "World 2")] == [True] * 3
    assert html.count("<picture>") == 2


def test_it_is_drawn_again_when_a_file_arrives(plan: ClassPlan, tmp_path: Path) -> None:
    drawn: list[int] = []
    arrivals = iter(plan.students[:2])

    def wait() -> None:
        if len(drawn) < 3 and (name := next(arrivals, None)):
            write_hand_in(tmp_path, plan, name)

    watch(tmp_path, lambda: drawn.append(len(list(tmp_path.glob("*.csv")))), wait, rounds=5)
    assert drawn == [0, 1, 2]
    os.utime(next(tmp_path.glob("*.csv")), ns=(1, 1))
    watch(tmp_path, lambda: drawn.append(9), lambda: None, rounds=1)
    assert drawn[-1] == 9


def test_a_board_that_cannot_be_written_is_a_line(nine: ClassPlan, tmp_path: Path, capsys) -> None:
    nine.write(tmp_path / "plan.json")
    assert main(["class", "board", str(tmp_path), "--out", str(tmp_path / "no" / "x.html")]) == 2
    assert capsys.readouterr().err.count("\n") == 1

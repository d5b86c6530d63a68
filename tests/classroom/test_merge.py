"""What is handed in is checked; what is refused says why, in a line."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from nbsupport.classroom.agree import Agreement, largest_group
from nbsupport.classroom.merge import merge
from nbsupport.classroom.plan import ClassPlan
from nbsupport.cli import main
from nbsupport.errors import UserError
from nbsupport.evidence.records import read_records

Change = Callable[[pd.DataFrame], pd.DataFrame]


def other_row(column: str, value: object) -> Change:
    """The first row with another value in a column."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        new = table[column].astype(object).tolist()
        return table.assign(**{column: [value, *new[1:]]})

    return change


def test_eight_students_of_whom_three_are_refused(plan: ClassPlan, hand_in, capsys) -> None:
    paths = [hand_in(plan, name) for name in plan.students]
    folder = paths[0].parent
    plan.write(folder / "plan.json")
    (folder / "copy of hand-in-ada.csv").write_bytes(paths[0].read_bytes())  # a duplicate
    text = paths[1].read_text(encoding="utf-8")
    paths[1].write_text(text.replace(",2.15,", ",2.14,", 1), encoding="utf-8")  # edited
    hand_in(plan, "Cem", other_row("versions", "finetune-0"))  # of another version
    assert main(["class", "merge", str(folder)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert [line for line in told if line.startswith("refused")] == [
        "refused: hand-in-ben.csv: was edited after it was written: hand in the original file",
        "refused: hand-in-cem.csv: world 1, alexnet, seed 100: scratch is of another version, "
        "finetune-0: the plan has finetune-1",
        "refused: hand-in-ada.csv: a duplicate of copy of hand-in-ada.csv",
    ]
    assert sum(line.startswith("accepted") for line in told) == 6
    assert "6 of 8 cells are in" in told
    table = read_records(folder / "merged.csv")
    assert len(table) == 6 * len(plan.cells[0].runs) * 2
    assert main(["class", "merge", str(folder)]) == 1  # merged.csv is no hand-in


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (other_row("ood_macro_f1", 1.2), "column ood_macro_f1: '1.2' is given"),
        (other_row("id_accuracy", 0.12345), "is no share of 3000 images"),
        (other_row("key", "0" * 64), "scratch has the key of another run"),
        (other_row("seed", 7), "seed 7 was given to nobody"),
        (other_row("family", "densenet"), "densenet, seed 100 was given to Ben"),
        (other_row("profile", "demo"), "runs of the profile demo, not of smoke"),
        (other_row("role", "imagenet/25K"), "runs of imagenet/25K, which the plan does not"),
        (other_row("epoch", 2), "scratch has epoch 2 twice"),
        (other_row("epoch", 9), "scratch lacks epoch 1"),
        (lambda table: table[1:], "scratch lacks epoch 1"),
        (lambda table: table[table["role"] != "scratch"], "no run of scratch"),
        (lambda table: table[:0], "holds no rows"),
        (other_row("student", "Ben"), "of more than one student"),
        (lambda table: table.assign(student="Zoe"), "the plan has no student Zoe"),
        (lambda table: table.assign(plan="f" * 64), "made for another plan"),
    ],
)
def test_rows_that_are_not_what_the_plan_asks(plan: ClassPlan, hand_in, change, why) -> None:
    path = hand_in(plan, "Ada", change)
    found = merge(plan, path.parent)
    assert not found.accepted
    (said,) = found.refused.values()
    assert why in said
    assert "\n" not in said


def test_what_is_no_hand_in_at_all(plan: ClassPlan, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,score\nAda,1\n", encoding="utf-8")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe")
    (tmp_path / "c.csv").write_text("", encoding="utf-8")
    said = merge(plan, tmp_path).refused
    assert "not the columns of a hand-in" in said["a.csv"]
    assert "not UTF-8" in said["b.csv"]
    assert "is empty" in said["c.csv"]
    with pytest.raises(UserError, match="is no folder"):
        merge(plan, tmp_path / "nowhere")


def test_a_spreadsheet_may_change_line_ends_but_no_number(plan: ClassPlan, hand_in) -> None:
    path = hand_in(plan, "Ada")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(merge(plan, path.parent).accepted) == 1
    path.write_text(path.read_text(encoding="utf-8").replace("0.2", "0.20", 1), encoding="utf-8")
    assert "edited" in merge(plan, path.parent).refused[path.name]


def test_two_different_files_of_one_student_are_both_refused(plan: ClassPlan, hand_in) -> None:
    path = hand_in(plan, "Ada")
    hand_in(plan, "Ada", draw=1, name="second.csv")
    found = merge(plan, path.parent)
    assert not found.accepted
    assert set(found.refused) == {"hand-in-ada.csv", "second.csv"}
    assert "2 different files" in found.refused["second.csv"]


# shared cells -------------------------------------------------------------------------------------
def test_equal_on_one_processor_and_as_another_seed_elsewhere(shared: ClassPlan, hand_in) -> None:
    hand_in(shared, "Ada")
    hand_in(shared, "Ben")
    folder = hand_in(shared, "Cem", draw=5, at="another one").parent
    found = merge(shared, folder)
    assert not found.refused
    (pairs,) = found.pairs.values()
    assert [pair.told.split(":")[0] for pair in pairs] == [
        "equal to the last digit",
        "differ as another seed does",
        "differ as another seed does",
    ]
    assert set(found.table["student"]) == {"Ada"}, "the first in the plan counts"
    assert [str(cell) for cell in found.done] == ["world 1, resnet, seed 100"]


def test_who_differs_from_two_who_agree_is_refused(shared: ClassPlan, hand_in) -> None:
    hand_in(shared, "Ada", more=0.1, at="another one")
    hand_in(shared, "Ben")
    folder = hand_in(shared, "Cem", draw=5, at="a third one").parent
    found = merge(shared, folder)
    assert set(found.refused) == {"hand-in-ada.csv"}
    assert "differ by more than another seed does" in found.refused["hand-in-ada.csv"]
    assert set(found.table["student"]) == {"Ben"}


def test_of_two_who_differ_neither_is_believed(shared: ClassPlan, hand_in) -> None:
    hand_in(shared, "Ada", draw=1)
    folder = hand_in(shared, "Ben").parent
    found = merge(shared, folder)
    assert set(found.refused) == {"hand-in-ada.csv", "hand-in-ben.csv"}
    assert "on the same model of processor, where all are equal" in found.refused["hand-in-ada.csv"]


@pytest.mark.parametrize(
    ("agreeing", "believed"),
    [
        ("ab ac bc", "abc"),
        ("ab", "ab"),
        ("ab cd", ""),
        ("", ""),
        ("ab bc", ""),
        ("ab ac bc ad", "abc"),
    ],
)
def test_the_largest_group_that_agrees_is_believed(agreeing: str, believed: str) -> None:
    names = list("abcd")
    pairs = [
        Agreement(one, other, one + other in agreeing.split(), "")
        for place, one in enumerate(names)
        for other in names[place + 1 :]
    ]
    assert largest_group(names, pairs) == list(believed)


@pytest.mark.parametrize(("more", "seen"), [(0.0, False), (0.1, True)])
def test_an_addition_beyond_the_spread_of_seeds_is_noticed(
    shared: ClassPlan, hand_in, more: float, seen: bool
) -> None:
    hand_in(shared, "Ada")
    path = hand_in(shared, "Ben", draw=3, more=more, at="another one")
    assert bool(merge(shared, path.parent).refused) == seen

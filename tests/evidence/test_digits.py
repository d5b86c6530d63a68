"""The digits of a short training: kept by processor, and today's."""

from dataclasses import replace
from pathlib import Path

import pytest

from nbsupport.errors import UserError
from nbsupport.evidence import digits as module
from nbsupport.evidence.digits import (
    Digits,
    compared,
    jobs_of,
    read_digits,
    train_digits,
    trainings,
    write_digits,
)
from nbsupport.evidence.provenance import RunOrigin

HERE = Digits("one processor", "2.15", "0123", {"resnet scratch": "2.5 ab", "alexnet full": "1 c"})
THERE = replace(HERE, processor='an "odd" one \\ other', found=HERE.found | {"alexnet full": "1 d"})


def test_what_is_committed_is_of_the_trainings_of_today(tmp_path: Path) -> None:
    study, runs = trainings(tmp_path)
    noted = read_digits()
    assert noted
    assert {digits.jobs for digits in noted} == {jobs_of(runs)}, "nbsupport doctor --write"
    names = {f"{run.family} {run.group.role}" for run in runs}
    assert all(set(digits.found) == names for digits in noted)
    assert study.engine == "serial"


def test_other_recipes_are_other_jobs(tmp_path: Path) -> None:
    _, runs = trainings(tmp_path)
    assert jobs_of(runs) != jobs_of(runs[1:])


def test_digits_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "digits.toml"
    assert read_digits(path) == []
    write_digits(HERE, path)
    write_digits(THERE, path)
    assert sorted(read_digits(path), key=lambda d: d.processor) == [THERE, HERE]
    newer = replace(HERE, found=dict.fromkeys(HERE.found, "3 e"))
    write_digits(newer, path)
    assert sorted(read_digits(path), key=lambda d: d.processor) == [THERE, newer]


def test_new_jobs_put_the_old_ones_out(tmp_path: Path) -> None:
    path = tmp_path / "digits.toml"
    write_digits(HERE, path)
    write_digits(replace(THERE, jobs="4567"), path)
    assert [digits.jobs for digits in read_digits(path)] == ["4567"]


def test_a_processor_without_a_name_is_not_noted(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not name its processor"):
        write_digits(replace(HERE, processor=""), tmp_path / "digits.toml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("digits = 3", "no list of tables"),
        ("digits = [3]", "needs processor, torch, jobs and found"),
        ('[[digits]]\nprocessor = "a"\ntorch = "b"\n[digits.found]\n', "needs processor"),
        ('[[digits]]\nprocessor = "a"\ntorch = "b"\njobs = 3\n[digits.found]\n', "needs"),
        ('[[digits]]\nprocessor = "a"\ntorch = "b"\njobs = "c"\nfound = "d"\n', "needs"),
        ('[[digits]]\nprocessor = "a"\ntorch = "b"\njobs = "c"\nfound.x = 1\n', "needs"),
        ("[[digits]", "not valid TOML"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "digits.toml"
    path.write_text(content)
    with pytest.raises(UserError, match=told) as caught:
        read_digits(path)
    assert "digits.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_digits_of_other_jobs_are_not_compared() -> None:
    assert list(compared(HERE, [THERE, replace(THERE, jobs="4567")])) == [(THERE, 1)]
    assert HERE.equal(HERE) == 2


@pytest.mark.slow
def test_the_same_training_gives_the_same_digits_and_these_are_the_committed_ones() -> None:
    first, second = train_digits(), train_digits()
    assert first == second
    assert len(set(first.found.values())) == len(first.found)
    here = [d for d in read_digits() if d.place == RunOrigin(first.processor, first.torch)]
    if not here:
        pytest.skip("no digits are committed for this kind of processor")
    assert first == here[0]


def test_the_file_lies_beside_the_records() -> None:
    assert module.digits_path().parent.name == "records"

"""The doctor: says what a machine is in words, and what is broken by its status."""

import sys
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from nbsupport.building import doctor
from nbsupport.cli import main
from nbsupport.errors import UserError
from nbsupport.evidence import digits as evidence
from nbsupport.evidence.digits import Digits, write_digits
from nbsupport.machine import PORTABLE, processor

OWN = Digits("one processor", "2.15", "0123", {"resnet scratch": "2.5 ab", "alexnet full": "1 c"})
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store, no data, no training, and a file of digits that may be written."""
    path = tmp_path / "digits.toml"
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("NBSUPPORT_DATA", raising=False)
    monkeypatch.setattr(evidence, "digits_path", lambda: path)
    monkeypatch.setattr(doctor, "digits_path", lambda: path)
    monkeypatch.setattr(doctor, "train_digits", lambda: OWN)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    return path


def said(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    status = main(["doctor", *options])
    return status, capsys.readouterr().out


def test_a_machine_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    status, text = said(capsys)
    assert status == 0
    assert text.endswith("Nothing is broken.\n")
    for fact in (
        torch.__version__,
        torch.backends.cpu.get_cpu_capability(),
        f"{sys.version_info.major}.{sys.version_info.minor}.",
        "GB free of",
        "GB free for trained jobs",
        "not looked for, as NBSUPPORT_DATA is not set",
        "as the processor allows",
        "rows in records/demo.csv, as they were recorded",
        "2 small networks",
    ):
        assert fact in text


def test_variables_that_move_digits_are_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    assert "MKL_CBWR=COMPATIBLE" in said(capsys, "--no-training")[1]
    for name, value in PORTABLE.items():
        monkeypatch.setenv(name, value)
    text = said(capsys, "--no-training")[1]
    assert "portable: the same code" in text
    assert f"{processor()}\n" in text


# digits -------------------------------------------------------------------------------------------
def test_equal_digits_are_said_to_be_equal(noted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_digits(OWN, noted)
    status, text = said(capsys)
    assert status == 0
    assert "equal to the last digit to those committed for this kind of processor" in text


def test_other_digits_on_the_same_processor_are_broken(
    noted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_digits(replace(OWN, found=OWN.found | {"alexnet full": "1.1 d"}), noted)
    status, text = said(capsys)
    assert status == 1
    assert "NOT those committed" in text
    assert "1 of 2 networks end otherwise" in text
    assert "(alexnet full: 1 c, not 1.1 d)" in text


def test_an_unknown_processor_is_compared_and_is_not_broken(
    noted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far = replace(OWN, processor="far", found=dict.fromkeys(OWN.found, "9 x"))
    near = replace(OWN, processor="near", found=OWN.found | {"alexnet full": "1.1 d"})
    for digits in (far, near, replace(OWN, torch="2.14", found=far.found)):
        write_digits(digits, noted)
    status, text = said(capsys)
    assert status == 0
    assert "1 of 2 networks are as on near, PyTorch 2.15" in text
    assert "as with another seed" in text


def test_digits_that_are_those_of_another_processor_are_said_to_be_so(
    noted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_digits(replace(OWN, processor="near"), noted)
    status, text = said(capsys)
    assert status == 0
    assert "to those of another processor, near, PyTorch 2.15" in text
    assert "another seed" not in text


@pytest.mark.parametrize(("jobs", "told"), [("", "none are committed"), ("4567", "have changed")])
def test_without_digits_of_these_trainings_there_is_nothing_to_compare(
    noted: Path, capsys: pytest.CaptureFixture[str], jobs: str, told: str
) -> None:
    if jobs:
        write_digits(replace(OWN, jobs=jobs), noted)
    status, text = said(capsys)
    assert status == 0
    assert told in text
    assert "doctor --write" in text


def test_digits_can_be_noted(noted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = said(capsys, "--write")
    assert status == 0
    assert f"noted in {noted}" in text
    assert evidence.read_digits(noted) == [OWN]
    assert main(["doctor", "--write", "--no-training"]) == 2


def test_a_gpu_is_not_asked_for_digits(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "a GPU")
    monkeypatch.setattr(doctor, "train_digits", lambda: pytest.fail("trained"))
    assert "a GPU's sums have no fixed order" in said(capsys)[1]


# what is broken -----------------------------------------------------------------------------------
def test_a_full_disk_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: Usage(10**12, 10**12, 10**9))
    status, text = said(capsys)
    assert status == 1
    assert "1.0 GB of disk are free for the store: make room" in text
    assert "A short training" not in text


def test_little_memory_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbsupport.data.loading.memory.memory", lambda device: (10**9, 10**10))
    status, text = said(capsys)
    assert status == 1
    assert "1.0 GB of memory are free: the demo needs 2 GB" in text


def test_a_store_that_is_a_file_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "store").write_text("")
    status, text = said(capsys)
    assert status == 1
    assert "is no folder: set NBSUPPORT_STORE" in text


def test_records_that_were_edited_and_trainings_that_fail_are_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise UserError("a row was changed")

    monkeypatch.setattr(doctor, "train_digits", fail)
    status, text = said(capsys)
    assert (status, text.count("a row was changed")) == (1, 1)
    monkeypatch.setattr(doctor, "read_records", fail)
    assert said(capsys, "--no-training")[0] == 1


def test_data_that_are_here_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path / "none"))
    assert f"is no folder ({tmp_path / 'none'})" in said(capsys, "--no-training")[1]
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path))
    assert f"in {tmp_path}: none of those known" in said(capsys, "--no-training")[1]

"""What a machine says of itself, and the mode in which it trains as others do."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from nbsupport import machine
from nbsupport.cli import main
from nbsupport.errors import UserError
from nbsupport.jobs.engines.local import LocalEngine
from nbsupport.jobs.job import Job
from nbsupport.machine import PORTABLE, portable, processor, wanted
from nbsupport.paths import root


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No switch is set, on a processor that knows the mode; what a test sets is taken back."""
    for name in (*PORTABLE, "NBSUPPORT_PORTABLE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(machine.platform, "machine", lambda: "x86_64")


def test_the_mode_is_off_unless_it_is_asked_for() -> None:
    assert wanted({}) == wanted({"NBSUPPORT_PORTABLE": ""}) == wanted({"NBSUPPORT_PORTABLE": "0"})
    assert wanted({}) == {}
    assert not portable({})
    assert portable(wanted({"NBSUPPORT_PORTABLE": "1"}))
    assert not portable({**PORTABLE, "MKL_CBWR": "AVX2"})


def test_neither_yes_nor_no_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUPPORT_PORTABLE", "please")
    assert main(["plan"]) == 2
    assert capsys.readouterr().err == (
        "error: NBSUPPORT_PORTABLE=please: give 1 for the portable mode, 0 for none\n"
    )


def test_other_processors_have_no_such_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.platform, "machine", lambda: "aarch64")
    with pytest.raises(UserError, match="not for aarch64"):
        wanted({"NBSUPPORT_PORTABLE": "1"})
    assert wanted({}) == {}


def test_workers_are_told_of_the_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = LocalEngine(1, [], lambda message: None)
    assert not portable(engine._environment(0))
    monkeypatch.setenv("NBSUPPORT_PORTABLE", "1")
    assert portable(engine._environment(0))


def test_a_command_is_in_the_mode_before_torch_is_loaded() -> None:
    code = (
        "import os, sys; from nbsupport.cli import main; main(['data']); "
        "print(os.environ['MKL_CBWR'], 'torch' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root(),
        env=os.environ | {"NBSUPPORT_PORTABLE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.split() == [PORTABLE["MKL_CBWR"], "False"]


def test_the_processor_is_named_with_its_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(machine, "cpu_model", lambda: "A processor")
    plain = f"A processor, {torch.backends.cpu.get_cpu_capability()}"
    assert processor() == plain
    for name, value in PORTABLE.items():
        monkeypatch.setenv(name, value)
    assert processor() == f"{plain}, portable"
    monkeypatch.setattr(machine, "cpu_model", lambda: "")
    assert processor() == ""


# workers ------------------------------------------------------------------------------------------
GB = 1_000_000_000


@pytest.mark.parametrize(
    ("cores", "free", "workers"),
    [(16, 6 * GB, 10), (16, 64 * GB, 16), (2, 6 * GB, 2), (8, GB, 1), (8, 0, 1), (8, None, 8)],
)
def test_workers_follow_cores_and_memory(
    monkeypatch: pytest.MonkeyPatch, cores: int, free: int | None, workers: int
) -> None:
    monkeypatch.setattr(machine, "cpu_count", lambda: cores)
    monkeypatch.setattr(machine, "memory_free", lambda: free)
    assert machine.cpu_workers() == workers


def test_free_memory_is_the_least_that_anybody_says(monkeypatch: pytest.MonkeyPatch) -> None:
    found = machine.memory_free()
    assert found is None or found > 0
    monkeypatch.setattr(machine, "_system_free", lambda: 8 * GB)
    monkeypatch.setattr(machine, "_group_free", lambda: 2 * GB)
    assert machine.memory_free() == 2 * GB
    monkeypatch.setattr(machine, "_group_free", lambda: None)
    assert machine.memory_free() == 8 * GB
    monkeypatch.setattr(machine, "_system_free", lambda: None)
    assert machine.memory_free() is None


def test_free_memory_of_other_systems_is_psutils(monkeypatch: pytest.MonkeyPatch) -> None:
    told = SimpleNamespace(virtual_memory=lambda: SimpleNamespace(available=3 * GB))
    monkeypatch.setattr(machine.Path, "read_text", lambda *_, **__: (_ for _ in ()).throw(OSError))
    monkeypatch.setattr(machine, "import_module", lambda name: {"psutil": told}[name])
    assert machine.memory_free() == 3 * GB


def test_the_engine_starts_no_more_workers_than_memory_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "cpu_count", lambda: 16)
    monkeypatch.setattr(machine, "memory_free", lambda: 2 * GB)
    jobs = [Job("toy", 1, {"number": n}, "") for n in range(20)]
    assert LocalEngine(None, jobs, lambda message: None).slots == 3
    assert LocalEngine(5, jobs, lambda message: None).slots == 5  # who asks for more gets it

"""One choice of device: by what PyTorch can do, made once for a run, said, and obeyed."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from toy_jobs import environment, toy

from nbsupport import cli, machine
from nbsupport.errors import UserError
from nbsupport.jobs import devices, probe
from nbsupport.jobs.devices import Devices
from nbsupport.jobs.engines import local
from nbsupport.jobs.job import Job
from nbsupport.jobs.progress import Progress
from nbsupport.jobs.runner import run
from nbsupport.jobs.store import Store
from nbsupport.training import device as training

ENGINES = pytest.mark.parametrize("engine", ["serial", "local"])
A100 = {"name": "A100", "capability": [8, 0], "works": True, "why": ""}
P100 = {"name": "P100", "capability": [6, 0], "works": False, "why": "no kernel image"}


@pytest.fixture(autouse=True)
def nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (devices.VARIABLE, devices.VISIBLE):
        monkeypatch.delenv(name, raising=False)


def finds(monkeypatch: pytest.MonkeyPatch, *gpus: dict, why: str = "") -> None:
    report = {"torch": "2.15.0", "gpus": list(gpus), "why": why}
    monkeypatch.setattr(devices, "probe", lambda: report)


def large() -> Job:
    return Job("surroundings", 1, {"px": 224}, "")


# what is chosen -----------------------------------------------------------------------------------
def test_small_images_stay_on_the_cpu_and_nothing_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(devices, "probe", lambda: pytest.fail("a process was started"))
    for px in (0, 32, devices.SMALL_PX):
        assert devices.choose_for(px).gpus == ()
    assert "--device cuda" in devices.choose([toy("a")]).said(2)


def test_large_images_are_trained_on_the_gpus_that_work(monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, A100, P100, A100)
    found = devices.choose_for(224)
    assert found.gpus == ("0", "2")
    assert found.said(2) == "on 2 GPUs (A100, bfloat16); left out: P100: no kernel image"
    assert found.said(6).startswith("on 2 GPUs shared by 6 workers (A100")
    assert [found.environment(slot)[devices.VISIBLE] for slot in range(3)] == ["0", "2", "0"]
    monkeypatch.setenv(devices.VISIBLE, "MIG-a, 5,7")
    assert devices.choose_for(224).gpus == ("MIG-a", "7")


@pytest.mark.parametrize(
    ("gpus", "why", "told"),
    [
        ((), "the NVIDIA driver is too old", "(the NVIDIA driver is too old)"),
        ((P100,), "", "(P100: no kernel image)"),
        ((), "", "(none is visible)"),
    ],
)
def test_where_no_gpu_can_be_used_the_line_says_why(
    monkeypatch: pytest.MonkeyPatch, gpus: tuple, why: str, told: str
) -> None:
    finds(monkeypatch, *gpus, why=why)
    found = devices.choose_for(224)
    assert found.said(1) == f"on 1 CPU thread: PyTorch 2.15.0 can use no GPU {told}"
    monkeypatch.setenv(devices.VARIABLE, "cuda")
    with pytest.raises(UserError, match=r"device cuda: .*; give --device cpu"):
        devices.choose_for(32)


def test_what_is_asked_for_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, A100)
    monkeypatch.setenv(devices.VARIABLE, "cuda")
    assert devices.choose_for(32).gpus == ("0",)
    monkeypatch.setenv(devices.VARIABLE, "cpu")
    assert devices.choose_for(224) == Devices(reason="as asked")
    monkeypatch.setenv(devices.VARIABLE, "gpu")
    with pytest.raises(UserError, match=r"unknown device 'gpu': allowed are auto, cpu, cuda"):
        devices.choose_for(32)


@pytest.mark.parametrize(
    ("capability", "kind"),
    [((9, 0), "bfloat16"), ((8, 0), "bfloat16"), ((7, 5), "float16"), ((6, 1), "float32")],
)
def test_a_gpu_multiplies_in_what_it_has(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], kind: str
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    training._of_gpu.cache_clear()
    gpu = torch.device("cuda")
    assert training.precision(gpu) == devices.precision_of({"capability": capability}) == kind
    assert training.precision(torch.device("cpu")) == "float32"
    training._of_gpu.cache_clear()


# sharing ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("px", "cores", "workers"),
    [(32, 4, 4), (32, 16, 8), (96, 16, 8), (224, 16, 3), (224, 2, 2), (224, 0, 1)],
)
def test_several_workers_share_a_gpu(px: int, cores: int, workers: int) -> None:
    assert devices.sharing(px, cores) == workers


def test_so_many_work_as_cores_and_memory_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, A100, A100)
    monkeypatch.setattr(devices, "cpu_count", lambda: 16)
    monkeypatch.setattr(machine, "memory_free", lambda: 2**40)
    found = devices.choose_for(224)
    assert found.workers == 6
    assert local.LocalEngine(None, [large()] * 9, lambda message: None).slots == 6
    assert local.LocalEngine(5, [large()] * 9, lambda message: None).slots == 5
    monkeypatch.setattr(machine, "memory_free", lambda: 3 * machine.GPU_WORKER_BYTES)
    assert found.workers == 2  # one each, however little there is
    assert Devices().workers == 0


def test_nvidias_server_is_named_where_it_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CUDA_MPS_PIPE_DIRECTORY", str(tmp_path))
    found = Devices(("0",), kind="A100")
    assert found.said(4) == "on 1 GPU shared by 4 workers (A100)"
    (tmp_path / "control").touch()
    assert found.said(4) == "on 1 GPU shared by 4 workers through NVIDIA MPS (A100)"
    assert found.said(1) == "on 1 GPU (A100)"


# looking ------------------------------------------------------------------------------------------
class FakeCuda:
    """A machine's GPUs, of which some fail when something is computed on them."""

    def __init__(self, count: int, broken: tuple[int, ...] = (), error: str = "") -> None:
        self.count, self.broken, self.error = count, broken, error

    def init(self) -> None:
        if self.error:
            raise RuntimeError(self.error)

    def device_count(self) -> int:
        return self.count

    def get_arch_list(self) -> list[str]:
        return ["sm_75", "sm_80"]

    def get_device_capability(self, number: int) -> tuple[int, int]:
        return (6, 0) if number in self.broken else (8, 0)

    def get_device_name(self, number: int) -> str:
        return f"GPU {number}"

    def arange(self, count: int, device: str) -> torch.Tensor:
        if int(device.removeprefix("cuda:")) in self.broken:
            raise RuntimeError("CUDA error: no kernel image is available\nCompile with DSA.")
        return torch.arange(count)

    def look(self) -> dict[str, Any]:
        return probe.look(SimpleNamespace(__version__="2.15.0", cuda=self, arange=self.arange))


def test_a_gpu_that_cannot_compute_is_told_from_one_that_can() -> None:
    good, bad = FakeCuda(2, broken=(1,)).look()["gpus"]
    assert good == {"name": "GPU 0", "capability": [8, 0], "works": True, "why": ""}
    assert not bad["works"]
    assert bad["why"] == (
        "CUDA error: no kernel image is available; its capability is 6.0, this PyTorch has "
        "sm_75, sm_80"
    )


def test_a_driver_that_is_too_old_is_named() -> None:
    told = "The NVIDIA driver on your system is too old (found version 12020). Please update."
    found = FakeCuda(2, error=told).look()
    assert (found["gpus"], found["why"]) == ([], told.partition(". ")[0])


def test_nvidia_smi_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool that lists GPUs which PyTorch cannot use: the whole way, in another process."""
    if torch.cuda.is_available():
        pytest.skip("PyTorch can use a GPU here")
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: One (UUID: a)'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    devices.probe.cache_clear()
    found = devices.choose_for(224)
    assert found.gpus == ()
    assert found.reason.startswith(f"PyTorch {torch.__version__} can use no GPU (")


def test_a_pytorch_that_cannot_be_imported_is_no_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('libcudart is missing')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    devices.probe.cache_clear()
    assert "libcudart is missing" in devices.choose_for(224).reason
    devices.probe.cache_clear()


# said and obeyed ----------------------------------------------------------------------------------
def test_a_worker_sees_what_was_chosen_and_no_other_gpu(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    finds(monkeypatch, A100, A100)
    for cores in ("cpu_count", "cpu_workers"):
        monkeypatch.setattr(local, cores, lambda: 8)
    engine = local.LocalEngine(None, [large()] * 9, lambda message: None)
    assert engine.slots == 2
    told = engine._environment(1)
    assert (told[devices.VARIABLE], told[devices.VISIBLE]) == ("cuda", "1")
    assert told["NBSUPPORT_THREADS"] == "4"
    engine = local.LocalEngine(None, [toy(f"{i}") for i in range(9)], lambda message: None)
    assert engine.slots == 8
    told = engine._environment(1)
    assert (told[devices.VARIABLE], told[devices.VISIBLE]) == ("cpu", "")
    assert told["NBSUPPORT_THREADS"] == "1"


@ENGINES
def test_the_stage_asks_for_no_device_but_that(
    store: Store, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    finds(monkeypatch, A100)
    job, small = large(), Job("surroundings", 1, {"px": 32}, "")
    assert run([job], store, engine=engine)[job.key]["device"] == "cuda"
    assert run([small], store, engine=engine)[small.key]["device"] == "cpu"
    assert devices.VARIABLE not in os.environ


def test_a_device_that_was_chosen_is_not_replaced_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert training.given_device() == torch.device("cpu")
    with devices.obeyed(Devices(("0",))):
        assert training.given_device() == torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert training.given_device() == torch.device("cpu")


@ENGINES
def test_the_choice_is_said_once_in_one_line(store: Store, engine: str) -> None:
    stream = io.StringIO()
    run([toy("a"), toy("b")], store, engine=engine, on_event=Progress(stream=stream))
    told = [line for line in stream.getvalue().splitlines() if line.startswith("training on ")]
    assert len(told) == 1
    assert "CPU thread" in told[0]
    stream = io.StringIO()
    run([toy("a")], store, engine=engine, on_event=Progress(stream=stream))
    assert "training on" not in stream.getvalue()


# from outside -------------------------------------------------------------------------------------
@pytest.mark.parametrize("command", ["build", "run 04_1_quantity", "record", "plan"])
def test_the_command_line_takes_device_and_workers(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen, verb = [], command.split()[0]
    names = (devices.VARIABLE, "NBSUPPORT_WORKERS")
    called = f"nbsupport.cli.{verb}._{verb}"
    monkeypatch.setattr(called, lambda _: seen.append([os.environ[name] for name in names]))
    assert cli.main([*command.split(), "--device", "cpu", "--workers", "3"]) == 0
    assert seen == [["cpu", "3"]]
    assert not set(names) & set(os.environ)
    for wrong, told in (("--device tpu", "unknown device"), ("--workers 0", "workers '0'")):
        assert cli.main([*command.split(), *wrong.split()]) == 2
        assert told in capsys.readouterr().err


def test_the_variable_gives_the_number_of_workers(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUPPORT_WORKERS", "3")
    events: list[dict] = []
    run([toy(f"{i}", epochs=1) for i in range(4)], store, on_event=events.append)
    assert events[0]["workers"] == 3


def test_looking_is_a_line_of_json() -> None:
    command = [sys.executable, "-m", "nbsupport.jobs.probe"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["torch"] == str(torch.__version__)

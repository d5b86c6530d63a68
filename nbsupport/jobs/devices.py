"""Which devices train: chosen once for a run, by what PyTorch can really do here, and said.

Loads no torch: a process of its own looks (`probe`), so that a plan costs nothing, no GPU is held,
and one that fails spoils nothing.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbsupport.errors import UserError, unknown
from nbsupport.jobs.job import Job
from nbsupport.machine import cpu_count, gpu_workers
from nbsupport.paths import root

VARIABLE = "NBSUPPORT_DEVICE"  # what the user asks for; a worker finds there what was chosen
GRAPHS = "NBSUPPORT_GRAPHS"
VISIBLE = "CUDA_VISIBLE_DEVICES"
DEVICES = ("auto", "cpu", "cuda")
SMALL_PX = 64  # the largest image side that has small models, trained by a thread of the CPU each
FEW_PX = 96  # the largest image side of which a batch keeps no GPU busy
MPS_PIPES = "/tmp/nvidia-mps"  # where NVIDIA's server listens unless it is told otherwise
PATIENCE = 120  # seconds in which a process says what PyTorch finds: importing it takes 5 to 7

_SMALL = (
    f"images of at most {SMALL_PX} px train on the CPU, to the recorded bits; --device cuda takes "
    "a GPU"
)


@dataclass(frozen=True)
class Devices:
    """What a run trains on: these GPUs, as CUDA_VISIBLE_DEVICES names them, else threads of the
    CPU. `reason` says why it is not another, `kind` what the GPUs are, `px` the largest image side
    that is trained."""

    gpus: tuple[str, ...] = ()
    reason: str = ""
    kind: str = ""
    px: int = 0

    @property
    def name(self) -> str:
        """PyTorch's: "cuda" or "cpu"."""
        return "cuda" if self.gpus else "cpu"

    @property
    def workers(self) -> int:
        """How many work on the GPUs at a time where nobody says how many; 0 without a GPU."""
        count = len(self.gpus)
        wanted = count * sharing(self.px, cpu_count() // max(1, count))
        return max(count, gpu_workers(wanted)) if count else 0

    def said(self, slots: int) -> str:
        """One line for people: on what so many workers train, and why."""
        if not self.gpus:
            return f"on {counted(slots, 'CPU thread')}: {self.reason}"
        used = min(slots, len(self.gpus))
        through = " through NVIDIA MPS" if serves_several() else ""
        shared = f" shared by {slots} workers{through}" if slots > used else ""
        left = f"; {self.reason}" if self.reason else ""
        return f"on {counted(used, 'GPU')}{shared} ({self.kind}){left}"

    def environment(self, slot: int = 0) -> dict[str, str]:
        """The variables that tell the worker of a slot what it is to train on."""
        visible = self.gpus[slot % len(self.gpus)] if self.gpus else ""
        return {VARIABLE: self.name, VISIBLE: visible}


def sharing(px: int, cores: int) -> int:
    """Workers that share a GPU, of those that have so many cores for it.

    A GPU waits for Python between the kernels of small networks and small batches, and one worker
    keeps one core busy with that. 8 and 3 are estimates, of an H200: they were not measured.
    """
    return max(1, min(cores, 8 if px <= FEW_PX else 3))


def serves_several() -> bool:
    """Whether the server of NVIDIA MPS runs, with which kernels of several workers overlap."""
    pipes = os.environ.get("CUDA_MPS_PIPE_DIRECTORY") or MPS_PIPES
    return (Path(pipes) / "control").exists()


def counted(number: int, noun: str) -> str:
    """A number of things, for people: "1 GPU", "2 GPUs"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def asked() -> str:
    """What NBSUPPORT_DEVICE asks for, "auto" where it is not set; UserError for another value."""
    wanted = os.environ.get(VARIABLE) or "auto"
    if wanted not in DEVICES:
        raise unknown("device", wanted, DEVICES)
    return wanted


def graphs_asked() -> bool:
    """Whether NBSUPPORT_GRAPHS asks for CUDA graphs (see `training.graphs`); UserError for what is
    no yes or no. They are off by default: no GPU was there to try them on."""
    given = os.environ.get(GRAPHS, "")
    if given not in ("", "0", "1"):
        raise UserError(f"{GRAPHS}={given}: give 1 for CUDA graphs, 0 for none")
    return given == "1"


def choose(jobs: Iterable[Job]) -> Devices:
    """What these jobs train on. UserError where a GPU is asked for, and none can be used."""
    return choose_for(max((job.spec.get("px", 0) for job in jobs), default=0))


def choose_for(px: int) -> Devices:
    """What images of a side of `px` are trained on. UserError as `choose` says."""
    wanted = asked()
    graphs_asked()
    if wanted == "cpu":
        return Devices(reason="as asked")
    if wanted == "auto" and px <= SMALL_PX:
        return Devices(reason=_SMALL)
    found = replace(_usable(probe()), px=px)
    if wanted == "cuda" and not found.gpus:
        raise UserError(f"device cuda: {found.reason}; give --device cpu, or mend that")
    return found


def _usable(found: dict[str, Any]) -> Devices:
    """The GPUs of a report that work, and what is said of the others."""
    gpus = found["gpus"]
    visible = os.environ.get(VISIBLE)
    names = [str(i) for i in range(len(gpus))] if visible is None else visible.split(",")
    working = [(name.strip(), gpu) for name, gpu in zip(names, gpus, strict=False) if gpu["works"]]
    kinds = dict.fromkeys(f"{gpu['name']}, {precision_of(gpu)}" for _, gpu in working)
    reasons = [f"{gpu['name']}: {gpu['why']}" for gpu in gpus if not gpu["works"]]
    reason = found["why"] or "; ".join(dict.fromkeys(reasons))
    if not working:
        reason = f"PyTorch {found['torch']} can use no GPU ({reason or 'none is visible'})"
    elif reason:
        reason = f"left out: {reason}"
    return Devices(tuple(name for name, _ in working), reason, "; ".join(kinds))


def precision_of(gpu: dict[str, Any]) -> str:
    """What a GPU multiplies in: bfloat16 where it has that in hardware (capability 8.0, AMD's),
    else float16 where it has that, else float32. PyTorch would emulate what is lacking, slowly."""
    major = gpu["capability"][0]
    if major >= 8:
        return "bfloat16"
    return "float16" if major == 7 else "float32"


def works(gpu: str) -> bool:
    """Whether a GPU, as CUDA_VISIBLE_DEVICES names it, can compute at this moment."""
    return any(found["works"] for found in _look({VISIBLE: gpu})["gpus"])


@lru_cache(maxsize=1)
def probe() -> dict[str, Any]:
    """What PyTorch finds: torch (version), gpus (name, capability, works, why), why it has none."""
    return _look({})


def _look(more: dict[str, str]) -> dict[str, Any]:
    """What `probe` says, in a process with these variables besides."""
    command = [sys.executable, "-P", "-m", "nbsupport.jobs.probe"]
    places = [str(root()), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places), **more}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return _nothing(f"it did not answer within {PATIENCE} s")
    try:
        report: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return _nothing((done.stderr.strip().splitlines() or ["it gave no answer"])[-1])
    return report


def _nothing(why: str) -> dict[str, Any]:
    return {"torch": "", "gpus": [], "why": why}


@contextmanager
def obeyed(devices: Devices) -> Iterator[None]:
    """What is trained in this process, for as long as it lasts, is trained on the first of them."""
    names: Sequence[str] = (VARIABLE, VISIBLE) if devices.gpus else (VARIABLE,)
    told = devices.environment()
    with variables({name: told[name] for name in names}):
        yield


@contextmanager
def variables(values: Mapping[str, str]) -> Iterator[None]:
    """For as long as it lasts these variables of the environment have these values."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

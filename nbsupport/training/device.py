"""The device that trains, how precisely, and what its time is."""

import os
import time
from functools import lru_cache

import torch

from nbsupport.jobs import devices


def given_device() -> torch.device:
    """What was chosen for this run (`jobs.devices`, which the engine asks); else the CPU.

    Nothing is looked for here: where a GPU that was chosen is not there, PyTorch says so.
    """
    return torch.device("cuda" if os.environ.get(devices.VARIABLE) == "cuda" else "cpu")


def precision(device: torch.device) -> str:
    """What is multiplied in: on a CPU float32 (bit-identical records), else as the GPU can."""
    return _of_gpu(device) if device.type == "cuda" else "float32"


@lru_cache
def _of_gpu(device: torch.device) -> str:
    capability = torch.cuda.get_device_capability(device)
    return devices.precision_of({"capability": capability})


def autocast(device: torch.device) -> torch.autocast:
    """Operations that bear it are done in `precision`."""
    kind = getattr(torch, precision(device))
    return torch.autocast(_known(device), kind, enabled=kind != torch.float32)


def exact(device: torch.device) -> torch.autocast:
    """Within `autocast`, what does not bear it: all is done as the tensors are."""
    return torch.autocast(_known(device), enabled=False)


def _known(device: torch.device) -> str:
    """A device that autocast knows; of tensors without values ("meta") it knows nothing."""
    return "cuda" if device.type == "cuda" else "cpu"


def with_graphs(device: torch.device) -> bool:
    """Whether updates on it are to be CUDA graphs: where NBSUPPORT_GRAPHS asks for them."""
    return device.type == "cuda" and devices.graphs_asked()


def clock(device: torch.device) -> float:
    """Seconds: of this process's threads on a CPU, of the wall on a GPU."""
    return time.process_time() if device.type == "cpu" else time.perf_counter()

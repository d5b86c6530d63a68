"""Which device trains, how precisely, and what its time is."""

import time

import torch


def choose_device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(device: torch.device) -> torch.autocast:
    """bfloat16 where the device is a GPU; on a CPU float32 stays (bit-identical records)."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


def precision(device: torch.device) -> str:
    """The name of what `autocast` multiplies in."""
    return "bfloat16" if device.type == "cuda" else "float32"


def clock(device: torch.device) -> float:
    """Seconds: of this process's threads on a CPU, of the wall on a GPU."""
    return time.process_time() if device.type == "cpu" else time.perf_counter()

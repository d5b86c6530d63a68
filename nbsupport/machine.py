"""What this machine gives a process, and what it computes on."""

import os
import platform
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from nbsupport.errors import UserError


def cpu_count() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# A worker that trains has 860 to 880 MB resident, of which 510 to 526 are its own (two of them on
# Linux, PyTorch 2.15); the rest, the libraries, all of them share.
WORKER_BYTES = 550_000_000
LIBRARIES_BYTES = 350_000_000
# One that trains on a GPU: an estimate, as none was there to measure it on.
GPU_WORKER_BYTES = 2_500_000_000


def memory_free() -> int | None:
    """Bytes of memory that this process could still take, None where nothing says so."""
    found = [_system_free(), _group_free()]
    return min((bytes_ for bytes_ in found if bytes_ is not None), default=None)


def _system_free() -> int | None:
    """What the system has free: Linux says it in a file, psutil elsewhere, where it is there."""
    with suppress(OSError, ValueError, KeyError):
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        facts = dict(line.split(":", 1) for line in lines)
        return int(facts["MemAvailable"].split()[0]) * 1024
    with suppress(ImportError, OSError):
        psutil: Any = import_module("psutil")
        return int(psutil.virtual_memory().available)
    return None


def _group_free() -> int | None:
    """What a container leaves to its processes; None without a limit."""
    folder = Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError, KeyError):  # "max" is no number: no limit
        limit = int((folder / "memory.max").read_text(encoding="utf-8"))
        used = int((folder / "memory.current").read_text(encoding="utf-8"))
        lines = (folder / "memory.stat").read_text(encoding="utf-8").splitlines()
        files = int(dict(line.split() for line in lines)["file"])  # kept in memory, but not needed
        return max(0, limit - used + files)
    return None


def cpu_workers() -> int:
    """How many workers train on the CPU at a time: one a core, but no more than memory holds."""
    return _with_room(cpu_count(), WORKER_BYTES)


def gpu_workers(most: int) -> int:
    """How many of so many workers on GPUs have memory enough on the machine itself."""
    return _with_room(most, GPU_WORKER_BYTES)


def _with_room(most: int, bytes_: int) -> int:
    free = memory_free()
    return most if free is None else max(1, min(most, (free - LIBRARIES_BYTES) // bytes_))


# What makes the libraries of PyTorch choose the same code on every x86 processor that has AVX2:
# oneDNN and ATen by the instructions that all of these have, MKL without asking who made them. Two
# updates of a ResNet and an AlexNet end at the same weights on an AMD EPYC and an emulated Intel
# Haswell (without the mode the ResNet's differ), and six short trainings on two kinds of AMD EPYC
# (records/digits.toml). It costs 5 to 11 % where there is no AVX-512; where there is, 6 % for a
# ResNet, 19 % for an AlexNet, and a DenseNet gains 6 % (benchmarks/processors.py).
PORTABLE = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_CBWR": "COMPATIBLE",
}


def portable(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether processes with this environment train in the portable mode."""
    return all(environment.get(name) == value for name, value in PORTABLE.items())


def wanted(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables of the portable mode where NBSUPPORT_PORTABLE asks for it, else none.

    They count for processes that have not loaded torch yet. UserError for what is no yes or no, and
    where the processor is none of those that the mode is for.
    """
    asked = environment.get("NBSUPPORT_PORTABLE", "")
    if asked in ("", "0"):
        return {}
    if asked != "1":
        raise UserError(f"NBSUPPORT_PORTABLE={asked}: give 1 for the portable mode, 0 for none")
    if platform.machine().lower() not in ("x86_64", "amd64"):
        raise UserError(
            f"NBSUPPORT_PORTABLE=1 is for x86 processors, not for {platform.machine()}: unset it"
        )
    return PORTABLE


def processor(device: str = "cpu") -> str:
    """The model of what a device of this name computes on, "" where the system does not say.

    Of a CPU with the instructions that torch uses there, where torch is loaded: virtual machines
    hide some, and sums are rounded otherwise without them. And with the word "portable", where the
    libraries were told to choose what every processor has.
    """
    torch: Any = sys.modules.get("torch")
    if device.startswith("cuda") and torch and torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    model = cpu_model()
    if not model or not torch:
        return model
    mode = ", portable" if portable() else ""
    return f"{model}, {torch.backends.cpu.get_cpu_capability()}{mode}"


@lru_cache(maxsize=1)
def cpu_model() -> str:
    """What Linux calls the processor; elsewhere what Python knows of it, beyond its kind."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        facts = {n.strip(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
        arm = " ".join(facts.get(f"CPU {part}", "") for part in ("implementer", "part")).strip()
        found = " ".join((facts.get("model name") or (arm and f"ARM {arm}")).split())
        # a virtual machine's name may be short: two models of "AMD EPYC" differ in these
        detail = [f"{n} {facts[n]}" for n in ("cpu family", "model") if n in facts]
        if found:
            return f"{found} ({', '.join(detail)})" if detail else found
    known = platform.processor()
    return "" if known in ("", "arm", "i386", platform.machine()) else known

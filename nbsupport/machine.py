"""What this machine gives a process, and what it computes on."""

import os
import platform
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any


def cpu_count() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor(device: str = "cpu") -> str:
    """The model of what a device of this name computes on, "" where the system does not say.

    Of a CPU with the instructions that torch uses there, where torch is loaded: virtual machines
    hide some, and sums are rounded otherwise without them.
    """
    torch: Any = sys.modules.get("torch")
    if device.startswith("cuda") and torch and torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    model = cpu_model()
    return f"{model}, {torch.backends.cpu.get_cpu_capability()}" if model and torch else model


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

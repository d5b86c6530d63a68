"""What PyTorch can do with the GPUs here, as a line of JSON: python -m nbsupport.jobs.probe.

A process of its own: asking takes a context on each GPU, and one that fails stays failed.
"""

import json
import warnings
from typing import Any

from nbsupport.errors import short

LONGEST = 120  # letters of what an error says


def look(torch: Any) -> dict[str, Any]:
    """torch (its version), gpus (see `_gpu`), and why: what keeps PyTorch from all of them."""
    found: dict[str, Any] = {"torch": str(torch.__version__), "gpus": [], "why": ""}
    try:
        torch.cuda.init()
    except Exception as problem:  # of a driver, of a build without CUDA: each has its own
        return found | {"why": _said(problem)}
    built = ", ".join(torch.cuda.get_arch_list())
    return found | {"gpus": [_gpu(torch, i, built) for i in range(torch.cuda.device_count())]}


def _gpu(torch: Any, number: int, built: str) -> dict[str, Any]:
    """name, capability, works, and why it does not: a kernel is run, as nothing else tells."""
    major, minor = torch.cuda.get_device_capability(number)
    gpu = {"name": torch.cuda.get_device_name(number), "capability": [major, minor], "why": ""}
    try:
        works = torch.arange(4, device=f"cuda:{number}").sum().item() == 6
    except Exception as problem:
        why = f"{_said(problem)}; its capability is {major}.{minor}, this PyTorch has {built}"
        return gpu | {"works": False, "why": why}
    return gpu | {"works": works, "why": "" if works else "it cannot add 0, 1, 2 and 3"}


def _said(problem: Exception) -> str:
    """The first sentence of an error: the rest advises on debugging."""
    first = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
    return short(first.partition(". ")[0].rstrip("."), LONGEST)


if __name__ == "__main__":
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        print(json.dumps(look(torch)))

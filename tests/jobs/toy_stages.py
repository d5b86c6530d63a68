"""Stages that do next to nothing, for the tests of the engines. Imported by the workers."""

import errno
import json
import logging
import os
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from nbsupport.errors import StoreWarning, UserError
from nbsupport.stopping import put_off


class AcceleratorError(RuntimeError):
    """PyTorch's, by its name."""


class OutOfMemoryError(RuntimeError):
    """PyTorch's, by its name."""


SPOILT = []  # what this process's GPU died of


def _use_gpu(spec: dict[str, Any]) -> None:
    """A GPU that an error makes useless to the process, or that is full as often as is asked."""
    if spec.get("spoil"):
        SPOILT.append(spec["spoil"])
    if spec.get("fails_on", "none") == os.environ.get("CUDA_VISIBLE_DEVICES"):
        SPOILT.append("CUDA error: unspecified launch failure")
    if SPOILT:
        kind = AcceleratorError if SPOILT[0].startswith("named") else RuntimeError
        raise kind(SPOILT[0].removeprefix("named ") + "\nCompile with DSA to debug.")
    for number in range(spec.get("full", 0)):
        once = Path(f"{spec['flag']}-{number}")
        if not once.exists():
            once.touch()
            raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def _note(spec: dict[str, Any], what: str) -> None:
    """Add a line to the diary that all processes share: a short append is atomic."""
    if "diary" in spec:
        line = f"{what} {spec['name']} {os.getpid()} {time.monotonic()}\n"
        with Path(spec["diary"]).open("a") as diary:
            diary.write(line)


def grow(spec: dict, folder: Path, parent: Path | None, report: Any) -> dict:
    """Adds up numbers epoch by epoch, keeping its state like a training does."""
    _note(spec, "begin")
    _use_gpu(spec)
    if "damaged" in spec:
        warnings.warn(spec["damaged"], StoreWarning, stacklevel=1)
    print("printed by", spec["name"])
    print("complained by", spec["name"], file=sys.stderr)
    logging.getLogger("toy").info("logged by %s", spec["name"])
    state = folder / "state.json"
    start = json.loads(state.read_text()) if state.exists() else {"epoch": 0, "total": 0.0}
    if parent and not state.exists():
        start["total"] = float((parent / "weights.safetensors").read_text())
    for epoch in range(start["epoch"] + 1, spec.get("epochs", 2) + 1):
        time.sleep(spec.get("pause", 0))
        start = {"epoch": epoch, "total": start["total"] + epoch}
        draft = folder / "state.tmp"
        draft.write_text(json.dumps(start))
        draft.replace(state)
        report({"epoch": epoch, "epochs": spec.get("epochs", 2)})
        _note(spec, f"epoch{epoch}")
        _misbehave(spec, epoch, folder)
    (folder / "weights.safetensors").write_text(str(start["total"]))
    state.unlink()
    _note(spec, "end")
    return {"total": start["total"], "seconds": 0.1, "device": "cpu", "odd": float("nan")}


def tidy(spec: dict, folder: Path, parent: Path | None, report: Any) -> dict:
    """Works until it is told to end, and then takes its time to keep what it has done."""
    with put_off() as told_to_end:
        report({"epoch": 1, "epochs": 2})
        while not told_to_end():
            time.sleep(0.02)
        time.sleep(spec["takes"])
        with Path(spec["diary"]).open("a") as diary:
            diary.write(f"kept {time.monotonic()}\n")
    return {}


def _misbehave(spec: dict, epoch: int, folder: Path) -> None:
    how = spec.get("trouble", "")
    if how == "raise":
        raise ValueError("the numbers do not add up")
    if how == "user":
        raise UserError("sizes holds 7000: the source has 5000 images; give at most that")
    if how == "full":
        raise OSError(errno.ENOSPC, "No space left on device")
    if how == "flag" and Path(spec["flag"]).exists():
        raise ValueError("the flag is up")
    once = folder / "died-once"
    if how == "die" or (how == "die once" and epoch == 2 and not once.exists()):
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def threads(spec: dict, folder: Path, parent: Path | None, report: Any) -> dict:
    """How many threads torch may use."""
    import torch

    return {"threads": torch.get_num_threads(), "interop": torch.get_num_interop_threads()}


def surroundings(spec: dict, folder: Path, parent: Path | None, report: Any) -> dict:
    """What a worker sees."""
    names = ("OMP_NUM_THREADS", "PYTHONHASHSEED")
    seen = {"torch": "torch" in sys.modules, "device": os.environ.get("NBSUPPORT_DEVICE")}
    return {name: os.environ.get(name) for name in names} | seen


def present(spec: dict, folder: Path, parent: Path | None, report: Any) -> dict:
    """Whether a node has data: not where it is told that it lacks them."""
    return {"problem": "not in /data" if os.environ.get("TOY_LACKS") else ""}


def whereabouts(spec: dict, folder: Path, parent: Path | None, report: Any) -> dict:
    """Whether this node was told that it lacks data."""
    time.sleep(spec["pause"])
    return {"lacks": bool(os.environ.get("TOY_LACKS"))}


def keeps(spec: dict, folder: Path, parent: Path | None, report: Any) -> dict:
    """Writes down what it has done when it is told to end, as a training does."""
    with put_off() as told_to_end:
        report({"epoch": 1, "epochs": 2})
        while not told_to_end():
            time.sleep(0.02)
        (folder / "kept").touch()
    return {}

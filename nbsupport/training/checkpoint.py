"""A training's state on disk, at or within an epoch: one file, replaced in one step."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from nbsupport.sharing import open_as_folder

NAME = "checkpoint.safetensors"
MODEL, LOOSE = "model.", "loose."

Tensors = dict[str, torch.Tensor]


def save(
    folder: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    state: Any,
    loose: Mapping[str, torch.Tensor] | None = None,
) -> None:
    """Model, optimizer, `state` (JSON-able) and other tensors by name, so that a reader sees all of
    it or none."""
    tensors = {f"{MODEL}{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"{LOOSE}{name}": value for name, value in (loose or {}).items()}
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in values.items()}
    flat = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    path = folder / NAME
    partial = path.with_name(NAME + ".partial")
    kept = json.dumps(state)
    save_file(flat, partial, metadata={"state": kept, "sha256": _seal(flat, kept)})
    open_as_folder(partial)
    partial.replace(path)


def load(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[Any, Tensors] | None:
    """Put back what `save` kept, and return its state and its other tensors, which are on the CPU;
    None where there is no checkpoint.

    Raises SafetensorError where the file is damaged.
    """
    path = folder / NAME
    if not path.exists():
        return None
    with safe_open(path, "pt") as stored:
        kept, seal = stored.metadata()["state"], stored.metadata().get("sha256")
        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    # The format has no checksum of its own; a checkpoint of before there was one is taken as it is.
    if seal is not None and seal != _seal(tensors, kept):
        raise SafetensorError(f"{NAME} does not match its checksum")
    state = json.loads(kept)
    model.load_state_dict(_named(tensors, MODEL))
    _restore(optimizer, tensors)
    return state, _named(tensors, LOOSE)


def _named(tensors: Tensors, prefix: str) -> Tensors:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _seal(tensors: Tensors, state: str) -> str:
    """SHA-256 of names, values and state: 0.6 s for a gigabyte."""
    total = sha256(state.encode())
    for name in sorted(tensors):
        total.update(name.encode())
        total.update(tensors[name].reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()


def _restore(optimizer: torch.optim.Optimizer, tensors: Tensors) -> None:
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for name, value in tensors.items():
        kind, _, rest = name.partition(".")
        if kind != "optimizer":
            continue
        index, _, field = rest.partition(".")
        parameter = parameters[int(index)]
        if value.shape == parameter.shape:
            # A fused optimizer walks through memory: moments must lie as their parameter does.
            value = torch.empty_like(parameter).copy_(value)
        # The count of steps lies where a fused optimizer counts: with its parameter.
        optimizer.state[parameter][field] = value.to(parameter.device)


def remove(folder: Path) -> None:
    """Delete the checkpoint, if there is one."""
    (folder / NAME).unlink(missing_ok=True)

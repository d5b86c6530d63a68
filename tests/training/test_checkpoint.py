"""What a checkpoint gives back: the same bits, where a fresh optimizer would have them, or none."""

from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from nbsupport.study.profiles.recipes import Recipe
from nbsupport.training import checkpoint
from nbsupport.training.loop import make_optimizer

OPTIMIZERS = {"adamw": {}, "sgd": {"optimizer": "sgd", "momentum": 0.9}}


class Scaled(nn.Module):
    """Matrices, vectors, a kernel with its channels last, a count, and a scale that is a number."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten())
        self.scale = nn.Parameter(torch.tensor(2.0))


def stepped(device: str, change: dict) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A model and its optimizer after two updates."""
    torch.manual_seed(0)
    with torch.device(device):
        model = Scaled()
    if device == "cpu":  # fake parameters cannot be moved
        model.to(memory_format=torch.channels_last)
    optimizer = make_optimizer(model, Recipe(epochs=1, batch_size=2, lr=0.1, **change))
    for _ in range(2):
        for parameter in model.parameters():  # nothing can be differentiated on a fake GPU
            parameter.grad = torch.rand_like(parameter)
        optimizer.step()
    return model, optimizer


def fields(optimizer: torch.optim.Optimizer) -> dict[tuple[int, str], torch.Tensor]:
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    return {
        (number, name): value
        for number, parameter in enumerate(parameters)
        for name, value in optimizer.state[parameter].items()
    }


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_comes_back_with_the_same_bits(tmp_path: Path, name: str) -> None:
    model, optimizer = stepped("cpu", OPTIMIZERS[name])
    checkpoint.save(tmp_path, model, optimizer, {"epoch": 3})
    other, fresh = stepped("cpu", OPTIMIZERS[name])
    for value in (*other.state_dict().values(), *fields(fresh).values()):
        value.zero_()
    assert checkpoint.load(tmp_path, other, fresh) == ({"epoch": 3}, {})
    found, expected = fields(fresh), fields(optimizer)
    assert found.keys() == expected.keys()
    for field, value in expected.items():
        assert torch.equal(found[field], value), field
        assert (found[field].dtype, found[field].stride()) == (value.dtype, value.stride()), field
    for field, value in model.state_dict().items():
        assert torch.equal(other.state_dict()[field], value), field


def test_on_a_gpu_the_state_lies_where_a_fresh_optimizer_has_it() -> None:
    """AdamW's fused kernel refuses a count of steps that is not beside its parameter."""
    with FakeTensorMode(allow_non_fake_inputs=True):
        _, optimizer = stepped("cuda", OPTIMIZERS["adamw"])
        expected = {field: (v.device, v.dtype) for field, v in fields(optimizer).items()}
        assert {device.type for device, _ in expected.values()} == {"cuda"}
        kept = {
            f"optimizer.{number}.{field}": torch.empty_like(value, device="cpu")
            for (number, field), value in fields(optimizer).items()
        }
        optimizer.state.clear()
        checkpoint._restore(optimizer, kept)
        found = {field: (v.device, v.dtype) for field, v in fields(optimizer).items()}
    assert found == expected


@pytest.mark.parametrize("damage", ["zeros", "cut", "state"])
def test_a_damaged_checkpoint_is_no_start(tmp_path: Path, damage: str) -> None:
    model, optimizer = stepped("cpu", {})
    checkpoint.save(tmp_path, model, optimizer, {"epoch": 3})
    path = tmp_path / checkpoint.NAME
    content = path.read_bytes()
    spoilt = {
        "zeros": content[:-40] + bytes(40),
        "cut": content[:-40],
        "state": content.replace(b'epoch\\": 3', b'epoch\\": 4'),
    }[damage]
    assert spoilt != content
    path.write_bytes(spoilt)
    with pytest.raises(SafetensorError):
        checkpoint.load(tmp_path, model, optimizer)

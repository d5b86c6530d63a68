"""Models by family and image size, their heads, and their weights on disk."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

from nbsupport import registry
from nbsupport.errors import UserError
from nbsupport.sharing import open_as_folder
from nbsupport.training.device import exact
from nbsupport.training.families import FAMILIES, SMALL_PX
from nbsupport.training.families import architecture as architecture_of
from nbsupport.training.seeds import seeded

__all__ = ["FAMILIES", "build", "head_name", "load_weights", "replace_head", "save_weights"]

WEIGHTS = "weights.safetensors"


class Head(nn.Linear):
    """A linear layer that gives float32 on a GPU too, where others give bfloat16: that has seven
    bits, so that two classes often come out equal, and the first of them would win."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features [n, width] to logits [n, num_classes]."""
        with exact(features.device):
            return F.linear(features.to(self.weight.dtype), self.weight, self.bias)


def build(
    family: str, num_classes: int, px: int, seed: int = 0, architecture: str = ""
) -> nn.Module:
    """A model of the family with weights drawn from `seed`: [n, 3, px, px] to [n, num_classes].

    Up to 64 px a small sibling (families/parts.py); above, timm's or torchvision's own, untrained.
    `architecture`, a name of timm's, takes the place of both.
    Raises UserError for an unknown family, and one that has no model of this size.
    """
    own = registry.FAMILIES.load(family)
    with seeded(seed, "initialisation"):
        if px <= SMALL_PX and not architecture:
            from nbsupport.training.families.parts import build_small

            return _with_head(build_small(family, num_classes, px))
        if not architecture and hasattr(own, "full_size"):
            return _with_head(own.full_size(num_classes))
        model = _of_timm(architecture or architecture_of(family, px), num_classes, px)
        return _with_head(model)


def _with_head(model: nn.Module) -> nn.Module:
    """The same model, its plain linear head made a `Head` of the same weights."""
    head = model.get_submodule(head_name(model))
    if type(head) is nn.Linear:
        head.__class__ = Head
    return model


def _of_timm(name: str, num_classes: int, px: int) -> nn.Module:
    import timm

    size = image_size(name, px)
    return timm.create_model(name, pretrained=False, num_classes=num_classes, **size)


def image_size(architecture: str, px: int) -> dict[str, Any]:
    """What timm has to be told of the image size: nothing for models that read any."""
    from timm.models import get_pretrained_cfg

    config = get_pretrained_cfg(architecture)
    return {"img_size": px} if config is not None and config.fixed_input_size else {}


def head_name(model: nn.Module) -> str:
    """The dotted name of the head: the last linear layer, in every family."""
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def replace_head(model: nn.Module, num_classes: int, generator_seed: int) -> nn.Module:
    """The model with a new head drawn from the seed, for fine-tuning on other classes."""
    name = head_name(model)
    width = int(model.get_parameter(f"{name}.weight").shape[1])
    with seeded(generator_seed, "head"):
        head = Head(width, num_classes)
    parent, _, attribute = name.rpartition(".")
    setattr(model.get_submodule(parent), attribute, head)
    return model


def save_weights(model: nn.Module, path: Path) -> None:
    """Parameters and buffers as safetensors, in one step: a reader sees all of it or none."""
    partial = path.with_name(path.name + ".partial")
    tensors = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()}
    save_file(tensors, partial)
    open_as_folder(partial)
    partial.replace(path)


def load_weights(family: str, px: int, path: Path, architecture: str = "") -> nn.Module:
    """The model of a family with the weights in a file, which also tells its number of classes.

    Raises UserError where the file is of another family or size.
    """
    tensors = load_file(path)
    model = build(family, 1, px, architecture=architecture)
    weight = tensors.get(head_name(model) + ".weight", torch.empty(1, 0))
    replace_head(model, len(weight), 0)
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise UserError(
            f"{path} does not hold the weights of {architecture or family} at {px} px: "
            "give the folder of a pre-training of that family and image size"
        ) from error
    return model

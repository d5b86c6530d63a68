"""What the families' small siblings for images of at most 64 px are made of, and how they begin.

Each keeps its family's defining block, taken from timm or torchvision, in few layers. What counts
within seconds on one CPU thread is the number of updates, so they are sized for throughput. What
was tried, on the pilot world's validation splits, stands in each family's file: images trained on
per second, and macro F1 ID / OOD, after 5.5 + 3.5 thread-seconds of pre-training and fine-tuning in
batches of 64.
"""

import torch
from torch import nn
from torchvision.ops.misc import Conv2dNormActivation

from nbsupport import registry


class SmallNet(nn.Module):
    """Features [n, width] and a linear head on them."""

    def __init__(self, features: nn.Module, width: int, num_classes: int) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Linear(width, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images float [n, 3, px, px] to logits [n, num_classes]."""
        return self.head(self.features(images))


def build_small(family: str, num_classes: int, px: int) -> SmallNet:
    """The small sibling of a family, initialised from PyTorch's global random state."""
    features, width = registry.FAMILIES.load(family).small(px)
    model = SmallNet(features, width, num_classes)
    if not getattr(features, "initialised", False):
        _initialise(model)
    return model


def _initialise(model: SmallNet) -> None:
    for module in model.features.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def stem(width: int, activation: type[nn.Module] = nn.ReLU) -> nn.Module:
    """A fourth of the side at once, as the large models' strided stem and pooling do together."""
    return Conv2dNormActivation(3, width, 5, 4, activation_layer=activation)


def averaged(layers: list[nn.Module]) -> nn.Module:
    """The layers, their maps averaged over space."""
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module | None:
    """What brings the inputs of a residual block to its outputs' shape; None where they have it."""
    if stride == 1 and inputs == outputs:
        return None
    conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))

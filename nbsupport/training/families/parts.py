"""Small siblings of the five families for images of at most 64 px.

Each keeps its family's defining block, taken from timm or torchvision, in few layers. What counts
within seconds on one CPU thread is the number of updates, so they are sized for throughput. Tried
on the pilot world's validation splits, 5.5 + 3.5 thread-seconds of pre-training and fine-tuning,
batches of 64 (images trained on per second: ID / OOD macro F1):

    resnet   32, 64 (this)             9,300: .735 / .568     48, 96          6,700: .663 / .524
             64 alone                 15,400: .710 / .527     stem of stride 2, 32, 64
                                                              at 16 px        6,300: .710 / .542
    resnext  32, 64 (this)             8,200: .618 / .471     64, 128         6,000: .609 / .473
    densenet 2, 3 layers of 16 (this)  6,600: .643 / .458     1, 2 of 32      6,300: .597 / .467
    alexnet  hidden 256 (this)         9,600: .615 / .402     hidden 512      5,600: .466 / .362
    mobilenetv3, two blocks            7,600: .613 / .468     three blocks    5,100: .582 / .442
"""

from functools import partial

import torch
from timm.models.densenet import DenseBlock, DenseTransition
from timm.models.resnet import BasicBlock, Bottleneck
from torch import nn
from torchvision.models.mobilenetv3 import InvertedResidual, InvertedResidualConfig
from torchvision.ops.misc import Conv2dNormActivation

from nbsupport.errors import unknown
from nbsupport.training.families.transformer import Transformer


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
    if family not in _BUILDERS:
        raise unknown("architecture family", family, _BUILDERS)
    features, width = _BUILDERS[family](px)
    model = SmallNet(features, width, num_classes)
    if family != "vit":  # no ReLU follows its layers: it has an initialisation of its own
        _initialise(model)
    return model


def _initialise(model: SmallNet) -> None:
    for module in model.features.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _stem(width: int, activation: type[nn.Module] = nn.ReLU) -> nn.Module:
    """A fourth of the side at once, as the large models' strided stem and pooling do together."""
    return Conv2dNormActivation(3, width, 5, 4, activation_layer=activation)


def _averaged(layers: list[nn.Module]) -> nn.Module:
    """The layers, their maps averaged over space."""
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Module | None:
    if stride == 1 and inputs == outputs:
        return None
    conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


def _resnet(px: int) -> tuple[nn.Module, int]:
    del px
    layers: list[nn.Module] = [_stem(32)]
    inputs = 32
    for width, stride in ((32, 1), (64, 2)):
        shortcut = _shortcut(inputs, width, stride)
        layers.append(BasicBlock(inputs, width, stride, downsample=shortcut))
        inputs = width
    return _averaged(layers), inputs


def _resnext(px: int) -> tuple[nn.Module, int]:
    del px
    layers: list[nn.Module] = [_stem(32)]
    inputs = 32
    for width, outputs, stride in ((32, 32, 1), (64, 64, 2)):
        layers.append(_grouped(inputs, width, outputs, stride))
        inputs = outputs
    return _averaged(layers), inputs


def _grouped(inputs: int, width: int, outputs: int, stride: int, cardinality: int = 4) -> nn.Module:
    """timm's bottleneck: 1x1 to `width`, 3x3 in `cardinality` groups, 1x1 to `outputs`."""
    planes = outputs // Bottleneck.expansion
    per_group = width * 64 // (planes * cardinality)  # timm counts it at 64 planes
    return Bottleneck(
        inputs,
        planes,
        stride,
        downsample=_shortcut(inputs, outputs, stride),
        cardinality=cardinality,
        base_width=per_group,
    )


def _densenet(px: int) -> tuple[nn.Module, int]:
    del px
    growth, bottleneck, width = 16, 2, 32
    layers: list[nn.Module] = [_stem(width)]
    for count, last in ((2, False), (3, True)):
        layers.append(DenseBlock(count, width, bottleneck, growth))
        width += count * growth
        if not last:
            layers.append(DenseTransition(width, width // 2))
            width //= 2
    layers += [nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    return _averaged(layers), width


def _alexnet(px: int) -> tuple[nn.Module, int]:
    hidden, dropout = 256, 0.3
    side = px // 8
    return nn.Sequential(
        nn.Conv2d(3, 32, 5, 4, 2),
        nn.ReLU(inplace=True),
        nn.Conv2d(32, 64, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(64 * side * side, hidden),
        nn.ReLU(inplace=True),
        nn.Dropout(dropout),
        nn.Linear(hidden, hidden),
        nn.ReLU(inplace=True),
    ), hidden


def _mobilenetv3(px: int) -> tuple[nn.Module, int]:
    del px
    norm = partial(nn.BatchNorm2d, eps=0.001)
    width, last = 32, 128
    swish = nn.Hardswish
    layers: list[nn.Module] = [_stem(width, swish)]
    for expanded, outputs, stride in ((48, 32, 1), (96, 48, 2)):
        config = InvertedResidualConfig(width, 3, expanded, outputs, True, "HS", stride, 1, 1.0)
        layers.append(InvertedResidual(config, norm))
        width = outputs
    layers.append(Conv2dNormActivation(width, last, 1, norm_layer=norm, activation_layer=swish))
    return _averaged(layers), last


def _vit(px: int) -> tuple[nn.Module, int]:
    features = Transformer(px)
    return features, features.width


_BUILDERS = {
    "resnet": _resnet,
    "resnext": _resnext,
    "densenet": _densenet,
    "alexnet": _alexnet,
    "mobilenetv3": _mobilenetv3,
    "vit": _vit,
}

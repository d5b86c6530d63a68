"""ResNeXt: small, two residual blocks of grouped convolutions; full size, timm's ResNeXt-50."""

from typing import TYPE_CHECKING

from nbsupport.training.families import Family

if TYPE_CHECKING:
    from torch import nn

FAMILY = Family(
    title="ResNeXt",
    shape="square",
    block="residual blocks of grouped convolutions",
    full_size="resnext50_32x4d",
    parameters=25_028_904,
    images_per_second=8000,
    evaluated_per_second=26_500,
    gpu_images_per_second=1600,
    gpu_update_seconds=0.022,
    paper=2,
    timm="resnext",
)


# Tried (see parts.py): 32, 64 (this) 8,200: .618 / .471; 64, 128 6,000: .609 / .473.
def small(px: int) -> tuple["nn.Module", int]:
    """Layers for images of `px`, and the number of features that they end in."""
    from nbsupport.training.families.parts import averaged, stem

    del px
    layers = [stem(32)]
    inputs = 32
    for width, outputs, stride in ((32, 32, 1), (64, 64, 2)):
        layers.append(_grouped(inputs, width, outputs, stride))
        inputs = outputs
    return averaged(layers), inputs


def _grouped(
    inputs: int, width: int, outputs: int, stride: int, cardinality: int = 4
) -> "nn.Module":
    """timm's bottleneck: 1x1 to `width`, 3x3 in `cardinality` groups, 1x1 to `outputs`."""
    from timm.models.resnet import Bottleneck

    from nbsupport.training.families.parts import shortcut

    planes = outputs // Bottleneck.expansion
    per_group = width * 64 // (planes * cardinality)  # timm counts it at 64 planes
    return Bottleneck(
        inputs,
        planes,
        stride,
        downsample=shortcut(inputs, outputs, stride),
        cardinality=cardinality,
        base_width=per_group,
    )

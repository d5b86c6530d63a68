"""MobileNetV3: small, two inverted residuals; full size, timm's large one."""

from typing import TYPE_CHECKING

from nbsupport.training.families import Family

if TYPE_CHECKING:
    from torch import nn

FAMILY = Family(
    title="MobileNetV3",
    shape="cross",
    block="inverted residuals, depthwise, squeeze-excitation, hard-swish",
    full_size="mobilenetv3_large_100",
    parameters=5_483_032,
    images_per_second=4600,
    evaluated_per_second=20_000,
    gpu_images_per_second=3500,
    gpu_update_seconds=0.022,
    paper=5,
    timm="mobilenetv3",
)


# Tried (see parts.py): two blocks (this) 7,600: .613 / .468; three blocks 5,100: .582 / .442.
def small(px: int) -> tuple["nn.Module", int]:
    """Layers for images of `px`, and the number of features that they end in."""
    from functools import partial

    from torch import nn
    from torchvision.models.mobilenetv3 import InvertedResidual, InvertedResidualConfig
    from torchvision.ops.misc import Conv2dNormActivation

    from nbsupport.training.families.parts import averaged, stem

    del px
    norm = partial(nn.BatchNorm2d, eps=0.001)
    width, last = 32, 128
    swish = nn.Hardswish
    layers: list[nn.Module] = [stem(width, swish)]
    for expanded, outputs, stride in ((48, 32, 1), (96, 48, 2)):
        config = InvertedResidualConfig(width, 3, expanded, outputs, True, "HS", stride, 1, 1.0)
        layers.append(InvertedResidual(config, norm))
        width = outputs
    layers.append(Conv2dNormActivation(width, last, 1, norm_layer=norm, activation_layer=swish))
    return averaged(layers), last

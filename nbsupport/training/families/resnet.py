"""ResNet: small, two residual blocks; full size, timm's ResNet-50."""

from typing import TYPE_CHECKING

from nbsupport.training.families import Family

if TYPE_CHECKING:
    from torch import nn

FAMILY = Family(
    title="ResNet",
    shape="circle",
    block="residual blocks",
    full_size="resnet50",
    parameters=25_557_032,
    images_per_second=6500,
    evaluated_per_second=22_500,
    gpu_images_per_second=2500,
    gpu_update_seconds=0.022,
    paper=1,
    timm="resnet",
)


# Tried on the pilot world's validation splits (see parts.py):
#   32, 64 (this) 9,300: .735 / .568      48, 96                             6,700: .663 / .524
#   64 alone     15,400: .710 / .527      stem of stride 2, 32, 64 at 16 px  6,300: .710 / .542
def small(px: int) -> tuple["nn.Module", int]:
    """Layers for images of `px`, and the number of features that they end in."""
    from timm.models.resnet import BasicBlock

    from nbsupport.training.families.parts import averaged, shortcut, stem

    del px
    layers = [stem(32)]
    inputs = 32
    for width, stride in ((32, 1), (64, 2)):
        down = shortcut(inputs, width, stride)
        layers.append(BasicBlock(inputs, width, stride, downsample=down))
        inputs = width
    return averaged(layers), inputs

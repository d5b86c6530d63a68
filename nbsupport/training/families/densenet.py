"""DenseNet: small, two dense blocks; full size, timm's DenseNet-121."""

from typing import TYPE_CHECKING

from nbsupport.training.families import Family

if TYPE_CHECKING:
    from torch import nn

FAMILY = Family(
    title="DenseNet",
    shape="triangle-up",
    block="dense blocks: each layer sees all earlier ones",
    full_size="densenet121",
    parameters=7_978_856,
    images_per_second=5100,
    evaluated_per_second=17_500,
    gpu_images_per_second=1500,
    gpu_update_seconds=0.075,
    paper=3,
    timm="densenet",
)


# Tried (see parts.py): 2, 3 layers of 16 (this) 6,600: .643 / .458; 1, 2 of 32 6,300: .597 / .467.
def small(px: int) -> tuple["nn.Module", int]:
    """Layers for images of `px`, and the number of features that they end in."""
    from timm.models.densenet import DenseBlock, DenseTransition
    from torch import nn

    from nbsupport.training.families.parts import averaged, stem

    del px
    growth, bottleneck, width = 16, 2, 32
    layers: list[nn.Module] = [stem(width)]
    for count, last in ((2, False), (3, True)):
        layers.append(DenseBlock(count, width, bottleneck, growth))
        width += count * growth
        if not last:
            layers.append(DenseTransition(width, width // 2))
            width //= 2
    layers += [nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    return averaged(layers), width

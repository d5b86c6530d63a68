"""AlexNet: small, three plain convolutions and two large layers; full size, torchvision's."""

from typing import TYPE_CHECKING, Any

from nbsupport.training.families import Family

if TYPE_CHECKING:
    from torch import nn

# It has no normalisation. Small, on the pilot world, 6e-3 was worse on id_val; at full size it
# takes a tenth of the others' rate (torchvision's recipe).
RECIPES: dict[tuple[str, str], dict[str, Any]] = {
    (recipes, stage): {"lr": 3e-3}
    for recipes in ("demo", "smoke", "pacs-32")
    for stage in ("pretrain", "contrast", "finetune", "scratch")
}
RECIPES |= {
    ("pacs-32", "pretrain"): {"lr": 1.5e-3},
    ("classroom", "pretrain"): {"lr": 1e-4},
    ("paper", "pretrain"): {"lr": 0.01},
    ("rehearsal", "pretrain"): {"lr": 0.01},
}

FAMILY = Family(
    title="AlexNet",
    shape="diamond",
    block="plain convolutions, large fully connected layers, dropout",
    full_size="alexnet",
    parameters=61_100_840,
    images_per_second=7600,
    evaluated_per_second=25_500,
    gpu_images_per_second=8000,
    gpu_update_seconds=0.005,
    paper=4,
    recipes=RECIPES,
)


# Tried (see parts.py): hidden 256 (this) 9,600: .615 / .402; hidden 512 5,600: .466 / .362.
def small(px: int) -> tuple["nn.Module", int]:
    """Layers for images of `px`, and the number of features that they end in."""
    from torch import nn

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


def full_size(num_classes: int) -> "nn.Module":
    """torchvision's: timm has none."""
    from torchvision.models import alexnet

    return alexnet(weights=None, num_classes=num_classes)

"""Vision Transformer (ViT), which the paper's CLIP models add (Section 5): small, two blocks."""

from typing import TYPE_CHECKING

from nbsupport.training.families import Family

if TYPE_CHECKING:
    from torch import nn

FAMILY = Family(
    title="ViT",
    shape="triangle-down",
    block="patches as tokens, self-attention",
    full_size="vit_base_patch32_clip_224",
    parameters=88_225_000,
    images_per_second=4200,
    evaluated_per_second=10_000,
    gpu_images_per_second=3500,
    gpu_update_seconds=0.03,
    asked=False,
    timm="vit",
)


def small(px: int) -> tuple["nn.Module", int]:
    """Layers for images of `px`, and the number of features that they end in."""
    from nbsupport.training.families.transformer import Transformer

    features = Transformer(px)
    return features, features.width

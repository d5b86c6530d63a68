"""A small Vision Transformer of timm's blocks, the family that only CLIP's models add (Section 5).

Patches of 4 pixels make 64 tokens of a 32 px image, and their mean is what the head reads: a class
token would make 65, which the processor's vectors do not divide by.
"""

import torch
from timm.models.vision_transformer import Block
from torch import nn

PATCH, WIDTH, DEPTH, HEADS, MLP_RATIO = 4, 32, 2, 2, 2.0


class Transformer(nn.Module):
    """Images [n, 3, px, px] to features [n, width]; px is a multiple of the patch."""

    width = WIDTH
    initialised = True  # no ReLU follows its layers, for which the other families begin

    def __init__(self, px: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.positions = nn.Parameter(torch.empty(1, (px // PATCH) ** 2, WIDTH))
        blocks = [Block(WIDTH, HEADS, MLP_RATIO, qkv_bias=True) for _ in range(DEPTH)]
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(WIDTH)
        self._initialise()

    def _initialise(self) -> None:
        nn.init.trunc_normal_(self.positions, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Patches with their positions, through the blocks, averaged."""
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        return self.norm(self.blocks(tokens + self.positions)).mean(1)

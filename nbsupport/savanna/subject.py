"""What the drawing of a subject needs: coordinates, attributes, and where to paint."""

from dataclasses import dataclass

from torch import Tensor

from nbsupport.savanna.attributes import SCHEMES
from nbsupport.savanna.shapes import unit


@dataclass
class Brush:
    """A subject being drawn: its own coordinates [B, P] (x ahead, y down) and what is painted.

    `layer` [B, 3, P] is its colour and `alpha` [B, P] its coverage; `scale` [B, 1] is pixels per
    unit; `detail` [B, P] is noise that moves with the picture.
    """

    x: Tensor
    y: Tensor
    scale: Tensor
    layer: Tensor
    alpha: Tensor
    detail: Tensor

    def lay(self, coverage: Tensor, colour: Tensor) -> None:
        """Paint a part over what is there: its coverage [B, P], colour [B, 3, 1] or [B, 3, P]."""
        self.alpha.add_((1 - self.alpha).mul_(coverage))
        weight = coverage.div_(self.alpha.add(1e-6))  # edges keep the part's own colour
        self.layer.add_((colour - self.layer).mul_(weight[:, None]))


def read(latents: Tensor, scheme: str) -> dict[str, Tensor]:
    """Attributes by name, each [B, 1], of latents [B, LATENT]."""
    value = unit(latents)
    return {
        name: value[:, i : i + 1] * (high - low) + low
        for name, (i, low, high) in SCHEMES[scheme].items()
    }


def colour(rgb: Tensor) -> Tensor:
    """Colours [B, 3] as they are painted, [B, 3, 1]."""
    return rgb.clamp(0.0, 1.0)[:, :, None]

"""Random resized crops on the device, a batch at once: the usual augmentation of photographs."""

import torch
from torch.nn import functional as F

RATIO = 4 / 3  # the most that a crop is stretched, in either direction: torchvision's default


def random_resized_crop(
    images: torch.Tensor, draws: torch.Tensor, area: float, px: int | None = None
) -> torch.Tensor:
    """Boxes of the images [n, 3, h, w] (uint8 or float), each resized to [px, px]: the same type.

    px None is [h, w], the size that the images have.

    `draws` are uniform in [0, 1), float [n, 4]: a box's share of the area (from `area` to 1), its
    aspect ratio (3/4 to 4/3, evenly on a log scale), and its place down and across. This is
    torchvision's RandomResizedCrop, but a box that does not fit is narrowed, not drawn again.
    """
    draws = draws.to(images.device, torch.float32)
    share = area + (1 - area) * draws[:, 0]
    stretch = RATIO ** (2 * draws[:, 1] - 1)
    high = (share / stretch).sqrt().clamp(max=1)
    wide = (share * stretch).sqrt().clamp(max=1)
    down = (2 * draws[:, 2] - 1) * (1 - high)  # of the centre, -1 to 1 over the image
    across = (2 * draws[:, 3] - 1) * (1 - wide)
    zero = torch.zeros_like(high)
    to_source = torch.stack([wide, zero, across, zero, high, down], dim=1).view(-1, 2, 3)
    height, width = (px, px) if px else images.shape[2:]
    shape = [len(images), images.shape[1], height, width]
    grid = F.affine_grid(to_source, shape, align_corners=False)
    cropped = F.grid_sample(images.float(), grid, padding_mode="border", align_corners=False)
    return cropped.round().to(images.dtype) if not images.is_floating_point() else cropped

"""Labelled images that stay as uint8 on the device, and batches made of them there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch

from nbsupport.data.crops import random_resized_crop

# ImageNet's, for every source: published weights expect them, and one choice favours no source.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class LabelledImages:
    """Images uint8 [n, 3, h, w], labels int64 [n] in 0..num_classes-1, class names.

    Captions stand in the place of labels as token ids int64 [n, length]; num_classes is then 0.
    """

    images: torch.Tensor
    labels: torch.Tensor
    num_classes: int
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def device(self) -> torch.device:
        """Where the images are."""
        return self.images.device

    def to(self, device: "str | torch.device") -> "LabelledImages":
        """The same on `device`, with the channels last in memory, so that a batch is one copy."""
        images = self.images.to(device, memory_format=torch.channels_last)
        return replace(self, images=images, labels=self.labels.to(device))


def _scale(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Factor and offset [3] that take 0..255 to zero mean and unit variance."""
    mean, std = torch.tensor(MEAN, device=device), torch.tensor(STD, device=device)
    return 1 / (255 * std), -mean / std


def normalise(images: torch.Tensor) -> torch.Tensor:
    """uint8 [n, 3, h, w] to float32 of the same shape, channels last, ImageNet's mean and std."""
    factor, offset = _scale(images.device)
    return _scaled(images.permute(0, 2, 3, 1), factor, offset)


def _scaled(pixels: torch.Tensor, factor: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
    """uint8 [n, h, w, c] times factor plus offset (float [c] or [n, 1, c]) as [n, c, h, w].

    The factors are repeated along a row first: six times as fast as broadcasting over 3 channels.
    """
    n, h, w, c = pixels.shape
    rows = pixels.to(torch.float32, memory_format=torch.contiguous_format).view(n, h, w * c)
    rows.mul_(_along_row(factor, w)).add_(_along_row(offset, w))
    return rows.view(n, h, w, c).permute(0, 3, 1, 2)


def _along_row(values: torch.Tensor, width: int) -> torch.Tensor:
    """[..., c] repeated for each pixel of a row: [..., width * c]."""
    return values.repeat(*[1] * (values.ndim - 1), width)


def augment(
    images: torch.Tensor,
    generator: torch.Generator,
    *,
    flip: bool = True,
    shift: int = 2,
    colour: float = 0.0,
    area: float = 1.0,
) -> torch.Tensor:
    """uint8 [n, 3, h, w] to float32, channels last: images flipped, shifted and tinted.

    Flips are horizontal with probability 1/2; shifts are up to `shift` pixels in each
    direction, edges repeated; contrast and brightness change by up to `colour`. Where `area` is
    below 1, random boxes of that share of the image and more are resized to its size before.
    The generator is a CPU one.
    """
    n, device = len(images), images.device
    if area < 1:
        images = random_resized_crop(images, torch.rand(n, 4, generator=generator), area)
    draws = torch.rand(n, 5, generator=generator)
    pixels = images.permute(0, 2, 3, 1)
    if flip:
        turned = (draws[:, 0] >= 0.5).nonzero().view(-1).to(device)
        pixels = pixels.index_copy(0, turned, pixels.index_select(0, turned).flip(2))
    if shift:
        start = (draws[:, 1:3] * (2 * shift + 1)).long().to(device)
        pixels = _shifted(pixels, start, shift)
    factor, offset = _scale(device)
    if colour:
        change = (draws[:, 3:, None, None].to(device) * 2 - 1) * colour  # [n, 2, 1, 1]
        offset = offset * (1 + change[:, 0]) + change[:, 1]
        factor = factor * (1 + change[:, 0])
    return _scaled(pixels, factor, offset)


def _shifted(pixels: torch.Tensor, start: torch.Tensor, margin: int) -> torch.Tensor:
    """[n, h, w, c] moved by start - margin (int64 [n, 2]: rows, columns), edges repeated.

    Whole image rows are copied: a row of the result is one run of bytes of the padded image.
    """
    n, h, w, c = pixels.shape
    side_h, side_w = h + 2 * margin, w + 2 * margin
    padded = pixels.new_empty(n, side_h, side_w, c)
    padded[:, margin:-margin, margin:-margin] = pixels
    padded[:, margin:-margin, :margin] = pixels[:, :, :1]
    padded[:, margin:-margin, -margin:] = pixels[:, :, -1:]
    padded[:, :margin] = padded[:, margin : margin + 1]
    padded[:, -margin:] = padded[:, -margin - 1 : -margin]
    rows = torch.arange(h, device=pixels.device) + start[:, :1]  # [n, h]
    images = torch.arange(n, device=pixels.device)[:, None] * side_h
    first = (images + rows) * side_w + start[:, 1:]
    runs = padded.view(-1).as_strided((n * side_h * side_w - w + 1, w * c), (c, 1))
    return runs[first.view(-1)].view(n, h, w, c)


def batches(
    data: LabelledImages,
    batch_size: int,
    *,
    seed: int,
    epoch: int,
    augmented: bool = True,
    flip: bool = True,
    shift: int = 2,
    colour: float = 0.0,
    area: float = 1.0,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """An epoch of whole batches (float32 [b, 3, h, w] channels last, int64 [b]).

    Order and augmentation are functions of (seed, epoch) alone. What is left over after the last
    whole batch is dropped (other images in every epoch); fewer images than a batch are one batch.
    """
    order_stream = torch.Generator().manual_seed(_mixed(seed, epoch, 0))
    draws = torch.Generator().manual_seed(_mixed(seed, epoch, 1))
    order = torch.randperm(len(data), generator=order_stream).to(data.device)
    labels = data.labels[order]
    size = min(batch_size, len(data))
    pixels = data.images.permute(0, 2, 3, 1)
    for start in range(0, len(data) - size + 1, size):
        chosen = pixels.index_select(0, order[start : start + size]).permute(0, 3, 1, 2)
        if augmented:
            x = augment(chosen, draws, flip=flip, shift=shift, colour=colour, area=area)
        else:
            x = normalise(chosen)
        yield x, labels[start : start + size]


def _mixed(seed: int, epoch: int, stream: int) -> int:
    """A seed for each (seed, epoch, stream): NumPy's mixing, as torch's seeds are not mixed."""
    from numpy.random import SeedSequence

    return int(SeedSequence([seed, epoch, stream]).generate_state(1)[0])

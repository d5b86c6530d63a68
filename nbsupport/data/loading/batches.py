"""Labelled images that stay as uint8 on the device, and batches made of them there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import torch

from nbsupport.data.loading.crops import random_resized_crop

# ImageNet's, for every source: published weights expect them, and one choice favours no source.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

LARGE = 96 * 96  # pixels of an image from which a CPU augments one image at a time


class ImageSet(Protocol):
    """Labelled images, wherever their pixels are: what trainings and evaluations are given."""

    @property
    def labels(self) -> torch.Tensor:
        """int64 [n] in 0..num_classes-1 (captions: [n, length]), on the device."""

    @property
    def num_classes(self) -> int:
        """K."""

    @property
    def names(self) -> tuple[str, ...]:
        """The class names [K], where they are known."""

    @property
    def device(self) -> torch.device:
        """Where batches are made."""

    def __len__(self) -> int: ...

    def to(self, device: "str | torch.device") -> "ImageSet":
        """The same for another device."""

    def pixels(self, rows: np.ndarray) -> torch.Tensor:
        """The images at these rows (int64 [k]) as uint8 [k, 3, h, w] on the device."""

    def in_order(self, order: torch.Tensor, size: int) -> Iterator[torch.Tensor]:
        """The images at the rows `order` (int64 [k]), `size` at a time: uint8 [size, 3, h, w]."""

    def in_turn(self, size: int) -> Iterator[torch.Tensor]:
        """All images as they lie, `size` at a time, the last ones fewer."""


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

    def pixels(self, rows: np.ndarray) -> torch.Tensor:
        """The images at these rows (int64 [k]) as uint8 [k, 3, h, w] on the device."""
        return self.images[torch.tensor(rows).to(self.device)]

    def in_order(self, order: torch.Tensor, size: int) -> Iterator[torch.Tensor]:
        """The images at the rows `order`, `size` at a time: each batch is one copy."""
        order, pixels = sent(order, self.device), self.images.permute(0, 2, 3, 1)
        for start in range(0, len(order), size):
            yield pixels.index_select(0, order[start : start + size]).permute(0, 3, 1, 2)

    def in_turn(self, size: int) -> Iterator[torch.Tensor]:
        """All images as they lie, `size` at a time, the last ones fewer: nothing is copied."""
        for start in range(0, len(self), size):
            yield self.images[start : start + size]


def sent(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of the CPU on the device. A GPU gets it from pinned memory, and nobody waits."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


@lru_cache
def _scale(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Factor and offset [3] that take 0..255 to zero mean and unit variance.

    Made once a device, as each making waits for a GPU; a training may follow an evaluation.
    """
    with torch.inference_mode(False):
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
    crop: int | None = None,
) -> torch.Tensor:
    """uint8 [n, 3, h, w] to float32, channels last: images flipped, shifted and tinted.

    Flips are horizontal with probability 1/2; shifts are up to `shift` pixels in each
    direction, edges repeated; contrast and brightness change by up to `colour`. Where `area` is
    below 1, random boxes of that share of the image and more are resized before, to `crop` pixels
    a side or the image's own size.
    The generator is a CPU one.
    """
    drawn = draw(generator, 1, len(images), cropped=area < 1)
    how: dict[str, Any] = {
        "flip": flip,
        "shift": shift,
        "colour": colour,
        "area": area,
        "crop": crop,
    }
    return _augmented(images, sent(drawn, images.device)[0], **how)


def draw(generator: torch.Generator, count: int, size: int, *, cropped: bool) -> torch.Tensor:
    """What decides how so many batches of `size` images are augmented: float [count, size * k].

    Uniform in [0, 1). k is 5, or 9 with crops: in a row come first 4 numbers an image for its box,
    then 5 for flip, shift and colours. All at once they are what batch by batch would draw.
    """
    return torch.rand(count, size * (9 if cropped else 5), generator=generator)


def _augmented(
    images: torch.Tensor,
    drawn: torch.Tensor,
    *,
    flip: bool,
    shift: int,
    colour: float,
    area: float,
    crop: int | None,
) -> torch.Tensor:
    """What `augment` does, by a row of `draw`, on the device of both."""
    n, device = len(images), images.device
    boxes, draws = drawn[: -5 * n].view(n, -1), drawn[-5 * n :].view(n, 5)
    if area < 1:
        images = random_resized_crop(images, boxes, area, crop)
    pixels = images.permute(0, 2, 3, 1)
    factor, offset = _scale(device)
    if colour:
        change = (draws[:, 3:, None, None] * 2 - 1) * colour  # [n, 2, 1, 1]
        offset = offset * (1 + change[:, 0]) + change[:, 1]
        factor = factor * (1 + change[:, 0])
    height, width = images.shape[2:]
    if device.type == "cpu" and height * width >= LARGE and shift < min(height, width):
        return _one_by_one(pixels, draws, flip, shift, factor, offset)
    if flip:
        turned = (draws[:, 0] >= 0.5)[:, None, None, None]
        pixels = torch.where(turned, pixels.flip(2), pixels)
    if shift:
        start = (draws[:, 1:3] * (2 * shift + 1)).long()
        pixels = _shifted(pixels, start, shift)
    return _scaled(pixels, factor, offset)


def _one_by_one(
    pixels: torch.Tensor,
    draws: torch.Tensor,
    flip: bool,
    shift: int,
    factor: torch.Tensor,
    offset: torch.Tensor,
) -> torch.Tensor:
    """What `augment` does, to the bit, for large images on a CPU: each stays in the cache.

    `pixels` uint8 [n, h, w, c]. Whole batches are larger than any cache: they take twice the time.
    """
    n, h, w, c = pixels.shape
    made = torch.empty(n, h, w * c)
    turned = ((draws[:, 0] >= 0.5) & flip).tolist()
    moved = ((draws[:, 1:3] * (2 * shift + 1)).long() - shift).tolist()
    factors = _along_row(factor, w).expand(n, 1, w * c)
    offsets = _along_row(offset, w).expand(n, 1, w * c)
    for i, (down, right) in enumerate(moved):
        image = pixels[i].flip(1) if turned[i] else pixels[i]
        _place(made[i].view(h, w, c), image, down, right)
        made[i].mul_(factors[i]).add_(offsets[i])
    return made.view(n, h, w, c).permute(0, 3, 1, 2)


def _place(made: torch.Tensor, image: torch.Tensor, down: int, right: int) -> None:
    """An image [h, w, c] moved up and left by (down, right) into `made`, edges repeated."""
    h, w = image.shape[:2]
    top, bottom = max(0, -down), min(h, h - down)
    left, end = max(0, -right), min(w, w - right)
    inner = image[top + down : bottom + down, left + right : end + right]
    made[top:bottom, left:end] = inner
    rows = made[top:bottom]
    rows[:, :left], rows[:, end:] = rows[:, left : left + 1], rows[:, end - 1 : end]
    made[:top], made[bottom:] = made[top : top + 1], made[bottom - 1 : bottom]


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
    data: ImageSet,
    batch_size: int,
    *,
    seed: int,
    epoch: int,
    first: int = 0,
    augmented: bool = True,
    flip: bool = True,
    shift: int = 2,
    colour: float = 0.0,
    area: float = 1.0,
    crop: int | None = None,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """An epoch of whole batches (float32 [b, 3, h, w] channels last, int64 [b]).

    Order and augmentation are functions of (seed, epoch) alone, the same to the last bit wherever
    the pixels are. What is left over after the last whole batch is dropped (other images in every
    epoch); fewer images than a batch are one batch. `first` is the first batch that comes, of all
    that there are: 0, or how many are not wanted again.

    All that is drawn is sent to the device at the beginning: no batch waits for a GPU.
    """
    size = min(batch_size, len(data))
    count = len(data) // size
    if first >= count:
        return
    order_stream = torch.Generator().manual_seed(_mixed(seed, epoch, 0))
    stream = torch.Generator().manual_seed(_mixed(seed, epoch, 1))
    order = torch.randperm(len(data), generator=order_stream)[first * size : count * size]
    labels = data.labels[sent(order, data.device)].split(size)
    drawn = sent(draw(stream, count, size, cropped=area < 1)[first:], data.device)
    how: dict[str, Any] = {
        "flip": flip,
        "shift": shift,
        "colour": colour,
        "area": area,
        "crop": crop,
    }
    for chosen, own, row in zip(data.in_order(order, size), labels, drawn, strict=True):
        yield _augmented(chosen, row, **how) if augmented else normalise(chosen), own


def _mixed(seed: int, epoch: int, stream: int) -> int:
    """A seed for each (seed, epoch, stream): NumPy's mixing, as torch's seeds are not mixed."""
    from numpy.random import SeedSequence

    return int(SeedSequence([seed, epoch, stream]).generate_state(1)[0])

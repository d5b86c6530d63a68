"""Batches against a plain loop over images."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsupport.data.loading.batches import MEAN, STD, LabelledImages, augment, batches, normalise
from nbsupport.data.loading.crops import random_resized_crop


def images(n: int, side: int = 8, seed: int = 0) -> torch.Tensor:
    draws = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (n, 3, side, side), generator=draws, dtype=torch.uint8)
    return pixels.contiguous(memory_format=torch.channels_last)


def labelled(n: int) -> LabelledImages:
    return LabelledImages(images(n), torch.arange(n), n).to("cpu")


def plain_normalise(image: torch.Tensor) -> torch.Tensor:
    mean, std = torch.tensor(MEAN)[:, None, None], torch.tensor(STD)[:, None, None]
    return (image / 255 - mean) / std


def plain_augment(image, draw, flip, shift, colour):
    """One image [3, h, w] with its five draws in [0, 1), as the docstring of `augment` says."""
    if flip and draw[0] >= 0.5:
        image = image.flip(2)
    h, w = image.shape[1:]
    down, right = (int(d * (2 * shift + 1)) - shift for d in draw[1:3].tolist())
    rows = (torch.arange(h) + down).clamp(0, h - 1)
    columns = (torch.arange(w) + right).clamp(0, w - 1)
    pixels = plain_normalise(image[:, rows][:, :, columns])
    contrast, brightness = ((draw[3:] * 2 - 1) * colour).tolist()
    return pixels * (1 + contrast) + brightness


def test_normalise_is_the_plain_formula_and_keeps_the_channels_last():
    found = normalise(images(5))
    assert found.dtype == torch.float32
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, torch.stack([plain_normalise(x) for x in images(5)]))


def test_the_memory_order_of_the_images_does_not_matter():
    pixels = images(3)
    other = pixels.contiguous(memory_format=torch.contiguous_format)
    assert torch.equal(normalise(other), normalise(pixels))
    draws = [torch.Generator().manual_seed(1) for _ in range(2)]
    assert torch.equal(augment(other, draws[0]), augment(pixels, draws[1]))
    assert normalise(other).is_contiguous(memory_format=torch.channels_last)


def test_crops_are_taken_before_all_else_from_draws_of_their_own():
    pixels = images(4)
    draws, area = torch.Generator().manual_seed(3), 0.3
    cropped = random_resized_crop(pixels, torch.rand(4, 4, generator=draws), area)
    expected = augment(cropped, draws, shift=1)
    found = augment(pixels, torch.Generator().manual_seed(3), shift=1, area=area)
    torch.testing.assert_close(found, expected)


def test_normalise_leaves_the_images_alone():
    pixels = images(3)
    normalise(pixels)
    assert torch.equal(pixels, images(3))


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 9),
    flip=st.booleans(),
    shift=st.integers(0, 4),
    colour=st.sampled_from([0.0, 0.3]),
    seed=st.integers(0, 99),
)
def test_augment_is_the_plain_loop(n, flip, shift, colour, seed):
    draws = torch.rand(n, 5, generator=torch.Generator().manual_seed(seed))
    options = {"flip": flip, "shift": shift, "colour": colour}
    found = augment(images(n), torch.Generator().manual_seed(seed), **options)
    expected = [plain_augment(x, d, **options) for x, d in zip(images(n), draws, strict=True)]
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, torch.stack(expected))


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 5),
    flip=st.booleans(),
    shift=st.integers(0, 7),
    colour=st.sampled_from([0.0, 0.3]),
    seed=st.integers(0, 99),
)
def test_large_images_are_augmented_as_small_ones(n, flip, shift, colour, seed):
    options = {"flip": flip, "shift": shift, "colour": colour}
    expected = augment(images(n), torch.Generator().manual_seed(seed), **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nbsupport.data.loading.batches.LARGE", 1)
        found = augment(images(n), torch.Generator().manual_seed(seed), **options)
    assert torch.equal(found, expected)
    assert found.stride() == expected.stride()


def test_augment_leaves_the_images_alone():
    pixels = images(6)
    augment(pixels, torch.Generator().manual_seed(0), shift=0)
    assert torch.equal(pixels, images(6))
    large = images(2, 96)
    augment(large, torch.Generator().manual_seed(0))
    assert torch.equal(large, images(2, 96))


def test_augment_takes_images_that_are_not_square():
    pixels = images(4, 12)[:, :, :5]
    found = augment(pixels, torch.Generator().manual_seed(0), shift=1)
    assert found.shape == (4, 3, 5, 12)


def test_batches_pair_each_image_with_its_label():
    data = labelled(20)
    for x, y in batches(data, 6, seed=1, epoch=2, augmented=False):
        torch.testing.assert_close(x, normalise(data.images[y]))


@given(n=st.integers(1, 40), size=st.integers(1, 50))
@settings(max_examples=25, deadline=None)
def test_an_epoch_is_whole_batches_without_repetition(n, size):
    seen = [y for _, y in batches(labelled(n), size, seed=0, epoch=1)]
    assert {len(y) for y in seen} == {min(n, size)}
    assert len(seen) == max(1, n // size)
    assert len(torch.cat(seen).unique()) == len(seen) * min(n, size)


@pytest.mark.parametrize("other", [{"seed": 1, "epoch": 3}, {"seed": 2, "epoch": 2}])
def test_order_and_augmentation_are_functions_of_seed_and_epoch(other):
    def epoch(**which: int) -> tuple[torch.Tensor, torch.Tensor]:
        found = list(batches(labelled(24), 8, **which))
        return torch.cat([x for x, _ in found]), torch.cat([y for _, y in found])

    torch.rand(7)  # the global state has no part in it
    (x, y), (same_x, same_y), (_, other_y) = (
        epoch(seed=1, epoch=2),
        epoch(seed=1, epoch=2),
        epoch(**other),
    )
    assert torch.equal(x, same_x)
    assert torch.equal(y, same_y)
    assert not torch.equal(y, other_y)


def test_moving_puts_the_channels_last():
    plain = LabelledImages(images(4).contiguous(), torch.arange(4), 4, ("a", "b", "c", "d"))
    moved = plain.to("cpu")
    assert moved.images.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(moved.images, plain.images)
    assert (len(moved), moved.num_classes, moved.names) == (4, 4, plain.names)

"""Random resized crops against a plain resize of the box that they say they take."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsupport.data.loading.crops import RATIO, random_resized_crop


def images(n: int = 4, side: int = 16) -> torch.Tensor:
    return torch.randint(0, 256, (n, 3, side, side), dtype=torch.uint8)


def plain(image: torch.Tensor, draw: torch.Tensor, area: float) -> torch.Tensor:
    """Where the box's pixel centres lie, and the bilinear mean of the four pixels around each."""
    share, stretch = area + (1 - area) * draw[0], RATIO ** (2 * draw[1] - 1)
    side = image.shape[-1]
    lengths = [min(float(s.sqrt()), 1.0) for s in (share / stretch, share * stretch)]
    rows, columns = (
        (place * (1 - length) + length * (torch.arange(side) + 0.5) / side) * side - 0.5
        for place, length in zip(draw[2:].tolist(), lengths, strict=True)
    )
    rows, columns = rows.clamp(0, side - 1), columns.clamp(0, side - 1)
    top, left = rows.floor().long(), columns.floor().long()
    low, right = (top + 1).clamp(max=side - 1), (left + 1).clamp(max=side - 1)
    y, x = (rows - top)[:, None], (columns - left)[None]
    upper = image[:, top][:, :, left] * (1 - x) + image[:, top][:, :, right] * x
    lower = image[:, low][:, :, left] * (1 - x) + image[:, low][:, :, right] * x
    return upper * (1 - y) + lower * y


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([0.08, 0.25, 0.5, 1.0]))
def test_a_crop_is_a_resize_of_its_box(seed: int, area: float) -> None:
    torch.manual_seed(seed)
    pixels, draws = images().float(), torch.rand(4, 4)
    expected = torch.stack([plain(p, d, area) for p, d in zip(pixels, draws, strict=True)])
    torch.testing.assert_close(
        random_resized_crop(pixels, draws, area), expected, atol=2e-2, rtol=1e-4
    )


def test_the_whole_area_without_stretch_is_the_image_itself() -> None:
    pixels = images()
    draws = torch.full((4, 4), 0.5)
    assert torch.equal(random_resized_crop(pixels, draws, 1.0), pixels)


def test_a_small_box_shows_less_of_the_image() -> None:
    ramp = torch.arange(16.0).expand(1, 3, 16, 16).contiguous()
    found = random_resized_crop(ramp, torch.tensor([[0.0, 0.5, 0.5, 0.5]]), 0.25)
    assert float(found.max() - found.min()) == pytest.approx(7.5)  # half as wide: 16/2 less 1/2


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([0.08, 0.5, 1.0]), st.sampled_from([7, 14, 16]))
def test_a_crop_to_another_size_is_of_the_same_box(seed: int, area: float, px: int) -> None:
    """A ramp tells where a pixel was taken: from the middles of `px` equal parts of the box."""
    draws = torch.rand(3, 4, generator=torch.Generator().manual_seed(seed))
    ramp = torch.arange(64.0).expand(3, 3, 64, 64).contiguous()
    found = random_resized_crop(ramp, draws, area, px)
    assert found.shape == (3, 3, px, px)
    stretch = RATIO ** (2 * draws[:, 1] - 1)
    wide = ((area + (1 - area) * draws[:, 0]) * stretch).sqrt().clamp(max=1) * 64
    left = draws[:, 2 + 1] * (64 - wide)
    middles = (torch.arange(px) + 0.5) / px
    expected = (left[:, None] + wide[:, None] * middles - 0.5).clamp(0, 63)
    torch.testing.assert_close(found[:, 0, px // 2], expected, atol=2e-3, rtol=1e-4)
    assert torch.equal(found, random_resized_crop(ramp, draws, area, px))
    own = random_resized_crop(ramp, draws, area)
    assert torch.equal(own, random_resized_crop(ramp, draws, area, 64))


@pytest.mark.parametrize("side", [(8, 12)])
def test_images_need_not_be_square(side: tuple[int, int]) -> None:
    pixels = torch.randint(0, 256, (2, 3, *side), dtype=torch.uint8)
    assert random_resized_crop(pixels, torch.rand(2, 4), 0.3).shape == pixels.shape

"""Large drawings are drawn at their size, and a sheet names each of them."""

import numpy as np
import pytest

from nbsupport.display.drawings import PAPER, drawn, labelled_sheet
from nbsupport.errors import UserError
from nbsupport.study.study import Study


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(profile="smoke")


@pytest.mark.parametrize("of", ["imagenet", "ood_test"])
def test_a_drawing_is_no_enlargement(study: Study, of: str) -> None:
    images, titles = drawn(study, of, 2, 128)
    assert images.shape == (2, 3, 128, 128)
    assert len(set(titles)) == 2
    blocks = images.reshape(2, 3, 32, 4, 32, 4).astype(float)
    assert blocks.std(axis=(3, 5)).mean() > 1  # of 32 px enlarged it would be nothing


def test_a_sheet_has_a_line_of_type_below_each_drawing_and_is_white_where_it_ends() -> None:
    pictures = np.zeros((3, 3, 64, 64), np.uint8)
    sheet = labelled_sheet(pictures, ["a", "bc", "a name that is too long for its drawing"], 2)
    height, width = sheet.shape[0] // 2, sheet.shape[1] // 2
    assert (sheet[height:, width:] == PAPER).all()
    first = sheet[:height, :width]
    below = first[64 + 4 :]
    assert below.min() < 128  # the name
    assert (below[:, :2] == PAPER).all()  # which is no wider than its drawing
    assert (below[:, -2:] == PAPER).all()


@pytest.mark.parametrize(
    ("of", "count", "px", "text"),
    [
        ("cats", 2, 64, "unknown subject 'cats'"),
        ("imagenet", 0, 64, "1 to 64 drawings"),
        ("imagenet", 65, 64, "1 to 64 drawings"),
        ("imagenet", 2, 32, "64 to 256 pixels"),
        ("imagenet", 2, 512, "64 to 256 pixels"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(study, of, count, px, text) -> None:
    with pytest.raises(UserError, match=text):
        drawn(study, of, count, px)


def test_photographs_are_not_drawn() -> None:
    with pytest.raises(UserError, match="which no drawing can enlarge"):
        drawn(Study(profile="pacs-32", nominal=True), "imagenet", 2, 128)

"""Figures as files: the width that was asked for, in the format that was asked for."""

import io
import re
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from nbsupport.analysis.charts import Figure, Words, class_histogram
from nbsupport.building.figure_files import FileForm, write_figures
from nbsupport.errors import UserError


@pytest.fixture
def figure() -> Figure:
    words = Words(title="Two sources", number="Figure 9", name="figure-9")
    return class_histogram({"a": [9, 5, 1], "b": [4, 4, 4]}, words)


@pytest.mark.parametrize("width", [300, 1601])
def test_a_png_is_as_wide_as_asked(figure: Figure, width: int) -> None:
    with Image.open(io.BytesIO(FileForm("png", width).content(figure))) as picture:
        assert abs(picture.width - width) <= 1


def test_an_svg_is_as_wide_as_asked_and_keeps_its_shape(figure: Figure) -> None:
    size = re.compile(r'<svg[^>]* width="([\d.]+)" height="([\d.]+)"')
    before = [float(n) for n in size.search(figure.svg()).groups()]
    text = FileForm("svg", 1000).content(figure).decode()
    width, height = (float(n) for n in size.search(text).groups())
    assert width == 1000
    assert height / width == pytest.approx(before[1] / before[0], rel=0.01)
    assert "Two sources" in text


def test_a_dark_figure_has_dark_paper(figure: Figure) -> None:
    with Image.open(io.BytesIO(FileForm("png", 300, "dark").content(figure))) as picture:
        assert sum(picture.convert("RGB").getpixel((1, 1))) < 150


def test_files_are_called_by_page_and_figure(figure: Figure, tmp_path: Path) -> None:
    (path,) = write_figures([figure], "03_setup", tmp_path / "new", FileForm("svg"))
    assert path == tmp_path / "new" / "03_setup-figure-9.svg"
    assert path.read_bytes() == FileForm("svg").content(figure)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"format": "pdf"}, "format 'pdf': give png or svg"),
        ({"theme": "blue"}, "theme 'blue'"),
        ({"width": 9}, "200 to 8000"),
        ({"width": 99_999}, "200 to 8000"),
    ],
)
def test_another_form_is_refused(wrong: dict[str, object], text: str) -> None:
    with pytest.raises(UserError, match=text):
        FileForm(**wrong)


def test_a_folder_that_cannot_be_made_is_one_line(figure: Figure, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="name another folder"):
        write_figures([figure], "p", tmp_path / "file" / "below", FileForm("svg"))


def test_the_table_of_a_figure_is_left_as_it_was(figure: Figure) -> None:
    before = figure.data.copy()
    FileForm("svg").content(figure)
    pd.testing.assert_frame_equal(figure.data, before)

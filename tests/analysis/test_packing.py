"""Tables in a page: smaller, and the same rows when they are taken out again."""

import base64
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nbsupport.analysis.charts import Words, class_histogram
from nbsupport.analysis.charts.packing import packed, unpacked

VALUES = st.one_of(
    st.text(max_size=8), st.none(), st.booleans(), st.integers(-9, 9), st.floats(-1, 1, width=16)
)
COLUMNS = st.lists(st.text(max_size=4), unique=True, min_size=1, max_size=4)


@st.composite
def tables(draw):
    """Rows of the same columns, some of which hold one kind of values and some any."""
    names, count = draw(COLUMNS), draw(st.integers(0, 6))
    kinds = [draw(st.sampled_from([VALUES, st.text(max_size=3), st.integers(0, 2)])) for _ in names]
    return [{n: draw(k) for n, k in zip(names, kinds, strict=True)} for _ in range(count)]


def through_json(table):
    return json.loads(json.dumps(table))


@given(tables())
def test_a_table_comes_out_as_it_went_in(rows):
    out = unpacked(through_json(packed(rows)))
    assert json.dumps(out) == json.dumps(rows)  # 1, 1.0 and true are three things


def test_a_picture_keeps_its_place_before_it_is_read():
    shown = class_histogram({"balanced": [50] * 5}, Words("T")).html()
    width, height = map(int, re.search(r'width="(\d+)" height="(\d+)" style', shown).groups())
    data = base64.b64decode(re.search(r"data:image/png;base64,([^\"]+)", shown)[1])
    with Image.open(io.BytesIO(data)) as picture:
        assert height / width == pytest.approx(picture.height / picture.width, abs=0.002)


def test_rows_of_different_columns_stay_rows():
    rows = [{"a": 1}, {"a": 1, "b": 2}, {"b": 1}]
    assert unpacked(packed(rows)) == rows
    assert unpacked(packed([])) == []


def test_what_repeats_is_told_once():
    command = "python -m nbsupport run 04_1_quantity --role imagenet/25K --seed {}"
    rows = [
        {"group": "all images", "id": i / 7, "x": i / 7, "rerun": command.format(i // 9)}
        for i in range(900)
    ]
    size = len(json.dumps(packed(rows)))
    assert size < len(json.dumps(rows)) / 4
    assert json.dumps(packed(rows)).count("python -m") == 1
    assert packed(rows)["columns"]["x"] == {"as": "id"}

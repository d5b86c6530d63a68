"""Widgets: HTML that escapes what it is given, reads without a script, and reaches no network."""

import base64
import io
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from nbsupport.building import vega
from nbsupport.display import widgets
from nbsupport.display.verdict_table import badge, interval_bar, verdict_table
from nbsupport.errors import UserError

NAN = float("nan")
STATIC = Path(__file__).parents[2] / "book" / "_static"


def contrast(value: float, low: float, high: float, margin: float = 0.01) -> SimpleNamespace:
    """What the table reads of a contrast."""
    estimate = SimpleNamespace(value=value)
    return SimpleNamespace(estimate=estimate, low=low, high=high, margin=margin, name="")


def verdict(word: str, found: SimpleNamespace | None, remark: str = "") -> SimpleNamespace:
    said = {"word": word, "text": word, "contrast": found, "remark": remark}
    return SimpleNamespace(**said, parts=(), room=None)


# predictions --------------------------------------------------------------------------------------
def test_prediction_offers_each_option_and_escapes():
    shown = widgets.predict_first('Is "a" < b?', ["yes & no", "<i>no</i>"], answer_from="five")
    assert shown.html.count('type="radio"') == 2
    assert "<i>" not in shown.html
    assert "yes &amp; no" in shown.html
    assert 'data-prediction="five"' in shown.html
    assert "Is &quot;a&quot; &lt; b?" in shown.html


def test_prediction_without_a_claim_is_found_by_its_question():
    shown = widgets.predict_first("Which way, then?", ["up", "down"])
    key = widgets.slug("Which way, then?")
    assert f'data-prediction="{key}"' in shown.html
    assert f'data-prediction="{key}"' in widgets.compare_prediction(key, "up").html
    assert "up" in widgets.compare_prediction(key, "up").text


def test_prediction_needs_a_choice():
    with pytest.raises(UserError, match="at least two"):
        widgets.predict_first("Why?", ["so", "so"])


# verdicts -----------------------------------------------------------------------------------------
def test_verdict_table_has_a_row_a_claim_and_a_column_a_set_of_runs():
    columns = {
        "live": {"five-per-class": verdict("leans", contrast(0.002, NAN, NAN), "a <remark>")},
        "recorded": {"five-per-class": verdict("supported", contrast(0.001, -0.004, 0.006))},
        "world 2": {},
    }
    shown = verdict_table(["five-per-class"], columns)
    assert 'id="verdict-five-per-class"' in shown.html
    assert [shown.html.count(f'data-label="{c}"') for c in columns] == [1, 1, 1]
    assert "nb-badge-supported" in shown.html
    assert "−0.004 to +0.006" in shown.html
    assert "no interval" in shown.html
    assert "not run" in shown.html
    assert "a &lt;remark&gt;" in shown.html
    assert shown.html.count('scope="col"') == 4
    assert 'class="nb-guess" data-prediction="five-per-class"' in shown.html


def test_masked_table_shows_no_verdict_and_no_number():
    columns = {"live": {"five-per-class": verdict("supported", contrast(0.001, -0.004, 0.006))}}
    shown = verdict_table(
        ["five-per-class"], columns, masked=dict.fromkeys(columns, "smoke: not evidence")
    )
    assert "smoke: not evidence" in shown.html
    assert "supported" not in shown.html
    assert "0.001" not in shown.html
    assert "smoke: not evidence" in shown.text


def test_unknown_claim_is_the_users_mistake():
    with pytest.raises(UserError, match=r"did you mean 'five-per-class'"):
        verdict_table(["five-per-clas"], {})


def test_every_verdict_word_has_its_own_shape():
    from nbsupport.analysis.verdicts import WORDS

    words = [*WORDS, "leans towards", "leans against"]
    shapes = {re.search(r"<svg.*?</svg>", badge(word)).group() for word in words}
    assert len(shapes) == len(words)


def test_interval_bar_puts_things_where_they_are():
    bar = interval_bar(contrast(0.05, 0.0, 0.1), reach=0.1)
    assert 'class="nb-bar-dot" cx="99.0"' in bar  # three quarters of 132 pixels
    assert 'd="M66.0 8.0H132.0"' in bar
    assert "nb-bar-span" not in interval_bar(contrast(0.05, NAN, NAN), reach=0.1)


# image grids --------------------------------------------------------------------------------------
def test_image_grid_keeps_every_pixel_and_its_title():
    images = np.random.default_rng(0).integers(0, 256, (11, 3, 16, 16), dtype=np.uint8)
    shown = widgets.image_grid(images, [f"<{i}>" for i in range(11)], "A caption")
    assert shown.html.count('role="img"') == 11
    assert "&lt;3&gt;" in shown.html
    assert "<3>" not in shown.html
    sheet = base64.b64decode(re.search(r"base64,([^)]+)\)", shown.html).group(1))
    with Image.open(io.BytesIO(sheet)) as png:
        picture = np.asarray(png)
    assert picture.shape == (2 * 128, 8 * 128, 3)  # 16 pixels enlarged 8 times, 8 in a row
    tenth = picture[128:256:8, 2 * 128 : 3 * 128 : 8]
    assert (tenth == images[10].transpose(1, 2, 0)).all()


def test_image_grid_takes_either_order_of_axes():
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 8, 8), dtype=np.uint8)
    first = widgets.image_grid(images, ["a", "b"])
    assert first.html == widgets.image_grid(images.transpose(0, 2, 3, 1), ["a", "b"]).html


@pytest.mark.parametrize(
    ("images", "titles", "message"),
    [
        (np.zeros((2, 3, 8, 8), np.uint8), ["a"], "2 images but 1 titles"),
        (np.zeros((1, 3, 8, 8), np.float32), ["a"], "type float32"),
        (np.zeros((1, 8, 8), np.uint8), ["a"], "shape"),
        (np.zeros((0, 3, 8, 8), np.uint8), [], "no images"),
    ],
)
def test_image_grid_refuses_what_it_cannot_show(images, titles, message):
    with pytest.raises(UserError, match=message):
        widgets.image_grid(images, titles)


# glue ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["+0.031", "10,240", "0.50", "it's"])
def test_glued_text_reaches_the_page_as_it_stands(text):
    import nbformat
    from myst_nb.core.variables import format_plain_text
    from myst_nb.ext.glue import extract_glue_data_cell

    data, metadata = widgets.glued("gain", text)
    output = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    cell = nbformat.v4.new_code_cell("glue", outputs=[output])
    [(name, found)] = extract_glue_data_cell(cell)
    assert name == "gain"
    assert format_plain_text(found["data"]["text/plain"], "") == text
    assert cell.outputs == []  # nothing is shown where it was glued


def test_glued_objects_keep_their_html():
    data, _ = widgets.glued("q", widgets.compare_prediction("k", "up"), display=True)
    assert data["text/html"].startswith("<div")


# scripts and style --------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return vega.write_bundle(tmp_path_factory.mktemp("static") / "generated" / "vega.js")


def test_bundle_leaves_no_top_level_name(script):
    text = script.read_text()
    first, second = text.split("\n", 2)[:2]
    assert first == vega.stamp().strip()
    assert second == "(function () {"
    assert text.endswith("})();\n")
    assert "window.vegaEmbed" in text
    assert not script.with_suffix(".part").exists()


def test_bundle_is_written_once_for_each_version(script, monkeypatch):
    before = script.stat().st_mtime_ns
    vega.write_bundle(script)
    assert script.stat().st_mtime_ns == before
    script.write_text("// Vega, an older one\n")
    monkeypatch.setattr(vega, "bundle", lambda: vega.stamp() + "new")
    vega.write_bundle(script)
    assert script.read_text().endswith("new")


@pytest.mark.parametrize(
    "name", ["nbsupport.css", "widgets.css", "tables.css", "tabs.css", "nbsupport.js"]
)
def test_style_and_script_name_no_address(name):
    assert not re.search(r"https?://|@import|url\(", (STATIC / name).read_text())


def test_every_class_that_widgets_write_is_styled():
    style = "".join(
        (STATIC / f"{name}.css").read_text() for name in ("widgets", "tables", "nbsupport")
    )
    columns = {"live": {"five-per-class": verdict("supported", contrast(0.1, 0.0, 0.2), "r")}}
    pieces = [
        widgets.predict_first("Q?", ["a", "b"]),
        widgets.compare_prediction("k", "a"),
        widgets.image_grid(np.zeros((1, 3, 8, 8), np.uint8), ["a"], "c"),
        verdict_table(["five-per-class"], columns),
    ]
    unstyled = {"nb-grid-cell", "nb-grid-cells"}  # laid out in place, to serve plain Jupyter too
    used = {
        name
        for piece in pieces
        for names in re.findall(r'class="([^"]+)"', piece.html)
        for name in names.split()
    }
    assert used - unstyled <= set(re.findall(r"\.(nb-[\w-]+)", style))

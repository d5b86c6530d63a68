"""Pictures and tables inside a page become files beside it."""

import base64
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from nbsupport.building.sphinx.data_files import FOLDER, LEAST, move_data, remove_unused

PICTURE = bytes(range(256)) * 12
TABLE = "role,text\n" + "imagenet/25K,\"a (b) 'c' 100 %, é\"\n" * 90
BODY = (
    f'<img class="a" src="data:image/png;base64,{base64.b64encode(PICTURE).decode()}" alt="x">'
    f'<figure style="--nb-sheet:url(data:image/png;base64,{base64.b64encode(PICTURE).decode()})">'
    f'<a download="x.csv" href="data:text/csv;charset=utf-8,'
    f'{quote(TABLE, safe=",/ ():=.-").replace(" ", "%20")}">Data</a>'
    '<img src="data:image/png;base64,AAAA" alt="small">'
)


@pytest.fixture
def app(tmp_path):
    return SimpleNamespace(outdir=str(tmp_path))


def test_a_page_refers_to_files_with_the_same_content(app, tmp_path):
    context = {"body": BODY}
    move_data(app, "book/sections/a", "page.html", context, None)
    body = context["body"]
    assert len(body) < 600
    files = {path.suffix: path for path in (tmp_path / FOLDER).iterdir()}
    assert files[".png"].read_bytes() == PICTURE
    assert files[".csv"].read_text(encoding="utf-8") == TABLE
    address = f"../../{FOLDER}/{files['.png'].name}"
    assert f'<img loading="lazy" class="a" src="{address}" alt="x">' in body
    assert f"--nb-sheet:url({address})" in body
    assert f'download="x.csv" href="../../{FOLDER}/{files[".csv"].name}"' in body
    assert "data:image/png;base64,AAAA" in body  # a file of its own would be the larger one


def test_a_page_without_data_and_one_without_a_body_stay(app, tmp_path):
    for context in ({"body": "<p>text</p>"}, {}, {"body": f'<a href="data:x/y,{"a" * LEAST}">'}):
        before = dict(context)
        move_data(app, "index", "page.html", context, None)
        assert context == before
    assert not list(tmp_path.glob(f"{FOLDER}/*"))


def test_files_of_earlier_pages_are_removed_and_no_others(app, tmp_path):
    context = {"body": BODY}
    move_data(app, "index", "page.html", context, None)
    (tmp_path / "index.html").write_text(context["body"])
    old = tmp_path / FOLDER / "0123456789abcdef0123.png"
    old.write_bytes(b"x")
    remove_unused(app, RuntimeError("stopped halfway"))
    assert old.exists()
    remove_unused(app, None)
    assert not old.exists()
    assert len(list((tmp_path / FOLDER).iterdir())) == 2

"""The built book as one file."""

import os
import zipfile

import pytest

from nbsupport.building.pack import pack
from nbsupport.errors import UserError


def book(folder, names):
    html = folder / "html"
    for name in names:
        path = html / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"page {name}")
    return html


def test_the_same_book_gives_the_same_file(tmp_path):
    names = ["index.html", "_static/a.css", "book/sections/b.html"]
    first, second = book(tmp_path / "a", names), book(tmp_path / "b", reversed(names))
    os.utime(second / "index.html", (0, 1_000_000_000))
    (second / ".buildinfo").write_text("of this very build")
    told = pack(first)
    pack(second)
    packed = [html.parent / "book.zip" for html in (first, second)]
    assert packed[0].read_bytes() == packed[1].read_bytes()
    assert str(packed[0]) in told
    with zipfile.ZipFile(packed[0]) as opened:
        assert opened.namelist() == sorted(f"book/{name}" for name in names)
        assert opened.read("book/index.html") == b"page index.html"


def test_without_a_book_it_says_how_to_make_one(tmp_path):
    with pytest.raises(UserError, match="make read"):
        pack(tmp_path)

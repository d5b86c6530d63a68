"""The picture of a link: made of what is recorded, as large as previews want it."""

import io
import re
from html import unescape

import nbformat
import pytest
from PIL import Image

from nbsupport.building import share_picture
from nbsupport.building.sphinx import descriptions
from nbsupport.pages import index as welcome
from nbsupport.paths import root

HALVES = ((0, 0, 430, 630), (430, 0, 1200, 630))


@pytest.fixture(scope="module")
def svg():
    return share_picture.share_svg("smoke")


def test_it_is_as_large_as_the_pages_say_and_not_empty(tmp_path, monkeypatch, svg):
    monkeypatch.setattr(share_picture, "share_svg", lambda profile: svg)
    path = share_picture.write_share_picture(tmp_path / "generated" / "share.png", "smoke")
    assert path.stat().st_size < 300_000
    with Image.open(io.BytesIO(path.read_bytes())) as picture:
        assert picture.size == descriptions.SIZE
        left, right = (picture.convert("RGB").crop(box) for box in HALVES)
    assert min(len(half.getcolors(maxcolors=1_000_000)) for half in (left, right)) > 20
    assert share_picture.SHARE_PICTURE.as_posix().endswith(descriptions.PICTURE)


def test_its_words_are_those_of_the_first_page(svg):
    first = nbformat.read(root() / "notebooks" / "index.ipynb", as_version=4).cells[0]
    assert first.source.startswith(f"# {share_picture.TITLE}\n")
    holds, *_ = welcome.found_in_words("smoke")
    assert holds in words(svg)
    assert share_picture.TITLE in words(svg)


def test_its_numbers_change_with_the_records(set_recorded, monkeypatch, svg):
    monkeypatch.setattr(welcome, "published_verdicts", dict)
    set_recorded()
    bare = share_picture.share_svg("smoke")
    assert len(bare) < len(svg) / 10  # nothing recorded: no figure
    holds, *_ = welcome.found_in_words("smoke")
    assert holds in words(bare)
    assert holds not in words(svg)


def words(svg):
    return unescape(" ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg)))

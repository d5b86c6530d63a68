"""A page's head: its first paragraph, and the picture of its book."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils.core import publish_doctree

from nbsupport.building.sphinx.descriptions import MOST, add_description, description

PAGE = "Title\n=====\n\n.. note::\n   not this\n\nFirst *of* all.\n\nThen more.\n"


def test_a_description_is_the_first_paragraph_of_the_page_itself():
    assert description(publish_doctree(PAGE)) == "First of all."
    assert description(publish_doctree("")) == description(None) == ""


def test_a_long_one_is_cut_at_a_word():
    told = description(publish_doctree("many words " * 60))
    assert len(told) <= MOST + len(" ...")
    assert told.endswith((" many ...", " words ..."))


@pytest.fixture
def app(tmp_path):
    """A book's settings, without a picture yet."""
    config = SimpleNamespace(project="The <book>", html_baseurl="", html_static_path=["static"])
    return SimpleNamespace(srcdir=str(tmp_path), config=config)


def tags(app, page="book/p", title="T", tree=PAGE):
    context = {"title": title, "metatags": "<meta x>"}
    add_description(app, page, "t", context, publish_doctree(tree))
    return context["metatags"]


def test_the_tags_are_escaped_and_what_stood_there_stays(app):
    said = tags(app, title='A "b" &amp; <em>c</em>', tree='T\n=\n\nSay "it" & <that>.\n')
    assert said.startswith("<meta x>\n")
    for name in ('name="description"', 'property="og:description"'):
        assert f'<meta {name} content="Say &quot;it&quot; &amp; &lt;that&gt;." />' in said
    assert '<meta property="og:title" content="A &quot;b&quot; &amp; c" />' in said
    assert '<meta property="og:site_name" content="The &lt;book&gt;" />' in said
    assert "og:image" not in said  # none was made


def test_a_page_without_a_paragraph_is_described_and_the_search_is_not(app):
    assert 'name="description" content="T of the book The &lt;book&gt;"' in tags(app, tree="")
    bare: dict[str, str] = {}
    add_description(app, "search", "t", bare, None)
    assert bare == {}


@pytest.mark.parametrize(
    ("base", "page", "address"),
    [
        ("", "book/sections/index", "../../_static/generated/share.png"),
        ("", "index", "_static/generated/share.png"),
        ("https://x.org/book", "book/p", "https://x.org/book/_static/generated/share.png"),
    ],
)
def test_the_picture_has_a_whole_address_where_the_book_has_one(app, base, page, address):
    app.config.html_baseurl = base
    picture = Path(app.srcdir, "static", "generated", "share.png")
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"x")
    said = tags(app, page)
    assert f'<meta property="og:image" content="{address}" />' in said
    assert '<meta property="og:image:width" content="1200" />' in said

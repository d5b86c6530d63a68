"""A page that was rendered alone leads into the built book, or nowhere."""

from pathlib import Path

import pytest

from nbsupport.building.links import mend_links

PAGE = """<h2 id="here">x</h2><a href="#here">on</a> <a class="a" href="#../how_to_read.md">how</a>
<a href="#03_setup.ipynb#data">setup</a> <a href="claims.html#claim-x" class="b"><b>x</b></a>
<a href="#gone.ipynb">gone</a> <a href="#nowhere">nowhere</a> <a href="#">top</a>
<a href="../gone.html">no page</a> <a href="https://example.org/a.md">out</a>
<a href="mailto:a@example.org">mail</a> <a href="data:text/csv,a" download="a.csv">csv</a>
<a href="book/glossary.html#term-x">term</a>"""


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A page rendered alone, and a book with some pages."""
    html, book = tmp_path / "rerun" / "page" / "_build" / "html", tmp_path / "_build" / "html"
    for path in (html / "book/glossary.html", book / "book/sections/03_setup.html"):
        path.parent.mkdir(parents=True)
    (html / "index.html").write_text(PAGE)
    (html / "book/glossary.html").write_text('<a href="#how_to_read.md">how</a>')
    for name in ("how_to_read", "sections/03_setup", "sections/claims"):
        (book / "book" / f"{name}.html").write_text("a page")
    return html, book


def test_links_lead_into_the_book_where_it_has_the_page(places):
    html, book = places
    mend_links(html, book, "book/sections")
    text = (html / "index.html").read_text()
    up = "../../../../_build/html/book"
    assert f'<a class="a" href="{up}/how_to_read.html">how</a>' in text
    assert f'<a href="{up}/sections/03_setup.html#data">setup</a>' in text
    assert f'<a href="{up}/sections/claims.html#claim-x" class="b"><b>x</b></a>' in text
    assert (html / up / "how_to_read.html").is_file()
    assert f'href="../{up}/how_to_read.html"' in (html / "book/glossary.html").read_text()


def test_what_leads_nowhere_is_text_and_the_rest_stays(places):
    html, book = places
    mend_links(html, book, "book/sections")
    text = (html / "index.html").read_text()
    assert "gone nowhere <a" in text
    assert "\nno page <a" in text
    for kept in ('"#here"', '"#"', '"https://example.org/a.md"', '"mailto:a@example.org"'):
        assert f"<a href={kept}>" in text
    assert 'href="data:text/csv,a" download="a.csv"' in text
    assert '<a href="book/glossary.html#term-x">term</a>' in text


def test_without_a_book_all_of_them_are_text(places, tmp_path):
    html, _ = places
    mend_links(html, tmp_path / "none", "book/sections")
    text = (html / "index.html").read_text()
    assert " how\nsetup <b>x</b>\n" in text
    assert "md" not in text.replace("https://example.org/a.md", "")

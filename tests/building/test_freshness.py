"""What is rendered again is told by content, not by the files' times."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from nbsupport.building import render
from nbsupport.paths import root

TOC = "format: jb-book\nroot: book/index\nchapters:\n- file: book/sections/one\n- file: book/two\n"
OLD = (1, 1)  # 1970: what an archive or a clock set back may give


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A small book with the project's settings, rendered once."""
    static = tmp_path / "book" / "_static"
    static.mkdir(parents=True)
    for path in (root() / "book" / "_static").glob("*.*"):
        shutil.copy(path, static)
    shutil.copy(root() / "_config.yml", tmp_path)
    (tmp_path / "book" / "sections").mkdir()
    write(tmp_path / "_toc.yml", TOC)
    write(tmp_path / "book/index.md", "# Start\n\nfirst text\n\n```{api} nbsupport.errors\n```\n")
    write(tmp_path / "book/sections/one.md", "# One\n\nSee {term}`word`.\n")
    write(tmp_path / "book/two.md", "# Two\n\n:::{glossary}\nword\n  Meaning.\n:::\n")
    write(tmp_path / "book/references.bib", "@misc{a, title={A}, year={2020}}\n")
    render.render(source=tmp_path, bundle=False)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    os.utime(path, OLD)


def again(book: Path, *, name: str = "index") -> str:
    render.render(source=book, bundle=False)
    return (book / f"_build/html/book/{name}.html").read_text()


def times(book: Path) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in (book / "_build/html/book").rglob("*.html")}


def test_an_older_file_with_another_text_is_rendered_and_nothing_else(book):
    before = times(book)
    assert again(book).count("first text") >= 1
    assert times(book) == before
    page = book / "book/index.md"
    write(page, page.read_text().replace("first text", "second text"))
    assert "second text" in again(book)
    moved = {name for name, when in times(book).items() if when != before[name]}
    assert moved == {"index.html"}


def test_a_new_time_alone_renders_that_page_and_no_other(book):
    before = times(book)
    os.utime(book / "book/index.md")
    assert "first text" in again(book)
    assert {name for name, when in times(book).items() if when != before[name]} == {"index.html"}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("_config.yml", "title: Data diversity", "title: Another name"),
        ("_toc.yml", "format: jb-book", "format: jb-book\noptions:\n  numbered: true"),
        ("book/references.bib", "title={A}", "title={Another}"),
        ("book/_static/book.css", "{", "{ color: red;"),
    ],
)
def test_what_all_pages_share_renders_all(book, name, old, new):
    before = times(book)
    text = (book / name).read_text()
    assert old in text
    write(book / name, text.replace(old, new, 1))
    again(book)
    assert all(times(book)[page] != when for page, when in before.items())


def test_a_changed_title_reaches_the_side_of_every_page(book):
    write(book / "book/two.md", "# Second\n\n:::{glossary}\nword\n  Meaning.\n:::\n")
    assert "Second" in again(book, name="sections/one")
    assert "Second" in again(book)


def test_a_removed_page_leaves_the_book(book):
    page = book / "_build/html/book/sections/one.html"
    assert page.is_file()
    write(book / "_toc.yml", TOC.replace("- file: book/sections/one\n", ""))
    assert "sections/one" not in again(book)
    assert not page.exists()
    assert (book / "_build/html/genindex.html").is_file()
    assert (book / "_build/html/index.html").is_file()


def test_what_a_directive_reads_renders_its_page(book, monkeypatch, tmp_path):
    """As the reference reads docstrings, and the tables of data sets the catalogue."""
    write(tmp_path / "shows.py", SHOWS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    config, last = (book / "_config.yml").read_text(), "- nbsupport.building.sphinx.freshness\n"
    write(book / "_config.yml", config.replace(last, f"{last}      - shows\n"))
    write(book / "book/index.md", "# Start\n\n```{shown}\n```\n")
    write(book / "shown.txt", "old words")
    assert "old words" in again(book)
    write(book / "shown.txt", "new words")
    assert "new words" in again(book)


def test_the_code_that_renders_and_the_packages_are_shared_by_all(monkeypatch, tmp_path):
    first = render._shared_digest(tmp_path)
    assert render._shared_digest(tmp_path) == first
    extensions = yaml.safe_load((root() / "_config.yml").read_text())["sphinx"]["config"]
    own = [name for name in extensions["extensions"] if name.startswith("nbsupport.")]
    folder = root() / "nbsupport" / "building"
    code = {path for pattern in render.CODE for path in folder.glob(pattern)}
    assert {root() / f"{name.replace('.', '/')}.py" for name in own} <= code
    changes = {
        "installed": lambda: "sphinx==0",
        "_modules": lambda: [root() / "nbsupport" / "new.py"],
        "CODE": render.CODE[1:],
    }
    for name, value in changes.items():
        with monkeypatch.context() as patch:
            patch.setattr(render, name, value)
            assert render._shared_digest(tmp_path) != first, name


SHOWS = """
from pathlib import Path
from docutils import nodes
from sphinx.util.docutils import SphinxDirective
class Shown(SphinxDirective):
    def run(self):
        path = Path(self.env.srcdir, "shown.txt")
        self.env.note_dependency(str(path))
        return [nodes.paragraph("", path.read_text())]
def setup(app):
    app.add_directive("shown", Shown)
    return {}
"""

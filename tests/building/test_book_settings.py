"""The book's settings are read before anything is trained."""

import shutil
from pathlib import Path

import pytest

from nbsupport.building import build
from nbsupport.building.book_settings import check_book
from nbsupport.errors import UserError
from nbsupport.pages import pages
from nbsupport.paths import root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's own settings and sources."""
    names = shutil.ignore_patterns("sections", "generated", ".*")
    shutil.copytree(root() / "book", tmp_path / "book", ignore=names)
    for name in ("notebooks", "teach"):
        shutil.copytree(root() / name, tmp_path / name, ignore=names)
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(root() / name, tmp_path)
    return tmp_path


def test_the_books_own_settings_are_sound(project: Path) -> None:
    check_book()
    check_book(project)


CHANGES = [
    (
        "_config.yml",
        "title: Data",
        "title: Robustness: a course",
        r"_config\.yml .*line 3: mapping",
    ),
    ("_config.yml", "author:", "\tauthor:", r"line 4: found character"),
    ("_config.yml", "title: Data", "title: [1] #", r"\[1\] is not of type 'string'.*title"),
    ("_config.yml", "- sphinx_design", "- sphinx_desing", "extension sphinx_desing, .* installed"),
    ("_config.yml", "    extensions:", "    extensions: 3\n    a:", "extensions is 3: give a list"),
    ("_config.yml", "_static/logo.svg", "_static/lego.svg", "lego.svg, which is not there"),
    ("_toc.yml", "book/teach", "book/teech", "lists book/teech, but there is no book/teech"),
    ("_toc.yml", "sections/03_setup", "sections/3_setup", "there is no notebooks/3_setup"),
    ("_toc.yml", "root:", "rot:", "'root' key not found"),
    ("_toc.yml", "book/teach", "book/data", "used multiple times"),
    ("_toc.yml", "caption: Begin", "caption: a: Begin", r"_toc\.yml cannot be read, line 4"),
    ("book/references.bib", "@", "@article{x,\n@", r"references\.bib: syntax error in line 2"),
]


@pytest.mark.parametrize(("name", "old", "new", "told"), CHANGES)
def test_a_fault_is_told_in_one_line(
    project: Path, name: str, old: str, new: str, told: str
) -> None:
    text = (project / name).read_text()
    assert old in text
    (project / name).write_text(text.replace(old, new, 1))
    with pytest.raises(UserError, match=told) as caught:
        check_book(project)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"- a\n", b"title: \xe9\n", b"title: \0\n", None])
@pytest.mark.parametrize("name", ["_config.yml", "_toc.yml"])
def test_what_holds_no_settings_is_told(project: Path, name: str, content: bytes | None) -> None:
    (project / name).unlink() if content is None else (project / name).write_bytes(content)
    with pytest.raises(UserError, match=rf"{name}.*(restore|UTF-8|cannot be read)") as caught:
        check_book(project)
    assert "\n" not in str(caught.value)


def test_notebooks_are_read_before_anything_is_trained(monkeypatch, tmp_path) -> None:
    def broken(names: list[str]) -> dict[str, str]:
        assert set(names) <= set(pages())
        raise UserError("03_setup.ipynb is not a notebook")

    monkeypatch.setattr(build, "root", lambda: tmp_path)
    monkeypatch.setattr(build, "read_sources", broken)
    monkeypatch.setattr(build, "train", lambda pages: pytest.fail("trained first"))
    for work in (lambda: build.build_book("smoke"), lambda: build.rerun_page("03_setup", {})):
        with pytest.raises(UserError, match="is not a notebook"):
            work()


def test_the_settings_are_checked_before_anything_is_trained(monkeypatch, tmp_path) -> None:
    def check() -> None:
        raise UserError("_config.yml: line 3")

    monkeypatch.setattr(build, "root", lambda: tmp_path)
    monkeypatch.setattr(build, "check_book", check)
    monkeypatch.setattr(build, "train", lambda pages: pytest.fail("trained first"))
    for work in (lambda: build.build_book("smoke"), lambda: build.rerun_page("03_setup", {})):
        with pytest.raises(UserError, match="line 3"):
            work()

"""What tells the student edition from the full one."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from nbsupport import cli
from nbsupport.building.editions import (
    EDITIONS,
    FOR_LECTURERS,
    build_folder,
    own_options,
    remove_sources,
    without_lecturers,
)
from nbsupport.building.pack import pack
from nbsupport.building.plain_twin import twin
from nbsupport.building.serve import serve
from nbsupport.errors import UserError
from nbsupport.paths import root


def test_an_edition_has_a_folder_and_settings_of_its_own(tmp_path: Path) -> None:
    assert build_folder("full") == root() / "_build"
    build = build_folder("student", tmp_path / "_build")
    assert build == tmp_path / "_build" / "student" / "_build"
    assert own_options("full", root(), tmp_path) == []
    _, config, _, toc = own_options("student", root(), build)
    told = yaml.safe_load(Path(config).read_text())
    usual = yaml.safe_load((root() / "_config.yml").read_text())
    assert told["sphinx"]["config"].pop("hide_solutions") is True
    assert told == usual
    whole, text = ((root() / "_toc.yml").read_text(), Path(toc).read_text())
    for name in FOR_LECTURERS:
        assert name in whole
        assert name not in text
    assert text.count("file:") == whole.count("file:") - len(FOR_LECTURERS)


def test_notebooks_beside_the_pages_are_kept_in_the_full_edition_alone(tmp_path: Path) -> None:
    left = tmp_path / "jupyter_execute" / "book"
    left.mkdir(parents=True)
    for name in ("page.ipynb", "picture.png"):
        (left / name).write_text("")
    remove_sources("full", tmp_path)
    assert {p.name for p in left.iterdir()} == {"page.ipynb", "picture.png"}
    remove_sources("student", tmp_path)
    assert {p.name for p in left.iterdir()} == {"picture.png"}


def test_pages_for_lecturers_are_taken_out_wherever_they_stand() -> None:
    key = {"file": FOR_LECTURERS[0]}
    toc = {"root": "a", "parts": [{"chapters": [{"file": "b", "sections": [key]}, key]}]}
    assert without_lecturers(toc) == {
        "root": "a",
        "parts": [{"chapters": [{"file": "b", "sections": []}]}],
    }


@pytest.mark.parametrize("words", [["build"], ["zip"], ["serve"]])
def test_an_unknown_edition_is_one_line_that_names_the_others(words, capsys) -> None:
    assert cli.main([*words, "--edition", "teacher"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "unknown edition 'teacher': allowed are full, student" in said


def test_reading_names_the_editions_before_it_sets_anything_up() -> None:
    command = [sys.executable, str(root() / "tools" / "read.py"), "--edition"]
    for given in (["teacher"], []):
        done = subprocess.run([*command, *given], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr.endswith(f"give one of {', '.join(EDITIONS)}\n")
        assert done.stderr.count("\n") == 1


def test_what_is_not_built_says_how_it_is_had(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("nbsupport.building.editions.root", lambda: tmp_path)
    with pytest.raises(UserError, match="make book EDITION=student"):
        pack(edition="student")
    with pytest.raises(UserError, match="make book EDITION=student"):
        serve("8000", "student")


def test_an_edition_is_packed_under_its_own_name(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("nbsupport.building.editions.root", lambda: tmp_path)
    pages = tmp_path / "_build" / "student" / "_build" / "html"
    pages.mkdir(parents=True)
    (pages / "index.html").write_text("a page")
    assert "book-student.zip" in pack(edition="student")
    assert (tmp_path / "_build" / "book-student.zip").is_file()


def test_the_plain_twin_names_the_pages_of_its_edition() -> None:
    assert "(book/answer_key.html)" in twin("demo")
    assert "answer_key" not in twin("demo", "student")
    assert "(book/teach.html)" in twin("demo", "student")

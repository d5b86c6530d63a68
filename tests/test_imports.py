"""Following the imports of a module, as text."""

import ast

import pytest

from nbsupport import imports
from nbsupport.imports import imported, module_file, reached
from nbsupport.paths import root


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of four modules in a project of its own."""
    texts = {
        "nbsupport/__init__.py": "",
        "nbsupport/a.py": "import json\nfrom nbsupport.b import f\n",
        "nbsupport/b/__init__.py": "def f():\n    from nbsupport import c\n    return c\n",
        "nbsupport/c.py": "from nbsupport import a\n",
        "nbsupport/d.py": "",
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(imports, "root", lambda: tmp_path)
    return tmp_path


def test_late_imports_packages_and_circles_are_followed(package):
    found = reached("nbsupport.a")
    assert list(found) == ["nbsupport", "nbsupport.a", "nbsupport.b", "nbsupport.c"]
    assert found["nbsupport.b"] == package / "nbsupport" / "b" / "__init__.py"


def test_what_does_not_belong_ends_the_way(package):
    assert list(reached("nbsupport.a", follow=lambda n: n in ("nbsupport.a", "nbsupport.c"))) == [
        "nbsupport.a"
    ]


def test_a_changed_file_is_read_again(package):
    reached("nbsupport.d")
    (package / "nbsupport" / "d.py").write_text("import nbsupport.c\n")
    assert "nbsupport.c" in reached("nbsupport.d")


def test_other_packages_have_no_file():
    assert module_file("json") is None
    assert module_file("nbsupport.nowhere") is None


def test_a_name_may_be_a_module():
    assert set(imported(ast.parse("from a import b\nimport c.d"))) == {"a", "a.b", "c.d"}


def test_reading_by_lines_finds_what_a_syntax_tree_holds():
    for path in (root() / "nbsupport").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        names = {n for n in imported(ast.parse(text)) if n.split(".")[0] == imports.PACKAGE}
        assert imports.imported_in(text) == names, path

"""Nobody's own settings change what a page shows or how it is drawn."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from nbsupport.building import own_settings
from nbsupport.building.execute import execute_pages, read_sources
from nbsupport.building.render import render_page
from nbsupport.paths import root

CODE = """import locale, os, sys
import pandas as pd
print(pd.DataFrame({"value": [0.123456789]}))
spoilt = "spoilt" in sys.modules or "spoilt" in globals()
print("spoilt", spoilt, locale.setlocale(locale.LC_ALL, ""))
print([os.environ.get(name) for name in ("COLUMNS", "PYTHONOPTIMIZE", "LANG")])
print(get_ipython().colors, get_ipython().ast_node_interactivity)
"""
SPOIL = """import sys, types
import pandas as pd
pd.set_option("display.float_format", "{:.1f}".format)
sys.modules["spoilt"] = types.ModuleType("spoilt")
spoilt = True
"""
CONFIG = "c = get_config()\nc.InteractiveShell.ast_node_interactivity = 'all'\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder and variables in which everything is set that anybody would set."""
    home = tmp_path / "home"
    profile = home / ".ipython" / "profile_default"
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    files = {
        profile / "startup" / "00.py": SPOIL,
        profile / "ipython_config.py": CONFIG,
        profile / "ipython_kernel_config.py": CONFIG,
        home / ".jupyter" / "jupyter_config.py": CONFIG,
        home / ".config" / "jupyter" / "jupyter_config.py": CONFIG,
        home / ".local" / "lib" / version / "site-packages" / "usercustomize.py": SPOIL,
        home / "modules" / "sitecustomize.py": SPOIL,
        home / "start.py": SPOIL,
        home / ".docutils": "[general]\ninitial_header_level: 4\nsmart_quotes: no\n",
        home
        / "docutils.conf": "[parsers]\nfile_insertion_enabled: no\n[general]\nreport_level: 5\n",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    variables = {
        "HOME": home,
        "IPYTHONDIR": home / ".ipython",
        "JUPYTER_CONFIG_DIR": home / ".jupyter",
        "JUPYTER_PATH": home / ".jupyter",
        "PYTHONSTARTUP": home / "start.py",
        "PYTHONPATH": os.pathsep.join([str(home / "modules"), str(root())]),
        "PYTHONOPTIMIZE": 2,
        "PYTHONWARNINGS": "error",
        "PYTHONUSERBASE": home / ".local",
        "MPLBACKEND": "nothing",
        "DOCUTILSCONFIG": home / "docutils.conf",
        "SOURCE_DATE_EPOCH": 1,
        "COLUMNS": 20,
        "FORCE_COLOR": 1,
        "LANG": "nowhere",
        "LC_ALL": "nowhere",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(home)
    return home


def shown(folder: Path, write_page) -> str:
    page = write_page("a", CODE)
    (result,) = execute_pages(
        read_sources(["a"], page.parent), {"profile": "smoke"}, folder, notebooks=page.parent
    )
    assert result.error is None, result.error
    return json.dumps([c.get("outputs") for c in nbformat.read(result.path, as_version=4).cells])


def test_a_page_shows_the_same_whoever_executes_it(tmp_path, write_page, request):
    usual = shown(tmp_path / "usual", write_page)
    home = request.getfixturevalue("home")
    shutil.rmtree(tmp_path / "notebooks")
    code = "import sys; print('spoilt' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"  # they do spoil what is not kept apart
    assert shown(tmp_path / "spoilt", write_page) == usual
    assert "0.123457" in usual
    assert "spoilt False C.UTF-8" in usual
    assert "[None, None, None]" in usual
    assert sorted(path.name for path in home.iterdir() if path.name[0] != ".") == [
        "docutils.conf",
        "modules",
        "start.py",
    ]


def test_a_page_looks_the_same_whoever_renders_it(tmp_path, write_page, request):
    page = write_page("page", "print('alone')")
    first = render_page(page, tmp_path / "usual").read_text()
    request.getfixturevalue("home")
    assert render_page(page, tmp_path / "spoilt").read_text() == first


def test_registered_modules_of_the_users_path_are_still_found(tmp_path, write_page, monkeypatch):
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "mine.py").write_text("WORD = 'found'\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    page = write_page("a", "import mine; print(mine.WORD)")
    (result,) = execute_pages(
        read_sources(["a"], page.parent),
        {"profile": "smoke"},
        tmp_path / "out",
        notebooks=page.parent,
    )
    assert result.error is None, result.error


def test_a_temporary_folder_with_a_long_path_serves(tmp_path, write_page, monkeypatch):
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    monkeypatch.setattr("tempfile.tempdir", None)
    page = write_page("a", "import tempfile; print(tempfile.gettempdir())")
    (result,) = execute_pages(
        read_sources(["a"], page.parent),
        {"profile": "smoke"},
        tmp_path / "out",
        notebooks=page.parent,
    )
    assert result.error is None, result.error
    assert str(long) in result.path.read_text()
    assert list(long.iterdir()) == []


def test_what_a_package_adds_to_the_path_is_not_installed(tmp_path, monkeypatch):
    inner = tmp_path / "site-packages" / "cluster" / "thirdparty"
    for place in (tmp_path / "site-packages", inner):
        made = place / f"{place.name.replace('-', '_')}-1.0.dist-info"
        made.mkdir(parents=True)
        (made / "METADATA").write_text(f"Name: {place.name}\nVersion: 1.0\n", encoding="utf-8")
        monkeypatch.syspath_prepend(str(place))
    found = own_settings.installed.__wrapped__()
    assert "site-packages==1.0" in found
    assert "thirdparty" not in found

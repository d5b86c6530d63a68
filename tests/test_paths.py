"""Where the store and the data lie, however the variables name them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nbsupport.cli import main
from nbsupport.errors import UserError
from nbsupport.paths import absolute, data_dir, root, store_dir

PLACES = {"NBSUPPORT_STORE": store_dir, "NBSUPPORT_DATA": data_dir}


@pytest.mark.parametrize("variable", PLACES)
def test_a_place_is_the_same_from_wherever_it_is_asked_for(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = PLACES[variable]
    monkeypatch.setenv("HOME", str(tmp_path))
    for given, meant in [
        ("mine", root() / "mine"),
        ("./mine", root() / "mine"),
        ("../mine", root() / "../mine"),
        ("~", tmp_path),
        ("~/mine", tmp_path / "mine"),
        (f"{tmp_path}/mine", tmp_path / "mine"),
        (f" {tmp_path}/mine\n", tmp_path / "mine"),
    ]:
        monkeypatch.setenv(variable, given)
        for folder in (root(), tmp_path):
            monkeypatch.chdir(folder)
            assert found() == meant


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_variable_is_as_good_as_none(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in PLACES:
        monkeypatch.setenv(variable, empty)
    assert store_dir() == root() / "store"
    assert data_dir() is None


def test_another_process_in_another_folder_finds_the_same_store(tmp_path: Path) -> None:
    """As kernels and workers do, which inherit the variable and not the folder."""
    code = "from nbsupport.paths import store_dir; print(store_dir())"
    env = {**os.environ, "NBSUPPORT_STORE": "mine", "PYTHONPATH": str(root())}
    for folder in (root(), tmp_path):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == str(root() / "mine")


def test_a_place_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBSUPPORT_DATA", "~nobody-of-this-name/data")
    with pytest.raises(UserError, match="no such user"):
        data_dir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / name))
        with pytest.raises(UserError, match=f"the store .*{name} is no folder"):
            store_dir()


@pytest.mark.parametrize(
    "command", [["jobs"], ["plan", "--profile", "smoke"], ["data", "rehearse"]]
)
def test_a_store_that_is_a_file_is_one_line_on_the_command_line(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "file"))
    assert main(command) == 2
    said = capsys.readouterr().err.strip()
    assert "is no folder: set NBSUPPORT_STORE" in said
    assert "\n" not in said


def test_an_option_begins_where_the_command_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NBSUPPORT_DATA", "/nowhere")
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    assert absolute("data") == tmp_path / "data"
    for given in ("data", "~/data"):
        monkeypatch.setenv("NBSUPPORT_DATA", "/nowhere")
        assert main(["data", "--root", given]) == 0
        assert f"looked for in {tmp_path / 'data'};" in capsys.readouterr().out
        assert data_dir() == tmp_path / "data"

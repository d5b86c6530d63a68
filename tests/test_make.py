"""The Makefile, in an empty project; its set-up is tested in test_setup.py."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nbsupport.paths import root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The Makefile, the set-up script and a list of requirements."""
    folder = tmp_path / "project"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(root() / "Makefile", folder)
    shutil.copy(root() / "tools" / "setup.sh", folder / "tools")
    (folder / "requirements.txt").write_text("something==1.0\n")
    return folder


def make(
    project: Path,
    *arguments: str,
    path: str | None = None,
    answer: str = "",
    store: Path | None = None,
):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("NBSUPPORT", "MAKE", "PYTHON"))}
    if path is not None:
        env["PATH"] = path
    if store is not None:
        env["NBSUPPORT_STORE"] = str(store)
    return subprocess.run(
        [shutil.which("make"), *arguments],
        cwd=project,
        env=env,
        input=answer,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


# what is removed ----------------------------------------------------------------------------------
RENDERED = (
    "_build/html/index.html",
    "_build/.doctrees/index.doctree",
    "_build/student/_toc.yml",
    "_build/student/_build/html/index.html",
    "_build/jupyter_execute/x.png",
    "_build/rendered.sha256",
    "_build/jupyter-book.log",
    "book/.sections.lock",
    "book/sections/02_background.ipynb",
    "book/sections/02_background.key.json",
    "book/sections/.02_background.77.ipynb",
    "book/sections/04_gone.ipynb",  # of a page that there is no more
    "book/sections/04_gone.key.json",
    "book/_static/generated/vega-bundle.js",
    "rerun/02_background-0123456789/02_background.ipynb",
    "rerun/02_background-0123456789/source/index.ipynb",
    "rerun/02_background-0123456789/_build/html/index.html",
    "rerun/.02_background-0123456789.lock",
    ".pytest_cache/x",
    ".hypothesis/examples/x",
)
OTHERS = (
    "_build/exercises/student/04_1_quantity.ipynb",  # somebody may have worked on it
    "_build/thesis.pdf",
    "book/sections/mine.ipynb",
    "book/sections/data/mine.csv",
    "book/_static/generated/logo.svg",
    "book/how_to_read.md",
    "rerun/notes.txt",
    "rerun/02_background-0123456789/compared.csv",
    "rerun/my-experiment/index.html",
    "rerun/my-0123456789/diary.txt",
    "store/file",
    "notebooks/02_background.ipynb",
)


@pytest.fixture
def checkout(project: Path) -> Path:
    """A project with its package, what builds have made, and what a user keeps between it."""
    shutil.copytree(
        root() / "nbsupport", project / "nbsupport", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in (*RENDERED, *OTHERS):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(name)
    return project


def files(project: Path) -> set[str]:
    found = (str(p.relative_to(project)) for p in project.rglob("*") if not p.is_dir())
    mine = ("nbsupport/", "tools/", "Makefile", "requirements")
    return {name for name in found if not name.startswith(mine)}


def test_clean_removes_what_was_rendered_and_nothing_else(checkout):
    done = make(checkout, "clean")
    assert done.returncode == 0, done.stderr
    assert files(checkout) == set(OTHERS)
    left = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert left == [
        "_build/exercises",
        "_build/thesis.pdf",
        "book/sections/data",
        "book/sections/mine.ipynb",
        "book/_static/generated/logo.svg",
        "rerun/02_background-0123456789/compared.csv",
        "rerun/my-0123456789/diary.txt",
        "rerun/my-experiment",
        "rerun/notes.txt",
    ]
    for name in OTHERS[:-2]:
        (checkout / name).unlink()
    for name in ("_build/exercises/student", "_build/exercises"):
        (checkout / name).rmdir()
    for name in ("book/sections/data", "rerun/my-experiment"):
        (checkout / name).rmdir()
    assert make(checkout, "clean").stdout == ""
    for name in ("_build", "book/sections", "book/_static/generated", "rerun"):
        assert not (checkout / name).exists()


@pytest.mark.parametrize(
    "name", ["_build", "_build/html", "book/sections", "rerun", "book/_static/generated"]
)
def test_clean_follows_no_link(checkout, tmp_path, name):
    """A link that a user has put in a folder's place stays, with what it leads to."""
    elsewhere = tmp_path / "elsewhere"
    (checkout / name).rename(elsewhere)
    (checkout / name).symlink_to(elsewhere)
    before = files(elsewhere)
    done = make(checkout, "clean")
    assert done.returncode == 0
    assert files(elsewhere) == before
    assert (checkout / name).is_symlink()
    assert f"left, not made by a build: {name}" in done.stdout


@pytest.mark.parametrize("name", ["_build", "rerun", "book/sections"])
def test_clean_leaves_a_file_in_a_folder_s_place(checkout, name):
    shutil.rmtree(checkout / name)
    (checkout / name).write_text("mine")
    assert make(checkout, "clean").returncode == 0
    assert (checkout / name).read_text() == "mine"


def test_clean_store_asks_and_removes_what_the_store_made(checkout, tmp_path):
    store = tmp_path / "S"
    key = "0" * 64
    for name in ("thesis/chapter.tex", "images/cat.jpg"):
        (store / name).parent.mkdir(parents=True)
        (store / name).write_text("mine")
    made = {f"pretrain/{key}/result.json", f"pretrain/{key}/spec.json", f"images/{key[:24]}.npy"}
    for name in made:
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_text("{}")
    mine = {"thesis/chapter.tex", "images/cat.jpg"}
    given = (f"PYTHON={sys.executable}", "clean-store")
    for answer in ("", "n\n", "\n"):
        done = make(checkout, *given, answer=answer, store=store)
        assert done.returncode != 0
        assert f"{store}: 1 job and 1 file of images" in done.stdout
        assert f"Remove every trained job in {store}, and the images" in done.stdout
        assert "nothing removed" in done.stdout
        assert files(store) == made | mine
    done = make(checkout, *given, answer="y\n", store=store)
    assert done.returncode == 0, done.stderr
    assert files(store) == mine
    for name in ("thesis", "images/cat.jpg"):
        assert f"left, not made by the store: {store / name}" in done.stdout
    assert (checkout / "store" / "file").exists()


def test_clean_store_says_what_it_needs(checkout):
    done = make(checkout, "clean-store", "PYTHON=/bin/false", answer="y\n")
    assert done.returncode != 0
    assert "make setup first" in done.stderr


def test_the_port_reaches_the_server_as_it_was_given(project):
    """What it does with the port, and that it serves this machine only: test_serve.py."""
    assert 'nbsupport serve --port "8000"' in make(project, "--dry-run", "serve").stdout
    shown = make(project, "--dry-run", "serve", "PORT=80 90").stdout
    assert 'nbsupport serve --port "80 90"' in shown


# the verbs of the command line --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("target", "verb"), [("record", "record"), ("records", "record"), ("judge", "judge")]
)
def test_a_target_runs_the_command_of_its_verb(project, target: str, verb: str) -> None:
    said = make(project, "--dry-run", target, "PROFILE=smoke").stdout.splitlines()
    assert said[-1].endswith(f"-m nbsupport {verb} --profile smoke")

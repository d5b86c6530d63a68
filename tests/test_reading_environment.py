"""Reading takes no torch, and nothing that Windows lacks: requirements-read.txt is enough."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from copies import Copy

from nbsupport.imports import imported
from nbsupport.paths import root

PINS = root() / "requirements-read.txt"
DRAW = """
import sys
import nbsupport as nb

from nbsupport.pages import background

page = nb.open_page("02_background", {})
shown = background.reference(page, None, claim="reference-gap", number="Figure 2", caption="")
assert "torch" not in sys.modules
print(shown._repr_mimebundle_()["text/html"])
"""
# An importer that knows no package but those that are pinned for reading.
ONLY = """
import sys

class Nothing:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {refused!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Nothing)
"""


# What Windows lacks, taken away; and no module of ours may ask for these, even where they are.
AS_WINDOWS = """
import builtins, os, signal

for module, names in (
    (signal, ("SIGHUP", "SIGALRM", "SIGKILL", "setitimer")),
    (os, ("pwrite", "fork", "sched_getaffinity", "geteuid", "getuid", "killpg", "setsid")),
):
    for name in names:
        delattr(module, name)
usual = builtins.__import__

def asked(name, given=None, *rest, **named):
    ours = (given or {}).get("__name__", "").partition(".")[0] == "nbsupport"
    if ours and name.partition(".")[0] in ("fcntl", "resource", "pwd", "grp", "termios"):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return usual(name, given, *rest, **named)

builtins.__import__ = asked
"""
# Every cell of every page, on recorded runs; charts are specified, their stills are one pixel.
READ = """
import ast, io, json, sys
import vl_convert
from PIL import Image

import nbsupport.cli
from nbsupport.building.answer_key import answer_key
from nbsupport.pages import pages
from nbsupport.parameters import code_cells

out = io.BytesIO()
Image.new("RGB", (1, 1)).save(out, format="PNG")
vl_convert.vegalite_to_png = lambda *_, **__: out.getvalue()
notes = {}
for page in pages().values():
    own = {}
    for cell in code_cells(page.notebook):
        tree = ast.parse(cell.code)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, page.id, "exec"), own)
        if "parameters" in cell.tags:
            own["results"] = "recorded"
        shown = eval(compile(ast.Expression(last.value), page.id, "eval"), own) if last else None
        text = getattr(shown, "html", "")
        if isinstance(text, str) and "Nothing to show here" in text:
            notes[page.id] = notes.get(page.id, 0) + 1
key = answer_key("book/answer_key")
assert not {"torch", "timm", "numba", "wilds"} & set(sys.modules)
assert key.count("Not run here: it takes numba") == 1
assert key.count("On the recorded runs this gives") > 20
print("notes:", json.dumps(notes))
"""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def draw(python: Path | str, code: str) -> str:
    command = [str(python), "-c", code]
    env = {**os.environ, "PYTHONPATH": str(root())}
    done = subprocess.run(
        command, cwd=root(), env=env, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused() -> set[str]:
    """What may not be imported: every package here that is not pinned for reading."""
    pinned = {normal(line.split("==")[0]) for line in PINS.read_text().splitlines() if "==" in line}
    pinned.add("nbsupport")
    owners = packages_distributions()
    found = {name for name, by in owners.items() if not pinned & set(map(normal, by))}
    assert {"torch", "torchvision", "timm", "wilds", "sklearn"} <= found
    return found


def test_a_figure_is_drawn_with_nothing_but_what_is_pinned_for_reading() -> None:
    assert "data:image/png" in draw(sys.executable, ONLY.format(refused=refused()) + DRAW)


def test_every_page_is_read_without_torch_and_without_what_windows_lacks() -> None:
    code = AS_WINDOWS + ONLY.format(refused=refused()) + READ
    said = draw(sys.executable, code)
    notes = json.loads(said.rpartition("notes: ")[2])
    # What judges the generated images is trained for it; all else is in the records, or kept.
    assert notes == {"04_5_sources": 4}


def test_the_way_to_read_begins_with_pythons_own_library() -> None:
    tree = ast.parse((root() / "tools" / "read.py").read_text(encoding="utf-8"))
    names = {name.partition(".")[0] for name in imported(tree)}
    assert names <= sys.stdlib_module_names
    assert not names & {"fcntl", "resource", "pwd", "grp", "termios", "posix"}


@pytest.mark.slow
def test_the_book_is_made_from_the_records_in_an_environment_of_its_own(tmp_path: Path) -> None:
    """`tools/read.py` in a copy of the project: 0.6 GB, minutes."""
    copy = Copy(tmp_path / "project")
    for name in ("tools", "requirements-read.txt"):
        place = copy.folder / name
        here = root() / name
        shutil.copytree(here, place) if here.is_dir() else shutil.copy(here, place)
    command = [sys.executable, "tools/read.py", "--zip"]
    done = subprocess.run(command, cwd=copy.folder, capture_output=True, text=True, check=False)
    if "No matching distribution" in done.stderr and "from versions: none" in done.stderr:
        pytest.skip("no package index answers: the packages for reading cannot be had")
    assert done.returncode == 0, done.stderr
    html, place = copy.folder / "_build" / "html", copy.folder / ".venv-read"
    assert "page-error" not in (html / "book/sections/04_1_quantity.html").read_text("utf-8")
    assert (html / "llms.txt").is_file()
    assert (copy.folder / "_build" / "book.zip").is_file()
    assert not list(place.rglob("torch"))
    installed = sum(
        f.stat().st_size for f in place.rglob("*") if f.is_file() and not f.is_symlink()
    )
    assert installed < 700e6

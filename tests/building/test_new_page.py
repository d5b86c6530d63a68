"""A page of one's own, from `new page` to a registration, in a copy of the project."""

import json
from pathlib import Path

import pytest
from copies import Copy

from nbsupport.building.new_page import new_page
from nbsupport.errors import UserError
from nbsupport.paths import root

NAME, TITLE = "my_question_of_thirty_letters1", "Does half of it do, in forty-five letters, no"
CONFIG = str(root() / "pyproject.toml")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A project with a new page."""
    made = Copy(tmp_path_factory.mktemp("project"))
    done = made.command("new", "page", NAME, "--title", TITLE)
    assert done.returncode == 0, done.stderr
    assert "added to _toc.yml" in done.stdout
    return made


def test_the_linters_find_nothing(copy: Copy) -> None:
    files = [f"nbsupport/pages/{NAME}.py", f"notebooks/{NAME}.ipynb", f"tests/pages/test_{NAME}.py"]
    config = ["--config", CONFIG]
    for words in (["check", *config], ["format", "--check", *config]):
        done = copy.python("-m", "ruff", *words, *files)
        assert done.returncode == 0, done.stdout
    typed = ["--strict", "--follow-imports", "silent", "--config-file", CONFIG]
    done = copy.python("-m", "mypy", *typed, files[0])
    assert done.returncode == 0, done.stdout


def test_its_own_tests_pass(copy: Copy) -> None:
    done = copy.python(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/pages/test_{NAME}.py"
    )
    assert done.returncode == 0, done.stdout


def test_plan_knows_it_and_says_what_it_would_settle(copy: Copy) -> None:
    cells = ["-p", "families", '["resnet","densenet","alexnet"]', "-p", "seeds", "[0,1,2]"]
    done = copy.command("plan", "--page", NAME, *cells, "--power")
    assert done.returncode == 0, done.stderr
    assert "What 3 families x 3 seeds would settle" in done.stdout
    assert f"imagenet/full - imagenet/{NAME} (as a typical comparison)" in done.stdout


def test_it_is_registered_once_and_before_its_runs(copy: Copy) -> None:
    words = ["register", NAME, "-p", "profile", "smoke"]
    first = copy.command(*words)
    assert first.returncode == 0, first.stderr
    assert "Models pre-trained on all images lie above" in first.stdout
    assert "Runs: 3." in first.stdout
    assert "exist already" not in first.stdout
    again = copy.command(*words)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "is not written over" in again.stderr
    held = copy.folder / "store" / "records" / "registered" / f"{NAME}-smoke.json"
    content = json.loads(held.read_text(encoding="utf-8"))
    assert content["groups"] == ["scratch", "imagenet/full", f"imagenet/{NAME}"]


def test_the_page_executes_and_shows_the_registration(copy: Copy) -> None:
    """The notebook's cells, as a kernel runs them."""
    if not (copy.folder / "store" / "records" / "registered").exists():
        copy.command("register", NAME, "-p", "profile", "smoke")
    told = copy.value(EXECUTE, NAME)
    assert "before its runs. These are the 3 runs that it names." in told
    assert "smoke" not in told.split("Verdict")[0]
    assert "not evidence" in told


EXECUTE = """
import json, sys
name = json.loads(sys.argv[1])
cells = json.load(open(f"notebooks/{name}.ipynb"))["cells"]
space, shown = {}, []
for cell in (c for c in cells if c["cell_type"] == "code"):
    source = "".join(cell["source"])
    if "parameters" in cell["metadata"]["tags"]:
        source += '\\nprofile = "smoke"'
    *before, last = source.splitlines()
    try:
        value = eval(last, exec("\\n".join(before), space) or space)
    except SyntaxError:
        exec(source, space)
        continue
    shown.append(getattr(value, "text", ""))
print(json.dumps("\\n".join(map(str, shown))))
"""


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("My Question", "small letters"),
        ("class", "small letters"),
        ("04_mine", "small letters"),
        ("quantity", "a module of the pages has that name"),
    ],
)
def test_a_name_that_is_none(name: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=told):
        new_page(name, place=tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_over_and_a_line_is_printed(tmp_path: Path) -> None:
    said = new_page("mine", place=tmp_path)
    assert said[-1].endswith("- file: book/sections/mine")
    with pytest.raises(UserError, match="is there already"):
        new_page("mine", place=tmp_path)
    with pytest.raises(UserError, match="no quotes"):
        new_page("other", 'a "title"', place=tmp_path)

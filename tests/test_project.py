"""Habits of the project that no linter knows."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import nbformat
import pytest
import yaml

from nbsupport.paths import root

ROOT = root()
TEXT = {".py", ".md", ".toml", ".yml", ".txt", ".in", ".sh", ".css", ".js", ".cff", ".ipynb", ""}
MAX_LINES = 400


def tracked() -> list[Path]:
    """The project's files: tracked, or new and not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def python_files() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py"]


def notebooks() -> list[Path]:
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def slides() -> list[Path]:
    return sorted((ROOT / "teach").glob("*.ipynb"))


@pytest.mark.parametrize("path", [*notebooks(), *slides()], ids=lambda p: p.stem)
def test_notebooks_are_committed_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code, "a page without code belongs in book/"
    for number, cell in enumerate(code):
        assert cell.outputs == [], f"code cell {number} has outputs"
        assert cell.execution_count is None, f"code cell {number} has an execution count"
    tagged = [c for c in code if "parameters" in c.metadata.get("tags", [])]
    assert len(tagged) == 1


def test_every_notebook_is_in_the_table_of_contents_and_the_other_way_round():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    files = [toc["root"]]
    files += [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    sections = {Path(f).name for f in files if f.startswith("book/sections/")}
    assert sections == {path.stem for path in notebooks()}
    written = [f for f in files if not f.startswith("book/sections/")]
    missing = [f for f in written if not (ROOT / f"{f}.md").is_file()]
    assert missing == []
    pages = {
        p.relative_to(ROOT) for place in ("book", "teach") for p in (ROOT / place).glob("*.md")
    }
    assert pages == {Path(f"{f}.md") for f in written}


def test_no_file_names_a_machine_path_or_a_package_index():
    place = re.compile(r"(?<![\w.])/(?:home|root|Users|work|mnt)/\w")
    index = re.compile("|".join(["py" + r"pi\.org", "pythonhosted" + r"\.org", "--index" + "-url"]))
    guilty = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix in TEXT
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if place.search(line) or index.search(line)
    ]
    assert guilty == []


def test_source_files_are_short():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_nothing_is_unpickled_swallowed_or_left_to_do():
    later = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
    found = []
    for path in python_files():
        text = path.read_text(encoding="utf-8")
        where = path.relative_to(ROOT)
        if later.search(text):
            found.append(f"{where}: something left to do")
        for node in ast.walk(ast.parse(text)):
            found += [f"{where}:{node.lineno}: {what}" for what in offences(node)]
    assert found == []


def offences(node: ast.AST) -> list[str]:
    """What a reviewer would refuse in this node."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = {a.name for a in node.names} | {getattr(node, "module", None)}
        return ["imports pickle"] if names & {"pickle", "dill", "cloudpickle"} else []
    if isinstance(node, ast.ExceptHandler):
        silent = all(isinstance(s, ast.Pass) for s in node.body)
        return ["swallows an error"] if silent else []
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
        safe = {k.arg: ast.unparse(k.value) for k in node.keywords}.get("weights_only") == "True"
        return [] if safe else ["torch.load without weights_only=True"]
    return []


# From the ground up: a module imports from its own folder or from one before it, never later, not
# even inside a function or for a type checker.
GROUND = ["errors", "text", "rng", "stopping", "leases", "sharing", "machine", "paths", "registry"]
GROUND += ["arguments", "reading", "parameters", "imports"]
FOLDERS = ["savanna", "analysis", "jobs", "data", "training", "study", "evidence", "display"]
FOLDERS += ["pages", "building", "classroom", "cli"]
ORDER = [*GROUND, *FOLDERS]


def modules() -> dict[str, Path]:
    """Every module of the package by its name within it, but for its face and its entry."""
    found = {}
    for path in (ROOT / "nbsupport").rglob("*.py"):
        *folders, name = path.relative_to(ROOT / "nbsupport").with_suffix("").parts
        found[".".join(folders if name == "__init__" else (*folders, name))] = path
    return {name: path for name, path in found.items() if name not in ("", "__main__")}


def imports_of(path: Path, known: dict[str, Path]) -> set[str]:
    """The modules that a file imports from; `from a import b` is from a.b where that is one."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inner = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            found |= {n if own(n) in known else str(node.module) for n in inner.values()}
    return {own(name) for name in found} & set(known)


def own(name: str) -> str:
    return name.removeprefix("nbsupport.")


def test_every_part_of_the_package_has_its_place_in_the_order():
    assert {name.split(".")[0] for name in modules()} <= set(ORDER)


def test_modules_import_in_one_direction():
    known = modules()
    wrong = [
        f"{name} imports {other}"
        for name, path in known.items()
        for other in imports_of(path, known)
        if ORDER.index(other.split(".")[0]) > ORDER.index(name.split(".")[0])
    ]
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle():
    known = modules()
    left = {name: imports_of(path, known) - {name} for name, path in known.items()}
    while free := [name for name, others in left.items() if not others & set(left)]:
        for name in free:
            del left[name]
    tied = {name for name in left if name in reached_from(name, left)}
    assert tied == set(), "these import each other"


def reached_from(name: str, edges: dict[str, set[str]]) -> set[str]:
    """All that a module leads to."""
    found: set[str] = set()
    waiting = list(edges[name])
    while waiting:
        if (other := waiting.pop()) in edges and other not in found:
            found.add(other)
            waiting += edges[other]
    return found


def test_contributing_gives_the_order():
    """The lines in CONTRIBUTING are these."""
    line = f"    {', '.join(GROUND)}\n    -> {' -> '.join(FOLDERS)}\n"
    assert line in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), f"write:\n{line}"


def walks() -> list[list[str]]:
    """The functions that each walk in CONTRIBUTING passes."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    part = text[text.index("## Two walks") :].split("\n## ")[0]
    steps = re.findall(r"^(\d)\. `(\S+)`", part, re.MULTILINE)
    starts = [place for place, (number, _) in enumerate(steps) if number == "1"]
    names = [name for _, name in steps]
    return [names[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]


def test_walks_are_short_and_pass_no_file_twice():
    assert len(walks()) == 2
    for walk in walks():
        files = [step.partition(":")[0] for step in walk]
        assert 5 <= len(walk) <= 9
        assert len(set(files)) == len(files)


@pytest.mark.parametrize("step", [step for walk in walks() for step in walk])
def test_what_a_walk_passes_is_there(step):
    module, _, names = step.partition(":")
    found = import_module(module)
    for name in names.split("."):
        found = getattr(found, name)
    assert callable(found)


def test_the_readme_has_a_line_for_each_folder():
    """Of the package, and of the project."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^ *([\w./]+/) ", text, re.MULTILINE))
    folders = {f"{path.parent.name}/" for path in (ROOT / "nbsupport").glob("*/__init__.py")}
    project = {path.relative_to(ROOT).parts[0] for path in tracked()}
    project = {f"{name}/" for name in project if (ROOT / name).is_dir() and name[0] != "."}
    assert named == folders | project | {"store/"}


def test_requirements_pin_everything_and_reading_needs_no_torch():
    def pins(name: str) -> dict[str, set[str]]:
        lines = (ROOT / name).read_text().splitlines()
        entries = [line for line in lines if line and not line.startswith("#")]
        assert all("==" in line for line in entries)
        found: dict[str, set[str]] = {}
        for line in entries:
            package, version = line.split(";")[0].strip().split("==")
            found.setdefault(package, set()).add(version)
        return found

    everything, reading = pins("requirements.txt"), pins("requirements-read.txt")
    cluster = pins("requirements-ray.txt")
    assert "ray" in cluster
    assert all(everything[name] == cluster[name] for name in cluster.keys() & everything.keys())
    assert {"torch", "torchvision", "jupyter-book", "pytest", "ruff", "mypy"} <= set(everything)
    assert not {"torch", "torchvision", "timm", "triton", "numba"} & set(reading)
    assert all(everything[name] == versions for name, versions in reading.items())
    assert all(version.startswith("1.") for version in everything["jupyter-book"])


def test_the_command_is_installed_under_its_own_name():
    """And what a type checker needs is installed as well."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, function = project["project"]["scripts"]["nbsupport"].partition(":")
    assert callable(getattr(import_module(module), function))
    packed = project["tool"]["setuptools"]["package-data"]["nbsupport"]
    assert "py.typed" in packed
    code = "import sys; from nbsupport.cli import main; sys.argv[0] = 'nbsupport'; main(['-h'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.startswith("usage: nbsupport ")


LIGHT = [
    "nbsupport",
    "nbsupport.cli",
    "nbsupport.pages",
    "nbsupport.pages.plan",
    "nbsupport.jobs.store",
]


@pytest.mark.parametrize("module", [*LIGHT, "nbsupport.analysis.claims"])
def test_light_modules_do_not_load_torch(module):
    heavy = {"torch", "timm", "altair", "numba"}
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_planning_the_book_does_not_load_torch():
    """A plan has to answer in a second; torch alone takes longer."""
    code = (
        "import sys; from nbsupport.pages.plan import plan_book;"
        "from nbsupport.jobs.store import Store;"
        "from nbsupport.paths import store_dir; plan_book('demo', Store(store_dir()));"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"

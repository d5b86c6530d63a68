"""A stage's version moves with its code, or the ledger says why it need not."""

import ast
import subprocess
import sys

import pytest

from nbsupport.jobs.spec import stage_path
from nbsupport.paths import root
from nbsupport.training import ledger
from nbsupport.training.ledger import code_hash, current, problem, stages
from nbsupport.training.versions import VERSIONS

# A job's key holds the fingerprint of what these give, its spec what a subset does.
FINGERPRINTED = {
    "nbsupport/data/sources/base.py",
    "nbsupport/data/subset.py",
    "nbsupport/data/sources/generated.py",
    "nbsupport/data/sources/savanna.py",
    "nbsupport/data/tasks/__init__.py",
}
PLAIN = 'def f(x: int) -> str:\n    """Say."""\n    return f"{x + 1} times"\n'


@pytest.mark.parametrize("stage", VERSIONS)
def test_the_code_of_each_stage_is_that_of_its_version(stage):
    assert not problem(stage), problem(stage)


def test_every_version_is_in_the_ledger():
    assert set(stages()) == set(VERSIONS)


@pytest.mark.parametrize(
    "same",
    [
        PLAIN.replace('    """Say."""\n', ""),
        PLAIN.replace("Say", "Say it otherwise"),
        "# why\n" + PLAIN.replace("x + 1", "(x +\n 1)").replace('f"', 'f"""').replace('s"', 's"""'),
    ],
)
def test_comments_layout_and_docstrings_are_no_code(same):
    assert code_hash({"a.py": same}) == code_hash({"a.py": PLAIN})


@pytest.mark.parametrize(
    "other",
    [
        PLAIN.replace("1", "2"),
        PLAIN.replace("1", "1.0"),
        PLAIN.replace("x + 1", "1 + x"),
        PLAIN.replace("return", "yield"),
        PLAIN.replace("times", "time"),
        PLAIN + "f(3)\n",
    ],
)
def test_whatever_is_executed_is_code(other):
    assert code_hash({"a.py": other}) != code_hash({"a.py": PLAIN})


def test_the_hash_is_the_same_in_every_python():
    # Written down once: a hash that moved with the interpreter would ask for a new version.
    expected = "34cf5e118ef9876daae0d699a86862a2011907667afba695e6fc4b8b792326c5"
    assert code_hash({"a.py": PLAIN}) == expected


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch):
    """Put another entry for pretrain in the ledger's place."""

    def put(**change) -> None:
        entries = stages()
        entries["pretrain"] |= change
        monkeypatch.setattr(ledger, "stages", lambda: entries)

    return put


def test_changed_code_asks_for_a_version_or_a_reason(pretend):
    pretend(code="of yesterday", no_effect=[])
    message = problem("pretrain")
    assert "raise its version" in message
    assert current("pretrain") in message


def test_a_reason_in_the_ledger_is_enough(pretend):
    line = {"code": current("pretrain"), "reason": "a function renamed"}
    pretend(code="of yesterday", no_effect=[line])
    assert problem("pretrain") == ""


def test_a_version_moves_in_both_places(pretend):
    pretend(version=VERSIONS["pretrain"] + 1)
    assert "set both to the newer" in problem("pretrain")


@pytest.mark.parametrize("stage", VERSIONS)
def test_every_reason_says_something(stage):
    for line in stages()[stage].get("no_effect", []):
        assert set(line) == {"code", "reason"}
        assert len(line["reason"]) > 10


@pytest.mark.parametrize("stage", VERSIONS)
def test_no_module_that_a_stage_computes_with_is_missing(stage):
    """Followed from the stage's module through the imports of training/ and data/."""
    module = stage_path(stage).partition(":")[0]
    listed = set(stages()[stage]["files"])
    names = {module.replace(".", "/") + ".py"}
    for name in names.copy():
        _follow(name, names)
    numbers_only = {f"nbsupport/training/{n}.py" for n in ("assets", "families", "versions")}
    missing = names - listed - numbers_only - FINGERPRINTED
    allowed = {"nbsupport/training/evaluation.py"} if stage in ("pretrain", "contrast") else set()
    assert missing <= allowed


def _follow(name: str, found: set[str]) -> None:
    for node in ast.walk(ast.parse((root() / name).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        if not node.module.startswith(("nbsupport.training", "nbsupport.data")):
            continue
        for module in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
            path = module.replace(".", "/") + ".py"
            if (root() / path).exists() and path not in found:
                found.add(path)
                if path not in FINGERPRINTED:
                    _follow(path, found)


def test_the_command_prints_the_hashes():
    command = [sys.executable, "-m", "nbsupport.training.ledger"]
    done = subprocess.run(command, cwd=root(), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{stage} {current(stage)}" for stage in VERSIONS]

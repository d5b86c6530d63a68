"""A stage's version moves with its code, or versions.toml says why it need not."""

import subprocess
import sys

import pandas as pd
import pytest

from nbsupport.paths import root
from nbsupport.training import versions
from nbsupport.training.versions import (
    RECORDED,
    VERSIONS,
    code_hash,
    current,
    modules,
    problem,
    stages,
)

PLAIN = 'def f(x: int) -> str:\n    """Say."""\n    return f"{x + 1} times"\n'


@pytest.mark.parametrize("stage", VERSIONS)
def test_the_code_of_each_stage_is_that_of_its_version(stage):
    assert not problem(stage), problem(stage)


def test_every_version_is_in_the_file():
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
    assert code_hash([same]) == code_hash([PLAIN])


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
    assert code_hash([other]) != code_hash([PLAIN])


OWN = "from nbsupport.errors import UserError\n"
SECOND = "def g():\n    raise UserError(f(2))\n"
TWO = OWN + PLAIN + SECOND


@pytest.mark.parametrize(
    "moved",
    [
        [PLAIN, "from nbsupport.a import f\n" + OWN + SECOND],
        [TWO.replace("nbsupport.errors", "nbsupport.mistakes")],
        ["import nbsupport.errors\n" + TWO],
        [TWO.replace("def g():\n", "def g():\n    from nbsupport.a import f\n")],
        [TWO + "if TYPE_CHECKING:\n    from nbsupport.a import B\n"],
    ],
)
def test_where_code_stands_is_no_code(moved):
    assert code_hash(moved) == code_hash([TWO])


@pytest.mark.parametrize(
    "other",
    [
        TWO.replace("f(2)", "f(3)"),
        TWO + "from numpy import sin as f\n",
        TWO + "if TYPE_CHECKING:\n    from nbsupport.a import B\nelse:\n    B = 1\n",
    ],
)
def test_what_is_imported_from_elsewhere_is_code(other):
    assert code_hash([other]) != code_hash([TWO])


def test_the_hash_is_the_same_in_every_python():
    # Written down once: a hash that moved with the interpreter would ask for a new version.
    expected = "0a79843147fc44fca076b3dd6f25b8da278798c516d703d02d791515c1d3eb1c"
    assert code_hash([PLAIN]) == expected


def test_the_code_of_every_recorded_family_counts():
    recorded = {
        family
        for path in (root() / "records").glob("*.csv")
        if "parent_key" in path.read_text(encoding="utf-8").partition("\n")[0]
        for family in pd.read_csv(path, usecols=["family"])["family"]
    }
    assert recorded == set(RECORDED)
    counted = set(modules("pretrain"))
    assert {f"nbsupport.training.families.{name}" for name in recorded} <= counted
    assert "nbsupport.training.families.parts" in counted


def test_what_is_known_of_a_family_is_no_code():
    assert code_hash([PLAIN + "FAMILY = Family(gpu_images_per_second=3)\n"]) == code_hash([PLAIN])


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch):
    """Put another entry for pretrain in the file's place."""

    def put(**change) -> None:
        entries = stages()
        entries["pretrain"] |= change
        monkeypatch.setattr(versions, "stages", lambda: entries)

    return put


def test_changed_code_asks_for_a_version_or_a_reason(pretend):
    pretend(code="of yesterday", no_effect=[])
    message = problem("pretrain")
    assert "raise its version" in message
    assert current("pretrain") in message


def test_a_reason_in_the_file_is_enough(pretend):
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


@pytest.mark.parametrize(
    ("stage", "some"),
    [
        (
            "pretrain",
            {"data.loading.batches", "data.subsets.interventions", "training.families.parts"},
        ),
        ("finetune", {"training.evaluation", "training.checkpoint", "training.loop"}),
        (
            "contrast",
            {"data.subsets.captioned", "training.stages.captions", "training.families.vit"},
        ),
        ("generate", {"training.stages.generator", "training.seeds"}),
        ("weights", {"training.models", "training.stages.weights"}),
    ],
)
def test_modules_are_found_through_the_imports_of_a_stage(stage, some):
    assert {f"nbsupport.{name}" for name in some} <= set(modules(stage))


def test_what_a_key_holds_in_another_form_is_not_followed():
    for stage in VERSIONS:
        assert not [name for name in modules(stage) if name.startswith("nbsupport.data.tasks")]


def test_the_command_prints_the_hashes():
    command = [sys.executable, "-m", "nbsupport.training.versions"]
    done = subprocess.run(command, cwd=root(), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{stage} {current(stage)}" for stage in VERSIONS]

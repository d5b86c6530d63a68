"""What a notebook declares and what a user may give for it."""

import json
from pathlib import Path
from typing import Any

import pytest

from nbsupport.errors import UserError
from nbsupport.parameters import (
    Parameter,
    check_parameters,
    code_cells,
    declared_in,
    parse_assignments,
)

SOURCE = """profile: str = "demo"  # which profile
sizes: list[int] = []  # images
seeds: list[int] = [0, 1]
rate: float = 0.5  # a share
"""


def read_parameters(notebook: Path) -> list[Parameter]:
    return declared_in(code_cells(notebook), notebook.name)


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": [SOURCE]}
    path = tmp_path / "page.ipynb"
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}))
    return path


def test_names_types_defaults_and_meanings_are_read(notebook: Path) -> None:
    read = [(p.name, p.type, p.default, p.meaning) for p in read_parameters(notebook)]
    assert read[0] == ("profile", "str", "demo", "which profile")
    assert read[1] == ("sizes", "list[int]", [], "images")
    assert read[2] == ("seeds", "list[int]", [0, 1], "")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"sise": [1]}, "did you mean 'sizes'"),
        ({"sizes": [1.5]}, r"list\[float\].*list\[int\] is allowed"),
        ({"sizes": 250}, r"of type int: list\[int\] is allowed"),
        ({"seeds": [True]}, "list"),
        ({"profile": 3}, "str is allowed"),
    ],
)
def test_a_wrong_name_or_type_is_an_error(notebook: Path, given: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        check_parameters(read_parameters(notebook), given)


def test_right_values_pass_and_whole_numbers_serve_as_floats(notebook: Path) -> None:
    checked = check_parameters(read_parameters(notebook), {"rate": 1, "sizes": [250]})
    assert checked == {"rate": 1.0, "sizes": [250]}
    assert isinstance(checked["rate"], float)


TAGGED = '{"cells": [{"metadata": {"tags": ["parameters"]}%s}]}'
NO_NOTEBOOK = ["not json", "[]", '{"a": 1}', '{"cells": [3]}', "", "[" * 100_000, "\xff"]


@pytest.mark.parametrize("content", [*NO_NOTEBOOK, TAGGED % "", TAGGED % ', "source": [3]'])
def test_a_file_that_is_no_notebook_is_an_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(UserError, match="not a Jupyter notebook"):
        read_parameters(path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "sizes: list[int] = list(range(3))",
            r"the default of sizes is 'list\(range\(3\)\)': give",
        ),
        ("rate: float = other", "the default of rate is 'other': give a number"),
        ("rate: float = 0.5 +", "give a number"),
        ("rate: float = [1", "give a number"),
        ("rate: float = ", "give a number"),
        ("word: str = 'a # b'", "give a number, a text in quotes"),
        ("rate: float = {[1]: 2}", "give a number"),
        ("rate: float = " + "(" * 500 + ")" * 500, "give a number"),
        (
            "sizes: list[int] = 5",
            r"the default of sizes is 5, of type int: its line says list\[int\]",
        ),
        ("rate = 0.5", "cannot read the parameter line"),
    ],
)
def test_a_default_that_is_no_value_is_told_in_one_line(
    notebook: Path, line: str, told: str
) -> None:
    text = json.loads(notebook.read_text())
    text["cells"][0]["source"] = line
    notebook.write_text(json.dumps(text))
    with pytest.raises(UserError, match=told) as caught:
        read_parameters(notebook)
    assert "\n" not in str(caught.value)
    assert "page.ipynb" in str(caught.value)


def test_a_notebook_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder.ipynb").mkdir()
    with pytest.raises(UserError, match=r"folder\.ipynb cannot be read \(Is a directory\)"):
        read_parameters(tmp_path / "folder.ipynb")
    with pytest.raises(UserError, match="no notebook at"):
        read_parameters(tmp_path / "none.ipynb")


def test_a_parameter_is_given_once() -> None:
    with pytest.raises(UserError, match="-p seeds is given twice"):
        parse_assignments([("seeds", "[0]"), ("profile", "smoke"), ("seeds", "[1]")])


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_no_float(notebook: Path, text: str) -> None:
    given = parse_assignments([("rate", text)])
    told = r"rate=\S+ is of type float .infinite, or no number.: float is allowed"
    with pytest.raises(UserError, match=told):
        check_parameters(read_parameters(notebook), given)


def test_command_line_values_are_json_or_text() -> None:
    pairs = [("sizes", "[250, 1000]"), ("profile", "smoke"), ("axis", '"logit"')]
    assert parse_assignments(pairs) == {"sizes": [250, 1000], "profile": "smoke", "axis": "logit"}


def test_a_list_that_is_cut_off_is_no_text() -> None:
    with pytest.raises(UserError, match=r"-p sizes \[3: no list in JSON .*'\[1, 2\]'"):
        parse_assignments([("sizes", "[3")])
    assert parse_assignments([("source", "imagenet")]) == {"source": "imagenet"}

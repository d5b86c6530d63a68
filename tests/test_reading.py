"""Files that a hand has edited: whatever is wrong with one is a line with its place."""

from pathlib import Path

import pytest

from nbsupport.errors import UserError
from nbsupport.reading import (
    checked,
    csv_lines,
    json_object,
    number,
    one_of,
    parsed_toml,
    read_bytes,
    read_json,
    read_text,
    text,
    whole,
)

RULES = {"name": text(), "seed": whole(), "score": number(0, 1, blank=True)}
GOOD = "name,seed,score\nresnet,0,0.5\nresnet,1,\n"


def table(content: str):
    return checked(csv_lines(content.encode(), "runs.csv"), RULES)


def test_a_table_comes_as_numbers_and_text() -> None:
    found = table(GOOD)
    assert found["seed"].tolist() == [0, 1]
    assert found["score"].isna().tolist() == [False, True]
    assert found["name"].tolist() == ["resnet", "resnet"]


@pytest.mark.parametrize("same", [GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, GOOD + "\n\n"])
def test_what_editors_do_to_lines_is_no_mistake(same: str) -> None:
    assert table(same).equals(table(GOOD))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (GOOD, "", "runs.csv is empty"),
        (GOOD, "\n\n", "runs.csv is empty"),
        ("resnet,1,\n", "resnet,", "line 3: 2 values under 3 columns"),
        ("resnet,1,\n", "resnet,1,0.", "line 3: the file ends within the line"),
        ("resnet,0", "resnet,0,0", "line 2: 4 values under 3 columns"),
        ("0.5", "0,5", "line 2: 4 values under 3 columns"),
        ("0.5", '"0,5"', "line 2, column score: '0,5' is given; give a number from 0 to 1"),
        ("0.5", "35.0", "line 2, column score: '35.0'"),
        ("0.5", "-0.1", "column score: '-0.1'"),
        ("0.5", "50%", "column score: '50%'"),
        ("0.5", "n/a", "column score: 'n/a'"),
        ("0.5", "nan", "column score: 'nan'"),
        ("0.5", "1e999", "column score: '1e999'"),
        ("0.5", " 0.5", "column score: ' 0.5'"),
        ("0.5", "0.5\x00", "column score"),
        ("resnet,0", "resnet ,0", "line 2, column name: 'resnet '"),
        ("resnet,0", ",0", "line 2, column name: ''"),
        ("resnet,0", "resnet,zero", "line 2, column seed: 'zero'"),
        ("resnet,0", "resnet,0.0", "column seed: '0.0'"),
        ("resnet,0", "resnet,\u0663", "column seed"),
        ("resnet,0", "resnet," + "9" * 5000, "column seed"),
        ("name,seed", "name;seed", "line 2: 3 values under 2 columns"),
        ("name,seed", "name,seeds", "lacks the columns seed"),
        ("name,seed", "seed,seed", "has the column 'seed' twice"),
        ("resnet,0", '"resnet,0', "line 3"),
        ("resnet,0", "<<<<<<< ours\nresnet,0", "line 2: 1 values under 3 columns"),
    ],
)
def test_a_damaged_table_is_one_line_with_its_place(old: str, new: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        table(GOOD.replace(old, new, 1))
    assert told in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_rules_say_what_they_allow() -> None:
    assert not one_of(["a", "b"]).fits("a ")
    assert whole([1, 2]).allowed == "one of 1, 2"
    assert not whole([1, 2]).fits("3")
    assert json_object().fits('{"a": 1}')
    assert not json_object().fits("[1]")
    assert not json_object(of_objects=True).fits('{"a": 1}')
    assert number().fits("-1e-3")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "line 1: not valid JSON"),
        (b'{"a": 1,\n}', "line 2: not valid JSON"),
        (b'{"a":\n"\xff"}', "line 2: byte 0xff is not UTF-8"),
        (b"[1]", "holds a list, not a JSON object"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_damaged_json_file_is_one_line(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=told):
        read_json(path)


def test_damaged_toml_names_the_line() -> None:
    with pytest.raises(UserError, match=r"a.toml is not valid TOML .*line 2"):
        parsed_toml("a = 1\nb =", "a.toml")
    with pytest.raises(UserError, match="is not valid TOML"):
        parsed_toml("a = " + "[" * 100_000, "a.toml")


def test_a_folder_in_place_of_a_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_bytes(tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        read_text(tmp_path / "none")

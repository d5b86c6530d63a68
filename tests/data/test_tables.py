"""The tables of classes are what their script makes of the published files."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from nbsupport.data.taxonomy import TABLES
from nbsupport.paths import root

WORDNET = Path("/usr/share/wordnet")  # where Debian's package puts it


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = root() / "tools" / "make_taxonomies.py"
    spec = importlib.util.spec_from_file_location("make_taxonomies", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_wordnets_table_is_made_again(script: ModuleType, tmp_path: Path) -> None:
    if not (WORDNET / "data.noun").is_file():
        pytest.skip("needs WordNet 3.0's files: apt-get install wordnet-base")
    rows = script.wordnet_rows(script.WordNet(WORDNET), script.imagenet_synsets())
    script.write(tmp_path / "wordnet.csv", rows)
    assert (tmp_path / "wordnet.csv").read_bytes() == (TABLES / "wordnet.csv").read_bytes()


@pytest.mark.data("breeds/class_hierarchy.txt")
def test_breeds_table_is_made_again(script: ModuleType, tmp_path: Path, real_data: Path) -> None:
    script.write(tmp_path / "breeds.csv", script.breeds_rows(script.Breeds(real_data / "breeds")))
    assert (tmp_path / "breeds.csv").read_bytes() == (TABLES / "breeds.csv").read_bytes()


def test_a_small_wordnet_is_read_as_its_format_says(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(
        "  1 a licence\n"
        "00000001 03 n 01 entity 0 001 ~ 00000002 n 0000 | all there is\n"
        "00000002 03 n 02 Big_tree 0 tree 1 002 @ 00000001 n 0000 + 00000009 v 0101 | tall\n"
        "00000003 03 n 01 bank 0 001 @ 00000001 n 0000 | of a river\n"
        "00000004 03 n 01 oak 0 003 @ 00000003 n 0000 @ 00000002 n 0000 ~ 00000005 n 0000 | x\n"
    )
    (tmp_path / "index.noun").write_text(
        "  1 a licence\n"
        "entity n 1 1 ~ 1 1 00000001\n"
        "big_tree n 1 2 @ + 1 0 00000002\n"
        "bank n 2 1 @ 2 1 00000007 00000003\n"
        "oak n 1 1 @ 1 0 00000004\n"
    )
    wordnet = script.WordNet(tmp_path)
    assert wordnet.synset("n00000003").name == "bank.n.02"
    assert wordnet.synset("n00000002").words == ("Big tree", "tree")
    assert wordnet.synset("n00000004").hypernyms == ("n00000003", "n00000002")  # bank, big_tree
    rows = list(script.wordnet_rows(wordnet, ["n00000004"]))
    assert [row[:3] for row in rows[1:]] == [
        ("n00000004", 0, "oak"),
        ("n00000001", "", "entity"),
        ("n00000002", "", "Big tree"),
        ("n00000003", "", "bank"),
    ]


def test_wordnets_notice_stands_beside_its_table() -> None:
    notice = " ".join((TABLES / "README.md").read_text(encoding="utf-8").replace(">", "").split())
    assert "WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved." in notice
    for part in ("provided that you agree to comply", "Title to copyright in this software"):
        assert part in notice

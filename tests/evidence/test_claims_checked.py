"""What claims.toml and versions.toml may say: whatever is wrong in one is a line with its place."""

from pathlib import Path

import pytest

from nbsupport import pages
from nbsupport.analysis import claims
from nbsupport.cli import main
from nbsupport.errors import UserError
from nbsupport.pages import request
from nbsupport.training import versions

TEXT = claims.FILE.read_text(encoding="utf-8")


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts an edited claims.toml in place of the project's."""

    def put(content: str | bytes) -> None:
        path = tmp_path / "claims.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        monkeypatch.setattr(claims, "FILE", path)
        claims._shipped.cache_clear()
        pages.check_claims.cache_clear()

    yield put
    monkeypatch.undo()
    claims._shipped.cache_clear()
    pages.check_claims.cache_clear()


def line_of(name: str) -> int:
    """The line of a claim's heading."""
    before = TEXT[: TEXT.index(f'id = "{name}"')]
    return before[: before.rindex("[[claim]]")].count("\n") + 1


LINE = line_of("five-per-class")
FIVE = TEXT[TEXT.index('id = "five-per-class"') : TEXT.index('id = "granularity-order"')]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('page = "04_1_quantity"', 'page = "04_1_quantiti"', "unknown page '04_1_quantiti'"),
        ('page = "04_1_quantity"\n', "", "lacks page"),
        ('finding = "quantity"\n', "", "lacks finding"),
        ('finding = "quantity"', 'finding = "quality"', "unknown finding"),
        ("title = ", "titel = ", "did you mean 'title'"),
        ("opposite = ", "# ", "lacks opposite"),
        ("matter = ", "# ", "lacks matter"),
        ("\nholds = ", "\n# ", "lacks holds"),
        ('section = "4.1"\n', "", "lacks section"),
        ('section = "4.1"', 'section = ""', "has nothing under section"),
        ('section = "4.1"', "section = 4.1", "give str"),
        ('figure = "Figure 4"', 'figur = "Figure 4"', "did you mean 'figure'"),
    ],
)
@pytest.mark.parametrize("command", [["plan"], ["judge"]])
def test_a_claim_that_nobody_can_show_is_one_line(
    shipped, capsys, command: list[str], old: str, new: str, told: str
) -> None:
    assert TEXT.count(FIVE) == 1
    shipped(TEXT.replace(FIVE, FIVE.replace(old, new)))
    assert main(command) == 2
    said = capsys.readouterr().err
    assert told in said
    assert f"claims.toml, line {LINE}: " in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('a = "imagenet/5K", b = "scratch"', 'a = "imagenet/5k", b = "scratch"'),
        ('a = "imagenet/5K", b = "scratch"', 'a = "imagenet/5K", b = "scratch "'),
        (
            'a = "imagenet/5K", b = "scratch"',
            'a = "imagenet/5K", b = "scratch", reference = "none"',
        ),
    ],
)
def test_a_role_that_no_group_has_is_one_line(shipped, old: str, new: str) -> None:
    assert old in TEXT
    shipped(TEXT.replace(old, new, 1))
    with pytest.raises(UserError, match=r"claims.toml, line \d+: claim .*unknown role"):
        request.study_for("03_setup")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (TEXT.encode().replace(b"Models", b"Mod\xe8les", 1), "is not UTF-8"),
        (TEXT.replace('kind = "higher"', "kind = higher", 1), r"not valid TOML .*line \d+"),
        ("", "lacks claim"),
        ("claim = 3\n", "claim in claims.toml is 3"),
        ("claim = []\n", "claim in claims.toml is"),
        ('[claim]\nid = "one"\n', "give a list of at least one table"),
        (
            TEXT + '\n[[claim]]\nid = "one"\n',
            "lacks section, page, kind, text, paper, finding, title, opposite, matter, holds",
        ),
        (TEXT + "\n[[claims]]\n", "unknown key in claims.toml 'claims'"),
    ],
)
def test_a_damaged_claims_file_is_one_line(shipped, capsys, content, told: str) -> None:
    shipped(content)
    assert main(["plan", "--page", "03_setup"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    with pytest.raises(UserError, match=told):
        claims.load()


@pytest.mark.parametrize("part", ["part = 3", "part = []", 'part = ["a"]', "part = [3]"])
def test_parts_that_are_no_tables_are_refused(part: str) -> None:
    head = 'id = "one"\nsection = "1"\npage = "p"\nkind = "higher"\ntext = "t"\n'
    head += 'paper = "p"\nfinding = "none"\ntitle = "t"\nopposite = "o"\nmatter = "m"\n'
    head += 'holds = "h"\nfails = "f"\nopen = "o"\n'
    with pytest.raises(UserError, match="line 1: part in claim 'one'"):
        claims.parse(f"[[claim]]\n{head}{part}\n")


# versions.toml ------------------------------------------------------------------------------------
VERSIONS = versions.VERSIONS_FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("version = 1", "version = one", r"not valid TOML .*line \d+"),
        ("version = 1", 'version = "one"', r"line \d+: pretrain has 'one' as version: give int"),
        (VERSIONS, "", "lacks the stages .*pretrain"),
        ("\nreason =", "\nreasons =", "has 'nothing' as reason: give str"),
    ],
)
def test_a_damaged_ledger_of_versions_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, told: str
) -> None:
    assert old in VERSIONS
    path = tmp_path / "versions.toml"
    path.write_text(VERSIONS.replace(old, new, 1))
    monkeypatch.setattr(versions, "VERSIONS_FILE", path)
    with pytest.raises(UserError, match=told) as caught:
        versions.stages()
    assert "\n" not in str(caught.value)

"""Which code a page's key stands for: a page must not show what has changed since."""

from nbsupport.building import build
from nbsupport.paths import root

PACKAGE = root() / "nbsupport"


def names() -> set[str]:
    return {path.relative_to(PACKAGE).as_posix() for path in build._code()}


def test_every_pattern_names_code() -> None:
    assert all(list(PACKAGE.glob(pattern)) for pattern in build._RENDERING)


def test_a_pages_key_holds_all_code_but_what_renders_and_commands() -> None:
    """Of all modules only these cannot show on a page."""
    code = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")}
    left_out = code - names()
    assert all(name.startswith(("building/", "cli/")) for name in left_out)
    for shown in ("jobs/progress.py", "savanna/world.py", "errors.py", "building/errorbox.py"):
        assert shown in names()
    pages = {name for name in code if name.startswith("pages/")}
    assert pages <= names()


def test_changed_code_moves_a_page_key(monkeypatch, tmp_path) -> None:
    before = build.page_key("03_setup", {"profile": "smoke"})
    (tmp_path / "new.py").write_text("shown = 1")
    monkeypatch.setattr(build, "_code", lambda: [tmp_path / "new.py"])
    assert build.page_key("03_setup", {"profile": "smoke"}) != before


def test_a_further_attempt_at_calibration_moves_the_pages_that_print_it(monkeypatch) -> None:
    pages = ("scale", "builds_in", "04_1_quantity")
    before = [build.page_key(page, {"profile": "smoke"}) for page in pages]
    assert len(build._attempts()) >= 2
    monkeypatch.setattr(build, "_attempts", list)
    after = [build.page_key(page, {"profile": "smoke"}) for page in pages]
    moved = [b != a for b, a in zip(before, after, strict=True)]
    assert moved == [True, True, False]

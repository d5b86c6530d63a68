"""Which code a page's key stands for: a page must not show what has changed since."""

import ast

from nbsupport.paths import root
from nbsupport.publishing import build

PACKAGE = root() / "nbsupport"
# Imported by pages, and no part of what they show: errors, paths, and what keys hold anyway (jobs,
# data and trainings, whose results and versions are in the keys of runs).
ELSEWHERE = ("errors", "paths", "parameters", "records", "study", "jobs", "data", "savanna")
TRAINING = ("families", "recipes")  # the tables of these are printed; the rest is in keys of runs


def test_every_pattern_names_code() -> None:
    assert all(list(PACKAGE.glob(pattern)) for pattern in build._SHOWN_BY)


def test_what_pages_import_is_in_their_key() -> None:
    known = {".".join(p.relative_to(root()).with_suffix("").parts) for p in build._code()}
    known |= {name.removesuffix(".__init__") for name in known}
    imported = {
        f"{node.module}"
        for path in PACKAGE.glob("publishing/page*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nbsupport.")
    }
    shown = {name for name in imported if _counts(name)}
    assert "nbsupport.profiles" in shown
    assert not shown - known - {"nbsupport.publishing"}


def test_a_further_attempt_at_calibration_moves_the_pages_that_print_it(monkeypatch) -> None:
    pages = ("scale", "builds_in", "04_1_quantity")
    before = [build.page_key(page, {"profile": "smoke"}) for page in pages]
    assert len(build._attempts()) >= 2
    monkeypatch.setattr(build, "_attempts", list)
    after = [build.page_key(page, {"profile": "smoke"}) for page in pages]
    moved = [b != a for b, a in zip(before, after, strict=True)]
    assert moved == [True, True, False]


def _counts(module: str) -> bool:
    parts = module.split(".")
    if parts[1] == "training":
        return parts[-1] in TRAINING
    return parts[1] not in ELSEWHERE

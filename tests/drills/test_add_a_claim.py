"""Adding a claim is adding one entry to claims.toml, tried in a copy of the project."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nbsupport.paths import root

ROLES = ("scratch", "imagenet/full", "imagenet/100K")  # all that the copy's records keep
CLAIM = """
[[claim]]
id = "two-thirds-suffice"
section = "4.1"
page = "04_1_quantity"
finding = "quantity"
kind = "same"
text = "Two thirds of the images are as good as all of them."
paper = "Not in the paper (a drill)."
title = "Two thirds are enough"
opposite = "Two thirds are not enough"
matter = "whether two thirds are enough"
holds = "Two thirds are enough."
fails = "Two thirds are not enough."
open = "Whether two thirds are enough is not settled."
a = "imagenet/full"
b = "imagenet/100K"
"""
# What every page that shows claims says of the new one.
SHOWN = """
from nbsupport.pages import claims, introduction, pages
from nbsupport.pages.open_page import open_page
page = open_page("04_1_quantity", {})
recorded = page.recorded(world=1)
print("page", "two-thirds-suffice" in pages()["04_1_quantity"].claims)
print("table", 'id="verdict-two-thirds-suffice"' in page.verdicts(recorded).html)
print("title", page.view.title("two-thirds-suffice", recorded))
print("found", "Two thirds are" in page.found().text)
book = claims.BookLedger(page)
print("claims", 'href="04_1_quantity.html#verdict-two-thirds-suffice"' in book.table().html)
print("finding", "two-thirds-suffice" in introduction.findings_table(book).text.splitlines()[0])
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, the notebooks, and of the records those of a few roles."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("nbsupport", "notebooks"):
        shutil.copytree(root() / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root() / "_toc.yml", copy)
    (copy / "records").mkdir()
    shutil.copy(root() / "records" / "published-models.csv", copy / "records")
    for profile in ("demo", "pacs-32"):
        with (root() / "records" / f"{profile}.csv").open(newline="") as file:
            header, *rows = csv.reader(file)
        kept = [row for row in rows if row[header.index("role")] in ROLES]
        with (copy / "records" / f"{profile}.csv").open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *kept])
    return copy


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    where = {"PYTHONPATH": str(project), "NBSUPPORT_STORE": str(project / "store")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=project,
        env=os.environ | where,
        capture_output=True,
        text=True,
        check=False,
    )


def add(project: Path, claim: str) -> None:
    shipped = (root() / "nbsupport" / "analysis" / "claims.toml").read_text(encoding="utf-8")
    first = shipped.index("[[claim]]")
    text = f"{shipped[:first]}{claim.lstrip()}\n{shipped[first:]}"
    (project / "nbsupport" / "analysis" / "claims.toml").write_text(text, encoding="utf-8")


def test_one_entry_is_enough(project):
    add(project, CLAIM)
    done = run(project, "-m", "nbsupport", "judge")
    assert done.returncode == 0, done.stderr
    with (project / "records" / "claims-demo.csv").open(newline="") as file:
        first = next(csv.DictReader(file))
    assert first["id"] == "two-thirds-suffice"
    assert first["verdict"] in ("supported", "contradicted", "negligible", "inconclusive")
    shown = run(project, "-c", SHOWN)
    told = dict(line.split(" ", 1) for line in shown.stdout.splitlines())
    assert told.pop("title", shown.stderr).lower().endswith("enough")
    assert told == dict.fromkeys(("page", "table", "found", "claims", "finding"), "True")


@pytest.mark.parametrize(
    "field", [line.partition(" = ")[0] for line in CLAIM.strip().splitlines()[1:-2]]
)
def test_a_forgotten_field_is_named(project, field):
    lines = [line for line in CLAIM.splitlines() if not line.startswith(f"{field} = ")]
    add(project, "\n".join(lines))
    done = run(project, "-m", "nbsupport", "plan", "--page", "03_setup")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert field in done.stderr


@pytest.mark.parametrize(
    ("old", "new"), [("imagenet/100K", "imagenet/100k"), ("04_1_quantity", "04_1_quality")]
)
def test_a_role_or_a_page_that_nobody_has_is_named(project, old, new):
    add(project, CLAIM.replace(old, new))
    done = run(project, "-m", "nbsupport", "plan", "--page", "03_setup")
    assert done.returncode == 2
    assert new in done.stderr
    assert old in done.stderr  # did you mean ...

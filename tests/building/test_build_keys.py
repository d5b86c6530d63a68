"""Which code and which records a page's key stands for: a page must not show what has changed."""

from collections import Counter
from typing import Any

import pytest
from copies import Copy

from nbsupport.building import build
from nbsupport.building.page_key import page_key
from nbsupport.data.subsets.subset import Subset
from nbsupport.pages import check_claims, page_named, pages, quantity, request
from nbsupport.pages.request import PageRequest
from nbsupport.study.study import Study

EVERY = set(pages())
GATHERING = {page.id for page in pages().values() if page.gathers}
WHOLE_BOOK = {page.id for page in pages().values() if page.whole_book}
OF_FRACTALS = {"04_5_sources", "01_introduction", "claims"}
OF_LABELS = {"04_2_granularity", "builds_in"}
FIRST = ('"""', '"""Otherwise: ')
# (file, a text in it, what it becomes, the pages that show it)
CHANGES = [
    ("nbsupport/study/study.py", '"from scratch"', '"not pre-trained"', EVERY),
    ("nbsupport/data/fractals/drawing.py", "LEAST_PADDING = 4", "LEAST_PADDING = 5", OF_FRACTALS),
    ("nbsupport/data/fractals/pictures.py", *FIRST, OF_FRACTALS),
    ("nbsupport/pages/granularity.py", " coarse labels", " labels", OF_LABELS),
    (
        "nbsupport/pages/classes_or_images.py",
        " images of each",
        " pictures of each",
        {"04_4_1_classes_or_images", "appendix_larger_budgets"},
    ),
    ("nbsupport/pages/residuals.py", *FIRST, {"02_residuals"}),
    ("nbsupport/display/titles.py", "No runs yet", "Nothing yet", EVERY),
    ("nbsupport/jobs/progress.py", *FIRST, EVERY),
    ("nbsupport/building/finish_notebook.py", *FIRST, EVERY),
    ("nbsupport/study/profiles/real.py", *FIRST, {"scale"}),
    (
        "nbsupport/analysis/claims.toml",
        "Species labels",
        "Labels of species",
        {"04_2_granularity", *GATHERING, *WHOLE_BOOK},
    ),
    ("records/calibration-pacs-32.csv", "\n", "\n\n", {"scale", "builds_in"}),
    ("nbsupport/training/loop.py", *FIRST, {"appendix_a_training"}),
    ("nbsupport/cli/__init__.py", *FIRST, set()),
    ("nbsupport/building/render.py", *FIRST, set()),
    ("book/glossary.md", "a", "e", set()),
]
KEYS = """
import json, sys
from pathlib import Path
from nbsupport.analysis import claims
from nbsupport.building.page_key import page_key
from nbsupport.pages import pages
from nbsupport.pages.request import PageRequest

def keys():
    claims._shipped.cache_clear()
    return {p.id: page_key(PageRequest(p, {"profile": "smoke"})) for p in pages().values()}

def moved(name, old, new):
    path = Path(name)
    text = path.read_text(encoding="utf-8")
    assert old in text, (name, old)
    path.write_text(text.replace(old, new), encoding="utf-8")
    after = keys()
    path.write_text(text, encoding="utf-8")
    return [page for page in before if before[page] != after[page]]

before = keys()
print(json.dumps([moved(*change) for change in json.loads(sys.argv[1])]))
"""


def test_a_changed_line_moves_the_keys_of_the_pages_that_show_it(tmp_path) -> None:
    copy = Copy(tmp_path)
    found = copy.value(KEYS, [change[:3] for change in CHANGES])
    for (name, _, new, shown), moved in zip(CHANGES, found, strict=True):
        assert set(moved) == shown, (name, new)


def test_a_changed_label_moves_the_pages_that_gather_its_group(tmp_path) -> None:
    """They do not import its page, so that they are asked anew, in a process that does."""
    copy = Copy(tmp_path)
    asked = KEYS[: KEYS.rindex("before = ")] + "print(json.dumps(keys()))"
    before = copy.value(asked)
    copy.edit("nbsupport/pages/granularity.py", " labels (", " names (")
    moved = {page for page, key in copy.value(asked).items() if key != before[page]}
    assert moved == {*OF_LABELS, *GATHERING}


# each thing once ----------------------------------------------------------------------------------
@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often notebooks are read, studies made, and sizes checked; nothing is trained."""
    count: Counter[str] = Counter()

    def counted(place: Any, name: str, what: str) -> None:
        own = getattr(place, name)

        def call(*given: Any, **named: Any) -> Any:
            count[what] += 1
            return own(*given, **named)

        monkeypatch.setattr(place, name, call)

    check_claims()
    counted(request, "code_cells", "notebooks")
    counted(request, "check_parameters", "values")
    counted(Study, "__init__", "studies")
    counted(quantity, "distinct", "sizes")
    counted(Subset, "take", "draws of a size")
    monkeypatch.setattr(build.runner, "run", lambda *_, **__: None)
    return count


def test_a_build_makes_each_thing_once(asked) -> None:
    asking = [PageRequest(page, {"profile": "demo"}) for page in pages().values()]
    build.train(asking)
    assert len({page_key(each) for each in asking}) == len(asking)
    assert asked["notebooks"] == asked["values"] == asked["studies"] == len(asking)


def test_a_rerun_checks_a_value_once(asked) -> None:
    asking = PageRequest(page_named("04_1_quantity"), {"profile": "demo", "sizes": [250, 1000]})
    build.train([asking])
    assert asked == {
        "notebooks": 1,
        "values": 1,
        "studies": 1,
        "sizes": 1,
        "draws of a size": 4,  # two sizes of two sources
    }
    page_key(asking)
    assert asked["notebooks"] == asked["sizes"] - 1 == 1  # once more: what is recorded, at defaults

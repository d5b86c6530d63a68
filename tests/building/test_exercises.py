"""Exercises, their solutions and the goals of a page, as Sphinx writes them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

EXTENSIONS = ["myst_parser", "sphinx_design", "sphinx_exercise"]
EXTENSIONS += [f"nbsupport.building.sphinx.{name}" for name in ("exercises", "goals")]
PAGE = """# A page

:::{goals}
:minutes: 45
:needs: how_to_read
- read a *figure*
- compute its numbers
:::

See {ref}`page-second`.

:::{exercise} Count
:label: page-first
:class: apply minutes-10

How many?
:::

:::{solution} page-first
:class: dropdown

Seven, as this says:

```python
print(7)
```
:::

:::{exercise} Data or *training* length?
:label: page-second
:class: analyse minutes-15

Which one?
:::

:::{solution} page-second
:class: dropdown

Both.
:::
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Renders a page: its text in HTML, and the warnings."""

    def write(text: str, **settings: object) -> tuple[str, str]:
        source, out = tmp_path / "source", tmp_path / "out"
        (source / "book" / "sections").mkdir(parents=True, exist_ok=True)
        (source / "book" / "how_to_read.md").write_text("---\norphan: true\n---\n# How to read\n")
        (source / "book" / "sections" / "page.md").write_text(text)
        said = (tmp_path / "said").open("w+")
        values = {
            "extensions": EXTENSIONS,
            "myst_enable_extensions": ["colon_fence"],
            "root_doc": "book/sections/page",
            **settings,
        }
        with docutils_namespace(), said:
            places = (source, None, out, tmp_path / "kept", "html")
            app = Sphinx(*(p and str(p) for p in places), values, None, said, freshenv=True)
            app.build()
            said.seek(0)
            return (out / "book" / "sections" / "page.html").read_text(), said.read()

    return write


def test_exercises_count_by_page_and_tell_level_and_minutes(written):
    html, said = written(PAGE)
    assert said == ""
    titles = re.findall(r'<p class="admonition-title">(.*?)</p>', html)
    assert [re.sub(r"<[^>]+>", "", title) for title in titles] == [
        "Exercise 1. Count apply · 10 min",
        "Exercise 2. Data or training length? analyse · 15 min",
    ]
    assert '<span class="nb-chip nb-level-analyse">' in titles[1]
    assert re.search(r'href="#page-second"><span class="[^"]*">exercise 2</span>', html)
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_a_solution_is_a_closed_box_without_a_script(written):
    html, _ = written(PAGE)
    boxes = re.findall(r'<div class="nb-solution" id="page-.*?</details>', html, re.DOTALL)
    assert len(boxes) == 2
    for box in boxes:
        assert re.search(r"<details (?![^>]*\bopen)[^>]*>\s*<summary", box)
        assert "toggle" not in box
    assert "Seven, as this says" in boxes[0]
    assert "highlight" in boxes[0]


def test_hidden_solutions_are_not_there(written):
    html, said = written(PAGE, hide_solutions=True)
    assert said == ""
    assert "Seven" not in html
    assert "Solution" not in html
    assert "Exercise 2. Data" in html


def test_goals_are_a_closed_box_with_what_it_takes(written):
    html, _ = written(PAGE)
    (box,) = re.findall(r'<details class="[^"]*nb-goals.*?</details>', html, re.DOTALL)
    summary = re.sub(r"<svg.*?</svg>|<[^>]+>", "", box.split("</summary>")[0])
    told = "What you can do after this page · 45 minutes · needs How to read the figures"
    assert " ".join(summary.split()) == told
    assert "<li><p>read a <em>figure</em></p></li>" in box
    assert 'href="../how_to_read.html"' in box


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("apply minutes-10", "apply", "give :class: LEVEL minutes-N"),
        ("apply minutes-10", "easy minutes-10", "recall, apply, analyse, design"),
        ("apply minutes-10", "apply design minutes-10", "give :class: LEVEL"),
        (":label: page-first\n", "", "a title and a :label:"),
        (":::{solution} page-first", ":::{solution} page-third", "undefined label: page-third"),
        (":label: page-second", ":label: page-first", "duplicate label: page-first"),
        (":minutes: 45", ":minutes: long", "give a whole number"),
        (":needs: how_to_read", ":needs: nowhere", "no page 'nowhere'"),
        ("- read a *figure*\n- compute its numbers\n", "", "goals have no list"),
    ],
)
def test_a_mistake_is_a_warning_that_says_what_to_give(written, good, bad, told):
    assert good in PAGE
    _, said = written(PAGE.replace(good, bad))
    assert told in said

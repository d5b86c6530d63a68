"""Texts of exercises in other places than their pages."""

import pytest

from nbsupport.errors import UserError
from nbsupport.pages.cells import quoted, run_cell
from nbsupport.pages.exercises import PageExercise, blocks, exercises_in, page_exercises
from nbsupport.pages.plain_text import plain_text, quoted_names, with_numbers
from nbsupport.pages.solutions import Solved

NUMBER = {e.label: e.number for e in page_exercises("04_1_quantity")}[
    "04_1_quantity-training-length"
]


def plain(text: str) -> str:
    return plain_text(text, {"a": "7", "b": "0.5"}, lambda words, target: f"{words} ({target})")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{glue:text}`a` and {glue:text}`b` at `{glue:text}`", "7 and 0.5 at `{glue:text}`"),
        ("A {term}`macro F1 <Macro F1>`, a {term}`gap`.", "A macro F1, a gap."),
        ("See {ref}`04_1_quantity-training-length`.", f"See exercise {NUMBER}."),
        ("See {ref}`it <04_1_quantity-training-length>`.", "See it."),
        (
            "{figure}`04_1_quantity: Figure 4 (left)`",
            'Figure 4 (left) of "Section 4.1: How much pre-training data?"',
        ),
        ("{cite:p}`beery2020iwildcam`", "(Beery et al., 2020)"),
        ("{cite:t}`kingma2014auto` say", "Kingma and Welling (2014) say"),
        ("[Section 4.1](04_1_quantity.ipynb) is", "Section 4.1 (04_1_quantity.ipynb) is"),
        ("[a site](https://example.org)", "[a site](https://example.org)"),
        ("`names[0](x)` is code", "`names[0](x)` is code"),
        ("```python\nd[k](x)  # {ref}`x`\n```\n", "```python\nd[k](x)  # {ref}`x`\n```\n"),
        ("$x^2$ and *this*", "$x^2$ and *this*"),
    ],
)
def test_roles_and_links_become_words(written: str, read: str) -> None:
    assert plain(written) == read


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{glue:text}`c`", "quotes 'c'"),
        ("{cite:p}`nobody1900`", "cites 'nobody1900'"),
        ("{nosuch}`x`", "a notebook has no role nosuch"),
    ],
)
def test_what_cannot_be_made_plain_is_said(text: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        plain(text)


def test_numbers_alone_may_be_put_in() -> None:
    told = with_numbers("{term}`gap` of {glue:text}`a`", {"a": "7"}, lambda *_: "")
    assert told == "{term}`gap` of 7"
    assert quoted_names("{glue:text}`a`", "{term}`b` {glue:text}`c`") == {"a", "c"}


def test_a_page_is_run_as_far_as_its_numbers_take() -> None:
    found = quoted("02_background", ["exercise-id", "exercise-ood"])
    assert list(found) == ["exercise-id", "exercise-ood"]
    assert all(0 < float(value) < 1 for value in found.values())
    assert quoted("02_background", []) == {}


def test_a_number_that_no_cell_glues_is_named(monkeypatch) -> None:
    opened = 'import nbsupport as nb\npage = nb.open_page("03_setup", globals())'
    monkeypatch.setattr(
        "nbsupport.pages.cells.code_of",
        lambda _: ['results: str = "live"', opened, 'page.glue({"one": "1"})'],
    )
    assert quoted("03_setup", ["one"]) == {"one": "1"}
    with pytest.raises(UserError, match="quotes 'nothing'"):
        quoted("03_setup", ["one", "nothing"])


def test_a_cell_gives_the_value_of_its_last_line() -> None:
    names: dict = {}
    assert run_cell("a = 2\na + 1", names) == 3
    assert run_cell("b = a", names) is None
    assert run_cell("", names) is None
    assert names["b"] == 2


def test_a_solution_tells_what_each_block_gives() -> None:
    first, second, third = (
        f"```python\n{c}\n```" for c in ("print(1)", "x = 2\nx", "page.page.id")
    )
    code = f"{first}\nthen\n{second}\n\n{third}"
    exercise = PageExercise("03_setup", 1, "03_setup-x", "X", "apply", 5, "Why?", code)
    assert [each.shown for each in Solved(exercise).given] == ["1", "2", "'03_setup'"]


# reading them -------------------------------------------------------------------------------------
GOOD = """:::{exercise} Title
:label: page-one
:class: apply minutes-5

Why?

```{note}
not this: :::
```
:::

````{solution} page-one
:class: dropdown

```python
1
```
````
"""


def test_fences_of_either_kind_may_hold_others() -> None:
    (found,) = exercises_in("page", GOOD)
    assert found.question == "Why?\n\n```{note}\nnot this: :::\n```"
    assert found.solution == "```python\n1\n```"
    assert (found.level, found.minutes, found.heading) == ("apply", 5, "Exercise 1. Title")
    assert [block.name for block in blocks(GOOD)] == ["exercise", "solution"]


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        (":label: page-one\n", "", "has the label ''"),
        (":label: page-one", ":label: other-one", "as page-WORD"),
        ("{solution} page-one", "{solution} page-two", "page-one has no solution"),
        ("apply minutes-5", "apply", "give :class: LEVEL minutes-N"),
        ("apply minutes-5", "minutes-5", "recall, apply, analyse, design"),
        ("apply minutes-5", "apply minutes-0", "minutes-N"),
    ],
)
def test_an_exercise_that_lacks_something_is_named(good: str, bad: str, told: str) -> None:
    assert good in GOOD
    with pytest.raises(UserError, match=told):
        exercises_in("page", GOOD.replace(good, bad))


def test_a_solution_without_an_exercise_is_named() -> None:
    extra = GOOD + "\n:::{solution} page-two\nNo.\n:::\n"
    with pytest.raises(UserError, match="of page-two"):
        exercises_in("page", extra)

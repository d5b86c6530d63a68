"""A page's figures from its text and its records: the page's own, and nothing is trained."""

import pytest

from nbsupport.display.figure_request import anchor
from nbsupport.display.html import note
from nbsupport.display.tabs import Tabs, together
from nbsupport.errors import UserError
from nbsupport.pages import figures_of, pages
from nbsupport.pages.figures_of import figures_in, numbers, recorded_figures
from nbsupport.pages.open_page import open_page
from nbsupport.study.study import Study

PAGE, LEFT = "04_1_quantity", "Figure 4 (left)"


@pytest.fixture(autouse=True)
def nothing_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a figure of the records trains something")

    monkeypatch.setattr(Study, "train", refuse)


@pytest.fixture(scope="module")
def left():
    return recorded_figures(PAGE, LEFT)


def test_a_number_names_one_figure_of_its_page() -> None:
    found = {page: [anchor(number) for number in numbers(page)] for page in pages()}
    assert found[PAGE][0] == "figure-4-left"
    assert found["claims"] == []
    assert all(len(names) == len(set(names)) for names in found.values())
    assert sum(map(len, found.values())) > 25


def test_the_figure_is_that_of_the_page(left) -> None:
    page = open_page(PAGE, {})
    shown = page.trend(None, "imagenet", number=LEFT, claim="quantity-imagenet", caption="")
    own = list(figures_in([shown]))
    assert [figure.name for figure in left] == [figure.name for figure in own]
    assert left[0].title == own[0].title
    assert left[0].data.equals(own[0].data)
    assert left[0].name == anchor(LEFT)
    assert any("real-images" in figure.name for figure in left)


@pytest.mark.parametrize("number", ["4 (left)", "figure 4 (LEFT)", "Figure 4 left"])
def test_a_number_is_found_as_people_write_it(number: str, left) -> None:
    (figure, *_) = recorded_figures(PAGE, number, world=1)
    assert figure.number == left[0].number


def test_of_one_world_there_are_its_own_runs_alone(left) -> None:
    (second,) = recorded_figures(PAGE, LEFT, world=2)
    assert "world 2" in second.subtitle
    assert "world 1" in left[0].subtitle
    assert not second.data.equals(left[0].data)


def test_live_runs_are_left_out_of_tabs(left) -> None:
    first, other = left[0], left[1]
    tabs = Tabs("key", {"Recorded": together(note("so far"), first), "Live": other})
    assert list(figures_in([tabs, note("no figure")])) == [first]


def test_mistakes_are_told_in_one_line() -> None:
    wrong = [
        (lambda: recorded_figures(PAGE, "9"), "it has Figure 4 (left), "),
        (lambda: recorded_figures("claims"), "no numbered figure"),
        (lambda: recorded_figures("04_1"), "unknown page"),
        (lambda: recorded_figures(PAGE, LEFT, world=77), "nothing is recorded in world 77"),
        (lambda: recorded_figures(PAGE, LEFT, profile="dem"), "unknown profile"),
    ]
    for call, text in wrong:
        with pytest.raises(UserError) as found:
            call()
        assert text in str(found.value)
        assert "\n" not in str(found.value)


def test_a_figure_that_is_no_chart_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_of, "_evaluated", lambda *_: note("cards, not a chart"))
    with pytest.raises(UserError, match="drawn of other parts"):
        recorded_figures(PAGE, LEFT)

"""Links from figures to the explorer."""

from urllib.parse import parse_qs, urlsplit

import pytest

from nbsupport.analysis import claims
from nbsupport.display.explore import explorer_link, figure_link, setting_id
from nbsupport.display.figure_request import FigureRequest
from nbsupport.display.html import Html
from nbsupport.display.scripted import scripted
from nbsupport.pages import explorer, quantity
from nbsupport.pages.open_page import open_page

LINES = ("imagenet/full", "scratch")


def told(link: str) -> dict[str, str]:
    assert urlsplit(link).path == "explorer.html"
    return {name: values[0] for name, values in parse_qs(urlsplit(link).fragment).items()}


def request(roles=(), lines=LINES) -> FigureRequest:
    return FigureRequest("quantity-imagenet", "Figure 4", "", lambda _: Html(""), roles, lines)


def test_what_is_left_out_is_not_told():
    assert explorer_link("demo-1") == "explorer.html#setting=demo-1"
    assert told(explorer_link("demo-1", ["a/b", "c+d"]))["groups"] == "a/b,c+d"


@pytest.mark.parametrize(
    ("role", "expected"), [("scratch", "demo-2"), ("pair-3/full", "demo-2-pair-3")]
)
def test_a_task_of_its_own_is_a_setting(role, expected):
    assert setting_id("demo", 2, role) == expected


def test_a_figure_leads_to_its_groups_its_line_and_its_axis():
    found = told(figure_link("demo", 1, request([LINES[0], "imagenet/25K", LINES[1]]), "logit"))
    assert found["groups"] == "imagenet/full,imagenet/25K,scratch"
    assert (found["reference"], found["axis"]) == ("scratch", "logit")
    other = told(
        figure_link(
            "demo", 1, request(["pair-1/full"], ("pair-1/full", "pair-1/scratch")), "linear"
        )
    )
    assert other["setting"] == "demo-1-pair-1"


def test_a_figure_without_groups_leads_to_its_setting():
    assert told(figure_link("demo", 2, request(lines=()), "linear"))["setting"] == "demo-2"


def test_every_link_of_a_page_names_settings_and_groups_that_there_are():
    page = open_page("04_1_quantity", {})
    settings = {s["id"]: s for s in explorer.data("demo")["settings"]}
    shown = page.trend(
        None, "imagenet", claim=claims.of_page("04_1_quantity")[0], number="Figure 4", caption=""
    )
    assert quantity.PAGE.id == "04_1_quantity"
    for figure in shown.panels.values():
        html = figure.html if isinstance(figure, Html) else figure.html()
        links = [part.split('"')[0] for part in html.split('nb-explore" href="')[1:]]
        assert links
        for link in links:
            found = told(link.replace("&amp;", "&"))
            assert set(found["groups"].split(",")) <= set(settings[found["setting"]]["roles"])


def test_a_scripted_part_reads_without_a_script_and_cannot_be_broken_out_of():
    part = scripted("thing", {"text": "</script><b>"}, ("one.js", "two.js"), "Not <here>.")
    assert 'data-nb-scripts="one.js two.js"' in part.html
    assert "Not &lt;here&gt;." in part.html
    assert "</script><b>" not in part.html
    assert part.text == "Not <here>."

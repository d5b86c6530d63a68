"""Pages of a profile that has one natural source, and nothing generated."""

from dataclasses import replace

import pytest

from nbsupport.display.where_possible import MISSING
from nbsupport.pages import setup
from nbsupport.pages.open_page import open_page
from nbsupport.pages.sources import NUMBERS, GeneratedPage
from nbsupport.pages.within_class import superclass_table
from nbsupport.study.profiles import PROFILES


@pytest.fixture(autouse=True)
def _few_sources(monkeypatch):
    smoke = PROFILES["smoke"]
    within = {"imagenet": smoke.within["imagenet"]}
    few = replace(smoke, sources=("imagenet", "fractaldb"), within=within)
    monkeypatch.setitem(PROFILES, "smoke", few)


def opened(page: str):
    return open_page(page, {"profile": "smoke"})


def test_section_3_has_a_column_less():
    study = opened("03_setup").study
    for text in (setup.table_1(study).text, setup.depth_table(study).text):
        assert "ImageNet stand-in" in text
        assert "iNaturalist stand-in" not in text
    assert "inaturalist" not in setup.role_table(study).text
    assert "imagenet, full" in setup.role_table(study).text


def test_class_sizes_are_those_of_one_source():
    figure = opened("04_1_quantity").class_sizes(number="Figure 1", caption="c")
    assert figure.title == "Every class has as many images"
    assert "iNaturalist" not in str(figure.wide)


@pytest.mark.parametrize(
    ("page", "show"),
    [
        ("04_1_quantity", lambda page: page.grid("inaturalist")),
        ("appendix_larger_budgets", lambda page: page.grid("generated/1M")),
        ("04_4_2_within_class", lambda page: superclass_table(page.groups, "inaturalist")),
        ("04_5_sources", lambda page: GeneratedPage(page.study).beside_natural()),
        ("04_5_sources", lambda page: GeneratedPage(page.study).successes()),
        ("04_5_sources", lambda page: GeneratedPage(page.study).failures()),
        ("04_5_sources", lambda page: GeneratedPage(page.study).nearest()),
    ],
)
def test_what_cannot_be_shown_is_said(page, show):
    assert show(opened(page)).text.startswith("Nothing to show here: ")


def test_numbers_that_cannot_be_are_said_to_be_missing():
    study = opened("04_5_sources").study
    assert GeneratedPage(study).numbers() == dict.fromkeys(NUMBERS, MISSING)

"""Larger budgets (Figures 18 and 19, of an appendix that is not available)."""

from typing import Any

from nbsupport.display.numbers import generated_numbers as generated_numbers
from nbsupport.pages.classes_or_images import trade_groups
from nbsupport.pages.classes_or_images import trade_numbers as trade_numbers
from nbsupport.pages.groups import reference_groups, wholes
from nbsupport.pages.page import Page
from nbsupport.pages.shown import matching as matching
from nbsupport.pages.sources import generated_groups
from nbsupport.study.study import Group, Study

LARGER = "300K"  # the total of Figure 18


def larger_budgets_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """The groups of Figure 19, then both sides of the larger trade (Figure 18)."""
    return [*saturation_groups(study, parameters), *trade_groups(study, LARGER)]


def saturation_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """Figure 19: all natural images of both sources, and generated ones at two sizes."""
    return [*reference_groups(study, {}), *wholes(study, "inaturalist"), *generated_groups(study)]


PAGE = Page("appendix_larger_budgets", "Larger budgets", groups=larger_budgets_groups)

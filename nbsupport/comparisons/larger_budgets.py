"""Larger budgets (Figures 18 and 19, of an appendix that is not available)."""

from typing import Any

from nbsupport.comparisons.common import reference_groups, whole
from nbsupport.comparisons.generated import generated_groups
from nbsupport.study import Group, Study


def saturation_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """Figure 19: all natural images of both sources, and generated ones at two sizes."""
    return [*reference_groups(study, {}), whole(study, "inaturalist"), *generated_groups(study)]

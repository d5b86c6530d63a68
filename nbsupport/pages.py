"""The book's pages: which groups each compares and which claims it tests.

Declared here, not in the notebooks, so that `plan` knows every job without executing a page and a
build can train the union of all pages' jobs in one pool.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbsupport.comparisons.common import no_groups, reference_groups
from nbsupport.comparisons.quantity import quantity_groups
from nbsupport.comparisons.sources import source_groups
from nbsupport.errors import unknown
from nbsupport.parameters import Parameter, check_parameters, read_parameters
from nbsupport.paths import root
from nbsupport.study import Group, Study

GroupsOf = Callable[[Study, dict[str, Any]], list[Group]]


@dataclass(frozen=True)
class Page:
    """One notebook: its id (the file name), title, the groups it compares, the claims it tests."""

    id: str
    title: str
    section: str
    groups: GroupsOf
    claims: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def notebook(self) -> Path:
        """Where the notebook lies."""
        return root() / "notebooks" / f"{self.id}.ipynb"

    def parameters(self) -> list[Parameter]:
        """What the notebook declares."""
        return read_parameters(self.notebook)


_QUANTITY_CLAIMS = (
    "quantity-imagenet",
    "quantity-inaturalist",
    "small-subset-helps",
    "five-per-class",
)

_SOURCE_CLAIMS = (
    "natural-sources",
    "natural-sources-equal",
    "fractals",
    "generated",
    "generated-over-fractals",
)

PAGES = {
    page.id: page
    for page in (
        Page("index", "Welcome", "", no_groups),
        Page("02_background", "Background", "2", reference_groups, ("reference-gap",)),
        Page("02_residuals", "Residuals", "2", reference_groups, ("no-epoch-trend",)),
        Page("03_setup", "Experimental setup", "3", no_groups),
        Page("04_1_quantity", "Data quantity", "4.1", quantity_groups, _QUANTITY_CLAIMS),
        Page("04_5_sources", "Data sources", "4.5", source_groups, _SOURCE_CLAIMS),
        Page("builds_in", "What this world builds in", "", no_groups),
    )
}


def page_named(page_id: str) -> Page:
    """The page of that id; UserError naming the nearest."""
    if page_id not in PAGES:
        raise unknown("page", page_id, PAGES)
    return PAGES[page_id]


_STUDY_PARAMETERS = ("profile", "world", "families", "seeds", "budget")


def study_for(page_id: str, **parameters: Any) -> Study:
    """The study that a page's parameters ask for; where families are left empty, the page's own.

    Checks every value against what the notebook declares. Raises UserError.
    """
    page = page_named(page_id)
    declared = page.parameters()
    values = {p.name: p.default for p in declared} | check_parameters(declared, parameters)
    chosen = {name: values[name] for name in _STUDY_PARAMETERS if name in values}
    study = Study(**chosen)
    if not values.get("families"):
        study.families = study.profile.page_families.get(page_id, study.profile.families)
    return study


def groups_of(page_id: str, study: Study, **parameters: Any) -> list[Group]:
    """The groups that a page compares, under its parameters."""
    return page_named(page_id).groups(study, parameters)


def all_groups(study: Study) -> list[Group]:
    """The groups of every page at its defaults, each role once."""
    groups = [group for page in PAGES.values() for group in page.groups(study, {})]
    return list({group.role: group for group in groups}.values())

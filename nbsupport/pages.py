"""The book's pages: which groups each compares and which claims it tests.

Declared here, not in the notebooks, so that `plan` knows every job without executing a page and a
build can train the union of all pages' jobs in one pool.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbsupport.analysis.trends import AXES
from nbsupport.comparisons.classes_or_images import classes_or_images_groups
from nbsupport.comparisons.common import no_groups, reference_groups
from nbsupport.comparisons.granularity import granularity_groups
from nbsupport.comparisons.quantity import quantity_groups
from nbsupport.comparisons.semantics import semantics_groups
from nbsupport.comparisons.within_class import within_class_groups
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
_GRANULARITY_CLAIMS = ("granularity-order", "granularity-inaturalist")
_SEMANTICS_CLAIMS = ("semantics-same", "semantics-position", "co-occurrence")
_TRADE_CLAIMS = ("classes-or-images", "classes-or-images-large")
_WITHIN_CLAIMS = ("within-class-imagenet", "within-class-inaturalist", "repeated-images")

PAGES = {
    page.id: page
    for page in (
        Page("index", "Welcome", "", no_groups),
        Page("02_background", "Background", "2", reference_groups, ("reference-gap",)),
        Page("02_residuals", "Residuals", "2", reference_groups, ("no-epoch-trend",)),
        Page("03_setup", "Experimental setup", "3", no_groups),
        Page("04_1_quantity", "Data quantity", "4.1", quantity_groups, _QUANTITY_CLAIMS),
        Page(
            "04_2_granularity", "Label granularity", "4.2", granularity_groups, _GRANULARITY_CLAIMS
        ),
        Page("04_3_semantics", "Label semantics", "4.3", semantics_groups, _SEMANTICS_CLAIMS),
        Page(
            "04_4_1_classes_or_images",
            "More classes or more images",
            "4.4.1",
            classes_or_images_groups,
            _TRADE_CLAIMS,
        ),
        Page(
            "04_4_2_within_class",
            "Diversity within classes",
            "4.4.2",
            within_class_groups,
            _WITHIN_CLAIMS,
        ),
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
    if values.get("axis", "linear") not in AXES:  # here: a page asks for it only after training
        raise unknown("axis", values["axis"], AXES)
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

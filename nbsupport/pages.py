"""The book's pages: which groups each compares and which claims it tests.

Declared here, not in the notebooks, so that `plan` knows every job without executing a page and a
build can train the union of all pages' jobs in one pool.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.analysis.trends import AXES
from nbsupport.comparisons import captions
from nbsupport.comparisons.asked_for import asked_for_groups
from nbsupport.comparisons.classes_or_images import classes_or_images_groups
from nbsupport.comparisons.common import no_groups, reference_groups
from nbsupport.comparisons.controls import control_groups
from nbsupport.comparisons.domain_pairs import pair_groups
from nbsupport.comparisons.granularity import granularity_groups
from nbsupport.comparisons.larger_budgets import larger_budgets_groups
from nbsupport.comparisons.no_gap import no_gap_groups
from nbsupport.comparisons.quantity import quantity_groups
from nbsupport.comparisons.semantics import semantics_groups
from nbsupport.comparisons.sources import source_groups
from nbsupport.comparisons.within_class import within_class_groups
from nbsupport.errors import unknown
from nbsupport.parameters import Parameter, check_parameters, read_parameters
from nbsupport.paths import root
from nbsupport.study import Group, Study

if TYPE_CHECKING:
    from nbsupport.analysis.claims import Claim

GroupsOf = Callable[[Study, dict[str, Any]], list[Group]]

# Groups that no section's page compares on its own and that claims need all the same.
BESIDE_PAGES: tuple[GroupsOf, ...] = (control_groups, no_gap_groups)


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


# Pages that gather what other pages compare -------------------------------------------------------
def book_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """The groups of all other pages, and those beside them: for the page that judges every claim.

    Each keeps the families that its own page trains live, so that nothing is trained for this page
    alone; families named in the parameters replace them.
    """
    given = bool(parameters.get("families"))
    live = study.profile.page_families
    return _once(
        group if given else _joined(group, live.get(page_id, ()))
        for page_id, group in _own_groups(study)
    )


def finding_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """Of these the groups that a claim of the paper names: what its findings rest on."""
    return _named(book_groups(study, parameters), lambda claim: not claim.control)


def discussion_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """Of these the groups that the claims of Section 6 name."""
    return _named(book_groups(study, parameters), lambda claim: claim.page == "06_discussion")


_GATHERING: tuple[GroupsOf, ...] = (book_groups, finding_groups, discussion_groups)


def _own_groups(study: Study) -> Iterator[tuple[str, Group]]:
    """(page, group) of every page that compares groups of its own, then those beside the pages."""
    for page in PAGES.values():
        if page.groups not in _GATHERING:
            yield from ((page.id, group) for group in page.groups(study, {}))
    yield from (("", group) for groups in BESIDE_PAGES for group in groups(study, {}))


def _once(groups: Iterator[Group]) -> list[Group]:
    """Each role once, with the families of all groups that share it."""
    found: dict[str, Group] = {}
    for group in groups:
        found[group.role] = _joined(found.get(group.role, group), group.families)
    return list(found.values())


def _joined(group: Group, families: tuple[str, ...]) -> Group:
    return replace(group, families=tuple(dict.fromkeys((*group.families, *families))))


def _named(groups: list[Group], wanted: "Callable[[Claim], bool]") -> list[Group]:
    from nbsupport.analysis import claims

    roles = {role for claim in claims.load().values() if wanted(claim) for role in claim.roles}
    return [group for group in groups if group.role in roles]


_QUANTITY_CLAIMS = (
    "quantity-imagenet",
    "quantity-inaturalist",
    "small-subset-helps",
    "five-per-class",
)
_GRANULARITY_CLAIMS = ("granularity-order", "granularity-inaturalist")
_DISCUSSION_CLAIMS = ("quantity-over-granularity", "quantity-over-semantics", "no-gap-task")

_SOURCE_CLAIMS = (
    "natural-sources",
    "natural-sources-equal",
    "fractals",
    "generated",
    "generated-over-fractals",
)
_SEMANTICS_CLAIMS = ("semantics-same", "semantics-position", "co-occurrence")
_TRADE_CLAIMS = ("classes-or-images", "classes-or-images-large")
_WITHIN_CLAIMS = ("within-class-imagenet", "within-class-inaturalist", "repeated-images")

PAGES = {
    page.id: page
    for page in (
        Page("index", "Welcome", "", no_groups),
        Page("01_introduction", "Introduction", "1", finding_groups),
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
        Page("04_5_sources", "Data sources", "4.5", source_groups, _SOURCE_CLAIMS),
        Page(
            "05_self_supervised",
            "Pre-training on captions",
            "5",
            captions.corpora_groups,
            ("clip-on-line",),
        ),
        Page("06_discussion", "Discussion", "6", discussion_groups, _DISCUSSION_CLAIMS),
        Page("appendix_a_training", "Training details", "A", reference_groups),
        Page(
            "appendix_clip_quantity",
            "How many captioned images",
            "E",
            captions.quantity_groups,
            ("clip-quantity",),
        ),
        Page("appendix_domain_pairs", "Domain pairs", "G", pair_groups, ("some-shifts-only",)),
        Page(
            "appendix_larger_budgets",
            "Larger budgets",
            "",
            larger_budgets_groups,
            ("generated-saturates",),
        ),
        Page("claims", "All claims", "", book_groups),
        Page("scale", "From two cores to the full study", "", no_groups),
        Page("builds_in", "What this world builds in", "", no_groups),
    )
}


def page_named(page_id: str) -> Page:
    """The page of that id; UserError naming the nearest."""
    if page_id not in PAGES:
        raise unknown("page", page_id, PAGES)
    return PAGES[page_id]


_STUDY_PARAMETERS = ("profile", "world", "families", "seeds", "budget")


def study_for(page_id: str, *, nominal: bool = False, **parameters: Any) -> Study:
    """The study that a page's parameters ask for; where families are left empty, the page's own.

    Checks every value against what the notebook declares. Raises UserError.
    """
    page = page_named(page_id)
    declared = page.parameters()
    values = {p.name: p.default for p in declared} | check_parameters(declared, parameters)
    if values.get("axis", "linear") not in AXES:  # here: a page asks for it only after training
        raise unknown("axis", values["axis"], AXES)
    chosen = {name: values[name] for name in _STUDY_PARAMETERS if name in values}
    study = Study(**chosen, nominal=nominal)
    if not values.get("families"):
        study.families = study.profile.page_families.get(page_id, study.profile.families)
    return study


def groups_of(page_id: str, study: Study, **parameters: Any) -> list[Group]:
    """The groups that a page compares, under its parameters."""
    return page_named(page_id).groups(study, parameters)


def all_groups(study: Study) -> list[Group]:
    """All groups that are recorded, each role once: every page's at its defaults, those beside the
    pages, and those that are recorded only."""
    own = (group for _, group in _own_groups(study))
    return _once(chain(own, asked_for_groups(study, {})))

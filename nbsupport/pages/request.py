"""A page under the values that somebody asks for: checked once, and each thing made once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nbsupport.analysis.trends import AXES
from nbsupport.arguments import chosen
from nbsupport.errors import UserError, said
from nbsupport.evidence.recorded_study import RecordedStudy
from nbsupport.pages import book_groups, check_claims, page_named
from nbsupport.pages.page import Page
from nbsupport.parameters import Cell, Parameter, check_parameters, code_cells, declared_in
from nbsupport.study.study import Group, Run, Study

_STUDY_PARAMETERS = ("profile", "world", "families", "seeds", "budget")
RESULTS = ("live", "recorded")


@dataclass(frozen=True, eq=False)
class PageRequest:
    """A page, and values for some of its parameters; the others keep their defaults.

    `nominal`: data that are not here count by their published numbers. What follows from the values
    is made once, when it is first asked for; a wrong value is a UserError then.
    """

    page: Page
    given: Mapping[str, Any]
    nominal: bool = False

    @cached_property
    def cells(self) -> list[Cell]:
        """The notebook's cells of code."""
        return code_cells(self.page.notebook)

    @cached_property
    def declared(self) -> list[Parameter]:
        """The parameters that the notebook declares."""
        return declared_in(self.cells, self.page.notebook.name)

    @cached_property
    def values(self) -> dict[str, Any]:
        """The value of every parameter."""
        checked = check_parameters(self.declared, dict(self.given))
        values = {p.name: p.default for p in self.declared} | checked
        # checked here already: a page asks for its axis only after it has trained
        chosen("axis", values.get("axis", "linear"), AXES)
        chosen("results", values.get("results", "live"), RESULTS)
        return values

    @cached_property
    def study(self) -> Study:
        """The study that the values ask for; where families are left empty, the page's own."""
        check_claims()
        values = {n: self.values[n] for n in _STUDY_PARAMETERS if n in self.values}
        kind = RecordedStudy if self.recorded_only else Study
        study = kind(**values, nominal=self.nominal)
        if not values.get("families"):
            live = study.profile.page_families
            study.families = live.get(self.page.id, study.profile.families)
        return study

    @cached_property
    def groups(self) -> list[Group]:
        """The groups that the page compares."""
        return groups_in(self.page, self.study, self.values)

    @cached_property
    def runs(self) -> list[Run]:
        """Every run that the page needs, none where it shows records; nothing is trained."""
        return [] if self.recorded_only else self.study.runs(self.groups)

    @property
    def recorded_only(self) -> bool:
        """Whether the page shows committed records and trains nothing."""
        return bool(self.values.get("results") == "recorded")

    def at_defaults(self, profile: str) -> "PageRequest":
        """The same page under a profile, all else at its defaults; itself where it is that."""
        same = {p.name: p.default for p in self.declared} | {"profile": profile} == self.values
        return self if same else self._again({"profile": profile})

    def other(self, **values: Any) -> "PageRequest":
        """The same page with some values changed."""
        return self._again({**self.given, **values})

    def _again(self, given: Mapping[str, Any]) -> "PageRequest":
        request = PageRequest(self.page, given, self.nominal)
        request.__dict__["cells"] = self.cells  # the notebook is the same
        return request


def groups_in(page: Page, study: Study, values: dict[str, Any]) -> list[Group]:
    """The groups that a page compares in a study, by checked values."""
    if page.gathers is None:
        return page.groups(study, values)
    return page.gathers(book_groups(study, values.get("families", ())))


def study_for(page_id: str, *, nominal: bool = False, **parameters: Any) -> Study:
    """The study that a page's parameters ask for, checked against what the notebook declares.

    Where families are left empty, it has the page's own. Raises UserError.
    """
    return PageRequest(page_named(page_id), parameters, nominal).study


def groups_of(page_id: str, study: Study, **parameters: Any) -> list[Group]:
    """The groups that a page compares in a study, under parameters checked as `study_for` does."""
    page = page_named(page_id)
    if not isinstance(study, Study):
        raise UserError(f"study={said(study)}: give a Study, such as study_for({page_id!r})")
    return groups_in(page, study, PageRequest(page, parameters).values)

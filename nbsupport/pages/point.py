"""A point of a figure: one run of one group of a page, with its own jobs and no others."""

from nbsupport.errors import UserError, unknown
from nbsupport.pages.request import PageRequest
from nbsupport.study.study import Group, Run
from nbsupport.training.families import FAMILIES, family_named


def point_run(request: PageRequest, role: str, family: str, seed: int) -> Run:
    """The run of a page's group in one cell; nothing is trained.

    Families and seeds that the request asks for do not matter: a point has its own. Raises
    UserError for a role that the page does not compare, a family that there is not, or one that
    the group is not run with.
    """
    family_named(family)
    cell = _cell(request, family, seed)
    group = _group(cell, role)
    runs = [run for run in cell.study.runs([group]) if (run.family, run.seed) == (family, seed)]
    if not runs:
        own = group.weights or dict.fromkeys((*FAMILIES, *group.families), "")
        raise UserError(f"{role} is not run with family {family}: give one of {', '.join(own)}")
    return runs[0]


def _cell(request: PageRequest, family: str, seed: int) -> PageRequest:
    """The page under this family and seed alone; a family that comes with its groups needs none."""
    declared = {parameter.name for parameter in request.declared}
    missing = {"families", "seeds"} - declared
    if missing:
        raise UserError(f"page {request.page.id} draws no runs of its own: give a page with seeds")
    own = [family] if family in FAMILIES else request.values["families"]
    return request.other(families=own, seeds=[seed])


def _group(request: PageRequest, role: str) -> Group:
    groups = {group.role: group for group in request.groups}
    if role not in groups:
        raise unknown(f"role of page {request.page.id}", role, groups)
    return groups[role]

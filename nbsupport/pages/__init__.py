"""The book's pages, found by file, and the groups that all of them compare together.

A page is a notebook, a module of this folder with `PAGE = Page(...)`, and a line in _toc.yml, whose
order is the book's. So `plan` knows every job without executing a page, and a build can train the
union of all pages' jobs in one pool.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from nbsupport.arguments import chosen
from nbsupport.errors import UserError, unknown
from nbsupport.pages.page import Page
from nbsupport.paths import root
from nbsupport.registry import PAGES
from nbsupport.study.study import Group, Study

_LISTED = re.compile(r"^\s*(?:-\s*)?(?:root|file):\s*book/sections/(\w+)\s*$", re.MULTILINE)


# finding them -------------------------------------------------------------------------------------
@cache
def pages() -> dict[str, Page]:
    """Every page by its id, in the order of _toc.yml.

    Raises UserError for a page without a module, and for a module whose page is not listed.
    """
    listed = _LISTED.findall((root() / "_toc.yml").read_text(encoding="utf-8"))
    found = {page.id: page for page in map(_page_of, PAGES.names())}
    if extra := [page for page in found.values() if page.id not in listed]:
        raise UserError(
            f"{extra[0].module} is of page {extra[0].id}, which _toc.yml does not list: add "
            f"book/sections/{extra[0].id}"
        )
    if lacking := [page_id for page_id in listed if page_id not in found]:
        raise UserError(
            f"page {lacking[0]} of _toc.yml has no module: write one in nbsupport/pages/, with "
            f'PAGE = Page("{lacking[0]}", ...)'
        )
    return {page_id: found[page_id] for page_id in listed}


def _page_of(name: str) -> Page:
    page: Page = PAGES.load(name).PAGE
    return replace(page, module=PAGES.module_name(name))


def page_named(page_id: str) -> Page:
    """The page of that id; UserError naming the nearest."""
    return pages()[chosen("page", page_id, pages())]


# what all of them compare -------------------------------------------------------------------------
def all_groups(study: Study) -> list[Group]:
    """All groups that are recorded, each role once: those of every page at its defaults, those that
    only claims need, and those that are recorded only."""
    own = [group for _, group in _own_groups(study)]
    return _once([*own, *(g for page in pages().values() for g in page.recorded(study, {}))])


def possible_groups(study: Study) -> tuple[list[Group], dict[str, str]]:
    """All groups that are recorded and whose subset can be drawn; why not, by role, of the others.

    A simulated world can have too few of something ("9 nodes are there, 10 are asked for"): its
    other groups are recorded, and the claims on these are judged without this world.
    """
    possible, lacking = [], {}
    for group in all_groups(study):
        try:
            if study.profile.simulated and group.subset is not None:
                len(group.subset)
            possible.append(group)
        except UserError as problem:
            lacking[group.role] = str(problem)
    return possible, lacking


def book_groups(study: Study, families: Sequence[str] = ()) -> list[Group]:
    """The groups for a page that gathers those of other pages. Each group keeps the families that
    its own page trains live, so nothing is trained for the gathering page alone; `families`, where
    given, replace them."""
    live = {} if families else study.profile.page_families
    return _once(_joined(group, live.get(page_id, ())) for page_id, group in _own_groups(study))


def _own_groups(study: Study) -> Iterator[tuple[str, Group]]:
    """(page, group) of every page that compares groups of its own, then those beside the pages."""
    for page in pages().values():
        yield from ((page.id, group) for group in page.groups(study, {}))
    for page in pages().values():
        yield from (("", group) for group in page.beside(study, {}))


def _once(groups: Iterable[Group]) -> list[Group]:
    """Each role once, with the families of all groups that share it."""
    found: dict[str, Group] = {}
    for group in groups:
        found[group.role] = _joined(found.get(group.role, group), group.families)
    return list(found.values())


def _joined(group: Group, families: tuple[str, ...]) -> Group:
    return replace(group, families=tuple(dict.fromkeys((*group.families, *families))))


# claims -------------------------------------------------------------------------------------------
@cache
def check_claims() -> None:
    """UserError where claims.toml names a role that no group has, or a page that no page is."""
    from nbsupport.analysis import claims

    roles = {group.role for group in all_groups(Study(nominal=True))}
    for name, claim in claims.load().items():
        wrong = unknown("page", claim.page, pages()) if claim.page not in pages() else None
        for role in (role for role in claim.roles if role not in roles):
            wrong = wrong or unknown("role", role, roles)
        if wrong is not None:
            raise UserError(f"{claims.place(name)}: claim {name!r}: {wrong}")

"""What a page of the book is: a notebook, the groups that it compares, the claims that it tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.pages.question import Question
from nbsupport.paths import root
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    from nbsupport.analysis.claims import Claim


GroupsOf = Callable[[Study, dict[str, Any]], list[Group]]
Chosen = Callable[[Sequence[Group]], list[Group]]


def no_groups(_: Study, __: dict[str, Any]) -> list[Group]:
    """For a page that compares nothing: it shows data, or runs recorded elsewhere."""
    return []


@dataclass(frozen=True)
class Page:
    """One notebook: its id (the file name), its title, its section, the groups that it compares.

    `groups` are the page's own. `beside` are groups that claims need and no page compares: they are
    recorded with the others. `recorded` are groups too dear for a build: they are recorded only.
    `gathers`, on a page that compares groups of other pages, chooses among all groups.
    `whole_book`: the page shows recorded runs of any group. `question` is what a page of one's own
    claims. `module` is the page's own module, filled in where pages are found.
    """

    id: str
    title: str
    section: str = ""
    groups: GroupsOf = no_groups
    beside: GroupsOf = no_groups
    recorded: GroupsOf = no_groups
    gathers: Chosen | None = None
    whole_book: bool = False
    question: Question | None = None
    module: str = ""

    @property
    def notebook(self) -> Path:
        """Where the notebook lies."""
        return root() / "notebooks" / f"{self.id}.ipynb"

    @property
    def claims(self) -> tuple[str, ...]:
        """The ids of the paper's claims that the page tests, as claims.toml says."""
        from nbsupport.analysis import claims

        return claims.of_page(self.id)


def named_by(wanted: "Callable[[Claim], bool]") -> Chosen:
    """Of all groups those that some claims name: what `Page.gathers` may be."""

    def gathered(groups: Sequence[Group]) -> list[Group]:
        from nbsupport.analysis import claims

        roles = {role for claim in claims.load().values() if wanted(claim) for role in claim.roles}
        return [group for group in groups if group.role in roles]

    return gathered

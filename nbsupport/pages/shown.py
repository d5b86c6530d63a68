"""What two or three pages show. What more pages show is in `open_page`, what one shows in its
module."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nbsupport.analysis import roles
from nbsupport.data.tasks import SPLITS
from nbsupport.display import html, images, tables, widgets
from nbsupport.display.where_possible import shown_where_possible
from nbsupport.errors import unknown
from nbsupport.pages.open_page import OpenPage

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.data.subsets.subset import Subset
    from nbsupport.data.tasks import Task


@shown_where_possible
def split_grid(
    page: OpenPage, split: str, *, role: str = "", count: int = 16, caption: str = ""
) -> Any:
    """Images of a split of the downstream task, each from another location.

    role: a group of the page whose task is shown, where it is not the page's own.
    """
    shown, titles = images.sample_of_split(task_of(page, role), split, count)
    return widgets.image_grid(shown, titles, caption)


def task_of(page: OpenPage, role: str) -> "Task":
    """The downstream task of a group of the page; of none: the study's own."""
    if not role:
        return page.study.task
    groups = {group.role: group for group in page.groups}
    if role not in groups:
        raise unknown("group", role, groups)
    return page.study.task_of(groups[role])


@shown_where_possible
def plate(
    page: OpenPage,
    of: "str | Subset | Callable[[], Subset]",
    *,
    role: str = "",
    count: int = 8,
    px: int = 144,
    caption: str = "",
) -> Any:
    """A source or a split of the task, large: a simulated world is drawn anew at that size.

    of: a split, a source, a role, a subset, or what makes a subset. role: as in `split_grid`.
    """
    study, simulated = page.study, page.study.profile.simulated
    if isinstance(of, str) and of in SPLITS:
        task = task_of(page, role)
        if simulated:
            shown, titles = images.large_traps(study, of, count, px, task)
        else:
            shown, titles = images.sample_of_split(task, of, count)
    elif simulated:
        shown, titles = images.large_photos(study, page.subset(of), count, px)
    else:
        shown, titles = images.sample_of_classes(page.subset(of), count)
    return widgets.image_grid(shown, titles, caption, size=px)


def sensitivity(page: OpenPage, claim_id: str, points: "pd.DataFrame") -> html.Html:
    """A claim's verdict on other axes and at other margins."""
    if page.mask():
        return html.note(f"{page.mask()}: no table.")
    chances = page.study.profile.chances(page.study.world)
    return tables.sensitivity_table(claim_id, points, chances)


def matching(page: OpenPage, *patterns: str) -> list[str]:
    """The roles that fit a pattern ("imagenet/within-*"), between the two reference lines."""
    return [roles.FULL, *roles.matching(page.view.roles(), *patterns), roles.SCRATCH]


def room_to_lose(page: OpenPage, names: Sequence[str]) -> str:
    """Whether groups gain enough over scratch for "the same" to say something, in a sentence.

    By the recorded runs of the page's world; where the best of the groups gains less than the
    margin, no two of them could differ by more.
    """
    from nbsupport.analysis.verdicts import contrast

    points = page.recorded(page.study.world)
    if not {roles.FULL, roles.SCRATCH, *names} <= set(points["role"]):
        return "How much there is to lose is not recorded yet."
    found = [contrast(points, name, roles.SCRATCH, axis=page.axis) for name in names]
    best, margin = max(c.estimate.value for c in found), found[0].margin
    if not (math.isfinite(best) and margin > 0):
        return "How much there is to lose cannot be told from these runs."
    told = f"The most that any of them gains is {best / margin:.1f} margins. "
    if best >= margin:
        return told + "So one of them could fall behind by more than what counts as none."
    told += "So there is less to lose than what counts as a difference: "
    return told + '"the same" is the only word that they can get, and it says little.'

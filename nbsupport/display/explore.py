"""Addresses of the explorer: what it shows is told by what follows the # of its page."""

from collections.abc import Sequence
from urllib.parse import urlencode

from nbsupport.analysis.roles import SCRATCH, role_of
from nbsupport.display.figure_request import FigureRequest

PAGE = "explorer.html"
PUBLISHED = "published"


def setting_id(profile: str, number: int, role: str = SCRATCH) -> str:
    """The setting of a profile's world or shift, on the task that a role is fine-tuned on."""
    task = task_of(role)
    return f"{profile}-{number}{f'-{task}' if task else ''}"


def task_of(role: str) -> str:
    """ "pair-3" of "pair-3/full": whose task it is fine-tuned on; nothing of the main one."""
    return role.partition("/")[0] if role_of(role).source.own_task else ""


def explorer_link(
    setting: str, groups: Sequence[str] = (), reference: str = "", axis: str = ""
) -> str:
    """The address, from another page, of a choice in the explorer; what is left out is default."""
    chosen = {"setting": setting, "axis": axis, "reference": reference, "groups": ",".join(groups)}
    told = {name: value for name, value in chosen.items() if value}
    return f"{PAGE}#{urlencode(told, safe='/,')}"


def figure_link(profile: str, number: int, request: FigureRequest, axis: str) -> str:
    """The address of a figure's groups, its lower line and its axis, in the setting that it draws.

    A figure of several tasks leads to that of its first group.
    """
    own = [*request.roles, *request.lines] or [SCRATCH]
    groups = [role for role in dict.fromkeys(own) if task_of(role) == task_of(own[0])]
    reference = next((role for role in reversed(request.lines) if role in groups), "")
    setting = setting_id(profile, number, own[0])
    return explorer_link(setting, groups if request.roles else (), reference, axis)

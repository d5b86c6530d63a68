"""Section 6: a task without per-location bias, where the two reference lines should meet."""

from typing import Any

from nbsupport.pages.groups import reference_groups
from nbsupport.study.study import Group, Study

FULL, SCRATCH = "no-gap/full", "no-gap/scratch"
ROLES = (FULL, SCRATCH)  # the two lines of its figure
AXIS_TITLES = (
    "ID macro F1 (new places, the same year)",
    "OOD macro F1 (new places, a later and drier year)",
)


def no_gap_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """Pre-trained on the full source and from scratch, and the main task's two as the yardstick.

    None where the profile has no such task.
    """
    task = study.profile.no_gap_task
    if not task:
        return []
    return [
        *reference_groups(study, {}),
        Group(FULL, "pre-trained, each picture at a new place", study.imagenet, task),
        Group(SCRATCH, "from scratch, each picture at a new place", None, task),
    ]

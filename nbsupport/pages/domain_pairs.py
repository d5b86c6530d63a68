"""Section 6 and Appendix G: which shifts between styles of picture separate the two lines."""

from typing import Any

from nbsupport.pages.groups import reference_groups
from nbsupport.study.study import Group, Study


def pair_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """Pre-trained on the full source and from scratch for each pair, after the main task's two.

    The main task's gap is the yardstick of every pair: a pair's own gap is what is in question.
    """
    groups = reference_groups(study, {})
    for i, (style, other) in enumerate(study.profile.pairs, start=1):
        task = study.profile.pair_task(style, other)
        name = f"{style} to {other}".replace("_", " ")
        groups += [
            Group(f"pair-{i}/full", f"{name}, pre-trained", study.imagenet, task),
            Group(f"pair-{i}/scratch", f"{name}, from scratch", None, task),
        ]
    return groups

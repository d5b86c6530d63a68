"""Section 6 and Appendix G: which shifts between styles of picture separate the two lines."""

from typing import Any

from nbsupport.comparisons.common import reference_groups
from nbsupport.study import Group, Study

# (trained on, also tested on), fixed before any of them was run. Photographs are the largest domain
# of DomainNet, so they are trained on three times, and every other style but one is reached from
# them, from near to far: a painting keeps colours and markings, infrared keeps markings, a sketch
# keeps little but lines. Two of these run both ways, for a shift need not be as hard one way as the
# other. In the last pair only outlines can carry over. A pair in which hardly anything can, such as
# painting to silhouette, was left out, because at chance level no two lines can differ.
PAIRS = (
    ("photo", "sketch"),
    ("sketch", "photo"),
    ("photo", "painting"),
    ("painting", "photo"),
    ("photo", "infrared"),
    ("sketch", "silhouette"),
)


def pair_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """Pre-trained on the full source and from scratch for each pair, after the main task's two.

    The main task's gap is the yardstick of every pair: a pair's own gap is what is in question.
    """
    groups = reference_groups(study, {})
    for i, (style, other) in enumerate(PAIRS, start=1):
        task = {"name": "savanna_domains", "style": style, "ood_style": other}
        name = f"{style} to {other}"
        groups += [
            Group(f"pair-{i}/full", f"{name}, pre-trained", study.imagenet, task),
            Group(f"pair-{i}/scratch", f"{name}, from scratch", None, task),
        ]
    return groups

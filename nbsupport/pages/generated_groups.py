"""Section 4.5.1: images from a generative model, at two sizes."""

from nbsupport.pages.groups import sized_role
from nbsupport.study.study import Group, Study


def generated_groups(study: Study) -> list[Group]:
    """All generated images (the role 1M), and class-balanced 150K of them."""
    if not study.has("generated"):
        return []
    return [
        Group("generated/1M", f"{len(study.generated):,} images", study.generated),
        sized_role(study, "generated", "150K"),
    ]

"""Section 4.5: natural, fractal and generated images as sources of pre-training."""

from typing import TYPE_CHECKING, Any

from nbsupport.pages.groups import present, reference_groups, sized_role, wholes
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    pass
from nbsupport.display.html import Html, signed, table

EQUAL = "150K"  # the role at which sources are compared at equal size (Figure 11)


def source_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """Every source, in full (Figure 10) and at 150K (Figure 11), between the reference lines."""
    return [
        *reference_groups(study, parameters),
        *natural_groups(study),
        *synthetic_groups(study),
    ]


def natural_groups(study: Study) -> list[Group]:
    """iNaturalist in full, and both natural sources at equal size."""
    kinds = present(study, "imagenet", "inaturalist")
    return [*wholes(study, "inaturalist"), *(sized_role(study, kind, EQUAL) for kind in kinds)]


def synthetic_groups(study: Study) -> list[Group]:
    """What no camera ever saw."""
    generated = [sized_role(study, kind, EQUAL) for kind in present(study, "generated")]
    return [*wholes(study, "fractaldb"), *generated]


def fractal_table(category: int) -> Html:
    """The maps of a category of FractalDB: a ... f, and how often each is taken."""
    from nbsupport.data.fractals.systems import NAMES, categories

    system = categories(category + 1)[category]
    rows = [
        (f"map {i}", *(signed(v, 2) for v in row[:6]), f"{row[6]:.0%}")
        for i, row in enumerate(system, start=1)
    ]
    return table(("", *NAMES, "taken"), rows, numeric=range(1, 8))

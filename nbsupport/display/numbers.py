"""Numbers that a page's prose quotes: computed from the study and its runs, as text to glue."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nbsupport.analysis.roles import SOURCES
from nbsupport.display.html import signed
from nbsupport.display.where_possible import numbers_where_possible
from nbsupport.study.study import FULL, SCRATCH, Study

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.data.subsets.subset import Subset

if TYPE_CHECKING:
    import pandas as pd

MISSING = "(not run)"
PUBLISHED_POINTS, PUBLISHED_SIDE = 200_000, 362  # of the images of FractalDB-1k


def source_numbers(study: Study) -> dict[str, str]:
    """Sizes of the sources and of the task, by the name under which prose quotes them."""
    imagenet = study.imagenet.drawn.counts()
    sizes = study.profile.sizes
    classes = study.imagenet.num_classes
    numbers = {
        "profile": study.profile.name,
        "px": f"{study.profile.px}",
        "imagenet-images": f"{imagenet.sum():,}",
        "imagenet-classes": f"{len(imagenet):,}",
        "imagenet-each": f"{imagenet.min():,}",
        "balanced-classes": f"{study.profile.balanced_classes:,}",
    }
    numbers |= inaturalist_numbers(study) | fractal_numbers(study)
    numbers |= {f"images-{r.lower()}": f"{classes * n:,}" for r, n in sizes.items()}
    return numbers | fractal_ratio(study)


@numbers_where_possible
def fractal_ratio(study: Study) -> dict[str, str]:
    """How many times the role 150K the fractals are, which the claim on both compares."""
    ratio = len(study.fractaldb) / (study.imagenet.num_classes * study.profile.sizes["150K"])
    return {"fractal-ratio": f"{round(ratio, 1):g}"}


@numbers_where_possible
def inaturalist_numbers(study: Study) -> dict[str, str]:
    """Size of iNaturalist, or its stand-in, and of its largest and smallest class."""
    counts = study.inaturalist.drawn.counts()
    return {
        "inaturalist-images": f"{counts.sum():,}",
        "inaturalist-classes": f"{len(counts):,}",
        "inaturalist-most": f"{counts.max():,}",
        "inaturalist-least": f"{counts.min():,}",
    }


@numbers_where_possible
def fractal_numbers(study: Study) -> dict[str, str]:
    """Size of FractalDB in the study, and how its images are drawn."""
    counts, how = study.fractaldb.drawn.counts(), study.fractaldb.source.spec()
    side = study.profile.px * how["oversize"] if "oversize" in how else PUBLISHED_SIDE
    return {
        "fractal-images": f"{counts.sum():,}",
        "fractal-classes": f"{len(counts):,}",
        "fractal-each": f"{counts.min():,}",
        "fractal-points": f"{how.get('iterations', PUBLISHED_POINTS):,}",
        "fractal-side": f"{side}",
    }


@numbers_where_possible
def generated_numbers(study: Study) -> dict[str, str]:
    """How many generated images there are."""
    return {"generated-images": f"{len(study.generated):,}"}


def task_numbers(study: Study) -> dict[str, str]:
    """Sizes of the downstream task, by the name under which prose quotes them."""
    task = study.task
    tables = {split: task.table(split) for split in ("train", "id_val", "id_test", "ood_test")}
    known, new = tables["train"]["location"], tables["ood_test"]["location"]
    both = [tables["id_test"], tables["ood_test"]]
    return {
        "task-classes": f"{task.num_classes}",
        "train-images": f"{len(tables['train']):,}",
        "id-images": f"{len(tables['id_test']):,}",
        "ood-images": f"{len(tables['ood_test']):,}",
        "known-cameras": f"{known.nunique()}",
        "new-cameras": f"{new.nunique()}",
        "shared-cameras": f"{len(set(known) & set(new))}",
        "rarest-test": f"{min(int(t['label'].value_counts().min()) for t in both)}",
    }


def gain_numbers(
    runs: "pd.DataFrame", roles: Mapping[str, str], axis: str = "linear"
) -> dict[str, str]:
    """Effective robustness over scratch: `gain-NAME` for each role, and how many live cells."""
    from nbsupport.analysis.verdicts import contrast

    present, numbers = set(runs["role"]), {}
    for name, role in roles.items():
        if not {role, SCRATCH, FULL} <= present:
            numbers[f"gain-{name}"] = MISSING
            continue
        value = contrast(runs, role, SCRATCH, axis=axis).estimate.value
        numbers[f"gain-{name}"] = (
            signed(value) if math.isfinite(value) else "nothing measurable (off the line)"
        )
    cells = runs[["family", "seed"]].drop_duplicates()
    return numbers | {"live-cells": f"{len(cells)}"}


def position_numbers(
    runs: "pd.DataFrame", pairs: Mapping[str, tuple[str, str]], axis: str = "linear"
) -> dict[str, str]:
    """Mean difference in ID score at equal epochs, the first role minus the second, by name."""
    from nbsupport.analysis.verdicts import contrast

    present, numbers = set(runs["role"]), {}
    for name, (a, b) in pairs.items():
        if not {a, b, SCRATCH, FULL} <= present:
            numbers[f"position-{name}"] = MISSING
            continue
        found = contrast(runs, a, b, axis=axis, statistic="id-position")
        numbers[f"position-{name}"] = signed(found.estimate.value)
    return numbers


def example_sizes(study: Study) -> list[int]:
    """Three sizes that every source of the study can give, spread over the profile's own."""
    each = sorted(study.profile.sizes.values())
    chosen = [each[0], each[len(each) // 2], each[-1]]
    return [study.imagenet.num_classes * n for n in chosen]


def natural_sources(study: Study) -> "dict[str, Subset]":
    """The two natural sources in full, by what they are called here; those that there are."""
    kinds = (kind for kind in SOURCES.values() if kind.natural and study.has(kind.name))
    return {kind.stand_in: getattr(study, kind.name) for kind in kinds}

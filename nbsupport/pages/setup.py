"""Section 3 as tables: the paper's data, families and recipes beside those of a study."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.analysis.roles import amount
from nbsupport.display.html import Html, table
from nbsupport.display.kept import kept
from nbsupport.display.numbers import natural_sources
from nbsupport.display.where_possible import numbers_where_possible
from nbsupport.pages.page import Page
from nbsupport.pages.shown import split_grid as split_grid
from nbsupport.study.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.data.subsets.subset import Subset


# The paper's own numbers (Table 1 and Section 4.1; class counts of iNaturalist from its authors).
PAPER_TABLE_1 = {
    "training images": ("1,281,167", "579,184"),
    "classes": ("1,000", "5,089"),
    "images per class": ("balanced", "long-tailed"),
    "hierarchy": ("WordNet", "tree of life"),
    "labels checked by experts": ("no", "yes"),
}
PAPER_FULL = {"imagenet": 1_281_167, "inaturalist": 579_184}
PAPER_FINE_TUNING = 129_809
PAPER_CLASSES = 1_000
SPLIT_NAMES = {
    "train": "training",
    "id_val": "ID validation",
    "id_test": "ID test",
    "ood_val": "OOD validation",
    "ood_test": "OOD test",
}


def table_1(study: Study) -> Html:
    """The paper's Table 1 beside the same facts of the study's natural sources, computed."""
    sources = natural_sources(study)
    ours = {
        "training images": [f"{len(s):,}" for s in sources.values()],
        "classes": [f"{s.num_classes:,}" for s in sources.values()],
        "images per class": [_spread(s) for s in sources.values()],
        "hierarchy": [_trees(s) for s in sources.values()],
        "labels checked by experts": [_checked(study)] * len(sources),
    }
    rows = [(name, *PAPER_TABLE_1[name], *ours[name]) for name in PAPER_TABLE_1]
    return table(("", "ImageNet", "iNaturalist 2017", *sources), rows)


def _checked(study: Study) -> str:
    return "exact: the image is drawn from its label" if study.profile.simulated else "as published"


def _spread(subset: "Subset") -> str:
    counts = subset.drawn.counts()
    low, high = int(counts.min()), int(counts.max())
    return f"balanced: {low:,}" if low == high else f"long-tailed: {high:,} down to {low:,}"


def _trees(subset: "Subset") -> str:
    classes = subset.source.classes()
    return f"{len(_depths(classes))} depths: {', '.join(classes['tree'].unique())}"


def _depths(classes: "pd.DataFrame") -> list[str]:
    return [column for column in classes.columns if column.startswith("depth_")]


def depth_table(study: Study) -> Html:
    """Labels at each depth of the natural sources' trees, from coarse to fine."""
    tables = {name: s.source.classes() for name, s in natural_sources(study).items()}
    rows = [
        (f"depth {i}", *(_labels_at(t, f"depth_{i}") for t in tables.values()))
        for i in range(1, 1 + max(len(_depths(t)) for t in tables.values()))
    ]
    return table(("labels at", *tables), rows, numeric=range(1, 1 + len(tables)))


def _labels_at(classes: "pd.DataFrame", depth: str) -> str:
    return f"{classes[depth].nunique():,}" if depth in classes else ""


def role_table(study: Study) -> Html:
    """What each role of the paper is in this profile, with the size relative to fine-tuning."""
    task = len(study.task.table("train"))
    rows = []
    for kind, paper in PAPER_FULL.items():
        if study.has(kind):
            rows.append(_role_row(f"{kind}, full", paper, len(getattr(study, kind)), task))
    classes = study.imagenet.num_classes
    for role, each in study.profile.sizes.items():
        paper = round(amount(role))
        per_class = (f"{paper // PAPER_CLASSES:,}", f"{each:,}")
        rows.append(_role_row(role, paper, each * classes, task, per_class))
    rows.append(_role_row("fine-tuning", PAPER_FINE_TUNING, task, task))
    parts = ("images", "share", "per class")
    header = ("role", *(f"{side}: {part}" for part in parts for side in ("paper", "here")))
    return table(header, rows, numeric=range(1, 7))


def _role_row(
    name: str, paper: int, here: int, task: int, per_class: tuple[str, str] = ("", "")
) -> tuple[str, ...]:
    shares = (paper / PAPER_FINE_TUNING, here / task)
    return (name, f"{paper:,}", f"{here:,}", *(f"{share:.2f}" for share in shares), *per_class)


def split_table(study: Study) -> Html:
    """The splits of the downstream task: images, cameras, days, the rarest label."""
    rows = []
    for split, name in SPLIT_NAMES.items():
        part = study.task.table(split)
        counts = part["label"].value_counts()
        figures = (len(part), part["location"].nunique(), len(counts), counts.min())
        rows.append((name, *(f"{int(n):,}" for n in figures), _days(part)))
    header = ("split", "images", "cameras", "labels", "images of the rarest label", "days")
    return table(header, rows, numeric=range(1, 5))


def _days(part: "pd.DataFrame") -> str:
    """From when to when a split's pictures were taken: days of the simulation, or dates."""
    if "day" in part:
        return f"{part['day'].min()} to {part['day'].max()}"
    if "datetime" in part:
        return f"{part['datetime'].min():%Y-%m-%d} to {part['datetime'].max():%Y-%m-%d}"
    return "unknown"


def architecture_table(study: Study) -> Html:
    """Each family: its defining block, and parameters here and at full size."""
    from nbsupport.training.families import FAMILIES, family_named

    classes, px = study.task.num_classes, study.profile.px
    rows = [
        (
            family,
            family_named(family).block,
            f"{parameters(family, classes, px):,}",
            _full_size(family, classes),
        )
        for family in FAMILIES
    ]
    header = ("family", "what it keeps", f"parameters at {px} px", "full size, at 224 px")
    return table(header, rows, numeric=(2, 3))


def _full_size(family: str, classes: int) -> str:
    from nbsupport.training.families import architecture, family_named

    if not family_named(family).full_size:
        return "none"
    return f"{architecture(family, 224)}: {parameters(family, classes, 224):,}"


@kept
def parameters(family: str, num_classes: int, px: int) -> int:
    """How many trainable numbers a model has; nothing is allocated for it."""
    import torch

    from nbsupport.training import models

    with torch.device("meta"):
        model = models.build(family, num_classes, px)
    return sum(weight.numel() for weight in model.parameters())


def recipe_table(study: Study) -> Html:
    """The recipes of this profile: a column for each stage, families that differ named."""
    from nbsupport.study.profiles.recipes import field_title, recipe_named
    from nbsupport.training.families import FAMILIES

    stages = ("pretrain", "finetune", "scratch")
    by_stage = [
        [recipe_named(study.profile.recipes, stage, family).spec() for family in FAMILIES]
        for stage in stages
    ]
    names = dict.fromkeys(name for specs in by_stage for name in specs[0])
    sgd = any(spec["optimizer"] == "sgd" for specs in by_stage for spec in specs)
    unused = {"updates"} if sgd else {"updates", "momentum"}
    rows = [
        (field_title(name), *(_by_family(specs, name, FAMILIES) for specs in by_stage))
        for name in names
        if name not in unused
    ]
    header = ("", "pre-training", "fine-tuning", "from scratch")
    return table(header, rows)


def _by_family(specs: Sequence[dict[str, Any]], name: str, families: Sequence[str]) -> str:
    """One value where all families share it, else the common one and the exceptions."""
    texts = [_plain(spec.get(name, 1.0)) for spec in specs]  # only `area` is left out, as 1
    common = max(texts, key=texts.count)
    other = [f"{f}: {t}" for f, t in zip(families, texts, strict=True) if t != common]
    return common if not other else f"{common} ({', '.join(other)})"


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(v) for v in value) or "the last epoch"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


@numbers_where_possible
def setup_numbers(study: Study) -> dict[str, str]:
    """What the prose of Section 3 quotes, as text to glue."""
    counts = study.inaturalist.drawn.counts()
    ordered = np.sort(counts)[::-1]
    top = ordered[: max(1, len(ordered) // 10)].sum() / ordered.sum()
    full, tailed = len(study.imagenet), len(study.inaturalist)
    return {
        "imagenet-factor": f"{PAPER_FULL['imagenet'] / full:,.0f}",
        "inaturalist-factor": f"{PAPER_FULL['inaturalist'] / tailed:,.0f}",
        "size-ratio": f"{full / tailed:.1f}",
        "paper-size-ratio": f"{PAPER_FULL['imagenet'] / PAPER_FULL['inaturalist']:.1f}",
        "tail-share": f"{top:.0%}",
        "full-over-task": f"{full / len(study.task.table('train')):.1f}",
        "paper-full-over-task": f"{PAPER_FULL['imagenet'] / PAPER_FINE_TUNING:.1f}",
    }


def size_option(study: Study) -> str:
    """Which option of the page's question is right: how many times the task the source holds."""
    times = len(study.imagenet) / len(study.task.table("train"))
    options = {7.5: "ten times as well", 3.5: "about five", 1.5: "two or three"}
    close = next((text for least, text in options.items() if times >= least), "")
    return close if times >= 1 else "fewer images"


PAGE = Page("03_setup", "Experimental setup", "3")

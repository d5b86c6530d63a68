"""Section 5 and Appendix E: pre-training on images with captions, from two corpora."""

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.analysis.roles import role_of
from nbsupport.display import tabs_of_runs
from nbsupport.display.html import Html, note, signed, table
from nbsupport.display.kept import kept
from nbsupport.display.where_possible import numbers_where_possible, shown_where_possible
from nbsupport.evidence.recorded import Recorded
from nbsupport.evidence.recorded_study import RecordedStudy
from nbsupport.pages.groups import reference_groups
from nbsupport.pages.page import Page
from nbsupport.pages.worked_examples import captions_interval as captions_interval
from nbsupport.study.study import CORPORA, FULL, Group, Run, Study
from nbsupport.training.families import EXTRA_FAMILIES

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.data.sources.captions import CaptionSource
    from nbsupport.display.tabs import Display
    from nbsupport.pages.open_page import OpenPage


def corpora_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """Both corpora in full, between the two reference lines."""
    corpora = CORPORA if study.has("captions") else ()
    return [*reference_groups(study, {}), *(whole_corpus(study, corpus) for corpus in corpora)]


def whole_corpus(study: Study, corpus: str) -> Group:
    """All pairs of a corpus, for the study's families and for those that only CLIP adds.

    A profile of real images has models that others trained on the whole corpus.
    """
    if not study.profile.simulated:
        models = study.published(corpus)
        named = ", ".join(models.values())
        return Group(f"captions/{corpus}", f"published: {named}", None, weights=models)
    pairs = study.captions(corpus)
    return Group(
        f"captions/{corpus}",
        f"all {len(pairs):,} {corpus} pairs",
        pairs,
        families=EXTRA_FAMILIES,
        objective="captions",
    )


UNKNOWN = "not in the store"


@shown_where_possible
def pairs_grid(study: Study, corpus: str, *, count: int = 8, caption: str = "") -> Any:
    """The first pairs of a corpus: each picture over its caption."""
    from nbsupport.display.widgets import image_grid

    return image_grid(*first_pairs(study, corpus, count), caption, size=150)


@kept
def first_pairs(study: Study, corpus: str, count: int) -> tuple[np.ndarray, list[str]]:
    """The first pictures of a corpus, uint8 [count, 3, px, px], and their captions."""
    source: CaptionSource = study.captions(corpus).source  # type: ignore[assignment]
    ids = np.arange(count)
    return source.images(ids).numpy(), list(source.pairs.captions(ids))


@kept
def noise_numbers() -> dict[str, str]:
    """The rates of the noisy corpus, and the words of all captions, as text to glue."""
    from nbsupport.savanna import captions

    rates = {name: f"{getattr(captions, name):.0%}" for name in ("WRONG", "DROPPED", "SHUFFLED")}
    return {f"captions-{name.lower()}": text for name, text in rates.items()} | {
        "captions-uninformative": f"{captions.UNINFORMATIVE:.0%}",
        "captions-vocabulary": f"{len(captions.VOCABULARY)}",
    }


@numbers_where_possible
@kept
def corpus_numbers(study: Study) -> dict[str, str]:
    """Sizes of the corpora beside the ImageNet stand-in, as text to glue."""
    from nbsupport.training.stages.captions import HELD_OUT

    classes = [s.num_classes for s in (study.imagenet, study.inaturalist)]
    sizes = {f"pairs-{r.lower()}": study.imagenet.num_classes * n for r, n in _sizes(study).items()}
    whole = study.simulation.captioned_images
    numbers = {"pairs-full": whole, "imagenet-images": len(study.imagenet)}
    texts = {name: f"{n:,}" for name, n in (numbers | sizes).items()}
    return texts | {
        "held-out": f"{HELD_OUT:,}",
        "caption-classes": f"{sum(classes):,}",
        "pairs-over-imagenet": f"{whole / len(study.imagenet):.1f}",
    }


def _sizes(study: Study) -> dict[str, int]:
    return {size: study.profile.sizes[size] for size in ("150K", "25K")}


def retrieval_table(study: Study, groups: Sequence[Group]) -> Html:
    """For each pre-training on captions: how many held-out pictures find their caption first."""
    runs = [run for run in study.runs(groups) if run.group.objective == "captions"]
    if not runs:
        return note("Nothing here was trained on captions by this book, so there are no pairs.")
    if isinstance(study, RecordedStudy):
        return note("This takes the trainings on captions themselves: make book trains them.")
    rows = [_retrieval_row(study, run) for run in runs]
    header = ("group", "family", "seed", "own caption comes first", "by chance")
    return table(header, rows, numeric=(2, 3, 4))


def _retrieval_row(study: Study, run: Run) -> tuple[str, ...]:
    parent = run.finetune.parent
    start = (run.group.role, run.family, str(run.seed))
    if parent is None or not study.store.check(parent):
        return (*start, UNKNOWN, UNKNOWN)
    result = study.store.result(parent)
    shares = (result["retrieval_accuracy"], result["retrieval_chance"])
    return (*start, *(f"{share:.1%}" for share in shares))


def families_table(points: "pd.DataFrame", axis: str = "linear", masked: str = "") -> Html:
    """How far each family's runs on captions lie above the full-source line: a row a family.

    The line is that of the full source's own runs; a family without such a run (the Vision
    Transformer) has no part in it. Means of runs, without intervals.
    """
    from nbsupport.analysis.charts.chart_data import why_no_line
    from nbsupport.analysis.trends import effective_robustness, role_line

    if masked:
        return note(f"{masked}: no table.")
    own = points[[role_of(text).belongs("captions") for text in points["role"]]]
    if own.empty or not (points["role"] == FULL).any():
        return note("No runs of these groups yet, so there is no table.")
    if why := why_no_line(points, FULL, axis):
        return note(f"There is no line of the full source to measure from: {why}.")
    found = effective_robustness(own, role_line(points, FULL, axis))
    roles = sorted(found["role"].unique())
    rows = [
        (family, *(_mean(runs[runs["role"] == text]) for text in roles))
        for family, runs in found.groupby("family", sort=False)
    ]
    return table(("family", *roles), rows, numeric=range(1, len(roles) + 1))


def families_tabs(page: "OpenPage", runs: "pd.DataFrame") -> "Display":
    """The table from recorded runs, from these live ones, and from those on real images."""

    def content(other: Recorded, _: bool) -> Html:
        return families_table(other.points(other.leading.number), page.axis)

    own = page.live(runs)
    live = None if own is None else families_table(own, page.axis, page.mask())
    roles = page.view.roles("captions")
    return tabs_of_runs.tabs(page.study.profile, "families", roles, content, live)


def _mean(runs: "pd.DataFrame") -> str:
    on_line = runs["er"].dropna()
    value = float(on_line.mean()) if len(on_line) else float("nan")
    if not len(runs):
        return "not run"
    if not isfinite(value):
        return "off the line"
    return f"{signed(value)} ({len(on_line)} of {len(runs)} runs on the line)"


PAGE = Page("05_self_supervised", "Pre-training on captions", "5", corpora_groups)

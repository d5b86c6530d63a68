"""Figure 1: the paper's pipeline, drawn from this book's own data, trainings and points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from nbsupport.display import images as page_images
from nbsupport.display import sparks
from nbsupport.display.html import Html, signed
from nbsupport.display.numbers import STAND_INS
from nbsupport.pages import background, training_details
from nbsupport.study.study import FULL, SCRATCH, Group, Run, Study

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.pages.open_page import OpenPage

# What a study may offer as a source, and how the figure calls it.
SOURCES = STAND_INS | {"fractaldb": "fractals", "generated": "generated images"}
SHOWN = 8


@dataclass(frozen=True)
class Step:
    """A card of the figure: a heading, its pictures (HTML), and a sentence in numbers."""

    title: str
    pictures: str
    text: str


def pipeline(page: "OpenPage", runs: "pd.DataFrame", *, number: str, caption: str) -> Html:
    """From pre-training images to a point above the line, step by step, with one model followed."""
    shown = _Followed(page, runs)
    steps = [
        _sources(page.study),
        _subsets(page.groups),
        shown.pretraining(),
        shown.fine_tuning(),
        shown.evaluation(),
        shown.lift(),
    ]
    cards = "".join(
        f'<li><span class="nb-kicker">{i}. {escape(s.title)}</span>{s.pictures}'
        f"<p>{escape(s.text)}</p></li>"
        for i, s in enumerate(steps, start=1)
    )
    csv = quote(shown.points.to_csv(index=False, lineterminator="\n"), safe="")
    html = (
        f'<figure class="nb-figure" id="figure-1" aria-label="{escape(number, quote=True)}">'
        f'<div class="nb-figure-title">{escape(shown.title())}</div>'
        f'<ol class="nb-pipeline">{cards}</ol>'
        f'<figcaption><span class="nb-figure-number">{escape(number)}.</span> {escape(caption)} '
        f'<a class="nb-download" download="figure-1.csv" href="data:text/csv;charset=utf-8,{csv}">'
        "Data (CSV)</a></figcaption></figure>"
    )
    return Html(html, "\n".join(f"{s.title}: {s.text}" for s in steps))


def _sources(study: Study) -> Step:
    """What can be pre-trained on: a few pictures of each source."""
    parts, said = [], []
    for kind, name in SOURCES.items():
        if not study.has(kind):
            continue
        drawn_here = kind == "generated" and study.profile.simulated
        if drawn_here and not study.store.done(study.generation):
            continue  # a page that compares none of them has not had them made
        subset = getattr(study, kind)
        images, titles = page_images.sample_of_classes(subset, SHOWN)
        parts.append(sparks.picture(images, f"{name}: {', '.join(titles)}"))
        said.append(f"{name}, {len(subset):,} images")
    return Step("Sources", "".join(parts), "; ".join(said) + ".")


def _subsets(groups: list[Group]) -> Step:
    """How many images the groups are pre-trained on."""
    counts = sorted((len(g.subset) for g in groups if g.subset), reverse=True)
    text = (
        f"{len(counts)} groups of pre-training data, from {counts[0]:,} images down to "
        f"{counts[-1]:,}, and one without any."
    )
    alt = f"A bar for each group: {text}"
    return Step("Interventions", sparks.bars(counts, alt), text)


class _Followed:
    """The one model that the figure follows, and the two groups of the reference lines."""

    def __init__(self, page: "OpenPage", runs: "pd.DataFrame") -> None:
        from nbsupport.analysis.charts.look import family_name

        self.page, self.study = page, page.study
        self.points = runs[runs["role"].isin([FULL, SCRATCH])].reset_index(drop=True)
        self.row = background.example_point(self.points)
        self.run = self._run()
        self.name = f"{family_name(str(self.row['family']))}, seed {self.row['seed']}"

    def _run(self) -> Run | None:
        """The run that the point is of; None where the page's own study has no such cell."""
        cell = (self.row["family"], self.row["seed"])
        runs = self.study.runs([g for g in self.page.groups if g.role == FULL])
        return next((run for run in runs if (run.family, run.seed) == cell), None)

    def title(self) -> str:
        return f"One model ({self.name}) from its first image to its place above the line"

    def pretraining(self) -> Step:
        job = self.run.finetune.parent if self.run else None
        rows = training_details.metrics(self.study, job) if job else []
        images = len(self.study.imagenet)
        return Step("Pre-train", *_learned(rows, f"{self.name}, on {images:,} labelled images"))

    def fine_tuning(self) -> Step:
        images, titles = page_images.sample_of_split(self.study.task, "train", SHOWN)
        picture = sparks.picture(images, f"Training pictures: {', '.join(titles)}")
        rows = training_details.metrics(self.study, self.run.finetune) if self.run else []
        count = len(self.study.task.table("train"))
        curve, text = _learned(rows, f"The same model, on {count:,} pictures of camera traps")
        return Step("Fine-tune", picture + curve, text)

    def evaluation(self) -> Step:
        parts = []
        for split, name in (("id_test", "known cameras"), ("ood_test", "new cameras")):
            images, titles = page_images.sample_of_split(self.study.task, split, SHOWN)
            parts.append(sparks.picture(images, f"Test, {name}: {', '.join(titles)}"))
        text = (
            f"Macro F1 after epoch {self.row['epoch']:g}: {self.row['id_macro_f1']:.3f} at known "
            f"cameras (above), {self.row['ood_macro_f1']:.3f} at new ones (below)."
        )
        return Step("Test twice", "".join(parts), text)

    def lift(self) -> Step:
        """All points of the two groups, the scratch line, and this model's height above it."""
        from nbsupport.analysis.charts.prepare import fitted

        x, y = float(self.row["id_macro_f1"]), float(self.row["ood_macro_f1"])
        line = fitted(self.points, SCRATCH, "linear")
        groups = [self._scores(SCRATCH, "nb-spark-scratch"), self._scores(FULL, "nb-spark-full")]
        said = "These runs make no line from scratch to measure from."
        ends, expected = None, None
        if line:
            expected = float(line.predict(x))
            ends = [(at, float(line.predict(at))) for at in (line.low, line.high)]
            said = f"Its height above the line, or effective robustness: {signed(y - expected)}."
        alt = f"Scores at new against known cameras, {len(self.points)} evaluations. {said}"
        drawing = sparks.lift(groups, ends, (x, y), expected, alt)
        return Step("Compare with the line", drawing, said)

    def _scores(self, role: str, kind: str) -> tuple[np.ndarray, np.ndarray, str]:
        own = self.points[self.points["role"] == role]
        return (
            own["id_macro_f1"].to_numpy(float),
            own["ood_macro_f1"].to_numpy(float),
            kind,
        )


def _learned(rows: Sequence[Mapping[str, Any]], start: str) -> tuple[str, str]:
    """A curve of the training loss, and a sentence on it."""
    if not rows:
        return "", f"{start}; its curve is not in the store."
    losses = [float(row["loss"]) for row in rows]
    epochs = f"{len(losses)} epoch{'s' * (len(losses) > 1)}"
    alt = f"Training loss over {epochs}, from {losses[0]:.2f} to {losses[-1]:.2f}"
    text = f"{start}: loss {losses[0]:.2f} to {losses[-1]:.2f} in {epochs}."
    return sparks.curve(losses, alt), text

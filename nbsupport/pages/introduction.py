"""Section 1: the paper's five findings with their verdicts, and its factors by their effects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from nbsupport.analysis import claims, effects
from nbsupport.analysis.roles import LABELLED, SOURCES
from nbsupport.display import images as page_images
from nbsupport.display import sparks
from nbsupport.display import verdict_table as look
from nbsupport.display.html import MINUS, Html, signed
from nbsupport.evidence.ledger import Judged
from nbsupport.pages import background, training_details
from nbsupport.pages.claims import BookLedger as BookLedger
from nbsupport.pages.claims_table import page_link
from nbsupport.pages.index import record_numbers as record_numbers
from nbsupport.pages.page import Page, named_by
from nbsupport.pages.real_images import said_on_real, shift_badges
from nbsupport.study.study import FULL, SCRATCH, Group, Run, Study

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.pages.claims import BookLedger
    from nbsupport.pages.open_page import OpenPage


@dataclass(frozen=True)
class Finding:
    """One of the five findings of the paper's introduction, in our words."""

    name: str
    factor: str
    text: str
    page: str

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims that it was cut into."""
        return claims.of_finding(self.factor)


FINDINGS = (
    Finding(
        "Data quantity",
        "quantity",
        "More pre-training images make fine-tuned models more robust, and a set smaller than the "
        "fine-tuning set already helps.",
        "04_1_quantity",
    ),
    Finding(
        "Label granularity",
        "granularity",
        "Coarser labels cost robustness, but less than fewer images do: five coarse classes still "
        "beat no pre-training.",
        "04_2_granularity",
    ),
    Finding(
        "Label semantics",
        "semantics",
        "Classes that look like the task's are no better: objects teach as much as animals.",
        "04_3_semantics",
    ),
    Finding(
        "Image diversity",
        "diversity",
        "At a fixed number of images it matters little how many classes they have, or how varied "
        "a class is.",
        "04_4_1_classes_or_images",
    ),
    Finding(
        "Data sources",
        "source",
        "Natural sources are alike. Fractals are worse at the same number and better than none; "
        "generated natural-looking images close that gap.",
        "04_5_sources",
    ),
)
# The five factors as the reader ranks them: what each of the leading effects varies.
CHOICES = {
    "quantity": "how many images",
    "granularity": "how fine the labels are",
    "semantics": "animals or objects",
    "diversity": "how varied each class is",
    "source": "which natural source",
}


def findings_table(book: "BookLedger", findings: Sequence[Finding] = FINDINGS) -> Html:
    """Each finding with its claims: recorded on both worlds and on real images, and live."""
    rows = "".join(_finding(i, f, book) for i, f in enumerate(findings, start=1))
    plain = [
        f"{f.name}: " + ", ".join(f"{c} {_plain(book.of(c))}" for c in f.claims) for f in findings
    ]
    return Html(f'<ol class="nb-findings">{rows}</ol>', "\n".join(plain))


def _finding(number: int, finding: Finding, book: "BookLedger") -> str:
    entries = [book.of(claim_id) for claim_id in finding.claims]
    judged = "".join(_claim(entry, book) for entry in entries)
    names = ("Claim", *_columns(entries[0], book))
    columns = "".join(f'<th scope="col">{name}</th>' for name in names)
    head = (
        f'<div class="nb-finding"><span class="nb-kicker">{number}. {escape(finding.name)}</span>'
        f"<p>{escape(finding.text)}</p><p>{page_link(finding.page)}</p></div>"
    )
    return (
        f'<li>{head}<table class="nb-table nb-finding-claims"><thead><tr>{columns}</tr></thead>'
        f"<tbody>{judged}</tbody></table></li>"
    )


def _plain(entry: Judged) -> str:
    real = f" (real images: {said_on_real(entry)})" if entry.real else ""
    return f"{entry.headline.text}{real}"


def _claim(entry: Judged, book: "BookLedger") -> str:
    verdicts = ([entry.headline] if book.over_worlds else []) + [entry.first, entry.second]
    badges = [look.badge(v.word, v.text) for v in verdicts]
    badges += [shift_badges(entry, book.real)] if book.real and entry.real else []
    if book.mask:
        badges.append(escape(book.mask))
    elif book.trained:
        badges.append(
            look.badge(entry.live.word, entry.live.text) if entry.live else look.badge("not run")
        )
    cells = "".join(
        f'<td data-label="{name}">{badge}</td>'
        for name, badge in zip(_columns(entry, book), badges, strict=True)
    )
    return f'<tr><th scope="row">{escape(entry.claim.text)}</th>{cells}</tr>'


def _columns(entry: Judged, book: "BookLedger") -> tuple[str, ...]:
    """The runs that a claim is judged by, one verdict each, what stands first in front."""
    first = ["Verdict"] if book.over_worlds else []
    real = ["Real images"] if entry.real else []
    return (*first, "World 1", "World 2", *real, *(["Live"] if book.mask or book.trained else []))


def answer(records: "pd.DataFrame") -> str:
    """The factors by the size of their leading recorded effect, beside the reader's order."""
    points = records[records["world"] == 1]
    table = effects.effect_table(points)
    if table.empty:
        return "none of these effects is recorded yet"
    ranked = effects.ranking(table)
    said = [f"{CHOICES[factor]} ({_gaps(value)})" for factor, value in ranked]
    absent = [CHOICES[f] for f in effects.FACTORS if f not in {factor for factor, _ in ranked}]
    rest = f"; not recorded yet: {', '.join(absent)}" if absent else ""
    return " > ".join(said) + rest


def _gaps(value: float) -> str:
    return f"{signed(value, 2).lstrip('+' + MINUS)} gaps"


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
    for kind in LABELLED:
        name = SOURCES[kind].stand_in
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
        from nbsupport.analysis.charts.chart_data import fitted

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
        return "", f"{start}. Its curve is drawn once this training has run here (make book)."
    losses = [float(row["loss"]) for row in rows]
    epochs = f"{len(losses)} epoch{'s' * (len(losses) > 1)}"
    alt = f"Training loss over {epochs}, from {losses[0]:.2f} to {losses[-1]:.2f}"
    text = f"{start}: loss {losses[0]:.2f} to {losses[-1]:.2f} in {epochs}."
    return sparks.curve(losses, alt), text


PAGE = Page(
    "01_introduction",
    "Introduction",
    "1",
    gathers=named_by(lambda claim: not claim.control),
    whole_book=True,
)

"""Section 2 on a page's own points: effective robustness of one model, worked step by step.

Where points make no line, which happens in a quick look at a few runs, tables say so in a sentence
and numbers read NO_LINE.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.analysis.contrasts import ENOUGH, MARGIN
from nbsupport.analysis.roles import FULL, SCRATCH
from nbsupport.display.figure_request import RECORDED, FigureInput, FigureRequest
from nbsupport.display.html import Html, note, signed, table
from nbsupport.display.tabs import together
from nbsupport.pages.groups import reference_groups
from nbsupport.pages.open_page import OpenPage
from nbsupport.pages.page import Page
from nbsupport.pages.shown import sensitivity as sensitivity
from nbsupport.pages.shown import split_grid as split_grid

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Figure
    from nbsupport.analysis.trends import Line
    from nbsupport.display.tabs import Display
    from nbsupport.pages.open_page import OpenPage


PAPER_SOURCE = "published by WILDS for the real iWildCam, not ours"
EXERCISE = (0.6, 0.55)  # where on the scratch line, and how far up from there to the diagonal
NO_LINE = "(no line)"


@dataclass(frozen=True)
class Worked:
    """One model against the scratch line: scores, what the line expects, the difference."""

    family: str
    seed: int
    epoch: float
    id: float
    ood: float
    expected: float  # NaN without a line
    inside: bool  # whether its ID score lies in the line's own range

    @property
    def er(self) -> float:
        """Effective robustness of this one point."""
        return self.ood - self.expected


def scratch_line(points: "pd.DataFrame", axis: str = "linear") -> "Line":
    """The line of training from scratch; a line that predicts NaN, where the points make none."""
    from nbsupport.analysis.charts.chart_data import fitted
    from nbsupport.analysis.trends import no_line

    return fitted(points, SCRATCH, axis) or no_line(axis)


def why_no_line(points: "pd.DataFrame", axis: str = "linear") -> Html:
    """In place of what needs the scratch line: why there is none."""
    from nbsupport.analysis.charts.chart_data import why_no_line as why

    return note(f"There is no line from scratch to measure from: {why(points, SCRATCH, axis)}.")


def example_point(points: "pd.DataFrame", axis: str = "linear") -> "pd.Series":
    """The record of the point that Figure 2 explains; else the full-source one nearest the line."""
    from nbsupport.analysis.charts.reference import arrow
    from nbsupport.analysis.trends import transform

    own = points[points["role"] == FULL]
    x, y = (transform(own[c].to_numpy(float), axis) for c in ("id_macro_f1", "ood_macro_f1"))
    shown = arrow(points, FULL, SCRATCH, axis)
    if shown is None:
        line = scratch_line(points, axis)
        middle = (line.low + line.high) / 2 if line.exists else own["id_macro_f1"].median()
        distance = np.abs(own["id_macro_f1"].to_numpy(float) - middle)
    else:
        distance = np.hypot(x - shown.x, y - shown.tip)
    return own.iloc[int(np.argmin(np.nan_to_num(distance, nan=np.inf)))]


def worked(points: "pd.DataFrame", axis: str = "linear") -> Worked:
    """The example point against the scratch line."""
    return against(example_point(points, axis), scratch_line(points, axis))


def against(row: "pd.Series", line: "Line") -> Worked:
    """One record against a line."""
    x = float(row["id_macro_f1"])
    return Worked(
        family=str(row["family"]),
        seed=int(row["seed"]),
        epoch=float(row["epoch"]),
        id=x,
        ood=float(row["ood_macro_f1"]),
        expected=float(line.predict(x)),
        inside=bool(line.low <= x <= line.high),
    )


def worked_table(points: "pd.DataFrame", axis: str = "linear") -> Html:
    """The definition with the example's numbers, a row for each step."""
    w, line = worked(points, axis), scratch_line(points, axis)
    if not line.exists:
        return why_no_line(points, axis)
    units = "" if axis == "linear" else f", in {axis} units"
    place = "inside" if w.inside else "outside"
    steps = [
        ("the scratch line", f"{line.intercept:.3f} + {line.slope:.3f} x{units}"),
        ("its range of ID scores", f"{line.low:.3f} to {line.high:.3f} (the point is {place})"),
        ("the model's ID score, x", f"{w.id:.3f}"),
        ("OOD score that the line expects", f"{w.expected:.3f}"),
        ("the model's OOD score", f"{w.ood:.3f}"),
        ("effective robustness", f"{w.ood:.3f} \N{MINUS SIGN} {w.expected:.3f} = {signed(w.er)}"),
    ]
    return table(("step", "value"), steps)


def published_table() -> Html:
    """ID and OOD scores of ResNet-50 on the real iWildCam, and what new cameras cost there."""
    from nbsupport.analysis.charts.reference import PUBLISHED_WILDS

    rows = [
        (f"ResNet-50, run {i}", f"{x:.3f}", f"{y:.3f}", f"{1 - y / x:.0%}")
        for i, (x, y) in enumerate(PUBLISHED_WILDS, start=1)
    ]
    header = (PAPER_SOURCE, "ID macro F1", "OOD macro F1", "lost on new cameras")
    return table(header, rows, numeric=range(1, 4))


def example_numbers(points: "pd.DataFrame", axis: str = "linear") -> Mapping[str, Any]:
    """The example, the line and an exercise on it, as text to glue."""
    w = worked(points, axis)
    numbers = {
        "example-family": w.family,
        "example-seed": f"{w.seed}",
        "example-epoch": f"{w.epoch:g}",
        "example-id": f"{w.id:.3f}" if np.isfinite(w.id) else NO_LINE,
        "example-ood": f"{w.ood:.3f}" if np.isfinite(w.ood) else NO_LINE,
        "example-er": signed(w.er),
    }
    return numbers | exercise_numbers(scratch_line(points))


def exercise_numbers(line: "Line") -> dict[str, str]:
    """The first exercise, on a line on linear axes, as text to glue."""
    if not line.exists:
        names = ("line-slope", "line-intercept", *EXERCISE_NAMES)
        return dict.fromkeys(names, NO_LINE)
    x = round(line.low + EXERCISE[0] * (line.high - line.low), 2)
    slope, intercept = round(line.slope, 3), round(line.intercept, 3)
    expected = round(intercept + slope * x, 3)  # as a reader computes it from what is printed
    y = round(expected + EXERCISE[1] * (x - expected), 2)
    shown = (f"{x:.2f}", f"{y:.2f}", f"{expected:.3f}", signed(y - expected))
    return {
        "line-slope": f"{slope:.3f}".replace("-", "\N{MINUS SIGN}"),
        "line-intercept": f"{intercept:.3f}".replace("-", "\N{MINUS SIGN}"),
        **dict(zip(EXERCISE_NAMES, shown, strict=True)),
    }


EXERCISE_NAMES = ("exercise-id", "exercise-ood", "exercise-expected", "exercise-er")


@dataclass(frozen=True)
class Stretch:
    """One run at its lowest and at its highest ID score within the scratch line's range."""

    low: "Worked"
    high: "Worked"

    @property
    def apart(self) -> tuple[float, float, float]:
        """How much higher the second stands: ID score, OOD score, effective robustness."""
        low, high = self.low, self.high
        return high.id - low.id, high.ood - low.ood, high.er - low.er


def stretches(points: "pd.DataFrame", line: "Line") -> list[Stretch]:
    """Each full-source run with two different evaluated epochs within the line's range."""
    own = points[points["role"] == FULL].sort_values("id_macro_f1")
    inside = own[own["id_macro_f1"].between(line.low, line.high) & own["ood_macro_f1"].notna()]
    found = [
        Stretch(against(run.iloc[0], line), against(run.iloc[-1], line))
        for _, run in inside.groupby(["family", "seed"])
    ]
    return [stretch for stretch in found if stretch.apart[0] > 0]


def typical(found: list[Stretch]) -> Stretch:
    """The run whose height above the line changes as the median run's does."""
    changes = np.array([stretch.apart[2] for stretch in found])
    return found[int(np.argmin(np.abs(changes - np.median(changes))))]


def shown(page: "OpenPage", runs: "pd.DataFrame") -> Html:
    """`same_line_table` of the recorded runs of the page's world; of the live ones without any."""
    points, origin = _best(page, runs)
    return same_line_table(points, page.axis, origin)


def answered(page: "OpenPage", runs: "pd.DataFrame") -> str:
    """`answer` from the same runs."""
    points, origin = _best(page, runs)
    return answer(points, page.axis, origin)


OPTIONS = ("it rises as much as its scores do", "it stays about the same", "it falls")


def right_option(page: "OpenPage", runs: "pd.DataFrame") -> str:
    """Which of OPTIONS these runs bear out: none where height rises, and by less than scores."""
    told = answered(page, runs)
    rise = re.search(r"it rises, by \+([\d.]+) gaps where the OOD score moves by \+([\d.]+)", told)
    if rise:
        return OPTIONS[0] if float(rise[1]) > float(rise[2]) / 2 else ""
    return next((option for option in OPTIONS[1:] if told.startswith(option)), "")


def numbers(page: "OpenPage", runs: "pd.DataFrame") -> dict[str, str]:
    """`distances` in the same runs."""
    return distances(_best(page, runs)[0], page.axis)


def how_parallel(page: "OpenPage", runs: "pd.DataFrame") -> Html:
    """Why heights need not stay quite the same along a line: how parallel the two lines are."""
    points, origin = _best(page, runs)
    d = distances(points, page.axis)
    if d["parallel"] == NO_LINE:
        return note("These runs have no two lines over common ID scores, so they tell no more.")
    return note(
        f"Heights need not stay quite the same. In the {origin} runs the two lines are "
        f"{d['parallel']}: their slopes are {d['slopes']}. The upper line lies {d['apart-low']} "
        f"above the lower one at an ID score of {d['common-low']}, and {d['apart-high']} at "
        f"{d['common-high']}. The gap is the mean of this distance over all ID scores that both "
        "lines reach."
    )


def _best(page: "OpenPage", runs: "pd.DataFrame") -> "tuple[pd.DataFrame, str]":
    recorded = page.recorded(page.study.world)
    return (runs, "live") if recorded.empty else (recorded, RECORDED)


def same_line_table(points: "pd.DataFrame", axis: str = "linear", origin: str = "live") -> Html:
    """One run at two moments far apart in score, the mean of all runs, and what they amount to."""
    line = scratch_line(points, axis)
    found = stretches(points, line) if line.exists else []
    if not line.exists:
        return why_no_line(points, axis)
    if not found:
        return note("No pre-trained run has two epochs within the scratch line's range.")
    shown = typical(found)
    rows: list[tuple[str, ...]] = [
        (name, f"{w.family}, seed {w.seed}, epoch {w.epoch:g}", *_scores(w))
        for name, w in (("low ID score", shown.low), ("high ID score", shown.high))
    ]
    rows.append(("difference", "", *map(signed, shown.apart)))
    if len(found) > 1:
        means = np.mean([stretch.apart for stretch in found], axis=0)
        rows.append(("mean difference", f"all {len(found)} {origin} runs", *map(signed, means)))
    header = ("model", "which", "ID", "OOD", "above the scratch line")
    return together(table(header, rows, numeric=range(2, 5)), note(said(points, axis, origin)))


def _scores(w: "Worked") -> tuple[str, str, str]:
    return f"{w.id:.3f}", f"{w.ood:.3f}", signed(w.er)


def said(points: "pd.DataFrame", axis: str = "linear", origin: str = "live") -> str:
    """What became of score and height in the runs of `same_line_table`, in units of the gap."""
    found = stretches(points, scratch_line(points, axis))
    _, ood, height = np.mean([stretch.apart for stretch in found], axis=0)
    runs = f"the mean of all {len(found)}" if len(found) > 1 else "the one"
    start = f"In {runs} {origin} run{'s' * (len(found) > 1)}, the OOD score moves by {signed(ood)} "
    start += f"and the height above the scratch line by {signed(height)}"
    gap = gap_of(points, axis)
    if not gap > 0:
        return f"{start}. These runs have no gap to measure that by."
    text = f"{start}: {abs(ood) / gap:.1f} and {abs(height) / gap:.1f} times the gap between "
    text += f"the two lines ({gap:.3f}). "
    if abs(height) < gap / 2 and abs(ood) > max(gap, 2 * abs(height)):
        return text + (
            "So the two moments are far apart in score, and close in height beside what "
            "pre-training is worth."
        )
    chance = " With so few runs, chance alone can do that." if len(found) < ENOUGH**2 else ""
    return f"{text}So here the heights do not stay together.{chance}"


def gap_of(points: "pd.DataFrame", axis: str = "linear") -> float:
    """The gap of these points; NaN where they have none."""
    from nbsupport.analysis.verdicts import contrast

    return contrast(points, FULL, FULL, axis=axis).gap.value


def answer(points: "pd.DataFrame", axis: str = "linear", origin: str = "live") -> str:
    """What these runs say on the page's question: whether height rises, stays the same, or falls.

    It stays the same where its mean change is within the margin, a quarter of the gap.
    """
    line = scratch_line(points, axis)
    found = stretches(points, line) if line.exists else []
    gap = gap_of(points, axis) if found else float("nan")
    if not gap > 0:
        return "these runs cannot tell: they have no two lines to measure by"
    _, ood, height = np.mean([stretch.apart for stretch in found], axis=0)
    word = "it stays about the same" if abs(height) < MARGIN * gap else "it rises"
    word = word if height > -MARGIN * gap else "it falls"
    return (
        f"{word}, by {signed(height / gap, 2)} gaps where the OOD score moves by "
        f"{signed(ood / gap, 2)} (mean of {len(found)} {origin} run{'s' * (len(found) > 1)})"
    )


def distances(points: "pd.DataFrame", axis: str = "linear") -> dict[str, str]:
    """How far the full-source line lies above the scratch line at both ends of the ID scores that
    they have in common, and whether that makes them parallel, as text to glue.

    Parallel: the two distances differ by less than the margin.
    """
    from nbsupport.analysis.charts.chart_data import fitted

    upper, lower = fitted(points, FULL, axis), scratch_line(points, axis)
    names = ("common-low", "apart-low", "common-high", "apart-high", "slopes", "parallel")
    if upper is None or not lower.exists:
        return dict.fromkeys(names, NO_LINE)
    ends = [max(upper.low, lower.low), min(upper.high, lower.high)]
    if not ends[1] > ends[0]:
        return dict.fromkeys(names, NO_LINE)
    apart = upper.predict(ends) - lower.predict(ends)
    same = abs(apart[1] - apart[0]) < MARGIN * gap_of(points, axis)
    slopes = f"{upper.slope:.2f} and {lower.slope:.2f}"
    shown = (f"{ends[0]:.2f}", signed(apart[0]), f"{ends[1]:.2f}", signed(apart[1]), slopes)
    return dict(zip(names, (*shown, "nearly parallel" if same else "not parallel"), strict=True))


def reference(
    page: OpenPage, runs: "pd.DataFrame | None", *, claim: str, number: str, caption: str
) -> "Display":
    """The two reference lines with the effective robustness of one point (Figure 2)."""
    from nbsupport.analysis.charts import reference_figure

    def draw(given: FigureInput) -> "Figure":
        return reference_figure(
            given.points,
            given.words,
            labels=given.labels,
            published=given.profile.simulated,  # of the task that the simulated one stands for
            axis_titles=given.axis_titles,
            **given.drawn_with,
        )

    lines = (FULL, SCRATCH)
    return page.figure(runs, FigureRequest(claim, number, caption, draw, lines, lines, "imagenet"))


PAGE = Page("02_background", "Background", "2", reference_groups)

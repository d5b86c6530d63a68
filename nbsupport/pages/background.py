"""Section 2 on a page's own points: effective robustness of one model, worked step by step.

Where points make no line, which happens in a quick look at a few runs, tables say so in a sentence
and numbers read NO_LINE.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.display.html import Html, note, signed, table
from nbsupport.study.study import FULL, SCRATCH

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.trends import Line

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
    """The line of training from scratch; where its points make none, one that predicts NaN."""
    from nbsupport.analysis.charts.prepare import fitted
    from nbsupport.analysis.trends import no_line

    return fitted(points, SCRATCH, axis) or no_line(axis)


def why_no_line(points: "pd.DataFrame", axis: str = "linear") -> Html:
    """In place of what needs the scratch line: why there is none."""
    from nbsupport.analysis.charts.prepare import why_no_line as why

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

"""The book's figures: Altair in both themes, each with a PNG, a CSV and a description."""

from nbsupport.analysis.charts.curves import curves_figure
from nbsupport.analysis.charts.figure import Figure, Words
from nbsupport.analysis.charts.histogram import class_histogram
from nbsupport.analysis.charts.pairs import Pair, pairs_figure
from nbsupport.analysis.charts.reference import reference_figure
from nbsupport.analysis.charts.residuals import residual_figure
from nbsupport.analysis.charts.shifts import shifts_figure
from nbsupport.analysis.charts.summary import effects_figure, positions_figure
from nbsupport.analysis.charts.trend import trend_figure
from nbsupport.analysis.charts.worlds import worlds_figure

__all__ = [
    "Figure",
    "Pair",
    "Words",
    "class_histogram",
    "curves_figure",
    "effects_figure",
    "pairs_figure",
    "positions_figure",
    "reference_figure",
    "residual_figure",
    "shifts_figure",
    "trend_figure",
    "worlds_figure",
]

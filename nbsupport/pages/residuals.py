"""Section 2: residuals from the line over the epochs of fine-tuning (Figure 3)."""

from typing import TYPE_CHECKING

from nbsupport.analysis.roles import FULL
from nbsupport.display.figure_request import FigureInput, FigureRequest
from nbsupport.pages.groups import reference_groups
from nbsupport.pages.open_page import OpenPage
from nbsupport.pages.page import Page
from nbsupport.pages.shown import sensitivity as sensitivity
from nbsupport.pages.worked_examples import residual_numbers as residual_numbers

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Figure
    from nbsupport.display.tabs import Display


def residuals(
    page: OpenPage, runs: "pd.DataFrame | None", *, claim: str, number: str, caption: str
) -> "Display":
    """Residuals from the full-source line over the epochs of fine-tuning (Figure 3)."""
    from nbsupport.analysis.charts import residual_figure

    def draw(given: FigureInput) -> "Figure":
        return residual_figure(
            given.points,
            given.words,
            labels=given.labels,
            margin=given.margin,
            **given.drawn_with,
        )

    return page.figure(
        runs, FigureRequest(claim, number, caption, draw, (FULL,), (FULL,), "imagenet")
    )


PAGE = Page("02_residuals", "Residuals", "2", reference_groups)

"""Twelve published models of another shift, for a reader to judge with a pencil."""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.analysis.published import BASE, SHIFTS, SKETCH, Heights, fine_tuned
from nbsupport.display.html import Html, table
from nbsupport.evidence.published.models import published_models

if TYPE_CHECKING:
    import pandas as pd

PLACES = np.linspace(0.74, 0.86, 6)  # ImageNet scores of the six models that carry the line
NEAR = 0.005
JUDGED = ("in21k", "instagram-1b", "instagram-940m", "laion-2b", "openai-400m", "yfcc-90m")


@cache
def _heights(shift: str, axis: str) -> Heights:
    return fine_tuned(published_models(), SHIFTS[shift], axis)


def recipe_spread(shift: str, axis: str = "logit") -> float:
    """How far recipes of one architecture differ on a shift, in scores."""
    return _heights(shift, axis).recipe_spread().median


def twelve_points() -> "pd.DataFrame":
    """Six models of ImageNet-1K alone and six others, in two blocks, each by its ImageNet score.

    Columns: letter ("1" ... "6", then "A" ... "F"), source, model, imagenet, sketch. Nobody chose
    them by how they look: of the first kind it is the one with the middle score on ImageNet-Sketch
    of those near an ImageNet score, of each other set the model with its middle ImageNet score, of
    those within the range of the first six.
    """
    import pandas as pd

    models = _heights(SKETCH.ood, "logit").models
    base = models[models["source"] == BASE]
    near = [base[(base["imagenet"] - place).abs() <= NEAR] for place in PLACES]
    carried = pd.concat([_middle(rows, "sketch") for rows in near])
    low, high = carried["imagenet"].min(), carried["imagenet"].max()
    inside = models[models["imagenet"].between(low, high)]
    judged = pd.concat([_middle(inside[inside["source"] == s], "imagenet") for s in JUDGED])
    both = [rows.sort_values("imagenet") for rows in (carried, judged)]
    told = pd.concat(both)[["source", "model", "imagenet", "sketch"]].reset_index(drop=True)
    return told.assign(letter=list("123456ABCDEF"))


def _middle(rows: "pd.DataFrame", column: str) -> "pd.DataFrame":
    """The row with the middle value; of an even number the lower of the two."""
    return rows.sort_values([column, "model"]).iloc[[(len(rows) - 1) // 2]]


def twelve_table() -> Html:
    """The twelve without their names: what a reader is to judge."""
    rows = [
        (
            point.letter,
            "ImageNet-1K alone" if point.source == BASE else "other images too",
            f"{point.imagenet:.3f}",
            f"{point.sketch:.3f}",
        )
        for point in twelve_points().itertuples()
    ]
    return table(("model", "saw", "ImageNet", "ImageNet-Sketch"), rows, numeric=[2, 3])

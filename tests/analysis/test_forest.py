"""The rows beside a scatter, which are its legend."""

import pandas as pd
import pytest

from nbsupport.analysis.charts.forest import forest

LABELS = ["all 10,240 images", "from scratch"]
EFFECTS = pd.DataFrame(
    {"group": LABELS, "er": [0.05, 0.0], "low": [0.04, None], "high": [0.06, None], "cells": [9, 9]}
)


def starts(chart) -> list[float]:
    """Where the areas begin that answer to the pointer."""
    layers = [layer for layer in chart.to_dict()["layer"] if "rows" in layer.get("name", "")]
    return [layer["encoding"]["x"]["value"] for layer in layers]


@pytest.mark.parametrize(("headed", "most"), [(False, -5 * len(LABELS[0])), (True, 0)])
def test_a_row_answers_to_the_pointer_over_its_name_too(headed, most):
    (start,) = starts(forest(EFFECTS, LABELS, 150, 80, headed=headed))
    assert start <= most
    assert start > -200  # and not over the scatter

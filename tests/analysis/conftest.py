"""A made-up study whose true heights above the scratch line are known."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from nbsupport.analysis.cells import Cells

GAP = 0.04
FULL = "imagenet/full"


def simulate(
    heights: dict[str, float],
    seed: int | np.random.Generator = 0,
    *,
    families: int = 3,
    seeds: int = 3,
    spread: float = 0.005,
    shift: dict[str, float] | None = None,
    family_spread: float = 0.01,
) -> Cells:
    """Roles at these heights above a line of slope 0.6, five epochs a run, ID about 0.2 to 0.55.

    spread: standard deviation of a run's height; what the runs of a cell share cancels in pairs.
    """
    rng = np.random.default_rng(seed)
    count, epochs = families * seeds, 5
    shape = (len(heights), count)
    family = np.repeat(np.arange(families), seeds)
    level = np.array([(shift or {}).get(role, 0.0) for role in heights])[:, None]
    start = level + rng.normal(0, 0.03, families)[family] + rng.normal(0, 0.015, shape)
    x = np.linspace(0.25, 0.5, epochs) + start[..., None] + rng.normal(0, 0.01, (*shape, epochs))
    shared = rng.normal(0, family_spread, families)[family] + rng.normal(0, 0.005, count)
    run = np.array(list(heights.values()))[:, None] + shared + rng.normal(0, spread, shape)
    y = 0.02 + 0.6 * x + run[..., None] + rng.normal(0, 0.005, (*shape, epochs))
    return Cells(
        roles=tuple(heights),
        families=np.array([f"family-{f}" for f in family]),
        seeds=np.tile(np.arange(seeds), families),
        epochs=np.arange(1.0, epochs + 1),
        x=x,
        y=y,
        rows=np.full(len(heights), count * epochs),
    )


def table(cells: Cells) -> pd.DataFrame:
    """The same points as records."""
    role, cell, epoch = np.indices(cells.x.shape).reshape(3, -1)
    return pd.DataFrame(
        {
            "role": np.array(cells.roles)[role],
            "family": cells.families[cell],
            "seed": cells.seeds[cell],
            "epoch": cells.epochs[epoch].astype(int),
            "id_macro_f1": cells.x.ravel(),
            "ood_macro_f1": cells.y.ravel(),
        }
    )


@pytest.fixture(name="simulate", scope="session")
def simulate_fixture() -> Callable[..., Cells]:
    return simulate


@pytest.fixture(name="table", scope="session")
def table_fixture() -> Callable[[Cells], pd.DataFrame]:
    return table


@pytest.fixture
def points() -> pd.DataFrame:
    """Scratch, full, an equal of full and one between, in 3 families x 3 seeds."""
    heights = {"scratch": 0.0, FULL: GAP, "equal": GAP, "between": GAP / 2}
    return table(simulate(heights, seed=3))

"""Camera traps without per-location bias: every picture is taken at a place of its own.

The main task's cameras stand where they stand: a background comes back, and tells which species to
expect. Here no place comes back, in training or in a test set, and every place has the same mix of
species, nights and empty pictures. A place then says nothing that could be learned by heart.

What is left is a shift that all pictures share, as in fMoW-WILDS, whose satellite pictures are of
later years and other regions: the OOD pictures are taken a year later, in a drier country. The
distribution that places are drawn from has moved by DRIFT standard deviations. With no shift at
all, ID and OOD scores would be equal but for chance, and a common line of pre-trained and scratch
models would be certain before any run: no test of anything.
"""

from functools import lru_cache

import numpy as np
import pandas as pd

from nbsupport.errors import UserError, unknown
from nbsupport.savanna.ecology import DAYS, SPLITS, ecology, round_to

ROAMING_VERSION = 1  # goes up whenever a picture or a label would change
FIRST_PLACE = 100_000  # beyond the numbers of the main task's places, and a block for each split
LATER = 365  # days by which the shifted year is later
DRIFT = 1.0  # standard deviations of the places' own spread, fixed before any run
# what the drift moves: coordinates of a place's latent, and which way
DRIER = {0: 1.0, 1: 1.0, 8: 1.0, 10: -1.0, 11: -1.0, 38: -1.0}


def drift(place_latent: int) -> np.ndarray:
    """The move of the OOD places: drier country, more light, warmer colours, less water and grass.

    float [place_latent], in standard deviations of a coordinate.
    """
    move = np.zeros(place_latent, dtype=np.float32)
    for coordinate, way in DRIER.items():
        move[coordinate] = DRIFT * way
    return move


def first_place(split: str) -> int:
    """The number of a split's first place; its pictures have this and the following numbers."""
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    return FIRST_PLACE * (1 + list(SPLITS).index(split))


def is_later(split: str) -> bool:
    """Whether a split is of the shifted year."""
    return split.startswith("ood")


def roaming(number: int, split: str, n: int | None = None) -> pd.DataFrame:
    """The pictures of a split: index, label, location (one for each picture), day.

    `n` keeps the first n of them. Raises UserError for an unknown split or more images than it has.
    """
    first_place(split)
    full = SPLITS[split]
    if n is not None and not 1 <= n <= full:
        raise UserError(f"n={n} images of {split}: allowed are 1 to {full}")
    return _table(number, split).iloc[:n].reset_index(drop=True)


@lru_cache(maxsize=32)
def _table(number: int, split: str) -> pd.DataFrame:
    world, total = ecology(number), SPLITS[split]
    rng = np.random.default_rng([world.draws, *f"roaming-{split}".encode()])
    counts = round_to(world.species()["frequency"].to_numpy(), total)
    label = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    day = rng.integers(*DAYS[split], total) + LATER * is_later(split)
    index = np.arange(total)
    location = index + first_place(split)
    return pd.DataFrame({"index": index, "label": label, "location": location, "day": day})

"""A draw: which images with which labels; and the seeded orders from which draws are made."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class Draw:
    """Which images, and the label of each: ids int64 [n], labels int64 [n] (0..K-1), names [K]."""

    ids: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]

    def counts(self) -> np.ndarray:
        """Images per class: int64 [K]."""
        return np.bincount(self.labels, minlength=len(self.names))

    def members(self) -> list[np.ndarray]:
        """The rows of each class: K arrays of int64."""
        by_label = np.argsort(self.labels, kind="stable")
        return np.split(by_label, np.cumsum(self.counts())[:-1])

    def keep(self, rows: np.ndarray) -> "Draw":
        """The images at these rows (int64 or a mask); classes without one go, the rest move up."""
        left, labels = np.unique(self.labels[rows], return_inverse=True)
        return Draw(self.ids[rows], labels, tuple(self.names[label] for label in left))


def _generator(seed: int, step: str, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, *step.encode(), 0, *name.encode()])


@lru_cache(maxsize=8192)  # the groups of a page draw from the same orders
def order(seed: int, step: str, name: str, count: int) -> np.ndarray:
    """0..count-1 in an order that seed, intervention and name alone decide: int64 [count]."""
    shuffled = _generator(seed, step, name).permutation(count)
    shuffled.flags.writeable = False
    return shuffled


@lru_cache(maxsize=8192)
def chance(seed: int, step: str, name: str) -> float:
    """A number in [0, 1) by which a name is chosen: it does not depend on who else is there."""
    return float(_generator(seed, step, name).random())


def by_chance(seed: int, step: str, names: tuple[str, ...]) -> np.ndarray:
    """Positions of the names in random order; dropping one leaves the order of the others."""
    return np.argsort([chance(seed, step, name) for name in names], kind="stable")


def even_shares(counts: np.ndarray, total: int) -> np.ndarray:
    """As equal as the available counts [K] allow, summing to `total`: int64 [K]."""
    shares = np.zeros_like(counts)
    while (left := total - int(shares.sum())) > 0:
        open_classes = np.flatnonzero(shares < counts)
        step = left // len(open_classes)
        if step == 0:
            shares[open_classes[:left]] += 1
        else:
            shares[open_classes] = np.minimum(counts[open_classes], shares[open_classes] + step)
    return shares

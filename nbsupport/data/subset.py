"""Subsets: a source and a tuple of interventions on it (Section 4 of the paper).

A subset is immutable and cheap: it holds what to do, and does it when its images are asked for.
Every draw is made from the subset's seed, the name of the intervention and the class, so that draws
are nested where sizes are compared, and adding an intervention does not shift the draws of another.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.data.sources.base import Source, open_source
from nbsupport.errors import UserError, unknown

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from nbsupport.data.batches import LabelledImages

Step = tuple[str, Any]


@dataclass(frozen=True)
class Draw:
    """Which images, and the label of each: ids int64 [n], labels int64 [n] (0..K-1), names [K]."""

    ids: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]

    def counts(self) -> np.ndarray:
        """Images per class: int64 [K]."""
        return np.bincount(self.labels, minlength=len(self.names))


@dataclass(frozen=True)
class Subset:
    """A source after a tuple of interventions; `seed` fixes every draw."""

    source: Source
    steps: tuple[Step, ...] = ()
    seed: int = 0

    # interventions ------------------------------------------------------------------------------
    def per_class(self, images: int) -> "Subset":
        """`images` of each class, drawn at random (Section 4.1). UserError if a class has fewer."""
        return self._then("per_class", images)

    def take(self, images: int) -> "Subset":
        """`images` in all, as evenly over the classes as the total allows (see `deviation`)."""
        return self._then("take", images)

    def most_frequent(self, classes: int) -> "Subset":
        """Only the classes with the most images (Section 4.1: iNaturalist's 1000)."""
        return self._then("most_frequent", classes)

    def seeded(self, seed: int) -> "Subset":
        """The same interventions with other draws."""
        return replace(self, seed=seed)

    def _then(self, name: str, value: int) -> "Subset":
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UserError(f"{name}({value!r}): give a whole number of at least 1")
        return replace(self, steps=(*self.steps, (name, value)))

    # description --------------------------------------------------------------------------------
    def spec(self) -> dict[str, Any]:
        """JSON-able; `Subset.from_spec` makes the same subset from it."""
        return {
            "source": self.source.spec(),
            "steps": [list(step) for step in self.steps],
            "seed": self.seed,
        }

    @classmethod
    def from_spec(cls, spec: dict[str, Any]) -> "Subset":
        """The subset that a spec describes. UserError for an unknown source or intervention."""
        for name, _ in spec["steps"]:
            if name not in _APPLY:
                raise unknown("intervention", name, _APPLY)
        steps = tuple((name, value) for name, value in spec["steps"])
        return cls(open_source(spec["source"]), steps, spec["seed"])

    def __str__(self) -> str:
        return ".".join([self.source.name, *(f"{name}({value:,})" for name, value in self.steps)])

    # contents -----------------------------------------------------------------------------------
    @cached_property
    def drawn(self) -> Draw:
        """The images and labels after every intervention."""
        names = tuple(self.source.classes()["name"])
        labels = self.source.labels()
        draw = Draw(np.arange(len(labels)), labels, names)
        for name, value in self.steps:
            draw = _APPLY[name](draw, value, self)
        return draw

    def __len__(self) -> int:
        return len(self.drawn.ids)

    @property
    def num_classes(self) -> int:
        """How many labels are left."""
        return len(self.drawn.names)

    @property
    def deviation(self) -> int:
        """The largest class count minus the smallest: 0 where the subset is exactly balanced."""
        return int(np.ptp(self.drawn.counts()))

    def table(self) -> "pd.DataFrame":
        """A row per image: id, label, name, and the hierarchy of its original class."""
        import pandas as pd

        draw, classes = self.drawn, self.source.classes()
        original = self.source.labels()[draw.ids]
        hierarchy = classes.filter(regex="^(tree|depth_)").iloc[original].reset_index(drop=True)
        own = pd.DataFrame({"id": draw.ids, "label": draw.labels})
        return own.assign(name=np.array(draw.names)[draw.labels]).join(hierarchy)

    def load(self, device: "str | torch.device" = "cpu") -> "LabelledImages":
        """The images as uint8 [n, 3, px, px] and their labels as int64 [n], on `device`."""
        import torch

        from nbsupport.data.batches import LabelledImages

        draw = self.drawn
        images, labels = self.source.images(draw.ids), torch.from_numpy(draw.labels.copy())
        return LabelledImages(images, labels, len(draw.names), draw.names).to(device)


def _shuffled(members: np.ndarray, subset: Subset, step: str, name: str) -> np.ndarray:
    """A class's images in an order fixed by seed, intervention and class name alone."""
    key = [subset.seed, *step.encode(), 0, *name.encode()]
    return np.random.default_rng(key).permutation(members)


def _members(draw: Draw) -> list[np.ndarray]:
    order = np.argsort(draw.labels, kind="stable")
    return np.split(order, np.cumsum(draw.counts())[:-1])


def _first_of_each(draw: Draw, wanted: np.ndarray, subset: Subset, step: str) -> Draw:
    rows = [
        np.sort(_shuffled(members, subset, step, name)[:n])
        for members, name, n in zip(_members(draw), draw.names, wanted, strict=True)
    ]
    kept = np.concatenate(rows)
    return Draw(draw.ids[kept], draw.labels[kept], draw.names)


def _per_class(draw: Draw, images: int, subset: Subset) -> Draw:
    counts = draw.counts()
    if counts.min() < images:
        short = draw.names[int(counts.argmin())]
        raise UserError(
            f"{subset.source.name}: {images:,} images of each class is more than there are: "
            f"{short!r} has {counts.min():,}; ask for at most {counts.min():,} per class"
        )
    return _first_of_each(draw, np.full(len(counts), images), subset, "per_class")


def _take(draw: Draw, images: int, subset: Subset) -> Draw:
    counts = draw.counts()
    if images > counts.sum():
        raise UserError(
            f"{subset.source.name}: {images:,} images is more than the source has; "
            f"ask for at most {counts.sum():,}"
        )
    if images < len(counts):
        raise UserError(
            f"{subset.source.name}: {images:,} images cannot cover {len(counts)} classes; "
            f"ask for at least {len(counts)}"
        )
    # per_class and take shuffle alike, so that a round total is the very subset of per_class
    return _first_of_each(draw, _even_shares(counts, images), subset, "per_class")


def _even_shares(counts: np.ndarray, total: int) -> np.ndarray:
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


def _most_frequent(draw: Draw, classes: int, subset: Subset) -> Draw:
    counts = draw.counts()
    if classes > len(counts):
        raise UserError(
            f"{subset.source.name}: {classes:,} classes is more than there are; "
            f"ask for at most {len(counts):,}"
        )
    kept = np.sort(np.argsort(-counts, kind="stable")[:classes])
    renumbered = np.full(len(counts), -1)
    renumbered[kept] = np.arange(classes)
    rows = np.flatnonzero(renumbered[draw.labels] >= 0)
    names = tuple(draw.names[i] for i in kept)
    return Draw(draw.ids[rows], renumbered[draw.labels[rows]], names)


_APPLY = {"per_class": _per_class, "take": _take, "most_frequent": _most_frequent}

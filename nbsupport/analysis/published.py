"""What published models say: how far they lie above the line of models of one kind.

A line goes through the base: of timm's models those that saw the labels of ImageNet-1K and nothing
else. A model's effective robustness (ER) is its OOD score minus what the line predicts from its ID
score, in scores; outside the line's range of ID scores it has none. Nobody drew these models at
random, and many share an architecture: so intervals are by architecture, and pairs within one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.analysis.trends import Line, fit_line, inverse, transform

if TYPE_CHECKING:
    import pandas as pd

BASE = "in1k"
LEAST_RECIPES = 4  # of one architecture, for a spread of recipes to be counted
FLOOR = 0.1  # of ImageNet accuracy: below it, scores out of distribution are near chance
COLUMNS = ["group", "er", "low", "high", "models", "architectures", "outside"]


@dataclass(frozen=True)
class Shift:
    """Two columns of scores: in distribution, and out of it."""

    id: str
    ood: str
    label: str
    id_title: str = "ImageNet top-1"
    ood_title: str = "top-1"


V2 = Shift("imagenet", "v2", "ImageNet-V2")
SKETCH = Shift("imagenet", "sketch", "ImageNet-Sketch")
RENDITION = Shift("imagenet_200", "r", "ImageNet-R", "ImageNet top-1, the 200 classes of R")
ALL_CLASSES = Shift("imagenet", "r", "ImageNet-R")  # where no score on the 200 was published
SHIFTS = {shift.ood: shift for shift in (V2, SKETCH, RENDITION)}
IWILDCAM = Shift("imagenet", "iwildcam", "iWildCam", ood_title="macro F1, zero-shot")


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval (NaN where there are fewer than two units).

    `units`: the architectures, or families of recipes, that it rests on. `outside`: models or pairs
    left out because an ID score lies outside the line's range.
    """

    value: float
    low: float
    high: float
    models: int
    units: int
    outside: int = 0


NOTHING = Estimate(float("nan"), float("nan"), float("nan"), 0, 0)


@dataclass(frozen=True)
class RecipeSpread:
    """How much ER differs between recipes of one architecture, all on ImageNet-1K alone."""

    median: float  # over architectures, of the standard deviation of ER over recipes
    architectures: int
    recipes: int


@dataclass(frozen=True, eq=False)
class Heights:
    """Models, and how far each lies above the line through some of them (`base`, by index).

    Models without both scores are left out. UserError where the base makes no line.
    """

    every: pd.DataFrame
    base_index: pd.Index
    shift: Shift
    axis: str = "logit"

    @cached_property
    def models(self) -> pd.DataFrame:
        """The models that have both scores."""
        return self.every.dropna(subset=[self.shift.id, self.shift.ood])

    @cached_property
    def base(self) -> pd.DataFrame:
        """The models that the line goes through."""
        return self.models.loc[self.models.index.intersection(self.base_index)]

    @cached_property
    def line(self) -> Line:
        """The line through the base."""
        return fit_line(self.base[self.shift.id], self.base[self.shift.ood], self.axis)

    @cached_property
    def height(self) -> pd.Series:
        """Each model's distance from the line, also where that is an extrapolation."""
        found = self.models[self.shift.ood] - self.line.predict(self.models[self.shift.id])
        return found.astype(float)

    @cached_property
    def er(self) -> pd.Series:
        """ER of each model, NaN outside the line's range."""
        x = self.models[self.shift.id]
        return self.height.where((x >= self.line.low) & (x <= self.line.high))

    @property
    def explained(self) -> float:
        """The share of the variance of OOD scores that the line explains, in axis units."""
        x, y = self._units(self.base)
        return float(np.corrcoef(x, y)[0, 1] ** 2)

    def _units(self, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """ID and OOD scores in axis units, of the rows that the axis can show."""
        x, y = (transform(rows[c].to_numpy(float), self.axis) for c in self._columns)
        kept = np.isfinite(x) & np.isfinite(y)
        return x[kept], y[kept]

    @property
    def _columns(self) -> tuple[str, str]:
        return self.shift.id, self.shift.ood

    # means ----------------------------------------------------------------------------------------
    def mean(self, wanted: pd.Series) -> Estimate:
        """Mean ER of the wanted models (bool), with an interval by architecture.

        Delete-one-architecture jackknife: an architecture is left out of the group and of the line.
        Student's t with as many degrees of freedom as the group has architectures, less one.
        """
        return self._estimate([self._group(wanted)])

    def between(self, over: pd.Series, under: pd.Series) -> Estimate:
        """The difference of two groups' mean ER, likewise; degrees of freedom by the smaller one.

        `models` and `outside` count both, `units` are the architectures of the smaller group.
        """
        return self._estimate([self._group(over), self._group(under)])

    def _group(self, wanted: pd.Series) -> pd.DataFrame:
        return self.models[wanted.reindex(self.models.index, fill_value=False)]

    def _estimate(self, groups: Sequence[pd.DataFrame]) -> Estimate:
        """The mean ER of one group, or the first one's minus the second one's."""
        parts = [group.loc[self.er.loc[group.index].dropna().index] for group in groups]
        outside = sum(map(len, groups)) - sum(map(len, parts))
        units = [part["architecture"].nunique() for part in parts]
        if not min(units):
            return replace(NOTHING, outside=outside)
        means = [float(self.er.loc[part.index].mean()) for part in parts]
        value = means[0] - sum(means[1:])
        half = self._half_width(parts, value) if min(units) > 1 else float("nan")
        models = sum(map(len, parts))
        return Estimate(value, value - half, value + half, models, min(units), outside)

    def _half_width(self, parts: Sequence[pd.DataFrame], value: float) -> float:
        """A stratum for each group's architectures, and one for those that only the line has."""
        seen, spread = np.array([], dtype=object), 0.0
        for part in parts:
            own = np.setdiff1d(_names(part), seen)
            seen, count = np.union1d(seen, own), max(len(own), 1)
            spread += np.sum((self._left(parts, own) - value) ** 2) * (count - 1) / count
        others = np.setdiff1d(_names(self.base), seen)
        spread += np.sum((self._left(parts, others) - value) ** 2)
        least = min(part["architecture"].nunique() for part in parts)
        return float(student(least - 1) * np.sqrt(spread))

    def _left(self, parts: Sequence[pd.DataFrame], left_out: np.ndarray) -> np.ndarray:
        """The estimate without each of these architectures in turn [A]."""
        means = [self._without(part, left_out) for part in parts]
        found: np.ndarray = means[0] - sum(means[1:])
        return found

    def _without(self, inside: pd.DataFrame, left_out: np.ndarray) -> np.ndarray:
        """The mean ER without each of these architectures in turn, in group and line alike [A]."""
        x = transform(inside[self.shift.id].to_numpy(float), self.axis)
        slopes, intercepts = self._lines_without(left_out)
        predicted = inverse(intercepts[:, None] + slopes[:, None] * x, self.axis)
        heights = inside[self.shift.ood].to_numpy(float) - predicted
        kept = _names(inside) != left_out[:, None]
        means: np.ndarray = (heights * kept).sum(axis=1) / kept.sum(axis=1)
        return means

    def _lines_without(self, left_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Slopes and intercepts [A] of the line without each architecture, from sums."""
        names, sums = self._sums
        at = np.searchsorted(names, left_out).clip(max=len(names) - 1)
        own = sums[at] * (names[at] == left_out)[:, None]
        n, sx, sy, sxx, sxy = (sums.sum(axis=0) - own).T
        slopes = (sxy - sx * sy / n) / (sxx - sx * sx / n)
        return slopes, (sy - slopes * sx) / n

    @cached_property
    def _sums(self) -> tuple[np.ndarray, np.ndarray]:
        """The base's architectures [B], and of each the sums of 1, x, y, xx, xy [B, 5]."""
        x, y = (transform(self.base[c].to_numpy(float), self.axis) for c in self._columns)
        names, codes = np.unique(_names(self.base), return_inverse=True)
        kept = np.isfinite(x) & np.isfinite(y)
        terms = np.stack([np.ones_like(x), x, y, x * x, x * y])[:, kept]
        sums = [np.bincount(codes[kept], weights=t, minlength=len(names)) for t in terms]
        return names, np.stack(sums, axis=1)

    def groups(self, wanted: Mapping[str, Sequence[str]]) -> pd.DataFrame:
        """Mean ER of each group (label -> sources), in their order, in the columns COLUMNS."""
        import pandas as pd

        rows = []
        for label, sources in wanted.items():
            found = self.mean(self.models["source"].isin(sources))
            ends = (found.value, found.low, found.high)
            rows.append((label, *ends, found.models, found.units, found.outside))
        return pd.DataFrame(rows, columns=COLUMNS)

    # pairs ----------------------------------------------------------------------------------------
    def paired(self, recipes: Sequence[tuple[str, str]]) -> Estimate:
        """Mean difference of ER within architectures, between two tags of each recipe.

        With several recipes each is averaged first, and Student's t is over recipes; with one it is
        over its architectures. Only pairs that lie within the line's range count.
        """
        parts = [self._differences(*tags) for tags in recipes]
        inside = [part.dropna() for part in parts]
        pairs = sum(map(len, inside))
        values = inside[0] if len(recipes) == 1 else [p.mean() for p in inside if len(p)]
        return mean_of(np.asarray(values, dtype=float), pairs, sum(map(len, parts)) - pairs)

    def _differences(self, over: str, under: str) -> pd.Series:
        """The difference of ER of each architecture that has both tags."""
        sides = [self.models["tag"] == tag for tag in (over, under)]
        first, second = (
            self.er[side].set_axis(self.models.loc[side, "architecture"]) for side in sides
        )
        both = first.index.intersection(second.index)
        return first[both] - second[both]

    # recipes --------------------------------------------------------------------------------------
    def recipe_spread(self) -> RecipeSpread:
        """The median spread, over architectures with at least LEAST_RECIPES recipes."""
        er = self.er.loc[self.base.index].dropna()
        grouped = er.groupby(self.base["architecture"])
        many = grouped.size()[grouped.size() >= LEAST_RECIPES]
        spreads = grouped.std().loc[many.index]
        return RecipeSpread(float(spreads.median()), len(many), int(many.sum()))


def _names(rows: pd.DataFrame) -> np.ndarray:
    """The architecture of each row [N]."""
    return np.asarray(rows["architecture"], dtype=object)


def mean_of(values: np.ndarray, models: int, outside: int = 0) -> Estimate:
    """The mean of one value a unit [N], with Student's t."""
    count = len(values)
    if not count:
        return replace(NOTHING, outside=outside)
    value, half = float(values.mean()), float("nan")
    if count > 1:
        half = float(student(count - 1) * values.std(ddof=1) / np.sqrt(count))
    return Estimate(value, value - half, value + half, models, count, outside)


def student(degrees: int) -> float:
    """The 97.5 % quantile of Student's t."""
    from scipy.stats import t

    return float(t.ppf(0.975, degrees))


# which models -------------------------------------------------------------------------------------
def fine_tuned(models: pd.DataFrame, shift: Shift, axis: str = "logit") -> Heights:
    """timm's models above the line of ImageNet-1K alone."""
    own = models[models["publication"] == "timm"]
    return Heights(own, own.index[own["source"] == BASE], shift, axis)


def zero_shot(models: pd.DataFrame, shift: Shift = IWILDCAM, axis: str = "logit") -> Heights:
    """CLIP models that were not fine-tuned, around the line through all of them.

    Left out are those at the floor, those trained on one set after another, and of models that are
    alike in every score all but one: they are the same weights under two names.
    """
    own = models[(models["publication"] == "open_clip") & (models["imagenet"] >= FLOOR)]
    own = own[own["source"] != "several"]
    own = own.drop_duplicates(["tag", "imagenet", "v2", "sketch", "r", "iwildcam"])
    return Heights(own, own.index, shift, axis)


def on_a_part(models: pd.DataFrame, shift: Shift, axis: str = "logit") -> Heights:
    """One recipe on parts of ImageNet-1K, above the line of standard trainings on all of it."""
    own = models[models["publication"] == "testbed"]
    return Heights(own, own.index[own["source"] == BASE], shift, axis)


def one_model(models: pd.DataFrame, shift: Shift, axis: str = "logit") -> RecipeSpread:
    """How much ER differs between fine-tunings of one CLIP; the line is that of ImageNet-1K alone.

    The first of the soup's models is where the others began, and is none of them.
    """
    own = models[models["publication"].isin(["timm", "soups"]) & (models["model"] != "model_0")]
    base = own.index[own["source"] == BASE]
    soup = Heights(own, base, shift, axis).er[own["publication"] == "soups"].dropna()
    return RecipeSpread(float(soup.std()), 1, len(soup))

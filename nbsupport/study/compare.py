"""A comparison of one's own: from records to a figure, and to a verdict in a sentence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbsupport import arguments
from nbsupport.analysis import contrasts, trends, verdicts
from nbsupport.errors import UserError, said, short
from nbsupport.study.profiles import PROFILES, Profile

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Figure

KINDS = ("higher", "same")
# How a title says a verdict on "higher than the reference".
_HIGHER = {
    "supported": "higher than",
    "contradicted": "not higher than",
    "leans towards": "leaning higher than",
    "leans against": "leaning not higher than",
    "inconclusive": "not settled against",
    "not testable": "not testable against",
}
FULL, SCRATCH = contrasts.GAP  # the lines of the book's own records
_NAMED = 5  # groups that a title names; of more it says how many
_PLAIN_AXES = ("ID macro F1", "OOD macro F1")


@dataclass(frozen=True)
class Finding:
    """What runs say of one statement: as a sentence (`str`), and as the verdict that it puts there.

    `verdict.contrast` has the numbers. `evidence` is False for runs of a profile that only shows
    that everything works: the sentence then has no verdict.
    """

    statement: str
    verdict: verdicts.Verdict
    evidence: bool = True

    @property
    def contrast(self) -> contrasts.Contrast:
        """The difference in effective robustness, in scores, with its interval."""
        found = self.verdict.contrast
        assert found is not None  # every verdict of one contrast keeps it
        return found

    def __str__(self) -> str:
        measured = f"{self._measured()}; " if self.contrast.cells else ""
        remark = f" ({self.verdict.remark})" if self.verdict.remark else ""
        outcome = str(self.verdict) if self.evidence else f"not evidence{remark}"
        return f"{self.statement}: {measured}{outcome}"

    def _measured(self) -> str:
        from nbsupport.analysis.charts.chart_data import signed, span

        c = self.contrast
        none = math.isnan(c.estimate.half)
        interval = "no interval" if none else f"95 % interval {span(c.low, c.high)}"
        cells = f"{c.cells} cell{'s' * (c.cells > 1)} of family and seed"
        return f"{signed(c.estimate.value)} in effective robustness ({interval}, {cells})"

    def _repr_markdown_(self) -> str:
        return str(self)


class Comparison:
    """Groups of runs, by the roles that their records name, against one reference line.

    runs: records of one profile and world, as `Study.run` and `read_records` return them.
    reference: the role from whose line effective robustness is measured; the one from scratch where
    it is not given. gap: two roles, the upper and the lower line; a difference counts as none below
    `margin` times their distance. Not given, they are the role with the most images and the one
    from scratch. axis: "linear", "logit" or "probit". Raises UserError for a role that has no
    records, and where a role that is not given cannot be told from the records.
    """

    def __init__(
        self,
        runs: "pd.DataFrame",
        *,
        reference: str | None = None,
        gap: Sequence[str] | None = None,
        axis: str = "linear",
        margin: float = contrasts.MARGIN,
    ) -> None:
        self.points = trends.table(runs, "role", "source", "images", "family", "seed")
        self.roles: list[str] = list(dict.fromkeys(self.points["role"]))
        if len(self.roles) < 2:
            raise UserError(f"records of {self.roles}: a comparison needs those of two roles")
        self.reference = self._given(reference) or self._scratch()
        self.gap = self._lines(gap)
        self.axis = arguments.chosen("axis", axis, trends.AXES)
        self.margin = margin
        self.contrast(self._others[0], self.reference)  # what cannot be judged is told now

    # which lines --------------------------------------------------------------------------------
    def _given(self, role: str | None) -> str | None:
        return None if role is None else arguments.chosen("role", role, self.roles)

    def _scratch(self, otherwise: str | None = None) -> str:
        """The role of the runs without pre-training."""
        own = self.points[self.points["source"] == "none"]["role"].unique().tolist()
        if SCRATCH in own or len(own) == 1:
            return SCRATCH if SCRATCH in own else str(own[0])
        if otherwise is None:
            names = short(", ".join(own or self.roles))
            raise UserError(
                f"{'all' if own else 'none'} of {names} are from scratch: name the role to measure "
                'from, as reference="..."'
            )
        return otherwise

    def _lines(self, gap: Sequence[str] | None) -> tuple[str, str]:
        """The upper and the lower line."""
        if gap is not None:
            upper, lower = contrasts.pair("gap", gap)
            return self._given(upper) or upper, self._given(lower) or lower
        lower = self._scratch(otherwise=self.reference)
        images = self.points.groupby("role")["images"].max().drop(lower)
        largest = images[images == images.max()].index.tolist()
        if FULL in largest:
            return FULL, lower
        if len(largest) > 1:
            raise UserError(
                f"{short(', '.join(largest))} have equally many images: name the upper and the "
                f'lower line whose distance is the measure, as gap=("{largest[0]}", "{lower}")'
            )
        return str(largest[0]), lower

    @property
    def _others(self) -> list[str]:
        return [role for role in self.roles if role != self.reference]

    # what the runs say --------------------------------------------------------------------------
    def contrast(self, a: str, over: str) -> contrasts.Contrast:
        """Effective robustness of role `a` minus that of another, in scores, paired in cells."""
        return contrasts.contrast(
            self.points,
            a,
            over,
            reference=self.reference,
            gap=self.gap,
            axis=self.axis,
            margin=self.margin,
        )

    def verdict(self, a: str, over: str | None = None, *, kind: str = "higher") -> Finding:
        """Whether role `a` lies above another ("higher"), or both lie equally high ("same").

        over: the reference where it is not given. Raises UserError for a role without records.
        """
        first = arguments.chosen("role", a, self.roles)
        second = self._given(over) or self.reference
        if first == second:
            raise UserError(f"{first!r} over itself: name two different roles")
        same = arguments.chosen("kind", kind, KINDS) == "same"
        found = verdicts.judge(kind, self.contrast(first, second))
        statement = f"{first} and {second} equally high" if same else f"{first} over {second}"
        return Finding(statement, found, self._evidence)

    def figure(self, *, title: str = "", caption: str = "") -> "Figure":
        """OOD against ID scores with a line for each role, and beside it what they amount to.

        A notebook shows it, and `figure().save("comparison.html")` (or .png, .svg) keeps it.
        title: what the verdicts allow to say, where it is not given.
        """
        from nbsupport.analysis.charts import Words, trend_figure
        from nbsupport.analysis.charts.trend import TITLES

        if not isinstance(title, str) or not isinstance(caption, str):
            raise UserError(f"title={said(title)}, caption={said(caption)}: give texts")
        upper, lower = self.gap
        between = [role for role in self.roles if role not in self.gap]
        margin = self.contrast(self._others[0], self.reference).margin
        return trend_figure(
            self.points,
            [upper, *between, lower],
            Words(title or self._title(), self._subtitle(), caption=caption, name="comparison"),
            labels={role: role for role in self.roles},
            reference=self.reference,
            full=upper,
            axis=self.axis,
            margin=margin if margin > 0 else None,
            axis_titles=TITLES if self._profile and self._profile.simulated else _PLAIN_AXES,
        )

    # words --------------------------------------------------------------------------------------
    @property
    def _profile(self) -> Profile | None:
        names = self.points.get("profile", default=[""])
        return PROFILES.get(str(next(iter(names))))

    @property
    def _evidence(self) -> bool:
        return self._profile is None or self._profile.evidence

    def _title(self) -> str:
        if not self._evidence:
            return "These runs show that everything works, and are no evidence"
        found: dict[str, list[str]] = {}
        for role in self._others:
            found.setdefault(self.verdict(role).verdict.text, []).append(role)
        few = len(self._others) <= _NAMED
        parts = [
            f"{_HIGHER[word]} {self.reference}: {', '.join(roles) if few else len(roles)}"
            for word, roles in found.items()
        ]
        text = "; ".join(parts)
        return text[0].upper() + text[1:]

    def _subtitle(self) -> str:
        counts = [
            f"{count} {one if count == 1 else many}"
            for one, many in (("family", "families"), ("seed", "seeds"))
            for count in [self.points[one].nunique()]
        ]
        where = [f"{n} {self._only(n)}" for n in ("profile", "world") if n in self.points]
        return f"{', '.join([*where, *counts])}. A mark is one fine-tuned model at one epoch."

    def _only(self, column: str) -> Any:
        return self.points[column].iloc[0]

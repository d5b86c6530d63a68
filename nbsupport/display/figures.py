"""A page's figures: which groups, under which labels, titled by what the verdict allows."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from nbsupport.display import figures, html, tabs_of_runs, titles
from nbsupport.display.figure_request import MARKS, RECORDED, Asked, Drawn, anchor, margin_of
from nbsupport.display.numbers import natural_sources
from nbsupport.evidence.recorded import families_by_seeds
from nbsupport.parameters import Parameter
from nbsupport.study.study import FULL, SCRATCH, Group, Study

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Pair
    from nbsupport.analysis.verdicts import Verdict

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.verdicts import Verdict

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Figure
    from nbsupport.analysis.trends import Line
    from nbsupport.analysis.verdicts import Verdict
    from nbsupport.display.tabs import Shown

SMOKE = "smoke: not evidence"
# Parameters that choose runs of the same groups; all others change the groups.
CELLS = ("profile", "world", "families", "seeds", "budget", "axis")
SOURCES = {
    "imagenet": "ImageNet",
    "inaturalist": "iNaturalist",
    "fractaldb": "FractalDB",
    "generated": "generated",
}


class PageFigures(ABC):
    """The figures of an open page (see `page.OpenPage`, which adds everything else)."""

    study: Study
    groups: list[Group]
    values: dict[str, Any]
    declared: list[Parameter]

    @abstractmethod
    def command(self, row: "Mapping[str, Any] | pd.Series | None" = None) -> str:
        """The command that runs a record again."""

    @property
    def other_groups(self) -> bool:
        """Whether a parameter asks for other groups than the page has at its defaults."""
        return any(p.name not in CELLS and self.values[p.name] != p.default for p in self.declared)

    @property
    def axis(self) -> str:
        """The axes that lines are fitted on."""
        return str(self.values.get("axis", "linear"))

    def verdict(self, claim_id: str, points: "pd.DataFrame") -> "Verdict | None":
        """What these points say on a claim; None where they hold none of its runs."""
        from nbsupport.analysis import claims

        if points.empty:
            return None
        simulated = self.study.profile.simulated
        return claims.verdict(claim_id, points, axis=self.axis, simulated=simulated)

    def line(self, points: "pd.DataFrame", role: str = SCRATCH) -> "Line":
        """The line of a role on the page's axes; where its points make none, one that predicts NaN
        and on which no run lies."""
        from nbsupport.analysis.charts.prepare import fitted
        from nbsupport.analysis.trends import no_line

        return fitted(points, role, self.axis) or no_line(self.axis)

    def mask(self) -> str:
        """What stands in place of verdicts where runs are no evidence, else nothing."""
        return "" if self.study.profile.evidence else SMOKE

    def labels(self, source: str | None = None) -> dict[str, str]:
        """Each role's text in a figure of `source`: its images, and the paper's size it stands for.

        The full source of another one is named by its source alone.
        """
        labels = {}
        for group in self.groups:
            kind, _, size = group.role.partition("/")
            if group.subset is not None and not _belongs(group.role, source):
                labels[group.role] = f"all of {SOURCES.get(kind, kind)}"
            elif size in self.study.profile.sizes:
                labels[group.role] = f"{group.label} ({size})"
            else:
                labels[group.role] = group.label
        return labels

    def source_labels(self) -> dict[str, str]:
        """Each role's text in a figure that compares sources: the source and its size."""
        labels = self.labels()
        for group in self.groups:
            kind, _, size = group.role.partition("/")
            if group.subset is not None and kind in SOURCES:
                labels[group.role] = f"{SOURCES[kind]}, {size}"
        return labels

    def roles(self, source: str | None = None) -> list[str]:
        """The roles of a figure from top to bottom: full source, its subsets, scratch."""
        of_source = [g.role for g in self.groups if _belongs(g.role, source)]
        ordered = [FULL, *(role for role in of_source if role not in (FULL, SCRATCH)), SCRATCH]
        known = {group.role for group in self.groups}
        return [role for role in ordered if role in known]

    def matching(self, *patterns: str) -> list[str]:
        """The roles that fit a pattern ("imagenet/within-*"), between the two reference lines."""
        own = [
            role
            for role in self.roles()
            if role not in (FULL, SCRATCH) and any(fnmatchcase(role, p) for p in patterns)
        ]
        return [FULL, *own, SCRATCH]

    def by_total(self) -> list[list[str]]:
        """The roles of each number of images in all, smallest first, between the reference lines.

        The full source is a reference line, and no total of its own.
        """
        sizes = {g.role: len(g.subset) for g in self.groups if g.subset and g.role != FULL}
        return [
            [FULL, *(role for role, size in sizes.items() if size == total), SCRATCH]
            for total in sorted(set(sizes.values()))
        ]

    def trend(
        self,
        points: "pd.DataFrame",
        source: str | None = None,
        *,
        claim: str,
        number: str,
        caption: str,
        origin: str = "live",
        roles: Sequence[str] = (),
        lines: tuple[str, str] = (FULL, SCRATCH),
        axis_titles: tuple[str, str] | None = None,
    ) -> "Shown":
        """OOD against ID scores of a source's groups, between two reference lines.

        roles: these groups of the page instead; what it does not compare is left out. Without a
        source, groups are named by their own. lines: the two reference lines, the upper one first.
        axis_titles: what ID and OOD are there.
        """
        from nbsupport.analysis.charts import trend_figure

        def draw(drawn: Drawn) -> "Figure":
            return trend_figure(
                drawn.points,
                drawn.roles,
                drawn.words,
                labels=drawn.labels,
                full=lines[0],
                reference=lines[1],
                margin=drawn.margin,
                ordered=None if source else False,
                axis_titles=axis_titles or drawn.axis_titles,
                **self._rerun,
            )

        known = {group.role for group in self.groups}.difference(lines)
        own = [role for role in roles or self.roles(source) if role in known]
        every = list(dict.fromkeys([lines[0], *own, lines[1]]))
        labels = self.labels(source) if source else self.source_labels()
        asked = Asked(claim, number, caption, origin, every, lines, draw, by_source=not source)
        return self._figure(points, labels, asked)

    def pairs(
        self, points: "pd.DataFrame", *, claim: str, number: str, caption: str, origin: str = "live"
    ) -> "Shown":
        """The two lines of each domain pair as small multiples (Appendix G)."""
        from nbsupport.analysis.charts import pairs_figure

        panels = figures.panels(self.study)
        roles = tuple(role for panel in panels for role in (panel.full, panel.scratch))

        def draw(drawn: Drawn) -> "Figure":
            return pairs_figure(drawn.points, panels, drawn.words, **self._rerun)

        asked = Asked(claim, number, caption, origin, list(roles), roles, draw)
        return self._figure(points, self.labels(), asked)

    def reference(
        self, points: "pd.DataFrame", *, claim: str, number: str, caption: str, origin: str = "live"
    ) -> "Shown":
        """The two reference lines with the effective robustness of one point (Figure 2)."""
        from nbsupport.analysis.charts import reference_figure

        def draw(drawn: Drawn) -> "Figure":
            return reference_figure(
                drawn.points,
                drawn.words,
                labels=drawn.labels,
                published=drawn.simulated,  # of the task that the simulated one stands for
                axis_titles=drawn.axis_titles,
                **self._rerun,
            )

        lines = (FULL, SCRATCH)
        asked = Asked(claim, number, caption, origin, list(lines), lines, draw)
        return self._figure(points, self.labels(), asked)

    def residuals(
        self, points: "pd.DataFrame", *, claim: str, number: str, caption: str, origin: str = "live"
    ) -> "Shown":
        """Residuals from the full-source line over the epochs of fine-tuning (Figure 3)."""
        from nbsupport.analysis.charts import residual_figure

        def draw(drawn: Drawn) -> "Figure":
            return residual_figure(
                drawn.points,
                drawn.words,
                labels=drawn.labels,
                margin=drawn.margin,
                **self._rerun,
            )

        asked = Asked(claim, number, caption, origin, [FULL], (FULL,), draw)
        return self._figure(points, self.labels(), asked)

    def class_sizes(self, *, number: str, caption: str) -> "Figure":
        """Images in each class of the natural sources that there are, largest class first."""
        from nbsupport.analysis.charts import Words, class_histogram

        counts = {name: s.drawn.counts() for name, s in natural_sources(self.study).items()}
        return class_histogram(
            {name: found.tolist() for name, found in counts.items()},
            Words(
                title=titles.class_sizes(*counts.values()),
                number=number,
                caption=caption,
                name=anchor(number),
            ),
        )

    def _figure(self, points: "pd.DataFrame", labels: dict[str, str], asked: Asked) -> "Shown":
        """The figure, of recorded runs with the same on real images beside it; or a sentence."""
        own = self._lacking(points, asked.roles, asked.origin)
        shown = own or asked.draw(self._drawn(points, labels, asked))
        return tabs_of_runs.figure_tabs(self, shown, asked) if asked.origin == RECORDED else shown

    def _drawn(self, points: "pd.DataFrame", labels: dict[str, str], asked: Asked) -> Drawn:
        """These runs as they are drawn; the title is computed from the verdict on the claim."""
        from nbsupport.analysis.charts import Words

        simulated = self.study.profile.simulated
        found = None if self.mask() else self.verdict(asked.claim, points)
        words = Words(
            title=self.title(asked.claim, points),
            subtitle=self.subtitle(points[points["role"].isin(asked.roles)], asked.origin),
            number=asked.number,
            caption=asked.caption,
            name=anchor(asked.number),
        )
        return Drawn(points, asked.roles, labels, words, margin_of(found), simulated)

    @property
    def _rerun(self) -> dict[str, Any]:
        """What all figures of runs are drawn with."""
        return {"axis": self.axis, "commands": self.command}

    def _lacking(
        self, points: "pd.DataFrame", roles: Sequence[str], origin: str
    ) -> html.Html | None:
        """In place of a figure, a sentence: records that are not made yet."""
        missing = sorted(set(roles) - set(points["role"]))
        if not missing:
            return None
        which = "these groups" if len(missing) == len(set(roles)) else ", ".join(missing)
        return html.note(f"No {origin} runs of {which} yet, so there is no figure.")

    def title(self, claim_id: str, points: "pd.DataFrame") -> str:
        """The finding, in the words that the verdict on a claim allows."""
        if self.mask():
            return titles.SMOKE
        return titles.title(claim_id, self.verdict(claim_id, points))

    def subtitle(self, points: "pd.DataFrame", origin: str) -> str:
        """Where the points come from: live or recorded, world, families, seeds."""
        count = families_by_seeds(points)
        worlds = ", ".join(self.world_name(w) for w in sorted(points["world"].unique()))
        return f"{origin.capitalize()} runs on {worlds}: {count}. {MARKS}"

    def world_name(self, world: int) -> str:
        """A world as a page writes it: "simulated world 1", or which shift it stands for."""
        profile = self.study.profile
        place = "simulated world" if profile.simulated else "shift"
        return profile.shifts.get(world, f"{place} {world}")


def _belongs(role: str, source: str | None) -> bool:
    """Whether a role is one of a source: "clip/clean-25K" is one of "clip" and of "clip/clean"."""
    return source is None or role == source or role.startswith((f"{source}/", f"{source}-"))


def panels(study: Study) -> "list[Pair]":
    """A panel for each pair."""
    from nbsupport.analysis.charts import Pair

    return [
        Pair(name, f"pair-{i}/full", f"pair-{i}/scratch")
        for i, name in enumerate(names(study), start=1)
    ]


def names(study: Study) -> list[str]:
    """The pairs as they are written: "photo → sketch"."""
    pairs = study.profile.pairs
    return [f"{style} → {other}".replace("_", " ") for style, other in pairs]

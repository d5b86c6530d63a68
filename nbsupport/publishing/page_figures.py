"""A page's figures: which groups, under which labels, titled by what the verdict allows."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from nbsupport.publishing import page_pairs, page_tables, page_titles
from nbsupport.study import FULL, SCRATCH, Group, Study

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Figure
    from nbsupport.analysis.verdicts import Verdict

SMOKE = "smoke: not evidence"
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

    @abstractmethod
    def command(self, row: "Mapping[str, Any] | pd.Series | None" = None) -> str:
        """The command that runs a record again."""

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
        axis_titles: tuple[str, str] | None = None,
    ) -> "Figure | page_tables.Html":
        """OOD against ID scores of one source's groups, between the two reference lines.

        roles: these groups instead, from their full source down to their scratch.
        axis_titles: what ID and OOD are there.
        """
        from nbsupport.analysis.charts import trend_figure
        from nbsupport.analysis.charts.trend import TITLES

        drawn = list(roles) or self.roles(source)
        common = self._common(points, claim, number, caption, origin)
        return self._lacking(points, drawn, origin) or trend_figure(
            points,
            drawn,
            labels=self.labels(source),
            full=drawn[0] if roles else FULL,
            reference=drawn[-1] if roles else SCRATCH,
            margin=self._margin(claim, points),
            axis_titles=axis_titles or TITLES,
            **common,
        )

    def pairs(
        self, points: "pd.DataFrame", *, claim: str, number: str, caption: str, origin: str = "live"
    ) -> "Figure | page_tables.Html":
        """The two lines of each domain pair as small multiples (Appendix G)."""
        from nbsupport.analysis.charts import pairs_figure

        panels = page_pairs.panels(self.study)
        roles = [role for panel in panels for role in (panel.full, panel.scratch)]
        common = self._common(points, claim, number, caption, origin)
        return self._lacking(points, roles, origin) or pairs_figure(points, panels, **common)

    def sources(
        self,
        points: "pd.DataFrame",
        roles: Sequence[str],
        *,
        claim: str,
        number: str,
        caption: str,
        origin: str = "live",
    ) -> "Figure | page_tables.Html":
        """OOD against ID scores of these roles of several sources, between the reference lines.

        Roles that are not among the page's groups are left out.
        """
        from nbsupport.analysis.charts import trend_figure

        known = self.roles()
        drawn = [role for role in dict.fromkeys([FULL, *roles, SCRATCH]) if role in known]
        common = self._common(points, claim, number, caption, origin)
        return self._lacking(points, drawn, origin) or trend_figure(
            points,
            drawn,
            labels=self.source_labels(),
            margin=self._margin(claim, points),
            ordered=False,
            **common,
        )

    def reference(
        self, points: "pd.DataFrame", *, claim: str, number: str, caption: str, origin: str = "live"
    ) -> "Figure | page_tables.Html":
        """The two reference lines with the effective robustness of one point (Figure 2)."""
        from nbsupport.analysis.charts import reference_figure

        common = self._common(points, claim, number, caption, origin)
        return self._lacking(points, [FULL, SCRATCH], origin) or reference_figure(
            points, labels=self.labels(), published=True, **common
        )

    def residuals(
        self, points: "pd.DataFrame", *, claim: str, number: str, caption: str, origin: str = "live"
    ) -> "Figure | page_tables.Html":
        """Residuals from the full-source line over the epochs of fine-tuning (Figure 3)."""
        from nbsupport.analysis.charts import residual_figure

        common = self._common(points, claim, number, caption, origin)
        return self._lacking(points, [FULL], origin) or residual_figure(
            points, labels=self.labels(), margin=self._margin(claim, points), **common
        )

    def class_sizes(self, *, number: str, caption: str) -> "Figure":
        """Images in each class of the two sources, largest class first."""
        from nbsupport.analysis.charts import class_histogram

        subsets = {"ImageNet": self.study.imagenet, "iNaturalist": self.study.inaturalist}
        return class_histogram(
            {f"{name} stand-in": s.drawn.counts().tolist() for name, s in subsets.items()},
            title=page_titles.class_sizes(*(s.drawn.counts() for s in subsets.values())),
            number=number,
            caption=caption,
            name=_anchor(number),
        )

    def _margin(self, claim: str, points: "pd.DataFrame") -> float | None:
        """Half the width of the zone of no difference; None in a smoke run, or without a gap."""
        found = None if self.mask() else self.verdict(claim, points)
        margin = found.contrast.margin if found and found.contrast else None
        return margin if margin and margin > 0 else None

    def _common(
        self, points: "pd.DataFrame", claim: str, number: str, caption: str, origin: str
    ) -> dict[str, Any]:
        """What the figures of runs share; the title is computed from the verdict on `claim`."""
        return {
            "title": self.title(claim, points),
            "subtitle": self.subtitle(points, origin),
            "axis": self.axis,
            "commands": self.command,
            "number": number,
            "caption": caption,
            "name": _anchor(number),
        }

    def _lacking(
        self, points: "pd.DataFrame", roles: Sequence[str], origin: str
    ) -> page_tables.Html | None:
        """In place of a figure, a sentence: records that are not made yet."""
        missing = sorted(set(roles) - set(points["role"]))
        if not missing:
            return None
        which = "these groups" if len(missing) == len(set(roles)) else ", ".join(missing)
        return page_tables.note(f"No {origin} runs of {which} yet, so there is no figure.")

    def title(self, claim_id: str, points: "pd.DataFrame") -> str:
        """The finding, in the words that the verdict on a claim allows."""
        if self.mask():
            return page_titles.SMOKE
        return page_titles.title(claim_id, self.verdict(claim_id, points))

    def subtitle(self, points: "pd.DataFrame", origin: str) -> str:
        """Where the points come from: live or recorded, world, families, seeds."""
        families, seeds = points["family"].nunique(), points["seed"].nunique()
        world = ", ".join(str(w) for w in sorted(points["world"].unique()))
        return (
            f"{origin.capitalize()} runs on simulated world {world}: "
            f"{_count(families, 'family', 'families')} x {_count(seeds, 'seed', 'seeds')}. "
            "A mark is one fine-tuned model at one epoch."
        )


def _belongs(role: str, source: str | None) -> bool:
    """Whether a role is one of a source: "clip/clean-25K" is one of "clip" and of "clip/clean"."""
    return source is None or role == source or role.startswith((f"{source}/", f"{source}-"))


def _anchor(number: str) -> str:
    """The id of a figure on its page, and the name of its CSV: "figure-4-left"."""
    return re.sub(r"[^a-z0-9]+", "-", number.lower()).strip("-")


def _count(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"

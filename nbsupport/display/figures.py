"""A page's figures: which groups, under which labels, titled by what the verdict allows."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbsupport.analysis import roles as of_roles
from nbsupport.analysis.roles import FULL, SCRATCH, SOURCES, role_of
from nbsupport.display import titles
from nbsupport.evidence import of_runs
from nbsupport.parameters import Parameter, command_line
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.verdicts import Verdict


SMOKE = "smoke: not evidence"
TRAINED = {"results": "live"}  # what a command that reruns something asks for
# Parameters that choose runs of the same groups; all others change the groups.
CELLS = ("profile", "world", "families", "seeds", "budget", "axis", "results")


@dataclass(frozen=True, eq=False)
class PageView:
    """A page under its values, as its figures need it: roles, their labels, verdicts, commands."""

    page_id: str
    study: Study
    groups: list[Group]
    declared: list[Parameter]
    values: dict[str, Any]
    _commands: dict[tuple[Any, ...], str] = field(default_factory=dict, init=False)

    def command(self, row: "Mapping[str, Any] | pd.Series | None" = None) -> str:
        """The command that runs this page again; of a record, the one that runs its jobs alone.

        Up to its --role it is the command of the record's whole page.
        """
        if row is None:
            return command_line(self.page_id, self.declared, self.values | TRAINED)
        profile = str(row.get("profile", self.values["profile"]))
        of_run = (str(row["role"]), str(row["family"]), int(row["seed"]))
        point = (profile, int(row["world"]), *of_run)
        if point not in self._commands:  # a figure has thousands of points, of a few hundred runs
            self._commands[point] = self._command_of(*point)
        return self._commands[point]

    def _command_of(self, profile: str, world: int, role: str, family: str, seed: int) -> str:
        values = self.values | TRAINED
        values = {n: v for n, v in values.items() if n not in ("families", "seeds")}
        own = profile == values["profile"] and role in {group.role for group in self.groups}
        if not own:  # recorded at the defaults of the page
            values = {name: values[name] for name in CELLS if name in values}
        values |= {"profile": profile, "world": world}
        point = shlex.join(["--role", role, "--family", family, "--seed", str(seed)])
        return f"{command_line(self.page_id, self.declared, values)} {point}"

    @property
    def other_groups(self) -> bool:
        """Whether a parameter asks for other groups than the page has at its defaults."""
        return any(p.name not in CELLS and self.values[p.name] != p.default for p in self.declared)

    @property
    def recorded_only(self) -> bool:
        """Whether the page shows committed records and trains nothing."""
        return self.values.get("results") == "recorded"

    @property
    def axis(self) -> str:
        """The axes that lines are fitted on."""
        return str(self.values.get("axis", "linear"))

    def verdict(self, claim_id: str, points: "pd.DataFrame") -> "Verdict | None":
        """What these points say on a claim; None where they hold none of its runs."""
        if points.empty:
            return None
        profile = self.study.profile
        found = of_runs.verdicts(
            points,
            [claim_id],
            simulated=profile.simulated,
            axis=self.axis,
            chances=profile.chances(self.study.world),
        )
        return found[claim_id]

    def mask(self) -> str:
        """What stands in place of verdicts where runs are no evidence, else nothing."""
        return "" if self.study.profile.evidence else SMOKE

    def labels(self, source: str | None = None) -> dict[str, str]:
        """Each role's text in a figure of `source`: its images, and the paper's size for them.

        A role of another source is named by that source alone. None: the figure compares sources,
        and each role is named by its own.
        """
        return {group.role: self._label(group, source) for group in self.groups}

    def _label(self, group: Group, source: str | None) -> str:
        role = role_of(group.role)
        if group.subset is None:
            return group.label
        if source is None:  # tasks of their own have labels that say which
            known = role.source.name in SOURCES and not role.source.own_task
            return role.long() if known else group.label
        if not role.belongs(source):
            return f"all of {role.source.label}"
        paper = f" ({role.rest})" if role.rest in self.study.profile.sizes else ""
        return f"{group.label}{paper}"

    def roles(self, source: str | None = None) -> list[str]:
        """The roles of a figure from top to bottom: full source, its subsets, scratch."""
        known = (group.role for group in self.groups)
        lines = (FULL, SCRATCH)
        return of_roles.in_order(r for r in known if r in lines or role_of(r).belongs(source))

    def title(self, claim_id: str, points: "pd.DataFrame") -> str:
        """The finding, in the words that the verdict on a claim allows."""
        if self.mask():
            return titles.SMOKE
        return titles.title(claim_id, self.verdict(claim_id, points))

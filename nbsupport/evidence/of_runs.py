"""What the runs of one setting say on claims, and which groups they lack."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbsupport.analysis import claims
from nbsupport.analysis.claims import Compared
from nbsupport.analysis.contrasts import Chances
from nbsupport.analysis.roles import role_of
from nbsupport.analysis.to_lose import with_room
from nbsupport.analysis.verdicts import Verdict

if TYPE_CHECKING:
    import pandas as pd

NOT_RUN = Verdict("not run", "nothing recorded")
Judged = tuple[Compared, Verdict]


def verdicts(
    points: "pd.DataFrame",
    claim_ids: Iterable[str],
    *,
    simulated: bool,
    axis: str = "linear",
    sources: Iterable[str] | None = None,
    chances: Chances | None = None,
) -> dict[str, Verdict]:
    """What runs of one setting say on each claim; "not run" names what they lack.

    sources: those that were run at all (None: those that the points have); a missing role of
    another source is named by that source. chances: accuracy by chance (see `Profile.chances`).
    """
    if points.empty:
        return dict.fromkeys(claim_ids, NOT_RUN)
    cells, known = claims.Cells.of(points), claims.load()
    present = set(sources_of(points) if sources is None else sources)
    judge = Judge(cells, axis, chances, simulated)
    return {claim_id: judge.named(known[claim_id], points, present)[1] for claim_id in claim_ids}


@dataclass(frozen=True)
class Judge:
    """How the runs of a setting are judged."""

    cells: claims.Cells
    axis: str
    chances: Chances | None
    simulated: bool

    def named(self, claim: claims.Claim, points: "pd.DataFrame", sources: set[str]) -> Judged:
        """A claim's contrasts and verdict; "not run" names what there is none of."""
        found, verdict = self.judged(claim)
        if verdict.word == "not run":
            remark = f"no runs of {', '.join(absent(claim.roles, points, sources))}"
            verdict = replace(verdict, remark=remark + self._of_the_rest(claim))
        return found, verdict

    def judged(self, claim: claims.Claim) -> Judged:
        """A claim's contrasts and verdict."""
        found = claims.compare(claim, self.cells, axis=self.axis, chances=self.chances)
        verdict = claims.conclude(found, simulated=self.simulated)
        return found, with_room(claim, verdict, [self.cells], self.axis)

    def _of_the_rest(self, claim: claims.Claim) -> str:
        """What can be said of the parts of a claim that have runs, where some have none."""
        parts = tuple(part for part in claim.parts if all(map(self.cells.has, part.compared)))
        if not parts or claim.rule != "all" or claim.ladder:
            return ""
        partial = self.judged(replace(claim, parts=parts))[1]
        if partial.word == "not run":  # a line or the gap may be what is missing
            return ""
        return f"; what there is of it: {partial.text}"


def absent(roles: Iterable[str], points: "pd.DataFrame", sources: Iterable[str]) -> list[str]:
    """Which of these roles have no runs: by the source's name where it is none of `sources`."""
    held, present = set(points["role"]), set(sources)
    lacking = (role_of(role) for role in roles if role not in held)
    named = (r.text if r.source.name in present else r.source.label for r in lacking)
    return list(dict.fromkeys(named))


def sources_of(points: "pd.DataFrame") -> set[str]:
    """The sources that runs are of, by name."""
    return {role_of(role).source.name for role in points["role"].unique()}

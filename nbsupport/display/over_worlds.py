"""Claims over worlds, on the page that they are of: a column of verdicts, and a figure for each."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nbsupport.analysis import claims
from nbsupport.analysis.verdicts import Verdict
from nbsupport.analysis.worlds import few
from nbsupport.display import titles
from nbsupport.display.explore import explorer_link, setting_id, task_of
from nbsupport.display.figure_request import anchor
from nbsupport.display.tabs import Tabs
from nbsupport.evidence.ledger import unit
from nbsupport.evidence.recorded import Recorded
from nbsupport.evidence.world_rows import WorldRows, world_rows

if TYPE_CHECKING:
    from nbsupport.analysis.charts import Figure
    from nbsupport.display.tabs import Display

COLUMN = "Over worlds"
TOO_FEW = Verdict("not run", "fewer than five worlds have enough runs")
CAPTION = (
    "A row is a world with its 95 % interval, about the families run in that world. Below them "
    "stand the mean, with an interval about worlds of these rules, and the range in which the true "
    "value of a new world is expected."
)


def headline_column(
    runs: Recorded, claim_ids: Sequence[str], axis: str
) -> "dict[str, Mapping[str, Verdict | None]]":
    """The verdicts over worlds as the first column; no column where no claim has one."""
    found = runs.headlines(claim_ids, axis)
    return {COLUMN: {key: found.get(key, TOO_FEW) for key in claim_ids}} if found else {}


def figures(runs: Recorded, claim_ids: Sequence[str], axis: str) -> "list[Display]":
    """A figure for each claim that enough worlds count for, in tabs; else nothing."""
    found = world_rows(runs, claim_ids, axis)
    drawn = {key: _figure(key, rows, runs) for key, rows in found.items()}
    if len(drawn) > 1:
        return [Tabs("worlds", drawn)]
    return list(drawn.values())


def _figure(claim_id: str, rows: WorldRows, runs: Recorded) -> "Figure":
    from nbsupport.analysis.charts import Words, worlds_figure

    claim = claims.load()[claim_id]
    roles = [role for role in claim.roles if task_of(role) == task_of(claim.roles[0])]
    number, spread = f"Worlds, {claim_id}", f"the spread between worlds, tau, is {rows.tau:.3f}"
    words = Words(
        title=titles.title(claim_id, rows.verdict),
        subtitle=f"{rows.part} on {rows.worlds} worlds; {spread}",
        number=number,
        caption=" ".join(filter(None, (CAPTION, few(rows.worlds), runs.worlds_left))),
        name=anchor(number),
        explore=explorer_link(setting_id(runs.profile.name, 1, roles[0]), roles, claim.reference),
    )
    return worlds_figure(rows.table, words, unit=unit(claim), margin=rows.margin)

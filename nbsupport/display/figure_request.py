"""A figure as a page asks for it, and as it is drawn from one set of runs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Words
    from nbsupport.analysis.verdicts import Verdict
    from nbsupport.display.figures import PageView
    from nbsupport.display.tabs import Display
    from nbsupport.study.profiles import Profile

RECORDED = "recorded"
MARKS = "A mark is one fine-tuned model at one epoch."


@dataclass(frozen=True)
class FigureInput:
    """What a figure draws: runs of one setting, roles with their labels, the words around it."""

    points: "pd.DataFrame"
    roles: list[str]
    labels: dict[str, str]
    words: "Words"
    margin: float | None  # half the width of the zone of no difference
    profile: "Profile"  # that the runs are of
    setting: int
    view: "PageView"  # of the page that it stands on

    @property
    def drawn_with(self) -> "dict[str, Any]":
        """What every figure of runs is drawn with."""
        return {"axis": self.view.axis, "commands": self.view.command}

    @property
    def axis_titles(self) -> tuple[str, str]:
        """What ID and OOD scores are of."""
        return self.profile.axis_titles(self.setting)


@dataclass(frozen=True)
class FigureRequest:
    """A figure as a page asks for it: live, recorded and on real images alike.

    claim: its verdict gives the title. lines: without runs of these roles there is no figure.
    roles: what is drawn, from top to bottom; without any, all that the runs hold. source: what the
    groups are drawn from; None: each group is named by its own source. marks: what a mark is.
    """

    claim: str
    number: str
    caption: str
    draw: "Callable[[FigureInput], Display]"
    roles: Sequence[str] = ()
    lines: tuple[str, ...] = ()
    source: str | None = None
    marks: str = MARKS


def margin_of(verdict: "Verdict | None") -> float | None:
    """Half the width of the zone of no difference; None without a gap to take it from."""
    margin = verdict.contrast.margin if verdict and verdict.contrast else None
    return margin if margin and margin > 0 else None


def anchor(number: str) -> str:
    """The id of a figure on its page, and the name of its CSV: "figure-4-left"."""
    return re.sub(r"[^a-z0-9]+", "-", number.lower()).strip("-")
